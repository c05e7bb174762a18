"""``ckpm completion``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from pkgmgr.cli.main import VERBS
from pkgmgr.cli.outcome import Outcome

EXAMPLES = """
ckpm completion bash > ~/.local/share/bash-completion/completions/ckpm
ckpm completion zsh > "${fpath[1]}/_ckpm"
ckpm completion fish > ~/.config/fish/completions/ckpm.fish
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``completion``."""
    parser.add_argument("shell", choices=("bash", "zsh", "fish"))


def call(options: Namespace) -> Outcome:
    """Print a script that completes verbs, and names where the catalog is asked."""
    return Outcome(text={"bash": _bash, "zsh": _zsh, "fish": _fish}[options.shell]())


def _bash() -> str:
    return f"""_ckpm() {{
  local word=${{COMP_WORDS[COMP_CWORD]}}
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "{" ".join(VERBS)}" -- "$word"))
  else
    COMPREPLY=($(compgen -W "--help --json --quiet --verbose --home --offline --target" -- "$word"))
  fi
}}
complete -o default -F _ckpm ckpm
"""


def _zsh() -> str:
    rows = "\n".join(f"    '{verb}:{summary.replace(chr(39), '')}'" for verb, summary in VERBS.items())
    return f"""#compdef ckpm
_ckpm() {{
  local -a verbs
  verbs=(
{rows}
  )
  if (( CURRENT == 2 )); then
    _describe verb verbs
  else
    _arguments '*:file:_files'
  fi
}}
_ckpm "$@"
"""


def _fish() -> str:
    rows = [
        f"complete -c ckpm -n __fish_use_subcommand -f -a {verb} -d '{summary.replace(chr(39), '')}'"
        for verb, summary in VERBS.items()
    ]
    return "\n".join(rows) + "\n"
