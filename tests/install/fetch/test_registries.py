"""Registries: through their real clients, here on this machine; the marked ones fetch from the real registry."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from pkgmgr.install.fetch.debian import copy_sources, of_kind
from pkgmgr.install.fetch.fetcher import Fetcher
from pkgmgr.install.fetch.git import obtain_commit
from pkgmgr.install.fetch.job import Job
from pkgmgr.install.fetch.partial import Partial
from pkgmgr.install.fetch.progress import SilentProgress
from pkgmgr.install.fetch.schemes.hf import resolve_url
from pkgmgr.install.unpack import unpack
from pkgmgr.model.errors import CkpmError, NetworkError
from pkgmgr.model.package import Source
from tests.install.fetch.conftest import CONTENT, SHORT, pinned
from tests.install.fetch.server import Site, cut, in_turn, whole, without_length

PATH = {"PATH": "/usr/bin:/bin"}


def fetcher_with(cache: Path, variables: Mapping[str, str]) -> Fetcher:
    """Make a fetcher with an environment."""
    return Fetcher(cache, variables={**PATH, **variables}, patience=SHORT)


FILES = ["demo-1.0-cp27-cp27mu-win_arm64.whl", "demo-1.0.tar.gz", "demo-1.0-py3-none-any.whl"]


@pytest.mark.parametrize("file", FILES)
def test_pip_gives_any_file_and_runs_nothing_of_it(tmp_path: Path, file: str) -> None:
    """The sdist here is no sdist at all: a pip that prepared it would fail."""
    links = tmp_path / "links"
    links.mkdir()
    for name in FILES:
        (links / name).write_bytes(name.encode())
    variables = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(links), "PIP_CONFIG_FILE": "/dev/null"}
    source = pinned(f"pypi:demo==1.0#{file}", content=file.encode())
    assert fetcher_with(tmp_path / "cache", variables).fetch(source).read_bytes() == file.encode()


def test_pip_resumes(tmp_path: Path, site: Site) -> None:
    page = b'<a href="/files/demo-1.0.tar.gz">demo-1.0.tar.gz</a>'
    site.answers["/simple/demo/"] = without_length(page)
    site.answers["/files/demo-1.0.tar.gz"] = in_turn(cut(CONTENT, 262_144), whole(CONTENT))
    fetcher = fetcher_with(tmp_path / "cache", {"PIP_INDEX_URL": f"{site.url}/simple", "PIP_CONFIG_FILE": "/dev/null"})
    source = pinned("pypi:demo==1.0#demo-1.0.tar.gz")
    with pytest.raises(NetworkError, match="pip's transfer ended after 262144 of 300000 bytes"):
        fetcher.fetch(source)
    assert fetcher.fetch(source).read_bytes() == CONTENT
    assert site.asked[-1] == ("/files/demo-1.0.tar.gz", "bytes=262144-")


@pytest.mark.parametrize(
    ("index", "error", "message"),
    [
        ("{site}/simple", CkpmError, "404|no such file"),
        ("http://127.0.0.1:9/simple", NetworkError, r"pip can't reach http://127\.0\.0\.1:9/simple/demo/"),
        ("http://user:geheim@127.0.0.1:9/simple", NetworkError, "pip can't reach"),
    ],
    ids=["not there", "nobody there", "password"],
)
def test_pip_fails(tmp_path: Path, site: Site, index: str, error: type[CkpmError], message: str) -> None:
    variables = {"PIP_INDEX_URL": index.format(site=site.url), "PIP_CONFIG_FILE": "/dev/null", "PIP_RETRIES": "0"}
    with pytest.raises(CkpmError, match=message) as caught:
        fetcher_with(tmp_path / "cache", variables).fetch(pinned("pypi:demo==1.0#demo-1.0.tar.gz"))
    assert type(caught.value) is error
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("how", ["variable", "file", "scope"])
def test_npm_packages_without_npm(tmp_path: Path, site: Site, how: str) -> None:
    answer = json.dumps({"dist": {"tarball": f"{site.url}/pkg.tgz"}}).encode()
    site.answers = {"/npm/@a%2Fpkg/1.0.0": whole(answer), "/pkg.tgz": whole(CONTENT)}
    rows = {
        "file": f"; mine\nregistry = {site.url}/npm/\n",
        "scope": f"@a:registry={site.url}/npm\nregistry=http://x/\n",
    }
    (tmp_path / ".npmrc").write_text(rows.get(how, ""))
    variables = {"PATH": "/nowhere", "HOME": str(tmp_path)}
    if how == "variable":
        variables["NPM_CONFIG_REGISTRY"] = f"{site.url}/npm"
    fetcher = Fetcher(tmp_path / "cache", variables=variables, patience=SHORT)
    assert fetcher.fetch(pinned("npm:@a/pkg@1.0.0")).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("npm:pkg@1.0.0", "npm is not installed, and no registry is configured"),
        ("apt:zlib1g=1", "apt-get is not installed"),
        (f"git+https://x.invalid/y.git@{'a' * 40}", "git is not installed"),
    ],
)
def test_no_client(tmp_path: Path, address: str, message: str) -> None:
    fetcher = Fetcher(tmp_path / "cache", variables={"PATH": "/nowhere", "HOME": str(tmp_path)}, patience=SHORT)
    with pytest.raises(CkpmError, match=message) as caught:
        fetcher.fetch(pinned(address))
    assert caught.value.hint


def test_npm_reaches_nobody(tmp_path: Path) -> None:
    if shutil.which("npm", path=PATH["PATH"]) is None:
        pytest.skip("needs npm")
    variables = {"NPM_CONFIG_REGISTRY": "http://127.0.0.1:9/", "NPM_CONFIG_FETCH_RETRIES": "0", "HOME": str(tmp_path)}
    with pytest.raises(NetworkError, match="npm reached no registry"):
        fetcher_with(tmp_path / "cache", variables).fetch(pinned("npm:pkg@1.0.0"))


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("hf:org/model@abc/sub/m.onnx", "https://hub/org/model/resolve/abc/sub/m.onnx"),
        ("hf:datasets/org/set@v1.0/a+b.zip", "https://hub/datasets/org/set/resolve/v1.0/a%2Bb.zip"),
        ("hf:gpt2@main/config.json", "https://hub/gpt2/resolve/main/config.json"),
    ],
)
def test_hub_addresses(address: str, url: str) -> None:
    assert resolve_url(address, {"HF_ENDPOINT": "https://hub/"}) == url


def git(folder: Path, *argv: str) -> str:
    """Run git with nothing of the person's."""
    variables = {**PATH, "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    for role in ("AUTHOR", "COMMITTER"):
        variables |= {f"GIT_{role}_NAME": "n", f"GIT_{role}_EMAIL": "e", f"GIT_{role}_DATE": "2020-01-01T00:00:00Z"}
    done = subprocess.run(["git", "-C", str(folder), *argv], env=variables, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_git_commit_is_one_tar_everywhere(tmp_path: Path) -> None:
    if shutil.which("git", path=PATH["PATH"]) is None:
        pytest.skip("needs git")
    repository = tmp_path / "thing.git"
    repository.mkdir()
    git(repository, "init", "-q")
    (repository / "a b.txt").write_text("$Id$\n")
    (repository / "run").write_text("#!/bin/sh\n")
    (repository / "run").chmod(0o755)
    (repository / "link").symlink_to("run")
    (repository / ".gitattributes").write_text("*.txt export-ignore ident\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "one")
    commit = git(repository, "rev-parse", "HEAD")
    git(repository, "commit", "-q", "--allow-empty", "-m", "two")
    digest = "0000000000000000000000000000000000000000000000000000000000000000"
    for where in ("one", "two"):
        scratch = tmp_path / where
        scratch.mkdir()
        with Partial(scratch, sha256=digest, size=None, progress=SilentProgress()) as partial:
            job = Job(partial=partial, scratch=scratch, shelf=scratch, variables={**PATH, "HOME": str(tmp_path)})
            obtain_commit(repository.as_uri(), commit, job, protocol="file")
            partial.publish(scratch / "out.tar")
    assert (tmp_path / "one/out.tar").read_bytes() == (tmp_path / "two/out.tar").read_bytes()
    unpack(tmp_path / "one/out.tar", tmp_path / "tree", strip=1)
    tree = {path.name: path.read_text() for path in (tmp_path / "tree").iterdir()}
    assert tree == {
        "a b.txt": "$Id$\n",
        "run": "#!/bin/sh\n",
        "link": "#!/bin/sh\n",
        ".gitattributes": "*.txt export-ignore ident\n",
    }
    assert (tmp_path / "tree/link").is_symlink()


def test_package_sources_of_one_kind(tmp_path: Path) -> None:
    rows = "# note\ndeb [arch=amd64] http://m/debian stable main\ndeb-src [arch=amd64] http://m/debian stable main\n\n"
    assert of_kind(rows, "deb-src") == "deb-src [arch=amd64] http://m/debian stable main\n"
    etc = tmp_path / "etc/apt"
    (etc / "sources.list.d").mkdir(parents=True)
    (etc / "sources.list.d/debian.sources").write_text(
        "Types: deb\nURIs: http://m\n\nTypes: deb deb-src\nURIs: http://n\n"
    )
    (etc / "sources.list.d/old.list.save").write_text("deb http://never x main\n")
    own = tmp_path / "own"
    (own / "sources.list.d").mkdir(parents=True)
    copy_sources(own, {"Dir": [str(tmp_path)]}, kind="deb-src")
    assert [path.name for path in (own / "sources.list.d").iterdir()] == ["debian.sources"]
    text = (own / "sources.list.d/debian.sources").read_text()
    assert text == "Types: deb-src\nURIs: http://m\n\nTypes: deb-src\nURIs: http://n\n"


REAL = {
    "pypi wheel": Source(
        version="1.17.0",
        urls=("pypi:six==1.17.0#six-1.17.0-py2.py3-none-any.whl",),
        sha256="4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274",
    ),
    "pypi sdist": Source(
        version="1.17.0",
        urls=("pypi:six==1.17.0#six-1.17.0.tar.gz",),
        sha256="ff70335d468e7eb6ec65b95b99d3a2836546063f63acc5171de367e834932a81",
    ),
    "npm": Source(
        version="7.0.0",
        urls=("npm:is-number@7.0.0",),
        sha256="7b75c1057198cf97696909a9bee176c9c5e9bcb5b03bf3ecef2f484defadd51e",
        size=3730,
    ),
    "apt-source": Source(
        version="1.2.13",
        urls=("apt-source:zlib=1:1.2.13.dfsg-1#zlib_1.2.13.dfsg.orig.tar.bz2",),
        sha256="71feb7947e3c00ef125f83b79a4e529bde31171e5babe48b391f06758d1ab0a1",
    ),
    "apt": Source(
        version="1.2.13",
        urls=("apt:zlib1g=1:1.2.13.dfsg-1:amd64",),
        sha256="d7dd1d1411fedf27f5e27650a6eff20ef294077b568f4c8c5e51466dc7c08ce4",
    ),
    "apt, another architecture": Source(
        version="1.2.13",
        urls=("apt:zlib1g=1:1.2.13.dfsg-1:arm64",),
        sha256="52b8b8a145bbe1956bba82034f77022cbef0c3d0885c9e32d9817a7932fe1913",
    ),
}


@pytest.mark.network
@pytest.mark.parametrize("source", REAL.values(), ids=REAL)
def test_real_registry(tmp_path: Path, source: Source) -> None:
    try:
        path = Fetcher(tmp_path / "cache").fetch(source)
    except NetworkError as error:
        pytest.skip(f"the registry can't be reached: {error}")
    except CkpmError as error:
        if "not installed" in str(error) or "any more" in str(error):
            pytest.skip(str(error))
        raise
    assert unpack(path, tmp_path / "out")


@pytest.mark.network
def test_real_registry_without_what_is_asked(tmp_path: Path) -> None:
    urls = ("pypi:six==1.17.0#six-1.17.0-cp99-none-any.whl", "npm:is-number@7.0.99")
    with pytest.raises(CkpmError, match=r"(?s)pip's indexes have no such file|can't reach.*npm") as caught:
        Fetcher(tmp_path / "cache").fetch(pinned(*urls))
    assert "npm:is-number@7.0.99" in str(caught.value)
