"""The verifier's own canonical JSON is that of RFC 8785, and it refuses what has no single form."""

import unicodedata

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from marketplace.ledger import verify_certificate as tool

TEXTS = st.text(st.characters(exclude_categories=["Cs"])).map(lambda text: unicodedata.normalize("NFC", text))
SCALARS = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXTS
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=20)


@given(value=VALUES)
def test_its_canonical_form_is_that_of_the_library(value):
    assert tool.canonical(value) == rfc8785.dumps(value)


@pytest.mark.parametrize("value", [1.5, float("nan"), "e\u0301", "\ud800", 2**53, {"a": [0.1]}])
def test_what_has_no_one_form_is_refused(value):
    with pytest.raises(tool.Wrong):
        tool.canonical(value)


@pytest.mark.parametrize("data", [b'{"a":1,"a":2}', b"{", b"\xff", b'{"a":1.0}', b"NaN", b"[" * 100_000])
def test_what_can_be_read_in_two_ways_is_refused(data):
    with pytest.raises(tool.Wrong):
        tool.read_json(data, "the file")


@pytest.mark.parametrize(
    "key",
    ["", "a", "a+b+c", "a+00000000+AZPDs2kQCkgpb+iInaStdG4ZR5patXfHyrzXsByA8uO1", "a+9c+AAAA", "+1+AZ=="],
)
def test_what_is_no_key_is_named(key):
    with pytest.raises(tool.Wrong, match="key"):
        tool.Key.parse(key)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "origin\n1\nAAAA\n",
        "o\n1\n\n— a b\n",
        "o\n01\n" + "A" * 43 + "=\n\n— a AAAAAAA=\n",
        "o\n1\nA\n\n— a AAAAAAA=\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(note):
    with pytest.raises(tool.Wrong):
        tool.Checkpoint.parse(note)


@pytest.mark.parametrize("data", [b"%PDF-1.7\n", b"%PDF-1.7\n%gcx-seal did:key:z6Mk AAAA\n", b"PK\x03\x04", b"PK"])
def test_files_cut_short_are_wrong(data):
    with pytest.raises(tool.Wrong):
        tool.check(data, tool.Trust(), tool.Report(lambda _: None))


@pytest.mark.parametrize(
    "data",
    [
        b'{"@context":[],"issuer":"did:key:z","proof":{}}',
        b'{"@context":[],"issuer":1,"proof":{"type":[]}}',
        b'{"@context":1,"proof":7}',
        b'{"format":"gcx-entry/2","method":"avoided/1.0"}',
        b'{"confirmations":[7],"format":"gcx-entry/2","kind":"assessment","method":"avoided/1.0"}',
        b'{"inclusionProof":[]}',
    ],
)
def test_a_forged_shape_is_wrong_and_no_crash(data):
    report = tool.Report(lambda _: None)
    try:
        tool.check(data, tool.Trust(), report)
    except tool.Wrong:
        return
    assert not report.is_complete
