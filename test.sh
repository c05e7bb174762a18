#!/bin/sh
# Sets everything up in a virtual environment of its own and passes the checks and the tests.
# Needs Python 3.11 or newer and the package index that pip is configured for.
set -eu
cd "$(dirname "$0")"

for python in ${PYTHON:-} python3.13 python3.12 python3.11 python3; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        break
    fi
    python=
done
if [ -z "$python" ]; then
    echo "test.sh: Python 3.11 or newer is needed; set PYTHON to one" >&2
    exit 1
fi

environment=${CKPM_TEST_ENVIRONMENT:-.venv}
[ -x "$environment/bin/python" ] || "$python" -m venv "$environment"
"$environment/bin/python" -m pip install --quiet --disable-pip-version-check --editable '.[test]'

"$environment/bin/ruff" check pkgmgr tests soft_plugins packages benchmarks
"$environment/bin/mypy"
"$environment/bin/ckpm" lint
exec "$environment/bin/python" -m pytest -n 2 --dist loadgroup "$@"
