"""Which variables a probe sees: those that tell a tool where its parts lie, none that change what it says. Pure.

What a probe answers may depend on the variables it sees. They are few and named here, so that an answer can be
remembered together with them: a variable that no tool looks at must not make everything be asked again.
"""

from __future__ import annotations

from collections.abc import Mapping

from pkgmgr.host.short_digest import short_digest

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
# Sets and beginnings, not expressions: to compile those takes 3 ms, and each start looks at all variables.
_NAMED = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TEMP", "TMP"),
        # Where languages and their managers lie.
        *("JAVA_HOME", "JDK_HOME", "M2_HOME", "MAVEN_HOME", "GRADLE_HOME", "ANT_HOME", "GOPATH", "CARGO_HOME"),
        *("RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "VIRTUAL_ENV", "PERL_HOME", "R_HOME", "TCL_LIBRARY", "EM_CONFIG"),
        # Where vendors' toolchains lie.
        *("FJSVXTCLANGA", "NVHPC", "NDK_HOME", "DEVELOPER_DIR", "OPAL_PREFIX", "PRTE_PREFIX", "LOADEDMODULES"),
        # Where schedulers have their settings; what they tell each job is none of a probe's business.
        *("LSF_ENVDIR", "LSF_BINDIR", "LSF_LIBDIR", "LSF_SERVERDIR", "SGE_CELL", "SGE_ARCH", "PBS_EXEC", "PBS_HOME"),
        *("PBS_CONF_FILE", "SLURM_CONF"),
        # Without these, hardly anything starts on Windows.
        *("SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "PROGRAMW6432"),
        *("USERPROFILE", "NUMBER_OF_PROCESSORS", "VCINSTALLDIR", "INCLUDE", "LIB", "LIBPATH"),
    }
)
_BEGINNINGS = (
    *("PYENV_", "RBENV_", "NODENV_", "JENV_", "ASDF_", "MISE_", "NVM_", "SDKMAN_", "UV_", "PIXI_", "MAMBA_"),
    *("CONDA_", "RYE_", "PIPX_", "NIX_", "GUIX_", "JULIA_", "EMSDK", "CUDA_", "NVHPC_", "NVCOMPILER_", "ROCM_"),
    *("HIP_", "HSA_", "ONEAPI_", "MKL_", "TBB_", "I_MPI_", "AOCC_", "ARM_", "ACFL_", "CRAY_", "PE_", "PRGENV_"),
    *("FJ_", "XLC_", "XLF_", "NAG_", "SETVARS_", "ANDROID_", "MPI_", "OMPI_", "MODULE", "LMOD_", "SPACK_"),
    *("EASYBUILD_", "VS", "PROCESSOR_", "PROGRAMFILES"),
)
_LICENSED = ("LM", "INTEL", "ARM", "ACFL", "NVHPC", "NAG")
"""Whose compilers ask a server for leave."""
_VOLATILE = ("TOKEN", "SECRET", "PASSWORD", "CREDENTIAL", "SESSION", "SHLVL", "PROMPT", "PS1")
"""What is nobody's business, or differs with each shell."""


def probe_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """Give the environment of probes, made from a person's: a plain locale, no colours, no foreign start-up code."""
    # Names first: a value that is looked at counts for what is remembered.
    kept = {name: variables[name] for name in variables if _is_passed(name)}
    return kept | _PLAIN | _QUIET


def _is_passed(name: str) -> bool:
    name = name.upper()
    if _is_volatile(name) or not (name.isidentifier() or name.startswith("PROGRAMFILES")):  # ProgramFiles(x86)
        return False
    return (
        name in _NAMED
        or name.startswith(_BEGINNINGS)
        or "ROOT" in name
        or (name.endswith("PATH") and name.startswith(("LD_", "DYLD_")))
        or (name.endswith(("_HOME", "_DIRS")) and name.startswith("XDG_"))
        or (name.endswith("_LICENSE_FILE") and name.startswith(_LICENSED))
    )


def _is_volatile(name: str) -> bool:
    is_registry = name.startswith("UV_") and ("INDEX" in name or "URL" in name)
    return is_registry or name.endswith("_PID") or any(word in name for word in _VOLATILE)


def environment_digest(variables: Mapping[str, str], *, with_path: bool) -> str:
    """Give a digest of what a probe's answer may depend on besides files.

    :param variables: of the probe.
    :param with_path: whether PATH counts: a script finds its interpreter there, a compiled program nothing.
    """
    rows = sorted(f"{name}={value}" for name, value in variables.items() if with_path or name.upper() != "PATH")
    return short_digest(rows)
