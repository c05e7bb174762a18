"""What of a machine may be written down: no secret, and nothing that names its person. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass

ANONYMOUS = "person"
ANONYMOUS_HOME = f"/home/{ANONYMOUS}"

_HOMES = re.compile(r"(?:/home|/Users|[A-Za-z]:/Users)(?:/\w)?/(?P<name>[^/]+)$")
_NAMES_OF_FOLDERS = frozenset(
    {
        "bin",
        "lib",
        "usr",
        "opt",
        "etc",
        "var",
        "tmp",
        "home",
        "root",
        "local",
        "share",
        "include",
        "src",
        "build",
        "test",
    }
    | {"python", "conda", "data", "work", "user", "users", "admin", "ubuntu", "debian", "runner", "docker", "person"}
)
"""Names of users that are those of a thousand folders, or name nobody."""

_NAMES_OF_MACHINES = frozenset(
    {"localhost", "debian", "ubuntu", "fedora", "linux", "host", "node", "docker", "raspberrypi"}
)
_SHORTEST_MACHINE = 4
"""Letters of a machine's name; a shorter one names nothing, and stands in a thousand texts."""

_SHOWN_VARIABLES = re.compile(
    r"PATH|HOME|LANG|LC_\w+|SHELL|OS|OSTYPE|CC|CXX|FC|CPATH|MODULEPATH|LOADEDMODULES|MANPATH|VIRTUAL_ENV|GOPATH|PATHEXT"
    r"|\w+_(?:HOME|ROOT|PREFIX|PATH|DIR|VERSION|VISIBLE_DEVICES)|EBROOT\w+|ProgramFiles(?:\(x86\))?|SystemRoot"
    r"|CKPM_OVERRIDE_\w+"
)
_SECRET_NAME = re.compile(r"TOKEN|SECRET|PASS|CREDENTIAL|AUTH|API|PRIVATE|SESSION|COOKIE|KEY(?!WORD)", re.IGNORECASE)

