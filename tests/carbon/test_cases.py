"""The 30 published cases, to the last digit (METHOD §9)."""

import json
from pathlib import Path

import pytest

from marketplace.carbon.cases import run_cases

CASES_FILE = Path(__file__).parents[3] / "shared" / "carbon" / "cases.json"
DOCUMENT = json.loads(CASES_FILE.read_text(encoding="utf-8")) if CASES_FILE.exists() else None

needs_cases = pytest.mark.skipif(DOCUMENT is None, reason=f"{CASES_FILE} is not here")


@needs_cases
@pytest.mark.parametrize("case", DOCUMENT["cases"] if DOCUMENT else [], ids=lambda case: case["id"])
def test_a_published_case_comes_out_to_the_last_digit(case):
    outcome = run_cases({"method": DOCUMENT["method"], "cases": [case]})

    assert outcome == {"results": [{"id": case["id"], **case["expect"]}]}


@needs_cases
def test_there_are_thirty_published_cases():
    assert len(run_cases(DOCUMENT)["results"]) == 30


def test_a_case_of_another_method_is_refused():
    outcome = run_cases({"cases": [{"id": "X", "method": "avoided/2.0", "input": {}, "factors": {}}]})

    assert outcome == {"results": [{"id": "X", "error": "method"}]}


def test_a_wrong_entry_of_a_total_is_named_with_its_place():
    outcome = run_cases({"cases": [{"id": "X", "factors": {}, "entries": [{"id": "E1", "input": {"deliveries": []}}]}]})

    assert outcome == {"results": [{"id": "X", "error": "entries.0.deliveries"}]}
