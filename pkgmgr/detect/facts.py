"""Facts of a candidate and the texts that are made of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from pkgmgr.model.entry import Value
from pkgmgr.model.soft import Probe

Facts = Mapping[str, Value]
"""Texts, from probes; hooks may add lists and tables."""

_HOLE = re.compile(r"\{([A-Za-z_][\w.]*)\}")


def fill(template: str, facts: Facts) -> str | None:
    """Replace each ``{fact}``; None when one of them was not established."""
    missing = False

    def value(found: re.Match[str]) -> str:
        nonlocal missing
        fact = facts.get(found.group(1))
        missing = missing or fact is None
        return str(fact)

    text = _HOLE.sub(value, template)
    return None if missing else text


def fill_value(template: Value, facts: Facts) -> Value:
    """Fill the texts inside a value; what lacks a fact is left out, and ``"{fact}"`` alone keeps its type."""
    if isinstance(template, str):
        whole = _HOLE.fullmatch(template)
        return facts.get(whole.group(1)) if whole else fill(template, facts)
    if isinstance(template, dict):
        filled = {key: fill_value(item, facts) for key, item in template.items()}
        return {key: item for key, item in filled.items() if item is not None}
    if isinstance(template, list | tuple):
        return [item for item in (fill_value(part, facts) for part in template) if item is not None]
    return template


class Turned(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer means when it turns the candidate down."""

    reason: str


def interpret(probe: Probe, answer: str, known: Facts | None = None) -> dict[str, Value] | Turned:
    """Say what an answer to a probe establishes.

    :param answer: what a program printed or a file holds.
    :param known: what earlier probes established; ``tells`` may speak of it.
    :return: the new facts, or the reason why the candidate is not what the soft looks for.
    """
    if probe.reject and re.search(probe.reject, answer, re.MULTILINE):
        return Turned(reason=probe.because or f"it says {_first_line(answer)!r}")
    facts: dict[str, Value] = {}
    for expression in _many(probe.match):
        found = re.search(expression, answer, re.MULTILINE)
        if found is None:
            if probe.optional:
                return facts
            return Turned(reason=f"its answer is not that of this software: {_first_line(answer)!r}")
        facts.update(_named(found))
    for expression in _many(probe.maybe):
        found = re.search(expression, answer, re.MULTILINE)
        if found is not None:
            facts.update(_named(found))
    for expression in _many(probe.every):
        facts.update(_collected(expression, answer))
    for name, template in probe.tells.items():
        told = fill(template, {**(known or {}), **facts})
        if told is not None:
            facts[name] = told
    return facts


def applies(probe: Probe, facts: Facts) -> bool:
    """Tell whether a probe is to be asked, given what is known."""
    if probe.unless and probe.unless in facts:
        return False
    return all(name in facts and re.fullmatch(pattern, str(facts[name])) for name, pattern in probe.when.items())


def _named(found: re.Match[str]) -> dict[str, str]:
    return {name: value.strip() for name, value in found.groupdict().items() if value is not None}


def _collected(expression: str, answer: str) -> dict[str, list[Value]]:
    """Give all that each named group matches, in order and once; a group that matches nothing is no fact."""
    lists: dict[str, list[Value]] = {}
    for found in re.finditer(expression, answer, re.MULTILINE):
        for name, value in _named(found).items():
            lists.setdefault(name, [])
            if value not in lists[name]:
                lists[name].append(value)
    return lists


def _many(expressions: str | tuple[str, ...]) -> tuple[str, ...]:
    if isinstance(expressions, str):
        return (expressions,) if expressions else ()
    return expressions


def _first_line(text: str) -> str:
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= 100 else line[:97] + "..."
