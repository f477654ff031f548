"""The auditor's export opens with nothing but Python, and its verifier finds what was changed; on both databases."""

import io
import json
import re
import subprocess
import sys
import zipfile

import pytest
from sqlalchemy import select

from marketplace.database import transaction
from marketplace.exchanges import service as exchanges
from marketplace.extensions import db
from marketplace.ledger import keys
from marketplace.ledger import service as ledger
from marketplace.ledger import verify_certificate as tool
from marketplace.ledger.canonical import canonical_bytes
from marketplace.ledger.certificates import export
from marketplace.ledger.certificates.export import export_stream, write_export
from marketplace.ledger.checkpoints import keep_newest, latest_checkpoint
from marketplace.ledger.models import Checkpoint, Dimension, Rollup
from marketplace.ledger.notes import Note
from tests.factories import completed, find_user, open_listing


@pytest.fixture
def archive(world):
    """Four figures, one of them taken back."""
    for _ in range(3):
        completed(open_listing(), use="scm-cement")
        with transaction():
            keep_newest()
    with transaction():
        ledger.reverse(1, "wrong scale")
    completed(open_listing())
    return b"".join(export_stream())


def checked(data, **trust):
    said = []
    tool.check(data, tool.Trust(**trust), tool.Report(said.append))
    return "\n".join(said)


def rebuilt(data, changed, *, sign_anew=True):
    """The archive with one file changed, and its MANIFEST signed anew: what a forger inside our house could do."""
    files = {}
    with zipfile.ZipFile(io.BytesIO(data)) as old:
        files = {name: old.read(name) for name in old.namelist()}
    name, change = changed
    files[name] = change(files[name])
    if sign_anew:
        digests = {n: tool.hashlib.sha256(c).hexdigest() for n, c in files.items() if n != "MANIFEST"}
        files["MANIFEST"] = export._manifest(digests).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as new:
        for n, content in files.items():
            new.writestr(n, content)
    return out.getvalue()


def test_the_whole_archive_is_good(archive):
    words = checked(archive, keys=(tool.Key.parse(keys.signing_key().verifier.encoded),))
    assert "5 entries: canonical form, figures, factors, reversals and confirmations" in words
    assert "4 checkpoints are signed and fit the tree" in words


def test_an_archive_by_a_newer_method_is_checked_but_for_figures_and_total(archive, monkeypatch):
    monkeypatch.setattr(tool, "METHODS", {"avoided/0.9": tool.recompute})
    said = []
    report = tool.Report(said.append)
    tool.check(archive, tool.Trust(), report)
    words = "\n".join(said)
    assert "open   5 of them, and no total: unknown method version 'avoided/1.0'" in words
    assert "4 checkpoints are signed and fit the tree" in words
    assert "figures stand" not in words
    assert not report.is_complete
    with pytest.raises(tool.Wrong, match="has another root"):
        tool.check(rebuilt(archive, ("entries.jsonl", line(2, figure_raised))), tool.Trust(), tool.Report(said.append))


def test_its_total_is_that_of_the_district(archive):
    net = sum(row.net_kgco2e for row in db.session.scalars(select(Rollup).where(Rollup.dimension == Dimension.ALL)))
    assert f"3 figures stand: {net} kg CO2e avoided" in checked(archive)


def test_an_empty_ledger_is_an_archive_too(world):
    data = b"".join(export_stream())
    with pytest.raises(tool.Wrong, match="no checkpoint covers"):
        checked(data)


def line(number, change):
    """Change one line of a file of lines."""

    def changed(content):
        lines = content.split(b"\n")
        lines[number] = change(lines[number])
        return b"\n".join(lines)

    return changed


def figure_raised(entry):
    body = json.loads(entry)
    body["result"]["net_kgco2e"] = "123456.000"
    return canonical_bytes(body)


def swapped(content):
    first, second, *others = content.split(b"\n")
    return b"\n".join([second, first, *others])


def counted_twice(content):
    """The first entry once more at the end, with its own confirmations and the next position."""
    first = json.loads(content.split(b"\n")[0])
    return content + canonical_bytes(first | {"position": "5"}) + b"\n"


def shortened(content):
    return b"".join(content.splitlines(keepends=True)[:-1])


