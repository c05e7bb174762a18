"""Which variables a probe sees: those that tell a tool where its parts lie, none that change what it says. Pure.

What a probe answers may depend on the variables it sees. They are few and named here, so that an answer can be
remembered together with them: a variable that no tool looks at must not make everything be asked again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

_PLAIN = {"LC_ALL": "C.UTF-8", "LANG": "C.UTF-8", "LANGUAGE": "C", "TERM": "dumb", "NO_COLOR": "1", "PAGER": "cat"}
# A question for a version must not update, download, phone home or write caches.
_QUIET = {
    "CHECKPOINT_DISABLE": "1",
    "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
    "COREPACK_ENABLE_NETWORK": "0",
    "DO_NOT_TRACK": "1",
    "DOTNET_CLI_TELEMETRY_OPTOUT": "1",
    "DOTNET_NOLOGO": "1",
    "DOTNET_SKIP_FIRST_TIME_EXPERIENCE": "1",
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
    "GOTOOLCHAIN": "local",
    "HOMEBREW_NO_AUTO_UPDATE": "1",
    "MISE_AUTO_INSTALL": "false",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "POWERSHELL_TELEMETRY_OPTOUT": "1",
    "POWERSHELL_UPDATECHECK": "Off",
    "PYTHONDONTWRITEBYTECODE": "1",
    "RUSTUP_AUTO_INSTALL": "0",
    "SYSTEMD_PAGER": "cat",
    "UV_PYTHON_DOWNLOADS": "never",
}
_PASSED = (
    r"PATH|HOME|USER|LOGNAME|TMPDIR|TEMP|TMP|(?:DY)?LD_\w*PATH|XDG_\w+_(?:HOME|DIRS)"
    # Where languages and their managers lie.
    r"|JAVA_HOME|JDK_HOME|M2_HOME|MAVEN_HOME|GRADLE_HOME|ANT_HOME|GOROOT|GOPATH|CARGO_HOME|RUSTUP_(?:HOME|TOOLCHAIN)"
    r"|(?:PYENV|RBENV|NODENV|JENV|ASDF|MISE|NVM|SDKMAN|UV|PIXI|MAMBA|CONDA|RYE|PIPX)_\w+|VIRTUAL_ENV|NIX_\w+|GUIX_\w+"
    r"|DOTNET_ROOT\w*|PERL_HOME|R_HOME|JULIA_\w+|TCL_LIBRARY|EMSDK\w*|EM_CONFIG"
    # Where vendors' toolchains lie, and what licences them.
    r"|(?:CUDA|NVHPC|NVCOMPILER|ROCM|HIP|HSA|ONEAPI|MKL|TBB|I_MPI|AOCC|ARM|ACFL|CRAY|PE|PRGENV|FJ|XL[CF]|NAG)_\w+"
    r"|[A-Z0-9_]*ROOT\w*|FJSVXTCLANGA|NVHPC"
    r"|(?:LM|INTEL|ARM|ACFL|NVHPC|NAG)\w*_LICENSE_FILE|CMPLR_ROOT|SETVARS_\w+|ANDROID_\w+|NDK_HOME|DEVELOPER_DIR|SDKROOT"
    r"|MPI_\w+|OMPI_\w+|OPAL_PREFIX|PRTE_PREFIX|MODULE\w*|LMOD_\w+|LOADEDMODULES|SPACK_\w+|EASYBUILD_\w+|EBROOT\w*"
    # Where schedulers have their settings; what they tell each job is none of a probe's business.
    r"|LSF_(?:ENVDIR|BINDIR|LIBDIR|SERVERDIR)|SGE_(?:CELL|ARCH)|PBS_(?:EXEC|HOME|CONF_FILE)|SLURM_CONF"
    # Without these, hardly anything starts on Windows.
    r"|SYSTEMROOT|SYSTEMDRIVE|WINDIR|COMSPEC|PATHEXT|APPDATA|LOCALAPPDATA|PROGRAMDATA|PROGRAMFILES.*|PROGRAMW6432"
    r"|USERPROFILE|NUMBER_OF_PROCESSORS|PROCESSOR_\w+|VS\d*\w*|VCINSTALLDIR|INCLUDE|LIB|LIBPATH"
)
_VOLATILE = r"\w*(?:TOKEN|SECRET|PASSWORD|CREDENTIAL|SESSION|SHLVL|PROMPT|PS1)\w*|\w+_PID|UV_\w*(?:INDEX|URL)\w*"
"""What is nobody's business, or differs with each shell."""


def probe_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """Give the environment of probes, made from a person's: a plain locale, no colours, no foreign start-up code."""
    # Names first: a value that is looked at counts for what is remembered.
    kept = {name: variables[name] for name in variables if _is_passed(name)}
    return kept | _PLAIN | _QUIET


def _is_passed(name: str) -> bool:
    # `re` compiles them at the first name: what is answered from memory may need none.
    return re.fullmatch(_PASSED, name.upper()) is not None and re.fullmatch(_VOLATILE, name.upper()) is None


def environment_digest(variables: Mapping[str, str], *, with_path: bool) -> str:
    """Give a digest of what a probe's answer may depend on besides files.

    :param variables: of the probe.
    :param with_path: whether PATH counts: a script finds its interpreter there, a compiled program nothing.
    """
    rows = sorted(f"{name}={value}" for name, value in variables.items() if with_path or name.upper() != "PATH")
    return hashlib.sha256("\0".join(rows).encode("utf-8", "surrogateescape")).hexdigest()[:16]
