"""A workflow of GitHub Actions whose cache is keyed by the lock. Pure.

Written as JSON, which is YAML: nothing needs quoting rules of its own.
"""

from __future__ import annotations

import json

from pkgmgr.environ.images import ImageRequest


def render(request: ImageRequest) -> str:
    """Write ``.github/workflows/…yml``."""
    home = "${{ github.workspace }}/.ckpm"
    lock = "${{ hashFiles('env.lock.json') }}"
    document = f"./{request.document}"
    runner = "ubuntu-24.04-arm" if request.part.resolved_on.arch == "arm64" else "ubuntu-24.04"
    steps = [
        {"uses": "actions/checkout@v4"},
        {"uses": "actions/setup-python@v5", "with": {"python-version": "3.12"}},
        {
            "uses": "actions/cache@v4",
            "with": {"path": f"{home}/store\n{home}/cache", "key": f"ckpm-{request.target}-{lock}"},
        },
        {"run": f"pip install ckpm=={request.version}"},
        {"run": f"ckpm sync {document} --frozen"},
        {"run": f'eval "$(ckpm export {document} --format github)"'},
        {"run": f"ckpm verify {document} --full"},
    ]
    job = {"runs-on": runner, "env": {"CKPM_HOME": home}, "steps": steps}
    if request.part.resolved_on.distribution:
        job["container"] = request.base
    workflow = {"name": request.lock.name, "on": ["push", "pull_request"], "jobs": {"env": job}}
    return json.dumps(workflow, indent=2, ensure_ascii=False) + "\n"
