"""Canonical JSON: one value, one sequence of bytes."""

import unicodedata
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.ledger.canonical import CanonicalError, canonical_bytes, parse_canonical

nfc_text = st.text(st.characters(exclude_categories=["Cs"])).map(lambda text: unicodedata.normalize("NFC", text))
scalars = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | nfc_text
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(nfc_text, inner), max_leaves=20)


@given(value=values)
def test_what_is_written_can_be_read_back(value):
    assert parse_canonical(canonical_bytes(value)) == value


def test_keys_are_sorted_by_utf16_and_nothing_is_escaped_that_need_not_be():
    value = {"b": "1.50", "a": ["钢渣", None, True], "\U0001f600": "2", "\ufb33x": "3"}
    value = {unicodedata.normalize("NFC", key): item for key, item in value.items()}

    written = canonical_bytes(value).decode()

    assert written.startswith('{"a":["钢渣",null,true],"b":"1.50",')
    assert canonical_bytes({"\ue000": "1", "\U0001f600": "2"}).decode() == '{"\U0001f600":"2","\ue000":"1"}'


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        {"kg": 1.0},
        [float("nan")],
        float("inf"),
        Decimal("1"),
        b"bytes",
        {1: "a"},
        "e\u0301",
        {"e\u0301": "a"},
        "\ud800",
        2**53,
        {"a": {1, 2}},
    ],
    ids=repr,
)
def test_a_value_without_one_form_is_refused(value):
    with pytest.raises(CanonicalError):
        canonical_bytes(value)


def test_an_endless_value_is_refused():
    value = []
    value.append(value)

    with pytest.raises(CanonicalError):
        canonical_bytes(value)


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":"1","a":"2"}',
        b'{"a":{"b":"1","b":"1"}}',
        b'{"b":"1","a":"2"}',
        b'{"a": "1"}',
        b'{"a":"1"}\n',
        b'\xef\xbb\xbf{"a":"1"}',
        b'"\\u0041"',
        b'"\\ud800"',
        b'"\xff"',
        b"1.5",
        b"1e3",
        b"-0",
        b"NaN",
        b"9007199254740993",
        b"1" * 5000,
        '"e\u0301"'.encode(),
        b"",
        b"{",
        b"[" * 100_000,
    ],
    ids=lambda data: repr(data[:20]),
)
def test_bytes_that_are_not_canonical_are_refused(data):
    with pytest.raises(CanonicalError):
        parse_canonical(data)
