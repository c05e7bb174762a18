"""Versions of anything, in one total order, and the ranges people ask for. Pure.

PEP 440 versions keep PEP 440 order. The rest (``1.1.1w``, ``r26b``, ``8u131``, ``2024a``) are placed
where people expect them: a letter right behind a number is a patch level of that number.

A single bare letter (``2024a``, ``9b``) *can* be read as a PEP 440 alpha release, and is not: tzdata,
OpenSSL and libjpeg all use it as "the next one". Written with its number (``1.2a1``) it is an alpha.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import total_ordering

import msgspec

from pkgmgr.model.errors import UsageError

# Texts, which `re` compiles when they are first used: many a command reads entries and compares no version.
_PATCH_LETTER = r"\d[a-z]$"
_LEADING_WORD = r"(?i)^(?:release|version|llvmorg|v|r)[-_.]?(?=\d)"
_RELEASE = r"\d+(?:\.\d+)*"
_TOKEN = r"(?i)\d+|[a-z]+"
_PRE_WORDS = frozenset(
    {"a", "alpha", "b", "beta", "c", "rc", "cr", "m", "milestone", "pre", "preview", "dev", "git"}
    | {"snapshot", "nightly", "ea", "canary", "experimental", "unstable"}
)

_MOST_CHARACTERS = 256
"""Of a version that are read: Python refuses to read numbers of thousands of digits, and no version is longer."""

# Parts of a key are tuples of one shape, so that any two compare. `(-1,)` sorts before every real
# value and `(9,)` after.
_LOWEST: tuple[object, ...] = (-1,)
_HIGHEST: tuple[object, ...] = (9,)


def _strip_zeros(release: Iterable[int]) -> tuple[int, ...]:
    numbers = list(release)
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _tokens(text: str) -> tuple[tuple[int, int, str], ...]:
    return tuple(
        (1, int(token), "") if token.isdigit() else (0, 0, token.lower()) for token in re.findall(_TOKEN, text)
    )


class _Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What a version text says, in the order in which it counts."""

    epoch: int
    release: tuple[int, ...]
    pre: tuple[object, ...]
    patch: tuple[tuple[int, int, str], ...]
    post: int
    dev: tuple[object, ...]
    local: tuple[tuple[int, int, str], ...]
    is_prerelease: bool

    def key(self) -> tuple[object, ...]:
        release = _strip_zeros(self.release)
        return (self.epoch, release, self.pre, self.patch, self.post, self.dev, self.local)


def _plain_parts(text: str) -> _Parts | None:
    """Read what nearly all versions are, numbers and dots, without `packaging`: 5 ms, of which a start has few."""
    if not text.isascii() or not all(part.isdigit() for part in text.split(".")):
        return None
    return _Parts(
        epoch=0,
        release=tuple(int(part) for part in text.split(".")),
        pre=_HIGHEST,
        patch=(),
        post=-1,
        dev=_HIGHEST,
        local=(),
        is_prerelease=False,
    )


def _pep440_parts(text: str) -> _Parts | None:
    if re.search(_PATCH_LETTER, text):
        return None
    from packaging.version import InvalidVersion  # 2 ms, where a version is compared
    from packaging.version import Version as Pep440

    try:
        version = Pep440(text)
    except InvalidVersion:
        return None
    if version.pre is not None:
        pre: tuple[object, ...] = (0, *version.pre)
    elif version.post is None and version.dev is not None:
        pre = _LOWEST  # PEP 440: 1.0.dev1 comes before 1.0a1
    else:
        pre = _HIGHEST
    return _Parts(
        epoch=version.epoch,
        release=version.release,
        pre=pre,
        patch=(),
        post=-1 if version.post is None else version.post,
        dev=_HIGHEST if version.dev is None else (0, version.dev),
        local=_tokens(version.local or ""),
        is_prerelease=version.is_prerelease,
    )


def _free_parts(text: str) -> _Parts:
    body = re.sub(_LEADING_WORD, "", text.strip())
    body, _, local = body.partition("+")
    found = re.match(_RELEASE, body)
    release = tuple(int(number) for number in found.group().split(".")) if found else ()
    rest = _tokens(body[found.end() :] if found else body)
    # A word alone behind a separator (`-SNAPSHOT`, `-ea`) announces a version; a letter glued to
    # the number (`26b`) follows it.
    glued = found is not None and body[found.end() : found.end() + 1].isalpha()
    is_pre = bool(rest) and rest[0][2] in _PRE_WORDS and not (glued and len(rest[0][2]) == 1)
    return _Parts(
        epoch=0,
        release=release,
        pre=(0, rest[0][2], rest[1][1] if len(rest) > 1 else 0) if is_pre else _HIGHEST,
        patch=rest[2:] if is_pre else rest,
        post=-1,
        dev=_HIGHEST,
        local=_tokens(local),
        is_prerelease=is_pre,
    )


