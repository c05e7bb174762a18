"""Pickles read as plain values: as Python would read them, but for what they call; and those that mean harm."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from datetime import timedelta

import pytest

from pkgmgr.detect.models.pickle_tree import Made, read_pickles, tensors

TENSOR = (
    b"ctorch._utils\n_rebuild_tensor_v2\n"
    b"((X\x07\x00\x00\x00storagectorch\nHalfStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x08tQ"
    b"K\x00(K\x04K\x02t(K\x02K\x01t\x89)tR"
)
"""Of four by two."""


def text(value: str) -> bytes:
    """Write a text as a pickle holds it."""
    return b"X" + len(value).to_bytes(4, "little") + value.encode()


def network(**parts: bytes) -> bytes:
    """Write an object of a class, and what is put into it."""
    rows = b"".join(text(name) + part for name, part in parts.items())
    return b"c__torch__.net\nNet\n)\x81}(" + rows + b"ub"


def found(content: bytes) -> list[tuple[str, tuple[int, ...], bool]]:
    """Give name, sizes and place of each tensor."""
    return [(item.name, item.sizes, item.is_inside) for root in read_pickles(content).roots for item in tensors(root)]


VALUES = [
    None,
    [1, -5, 1 << 70, 2.5, True, False, None, "text", "ünï", b"bytes"],
    {"a": {"b": [1, [2, [3]]]}, 7: "seven"},
    [[], {}, [[]], "x" * 300, list(range(300))],
]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("value", VALUES)
def test_plain_values_are_those_that_python_reads(value: object, protocol: int) -> None:
    if protocol < 3 and isinstance(value, list):  # bytes are calls there
        value = [item for item in value if not isinstance(item, bytes)]
    content = pickle.dumps(value, protocol)
    assert read_pickles(content + content).roots == [value, value]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_what_would_be_called_is_named(protocol: int) -> None:
    (root,) = read_pickles(pickle.dumps(timedelta(days=3, seconds=4), protocol)).roots
    assert isinstance(root, Made)
    assert (root.by, root.arguments) == ("datetime timedelta", [3, 4, 0])
    (table,) = read_pickles(pickle.dumps(OrderedDict(a=1, b=2), protocol)).roots
    assert isinstance(table, Made)
    assert table.by == "collections OrderedDict"
    if protocol >= 2:  # before, its rows are an argument
        assert table.items == {"a": 1, "b": 2}


def test_a_network_names_its_tensors_as_it_would_itself() -> None:
    inner = network(conv1=network(weight=TENSOR, bias=b"N"), training=b"\x89")
    assert found(b"\x80\x02" + network(layer1=inner, fc=network(weight=TENSOR)) + b".") == [
        ("layer1.conv1.weight", (4, 2), True),
        ("fc.weight", (4, 2), True),
    ]
    # One that was pickled whole, in a table.
    held = b"}(" + text("conv") + network(_parameters=b"}" + text("weight") + TENSOR + b"s") + b"u"
    whole = network(_parameters=b"}", _modules=held, training=b"\x89")
    assert found(b"\x80\x02}" + text("model") + whole + b"s.") == [("conv.weight", (4, 2), True)]


def test_a_table_of_weights_has_full_names_already() -> None:
    table = b"}" + text("layer1.0.weight") + TENSOR + b"s"
    assert found(b"\x80\x02" + table + b".") == [("layer1.0.weight", (4, 2), False)]
    assert found(b"\x80\x02}" + text("state_dict") + table + b"s.") == [("layer1.0.weight", (4, 2), False)]
    # PyTorch tells an OrderedDict further things.
    ordered = (
        b"ccollections\nOrderedDict\n)R(" + text("layer1.0.weight") + TENSOR + b"u}" + text("version") + b"K\x01sb"
    )
    assert found(b"\x80\x02" + ordered + b".") == [("layer1.0.weight", (4, 2), False)]


HARM: list[tuple[str, bytes]] = [
    ("a table in itself", b"\x80\x02}q\x00" + text("a") + b"h\x00s."),
    ("an argument in itself", b"\x80\x02ctorch._utils\n_rebuild_parameter\n]q\x00Rq\x010h\x00h\x01a0h\x01."),
    ("twice the same, twenty thousand times", b"\x80\x02N" + b"2\x86" * 20_000 + b"."),
    ("in each other, twenty thousand deep", b"\x80\x02NN" + b"R" + b"NR" * 20_000 + b"."),
    (
        "a network in each other",
        b"\x80\x02" + (b"ca\nb\nN\x81}" + text("w" * 50)) * 5_000 + b"N" + b"sb" * 5_000 + b".",
    ),
    ("nothing to take", b"\x80\x02R."),
    ("no mark", b"\x80\x02u."),
    ("what was never put", b"\x80\x02h\x07."),
    ("an opcode of another time", b"\x80\x02\x82\x01."),
    ("numbers without an end", b"\x80\x02" + text("a") + b"Q" + b"K\x01" * 100_000),
    ("no pickle", b"\xff" * 100),
    ("nothing", b""),
]


@pytest.mark.parametrize("content", [row[1] for row in HARM], ids=[row[0] for row in HARM])
def test_what_means_harm_has_no_tensors(content: bytes) -> None:
    assert found(content) == []


def test_no_more_is_read_than_a_network_could_need() -> None:
    seen = read_pickles(b"\x80\x02" + text("a") * 1_200_000 + b".")
    assert len(seen.strings) < 1_000_000
    assert seen.roots == []


SIZES = [
    b"(K\x02\x8a\x07" + b"\xff" * 6 + b"\x7ft",
    b"(K\x02J\xff\xff\xff\xfft",
    b"(K\x02\x88t",
    b"N",
    b"(" + b"K\x01" * 17 + b"t",
]


@pytest.mark.parametrize("sizes", SIZES, ids=["too many", "negative", "no number", "none", "of too many dimensions"])
def test_sizes_that_no_tensor_has(sizes: bytes) -> None:
    content = b"\x80\x02}" + text("a.weight") + TENSOR.replace(b"(K\x04K\x02t", sizes, 1) + b"s."
    assert found(content) == []
