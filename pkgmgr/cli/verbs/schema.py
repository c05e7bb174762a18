"""``ckpm schema``."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace

from pkgmgr.catalog.described import described_schema
from pkgmgr.catalog.document import DOCUMENT_KINDS
from pkgmgr.cli.outcome import Outcome

EXAMPLES = """
ckpm schema soft > soft.schema.json
ckpm schema package
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``schema``."""
    parser.add_argument("kind", choices=sorted(DOCUMENT_KINDS), help="which document")


def call(options: Namespace) -> Outcome:
    """Print the JSON Schema of a document."""
    schema = described_schema(options.kind)
    return Outcome(data=schema, text=json.dumps(schema, indent=2) + "\n")
