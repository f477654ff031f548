"""Unified social credit codes, by the samples made from the two standards."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.accounts.uscc import Fault, InvalidUscc, check_character, organisation_check_character, parse

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "data" / "uscc_samples.csv"
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@pytest.mark.skipif(not SAMPLES.exists(), reason="the shared samples are not beside this checkout")
def test_every_sample_is_judged_rightly():
    with SAMPLES.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) > 30
    for row in rows:
        try:
            parse(row["uscc"])
            is_valid = True
        except InvalidUscc:
            is_valid = False
        assert is_valid == (row["valid"] == "true"), row


@given(st.text(ALPHABET, min_size=6, max_size=6))
def test_any_code_made_by_the_standards_is_accepted(serial):
    body = "MA" + serial
    first_17 = "91310113" + body + organisation_check_character(body)
    assert parse(first_17 + check_character(first_17)) == first_17 + check_character(first_17)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", Fault.LENGTH),
        ("91310113MI7M70FT0N", Fault.ALPHABET),
        ("91990113MACCXUF23M", Fault.REGION),
        ("91310113MAMTE9NC0T", Fault.ORGANISATION),
        ("91310113MAAANBKFXN", Fault.CHECK),
    ],
)
def test_the_first_fault_is_named(text, fault):
    with pytest.raises(InvalidUscc) as refused:
        parse(text)
    assert refused.value.fault is fault


def test_full_width_and_spaces_are_read_as_typed_on_a_chinese_keyboard():
    assert parse("９１３１０１１３ MAAY4CL12Q") == "91310113MAAY4CL12Q"
