"""A result as one HTML page that needs nothing else: no network, no script, no other file. Pure."""

from __future__ import annotations

import base64
import html
import math
from collections.abc import Mapping, Sequence

from pkgmgr.run.present import spread_text, table_rows
from pkgmgr.run.record import Result

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --mark: #2563eb; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; } td, th { text-align: left; padding: .2rem .8rem .2rem 0; vertical-align: top;
  border-bottom: 1px solid var(--line); overflow-wrap: anywhere; } th { font-weight: 500; white-space: nowrap; }
.failed { color: #c2410c; } .pass { color: #15803d; } .fail { color: #c2410c; }
.pictures { display: flex; flex-wrap: wrap; gap: 1rem; } figure { margin: 0; } figcaption { font-size: .85rem; }
svg text { fill: currentColor; font: 11px system-ui, sans-serif; }
"""
_BINS = 24
_WIDTH, _HEIGHT = 640, 180


def report_page(results: Sequence[Result], pictures: Mapping[str, bytes]) -> str:
    """Write the page of one or more results.

    :param pictures: ``id/file`` → a JPEG or PNG file that a result names.
    """
    title = results[0].env if len({result.env for result in results}) == 1 else "results"
    body = "".join(_result(result, pictures) for result in results)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>\n'
        f'<meta name="viewport" content="width=device-width">\n<style>{_STYLE}</style></head>\n'
        f"<body>\n{body}</body></html>\n"
    )


def _result(result: Result, pictures: Mapping[str, bytes]) -> str:
    state = f"{result.state}: {result.reason}" if result.reason else result.state
    parts = [
        f"<h1>{html.escape(result.env)}: {html.escape(result.task)}, {html.escape(result.target)}</h1>\n",
        (
            f'<p class="{html.escape(result.state)}">{html.escape(state)} · {html.escape(result.started)} · '
            f"{result.seconds:.2f} s · result:{html.escape(result.id)}</p>\n"
        ),
        _table("", table_rows(result)),
        _reference(result),
        _table("Repetitions", [(name, spread_text(spread)) for name, spread in result.statistics.items()]),
        *(_histogram(name, row) for name, row in _samples(result)),
        _pictures(result, pictures),
        _table("Parameters", list(result.params.items())),
        _table("Machine", [(name, str(value)) for name, value in result.host.items() if value not in ({}, None)]),
        _table("What it used", list(result.entries.items())),
    ]
    return "".join(parts)


def _table(title: str, rows: Sequence[tuple[str, str]]) -> str:
    if not rows:
        return ""
    lines = "".join(f"<tr><th>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>\n" for name, value in rows)
    return (f"<h2>{html.escape(title)}</h2>\n" if title else "") + f"<table>\n{lines}</table>\n"


def _reference(result: Result) -> str:
    """Hold a figure against the reference that the program names, as two bars."""
    reference, ap = result.metrics.get("reference"), result.metrics.get("ap")
    if not isinstance(reference, dict) or not isinstance(ap, int | float):
        return ""
    wanted, least = reference.get("ap"), reference.get("least")
    if not isinstance(wanted, int | float) or not isinstance(least, int | float):
        return ""
    verdict = str(result.metrics.get("accuracy", ""))
    bars = "".join(
        f'<text x="0" y="{y + 14}">{name}</text>'
        f'<rect x="90" y="{y}" width="{max(0.0, min(1.0, value)) * 460:.1f}" height="18" fill="{colour}"/>'
        f'<text x="{95 + max(0.0, min(1.0, value)) * 460:.1f}" y="{y + 14}">{value:.3f}</text>'
        for name, value, y, colour in (("measured AP", ap, 4, "var(--mark)"), ("reference", wanted, 30, "#8888"))
    )
    line = 90 + least * 460
    return (
        f'<h2>Against the reference: <span class="{html.escape(verdict)}">{html.escape(verdict)}</span></h2>\n'
        f'<svg viewBox="0 0 {_WIDTH} 56" width="{_WIDTH}" role="img" aria-label="accuracy and reference">{bars}'
        f'<line x1="{line:.1f}" x2="{line:.1f}" y1="0" y2="52" stroke="currentColor" stroke-dasharray="3"/></svg>\n'
        f"<p>The dashed line is the least that passes. Source: {html.escape(str(reference.get('source', '')))}</p>\n"
    )


def _samples(result: Result) -> list[tuple[str, list[float]]]:
    samples = result.metrics.get("samples")
    if not isinstance(samples, dict):
        return []
    found = []
    for name, row in samples.items():
        numbers = [float(item) for item in row if isinstance(item, int | float)] if isinstance(row, list) else []
        finite = [number for number in numbers if math.isfinite(number)]
        if finite:
            found.append((str(name), finite))
    return found


def histogram(values: Sequence[float], bins: int = _BINS) -> list[tuple[float, float, int]]:
    """Count values in bins of equal width: (from, to, how many)."""
    low, high = min(values), max(values)
    width = (high - low) / bins or 1.0
    counts = [0] * bins
    for value in values:
        counts[min(bins - 1, int((value - low) / width))] += 1
    return [(low + place * width, low + (place + 1) * width, count) for place, count in enumerate(counts)]


def _histogram(name: str, values: Sequence[float]) -> str:
    rows = histogram(values)
    most = max(count for _, _, count in rows)
    step = _WIDTH / len(rows)
    bars = "".join(
        f'<rect x="{place * step:.1f}" y="{_HEIGHT * (1 - count / most):.1f}" width="{step - 1:.1f}" '
        f'height="{_HEIGHT * count / most:.1f}" fill="var(--mark)">'
        f"<title>{low:.2f} to {high:.2f}: {count}</title></rect>"
        for place, (low, high, count) in enumerate(rows)
    )
    return (
        f"<h2>{html.escape(name)}, {len(values)} samples</h2>\n"
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT + 18}" width="{_WIDTH}" role="img" aria-label="histogram">{bars}'
        f'<text x="0" y="{_HEIGHT + 14}">{rows[0][0]:.4g}</text>'
        f'<text x="{_WIDTH}" y="{_HEIGHT + 14}" text-anchor="end">{rows[-1][1]:.4g}</text></svg>\n'
    )


def _pictures(result: Result, pictures: Mapping[str, bytes]) -> str:
    rows = result.metrics.get("pictures")
    shown = [
        _picture(row, content)
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict) and (content := pictures.get(f"{result.id}/{row.get('file')}")) is not None
    ]
    return f'<h2>Pictures</h2>\n<div class="pictures">\n{"".join(shown)}</div>\n' if shown else ""


def _picture(row: Mapping[str, object], content: bytes) -> str:
    kind = "png" if content.startswith(b"\x89PNG") else "jpeg"
    data = base64.b64encode(content).decode()
    boxes = row.get("boxes")
    drawn = "".join(_box(item) for item in (boxes if isinstance(boxes, list) else []) if isinstance(item, dict))
    return (
        f'<figure><div style="position:relative;display:inline-block"><img alt="" style="display:block" '
        f'src="data:image/{kind};base64,{data}">{drawn}</div>'
        f"<figcaption>{html.escape(str(row.get('title', '')))}</figcaption></figure>\n"
    )


def _box(item: Mapping[str, object]) -> str:
    box = item.get("box")
    if not isinstance(box, list) or len(box) != 4 or not all(isinstance(edge, int | float) for edge in box):
        return ""
    left, top, right, bottom = (100 * float(edge) for edge in box)
    label = html.escape(f"{item.get('label', '')} {item.get('score', '')}".strip())
    return (
        f'<div style="position:absolute;box-sizing:border-box;border:2px solid #22c55e;left:{left:.2f}%;top:{top:.2f}%;'
        f'width:{right - left:.2f}%;height:{bottom - top:.2f}%"><span style="background:#22c55e;color:#000;'
        f'font-size:.75rem;padding:0 .2rem">{label}</span></div>'
    )