CHANGES = {
    "a byte of an entry": ("entries.jsonl", line(2, lambda e: e.replace(b"gbfs", b"ggbs")), "another root"),
    "a figure": ("entries.jsonl", line(0, figure_raised), "entry 0: net_kgco2e is 123456.000"),
    "two entries swapped": ("entries.jsonl", swapped, "entry 0: it calls itself number 1"),
    "the last entry": ("entries.jsonl", shortened, "its end was cut off"),
    "the last checkpoint": ("checkpoints.jsonl", shortened, "no checkpoint covers"),
    "a confirmation": ("confirmations.txt", swapped, "entry 0: the supplier's confirmation is not number 0"),
    "the last confirmation": ("confirmations.txt", shortened, "entry 4: the receiver's confirmation is not number 7"),
    "an exchange counted twice": ("entries.jsonl", counted_twice, "entry 5: it counts exchange .* a second time"),
    "the value of a factor in use": (
        "factors.jsonl",
        lambda c: re.sub(rb'("factor_id":"clinker-cn".*?"value":")', rb"\g<1>9", c),
        "entry 0: factor clinker-cn: value is",
    ),
    "the value of another factor": (
        "factors.jsonl",
        lambda c: re.sub(rb'("factor_id":"gwp.*?"value":")', rb"\g<1>9", c, count=1),
        "the factor table is not the one of the checkpoint",
    ),
    "a spaced entry": (
        "entries.jsonl",
        line(1, lambda e: e.replace(b'":"', b'": "', 1)),
        "entry 1: the entry is not in canonical form",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_found_though_the_list_of_files_was_signed_anew(archive, name):
    file, change, words = CHANGES[name]
    with pytest.raises(tool.Wrong, match=words):
        checked(rebuilt(archive, (file, change)))


def test_a_file_that_was_changed_outside_is_found_by_the_signed_list(archive):
    with pytest.raises(tool.Wrong, match=r"README\.md was changed"):
        checked(rebuilt(archive, ("README.md", lambda c: c + b"!"), sign_anew=False))


def test_a_forgers_own_key_is_refused_by_who_knows_ours(archive):
    with pytest.raises(tool.Wrong, match="not signed by a key of the ledger"):
        checked(archive, keys=(tool.Key("other", bytes(32)),))


def test_a_damaged_archive_is_told(archive):
    for place in range(0, len(archive), max(1, len(archive) // 60)):
        damaged = archive[:place] + bytes([archive[place] ^ 1]) + archive[place + 1 :]
        try:
            checked(damaged)
        except (tool.Wrong, tool.Unreadable):
            continue
        # A bit of the ZIP file's own frame that no reader heeds: the contents are the same.
        assert contents(damaged) == contents(archive)


def contents(data):
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_a_checkpoint_that_was_kept_is_found_in_the_archive(archive):
    kept = db.session.scalars(select(Checkpoint).where(Checkpoint.size == 2)).first().note
    assert "the first 2 entries are those of the checkpoint you kept" in checked(archive, kept=kept)
    note = Note.parse(kept)
    text = note.text.replace(note.text.split("\n")[2], "A" * 43 + "=")
    with pytest.raises(tool.Wrong, match="your checkpoint of 2 entries has another root"):
        checked(archive, kept=Note(text, (keys.signing_key().sign(text),)).encoded)


def test_a_ledger_cut_short_is_found_by_a_checkpoint_that_was_kept(archive):
    completed(open_listing())
    kept = latest_checkpoint().note
    with pytest.raises(tool.Wrong, match="says 6 entries, the archive holds 5"):
        checked(archive, kept=kept)


def test_no_name_of_an_enterprise_or_a_person_is_in_the_archive(archive):
    for content in contents(archive).values():
        for secret in (b"Ironworks", "示例".encode(), b"91310113", b"@ironworks"):
            assert secret not in content


def test_the_command_writes_it_and_its_own_verifier_checks_it(app, world, tmp_path):
    exchange = completed(open_listing())
    with transaction():
        ledger.reverse(0, "wrong")
        exchanges.reopen(exchange.id, find_user("district_officer@example.com"), "wrong")
    out = tmp_path / "ledger.zip"
    done = app.test_cli_runner().invoke(args=["ledger", "export", str(out)])
    assert done.exit_code == 0, done.output
    with zipfile.ZipFile(out) as opened:
        opened.extract("verify_certificate.py", tmp_path)
    run = subprocess.run(
        [sys.executable, "-I", tmp_path / "verify_certificate.py", out], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert list(tmp_path.glob("*.part")) == []


def test_a_place_that_cannot_be_written_is_named(app, world, tmp_path):
    done = app.test_cli_runner().invoke(args=["ledger", "export", str(tmp_path / "absent" / "x.zip")])
    assert done.exit_code == 1
    assert "No such file or directory" in done.output


def test_it_is_written_in_pieces(archive, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "CHUNK_BYTES", 1000)
    seen = []
    assert write_export(tmp_path / "x.zip", seen.append) == seen[-1]
    assert len(seen) > 5