_SECRET = re.compile(
    r"""((?:token|secret|passw(?:or)?d|api[_-]?key|access[_-]?key|authorization|[?&]sig(?:nature)?)["']?\s*[=:]\s*["']?)[^\s"',;]+""",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(
    r"\w*(?:TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|_KEY|_PAT|_AUTH)\w*",
    re.IGNORECASE,
)
"""Names of variables whose value is a secret by itself, wherever it turns up."""
_SECRET_SHAPE = re.compile(r"(?![/~.])(?=.*[\d\W_]|.*[a-z].*[A-Z])\S{8,}")
"""No path and no plain word: a session called ``wayland`` is part of a hundred names of libraries."""
_BEARER = re.compile(r"\b(Bearer|Basic) [\w.~+/=-]{8,}")
_CREDENTIALS = re.compile(r"(?<=://)[^\s/@]{1,500}@")
_KNOWN_TOKENS = re.compile(
    r"\b(?:hf_|gh[pousr]_|github_pat_|glpat-|glsa_|dckr_pat_|sk-|xox[abps]-|AKIA|ASIA|AIza|nvapi-|r8_|pypi-|npm_|SG\.)"
    r"[A-Za-z0-9._-]{16,}"
    r"|\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*"
)
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_SCRATCH = re.compile(r"ckpm-probe-\w+")

# Of these files only what says something of the machine is kept: they name servers, processes and people, too.
_KEPT_LINES = {
    "/proc/self/mountinfo": re.compile(r"docker|libpod|containers|kubelet|lxc"),
    "/proc/self/cgroup": re.compile(r""),
    "/proc/self/status": re.compile(r"^Cpus_allowed_list:"),
    "/proc/meminfo": re.compile(r"^MemTotal:"),
}
_BUILDER = re.compile(r"\([^\s()@]+@[^\s()]+\) ")
_CODE = re.compile(r"^(?:import[ \t].*|#.*)\n?", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Scrubber:
    """Takes out of texts what names a person, and what is secret.

    :param home: the person's home folder.
    :param names: that the person goes by on this machine.
    :param machine: its name in the network, without a domain.
    :param secrets: that the person's variables hold.
    """

    home: str
    names: tuple[str, ...] = ()
    machine: str = ""
    secrets: tuple[str, ...] = ()

    @classmethod
    def of(cls, home: str, variables: Mapping[str, str], machine: str = "") -> Scrubber:
        """Make one for a person and a machine, from what the machine says of them."""
        own = _HOMES.fullmatch(home)
        told = [own["name"] if own else "", variables.get("USER", ""), variables.get("LOGNAME", "")]
        names = {name for name in told if len(name) > 1 and name.lower() not in _NAMES_OF_FOLDERS}
        short = machine.partition(".")[0]
        is_telling = len(short) >= _SHORTEST_MACHINE and short.lower() not in _NAMES_OF_MACHINES
        held = {
            value
            for name, value in variables.items()
            if _SECRET_VALUE.fullmatch(name) and _SECRET_SHAPE.fullmatch(value)
        }
        secrets = tuple(sorted(held, key=lambda value: (-len(value), value)))  # one may be the beginning of another
        return cls(home=home, names=tuple(sorted(names)), machine=short if is_telling else "", secrets=secrets)

    def clean(self, text: str) -> str:
        """Give a text without secrets, without the person's home and names, and without what is no Unicode."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        if self.home not in ("", "/", "/root"):
            text = re.sub(re.escape(self.home) + r"(?![\w.-])", ANONYMOUS_HOME, text)
        for name in self.names:
            text = re.sub(
                rf"(?<=/){re.escape(name)}(?=[/\s:;,\"']|$)|(?<![\w.-]){re.escape(name)}(?=@)", ANONYMOUS, text
            )
        if self.machine:
            text = re.sub(rf"(?<![\w.-]){re.escape(self.machine)}(?:\.[\w-]+){{0,9}}(?![\w-])", "host", text)
        text = _CREDENTIALS.sub("***@", _SECRET.sub(r"\1***", _BEARER.sub(r"\1 ***", text)))
        text = _KNOWN_TOKENS.sub("***", _PRIVATE_KEY.sub("*** private key ***", text))
        return _SCRATCH.sub("ckpm-probe", text).encode("utf-8", "replace").decode("utf-8")

    def file_text(self, path: str, text: str) -> str:
        """Give what may be kept of a file."""
        telling = _KEPT_LINES.get(path)
        if telling is not None:
            text = "".join(line for line in text.splitlines(keepends=True) if telling.search(line))
        if path == "/proc/cpuinfo":
            text = _one_processor(text)
        if path == "/proc/version":
            text = _BUILDER.sub("", text)
        if path.endswith(".pth"):
            text = _CODE.sub("", text)  # only its other lines are folders
        return self.clean(text)

    def names_in(self, folder: str, names: list[str], looked_at: frozenset[str]) -> list[str]:
        """Give the names that may be kept of a folder: of the home itself and its private folders, those asked about.

        :param looked_at: paths that something was asked about.
        """
        private = {self.home, *(posixpath.join(self.home, name) for name in ("Desktop", "Documents", "Downloads"))}
        if folder not in private:
            return names
        return [name for name in names if posixpath.join(folder, name.rstrip("/")) in looked_at]


def shown_variables(variables: Mapping[str, str], asked: frozenset[str] = frozenset()) -> dict[str, str]:
    """Give the variables that say where software is, and those that were asked for; all others stay on the machine."""
    return {
        name: value
        for name, value in sorted(variables.items())
        if (name in asked or _SHOWN_VARIABLES.fullmatch(name)) and not _SECRET_NAME.search(name)
    }


def _one_processor(text: str) -> str:
    """Keep the first processor and what stands behind all of them: the others are the same, and there are hundreds."""
    blocks = [block for block in text.split("\n\n") if block.strip()]
    kept = blocks[:1] if len(blocks) < 3 else [blocks[0], blocks[-1]]
    return "\n\n".join(kept).rstrip("\n") + "\n" if kept else ""
