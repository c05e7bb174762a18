"""Run by pip's own interpreter: find one file of one project as pip is configured, and write it to standard output.

    python pip_stream.py NAME FILE OFFSET

First a line of JSON, ``{"offset": …, "total": …}`` or ``{"error": …, "network": true|false}``; then the file from
that offset on. pip itself finds and transfers it, so that its indexes, links, proxies, certificates and logins count;
but unlike ``pip download`` this runs no code of an sdist, and takes wheels of any platform and Python.

Works with pip 20 to 26, in Python 3.6 and newer. Imports nothing of ckpm.
"""

import importlib
import json
import logging
import os
import sys
import warnings
from pathlib import Path
from typing import Any

CHUNK = 1 << 18


class Collector(logging.Handler):
    """Keeps what pip says of indexes that it could not read."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines = []  # type: Any

    def emit(self, record: logging.LogRecord) -> None:
        """Take one line of pip's log."""
        text = record.getMessage()
        if "Could not fetch" in text or "Skipping page" in text:
            self.lines.append(text)


def say(**values: object) -> None:
    """Write the line that comes before the content."""
    sys.stdout.buffer.write(json.dumps(values).encode() + b"\n")
    sys.stdout.buffer.flush()


def find_pip() -> None:
    """Make pip importable: the interpreter's own, else the one that its ensurepip carries."""
    try:
        importlib.import_module("pip._internal.commands")
        return
    except ImportError:
        ensurepip = importlib.import_module("ensurepip")
    bundled = Path(str(ensurepip.__file__)).parent / "_bundled"
    for wheel in sorted([*bundled.glob("pip-*.whl"), *Path("/usr/share/python-wheels").glob("pip-*.whl")]):
        sys.path.insert(0, str(wheel))
        importlib.invalidate_caches()
        importlib.import_module("pip._internal.commands")
        return
    raise ImportError("no pip")


def open_command(name: str) -> Any:
    """Give pip's download command and its options, as pip is configured."""
    command = importlib.import_module("pip._internal.commands").create_command("download")
    options, _ = command.parse_args(
        ["--no-input", "--no-cache-dir", "--no-binary", ":none:", "--only-binary", ":none:", name]
    )
    return command, options


def find_link(command: Any, options: Any, session: Any, name: str, file: str) -> Any:
    """Give the link to a file; None when pip's indexes have none."""
    wheel = importlib.import_module("pip._internal.models.wheel")
    # The file is named: what this interpreter could install does not matter.
    wheel.Wheel.supported = lambda self, tags: True
    finder = command._build_package_finder(options=options, session=session, ignore_requires_python=True)
    for candidate in finder.find_all_candidates(name):
        if candidate.link.filename == file:
            return candidate.link
    return None


def ask(session: Any, link: Any, offset: int) -> Any:
    """Ask for a file, from an offset on where the server can."""
    url = link.url.split("#", 1)[0]
    headers = {"Accept-Encoding": "identity"}
    response = session.get(url, headers=dict(headers, **({"Range": f"bytes={offset}-"} if offset else {})), stream=True)
    if response.status_code == 416:
        response = session.get(url, headers=headers, stream=True)
    response.raise_for_status()
    return response


def transfer(response: Any, offset: int) -> None:
    """Write the file."""
    length = response.headers.get("Content-Length", "")
    start = offset if response.status_code == 206 else 0
    say(offset=start, total=start + int(length) if length else None)
    parent = os.getppid()
    while True:
        chunk = response.raw.read(CHUNK)
        if not chunk or os.getppid() != parent:
            break
        sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()


def main(name: str, file: str, offset: int) -> None:
    """Find and write."""
    try:
        find_pip()
    except ImportError:
        say(error="this interpreter has no pip", no_pip=True)
        return
    collector = Collector()
    logger = logging.getLogger("pip._internal.index.collector")
    logger.setLevel(logging.DEBUG)
    logger.addHandler(collector)
    logger.propagate = False
    exceptions = importlib.import_module("pip._vendor.requests").exceptions
    command, options = open_command(name)
    with command.main_context():
        session = command.get_default_session(options)
        link = find_link(command, options, session, name, file)
        if link is None:
            said = "; ".join(collector.lines)
            say(error=said or "pip's indexes have no such file", network=bool(said) and "404" not in said)
            return
        try:
            response = ask(session, link, offset)
        except exceptions.HTTPError as error:
            code = getattr(error.response, "status_code", 0)
            say(error=f"the index answered {code}", network=code >= 500)
            return
        except (exceptions.RequestException, OSError) as error:
            say(error=f"connection error: {type(error).__name__}", network=True)
            return
        transfer(response, offset)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