@total_ordering
class Version:
    """A version that compares with every other one; ``str()`` gives the text it was made from."""

    __slots__ = ("_key", "_parts", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        read = text[:_MOST_CHARACTERS]
        self._parts = _plain_parts(read) or _pep440_parts(read) or _free_parts(read)
        self._key = self._parts.key()

    @property
    def release(self) -> tuple[int, ...]:
        """The leading numbers, as written: ``(1, 1, 1)`` of ``1.1.1w``."""
        return self._parts.release

    @property
    def is_prerelease(self) -> bool:
        """True for what is to be chosen only when asked for."""
        return self._parts.is_prerelease

    def public_equals(self, other: Version) -> bool:
        """Compare as PEP 440's ``==`` does: a local label that only ``self`` has does not count."""
        return self._key[:-1] == other._key[:-1] and (not other._parts.local or self._key == other._key)

    def begins_with(self, other: Version) -> bool:
        """Tell whether ``other`` is a prefix by whole components: ``12.2.0`` begins with ``12``."""
        mine, theirs = self._parts, other._parts
        if mine.epoch != theirs.epoch:
            return False
        only_release = theirs.pre == _HIGHEST and theirs.post == -1 and not theirs.patch
        if not only_release or theirs.local:
            same_patch = mine.patch[: len(theirs.patch)] == theirs.patch
            return self.public_equals(other) or (bool(theirs.patch) and same_patch and self._same_release(other))
        padded = mine.release + (0,) * (len(theirs.release) - len(mine.release))
        return padded[: len(theirs.release)] == theirs.release

    def _same_release(self, other: Version) -> bool:
        return _strip_zeros(self.release) == _strip_zeros(other.release)

    def same_release_as(self, other: Version) -> bool:
        """Tell whether the numbers are the same, whatever follows them."""
        return self._parts.epoch == other._parts.epoch and self._same_release(other)

    @property
    def is_postrelease(self) -> bool:
        """True for ``1.0.post1``, which PEP 440's ``>1.0`` leaves out."""
        return self._parts.post >= 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self._key == other._key

    def __lt__(self, other: Version) -> bool:
        if not isinstance(other, Version):
            return NotImplemented
        return self._key < other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Version({self.text!r})"


_CLAUSE = r"^\s*(===|==|~=|!=|<=|>=|<|>|=)?\s*([^\s=<>!~,]+?)(\.\*)?\s*$"


class _Clause(msgspec.Struct, frozen=True, kw_only=True):
    operator: str
    """One of the PEP 440 operators, ``=`` (exactly) or ``""`` (begins so)."""
    version: Version
    wildcard: bool

    def admits(self, candidate: Version) -> bool:
        wanted = self.version
        match self.operator:
            case "" | "==" | "!=" if self.wildcard or self.operator == "":
                return candidate.begins_with(wanted) is not (self.operator == "!=")
            case "=":
                return candidate == wanted
            case "===":
                return candidate.text == wanted.text
            case "==":
                return candidate.public_equals(wanted)
            case "!=":
                return not candidate.public_equals(wanted)
            case ">=":
                return candidate >= wanted or candidate.public_equals(wanted)
            case "<=":
                return candidate <= wanted or candidate.public_equals(wanted)
            case ">":
                later_same = candidate.is_postrelease and not wanted.is_postrelease
                return candidate > wanted and not (
                    candidate.public_equals(wanted) or (later_same and candidate.same_release_as(wanted))
                )
            case "<":
                # PEP 440: `<14` leaves out 14rc1 unless the clause itself names a pre-release.
                early_same = candidate.is_prerelease and not wanted.is_prerelease
                return candidate < wanted and not (early_same and candidate.same_release_as(wanted))
            case _:  # "~="
                stem = Version(".".join(str(number) for number in wanted.release[:-1]))
                return candidate >= wanted and candidate.begins_with(stem)


class VersionRange:
    """What versions are wanted: ``12`` (begins so), ``=12.2.0`` (exactly), ``>=12,<14`` (PEP 440 operators).

    Raises `UsageError` for text that is none of these.
    """

    __slots__ = ("_clauses", "text")

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        self._clauses = tuple(_parse_clause(part, self.text) for part in self.text.split(",")) if self.text else ()

    @property
    def names_prerelease(self) -> bool:
        """True when the text itself asks for a pre-release."""
        return any(clause.version.is_prerelease for clause in self._clauses)

    @property
    def is_any(self) -> bool:
        """True when every release will do."""
        return not self._clauses

    def admits(self, candidate: Version, *, prereleases: bool | None = None) -> bool:
        """Tell whether ``candidate`` is wanted.

        :param prereleases: whether pre-releases count; by default only if the text names one.
        """
        allow = self.names_prerelease if prereleases is None else prereleases
        if candidate.is_prerelease and not allow:
            return False
        return all(clause.admits(candidate) for clause in self._clauses)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VersionRange) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"VersionRange({self.text!r})"


def _parse_clause(part: str, whole: str) -> _Clause:
    found = re.match(_CLAUSE, part)
    if found is None:
        raise UsageError(
            f"can't read the version range {whole!r} at {part.strip()!r}",
            hint="write 12 (begins so), =12.2.0 (exactly) or a range such as >=12,<14",
        )
    operator, text, wildcard = found.group(1) or "", found.group(2), found.group(3) is not None
    version = Version(text)
    if operator == "~=" and len(version.release) < 2:
        raise UsageError(f"~= needs two numbers at least, got {text!r} in {whole!r}")
    if wildcard and operator not in ("", "==", "!="):
        raise UsageError(f"a wildcard goes with == or != only, got {part.strip()!r}")
    return _Clause(operator=operator, version=version, wildcard=wildcard)
