"""``flask carbon assess`` at the terminal."""

import json

import pytest
from click.testing import CliRunner

from marketplace.carbon.cli import carbon

CASES = {
    "method": "avoided/1.0",
    "cases": [{"id": "A", "factors": {}, "input": {"deliveries": []}}],
}


def assess(cases_file, out_file):
    return CliRunner().invoke(carbon, ["assess", "--cases", str(cases_file), "--out", str(out_file)])


def test_results_are_written_and_errors_counted(tmp_path):
    (tmp_path / "cases.json").write_text(json.dumps(CASES))

    outcome = assess(tmp_path / "cases.json", tmp_path / "results.json")

    assert outcome.exit_code == 0
    assert "1 results, 1 of them errors" in outcome.output
    written = json.loads((tmp_path / "results.json").read_text())
    assert written == {"results": [{"id": "A", "error": "deliveries"}]}


@pytest.mark.parametrize(
    "content",
    [b"{", b"\xff\xfe\x00", b"[]", b"{}", b'{"cases": {}}', b'{"cases": [1]}', b'{"cases": [{}]}', b"[" * 100_000],
    ids=["cut", "not-text", "list", "no-cases", "cases-no-list", "case-no-object", "no-id", "too-deep"],
)
def test_a_broken_file_leaves_the_old_results_alone(tmp_path, content):
    (tmp_path / "cases.json").write_bytes(content)
    (tmp_path / "results.json").write_text("old")

    outcome = assess(tmp_path / "cases.json", tmp_path / "results.json")

    assert outcome.exit_code == 2
    assert "cases.json" in outcome.output
    assert (tmp_path / "results.json").read_text() == "old"
    assert {path.name for path in tmp_path.iterdir()} == {"cases.json", "results.json"}


def test_a_missing_file_is_named(tmp_path):
    outcome = assess(tmp_path / "nowhere.json", tmp_path / "results.json")

    assert outcome.exit_code == 2
    assert "cannot read" in outcome.output
    assert not (tmp_path / "results.json").exists()


@pytest.mark.parametrize("target", ["missing/results.json", "folder"])
def test_a_place_that_cannot_be_written_is_named(tmp_path, target):
    (tmp_path / "cases.json").write_text(json.dumps(CASES))
    (tmp_path / "folder").mkdir()

    outcome = assess(tmp_path / "cases.json", tmp_path / target)

    assert outcome.exit_code == 2
    assert "cannot write" in outcome.output
    assert {path.name for path in tmp_path.iterdir()} == {"cases.json", "folder"}
