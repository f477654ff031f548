"""How verification is run: what it accepts, how it goes on, and that its quick ways give what the careful ones give."""

import json
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text, update

from marketplace.carbon.errors import InputError
from marketplace.carbon.method import METHOD, assess
from marketplace.database import transaction
from marketplace.exchanges import service as exchanges
from marketplace.extensions import db
from marketplace.ledger import checking, rollups, service, tile_store, verify_cli
from marketplace.ledger import verify as verifying
from marketplace.ledger.canonical import CanonicalError, canonical_bytes, parse_canonical
from marketplace.ledger.checkpoints import latest_checkpoint
from marketplace.ledger.entries import result_of
from marketplace.ledger.faults import Check, Fault
from marketplace.ledger.merkle import Frontier
from marketplace.ledger.methods import METHODS, Method
from marketplace.ledger.models import LedgerTile
from marketplace.ledger.reading import SharedFactors, read_entry
from marketplace.ledger.recompute import quick_result
from marketplace.ledger.resuming import Progress
from marketplace.ledger.sums import Sums
from marketplace.ledger.tiles import WIDTH
from marketplace.ledger.verify import verify
from tests.factories import completed, find_user, open_listing
from tests.ledger.attacking import no_uniqueness, rebuild, rows, sign_anew, with_body, write_access
from tests.ledger.test_attacks import greener

numbers = st.decimals("0", "99999", places=3).map(str)
fractions = st.decimals("0", "1", places=2).map(str)
spreads = st.one_of(st.decimals("1", "3", places=3).map(str), st.sampled_from(["1", "0.9", "1e0", "x"]))
FACTORS = {
    "none": {"value": "0", "unit": "kgCO2e/t", "gsd": "1", "version": "1"},
    "dump": {"value": "12.5", "unit": "kgCO2e/t", "gsd": "1.4", "version": "1"},
    "clinker": {"value": "843.7", "unit": "kgCO2e/t", "gsd": "1.08", "version": "2"},
    "credit": {"value": "-31", "unit": "kgCO2e/t", "gsd": "1.2", "version": "1"},
    "truck": {"value": "0.0751", "unit": "kgCO2e/tkm", "gsd": "1.2", "version": "1"},
    "rail": {"value": "0.021", "unit": "kgCO2e/tkm", "gsd": "1.3", "version": "1"},
}
SHARED_FACTORS = SharedFactors(FACTORS)
steps = st.sampled_from(["none", "dump", "clinker", "credit", "truck"])
modes = st.sampled_from(["truck", "rail", "none", "dump"])


@st.composite
def inputs(draw):
    raw = {
        "deliveries": [
            {
                "wet_t": draw(numbers),
                "reject_t": draw(st.sampled_from(["0", "0", "1", "2.5"])),
                "moisture": draw(fractions),
                "weighed_on": draw(st.sampled_from(["2026-03-01", "2026-02-28", "2026-02-30"])),
                "legs": [{"km": draw(numbers), "factor": draw(modes)} for _ in range(draw(st.integers(0, 2)))],
            }
            for _ in range(draw(st.integers(0, 3)))
        ],
        "disposal": {"factor": draw(steps)},
        "displaced": {"factor": draw(steps), "substitution": draw(fractions), "substitution_gsd": draw(spreads)},
        "reprocessing": {"factor": draw(steps)},
        "basis": {s: draw(st.sampled_from(["wet", "dry"])) for s in ("disposal", "displaced", "reprocessing")},
        "default_mode": draw(modes),
        "attribution": draw(st.sampled_from([{"supplier": "0.5", "user": "0.5"}, {"supplier": "0.3", "user": "0.7"},
                                             {"supplier": "0.5", "user": "0.6"}, {"user": "1"}])),
        "mass_gsd": draw(spreads),
        "km_gsd": draw(spreads),
    }  # fmt: skip
    if draw(st.booleans()):
        raw["rejects"] = {"factor": draw(steps)}
    if draw(st.integers(0, 9)) == 0:
        raw["period"] = {"from": "2026-03-01", "to": "2026-04-01"}
    return raw


@given(inputs())
def test_the_quick_figure_is_the_methods_or_none(raw):
    quick = quick_result(raw, FACTORS)
    assert quick_result(raw, SHARED_FACTORS) == quick, "numbers kept from other entries change nothing"
    try:
        careful = result_of(assess(raw, FACTORS))
    except InputError:
        assert quick is None
        return
    assert quick in (None, careful)


USUAL = {
    "deliveries": [{"wet_t": "20", "reject_t": "1", "moisture": "0.1", "weighed_on": "2026-03-01",
                    "legs": [{"km": "20.5", "factor": "truck"}]}],
    "disposal": {"factor": "dump"},
    "displaced": {"factor": "clinker", "substitution": "0.8", "substitution_gsd": "1.1"},
    "reprocessing": {"factor": "credit"},
    "rejects": {"factor": "dump"},
    "basis": {"disposal": "wet", "displaced": "dry", "reprocessing": "wet"},
    "default_mode": "truck", "attribution": {"supplier": "0.5", "user": "0.5"},
    "mass_gsd": "1.005", "km_gsd": "1.1",
}  # fmt: skip


@pytest.mark.parametrize("period", [None, {"from": "2026-03-01", "to": "2026-04-01"}])
def test_usual_inputs_go_the_quick_way(period):
    raw = USUAL | ({"period": period} if period else {})
    assert quick_result(raw, FACTORS) == result_of(assess(raw, FACTORS)) is not None
    assert METHOD in METHODS, "what is written can be checked"


@pytest.mark.parametrize("period", [None, "", {}, {"from": "2026-03-01"}])
def test_an_odd_period_goes_the_careful_way(period):
    assert quick_result(USUAL | {"period": period}, FACTORS) is None


texts = st.text(st.characters(codec="utf-8"), max_size=8)
values = st.recursive(
    st.one_of(st.none(), texts, st.booleans(), st.integers(-5, 5), st.floats(allow_nan=False)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=8,
)


@given(values)
def test_bytes_are_canonical_by_msgspec_exactly_when_they_are_by_rfc8785(value):
    data = msgspec.json.encode(value, order="deterministic")
    read, broken = read_entry(data)
    try:
        assert parse_canonical(data) == read
        assert broken is None
    except CanonicalError:
        assert broken is not None


@given(values)
def test_what_rfc8785_writes_is_read(value):
    try:
        data = canonical_bytes(value)
    except CanonicalError:
        return
    assert read_entry(data) == (value, None)


@pytest.mark.parametrize(
    "data",
    [b'{"a":"1","a":"1"}', b'{"b":"1","a":"1"}', b'{"a": "1"}', b'{"a":1.0}', '{"a":"e\u0301"}'.encode(), b"\xff"],
)
def test_bytes_that_are_not_canonical_are_refused(data):
    assert read_entry(data)[1] is not None


def test_the_quick_sums_are_the_rollups(world):
    for by in ("grinding", "third"):
        completed(open_listing(), by, use="scm-cement")
    with transaction():
        service.reverse(0, "wrong")
        exchanges.reopen(rows()[0]["exchange_id"], find_user("district_officer@example.com"), "wrong")
    bodies = {row["position"]: json.loads(row["canonical"]) for row in rows()}
    quick, careful = Sums(), []
    for row in rows():
        body, original = (
            bodies[row["position"]],
            bodies[row["reverses"] if row["reverses"] is not None else row["position"]],
        )
        parties = [row[n] for n in ("supplier_park_id", "receiver_park_id", "supplier_id", "receiver_id")]
        quick.add(original, 1 if body is original else -1, tuple(parties))
        careful.append(rollups.Contribution(body, original, *parties))
    wanted = rollups.sum_cells(careful)
    assert quick.as_rollups() == wanted
    assert Sums.from_json(json.loads(json.dumps(quick.to_json()))).as_rollups() == wanted
    two = Sums()
    two.merge(quick)
    two.merge(quick)
    assert two.as_rollups()[next(iter(wanted))].net_kgco2e == 2 * wanted[next(iter(wanted))].net_kgco2e


@pytest.fixture
def short_stretches(monkeypatch):
    """Stretches of two entries, so that five need three."""
    monkeypatch.setattr(verifying, "STRETCH", 2)


@pytest.fixture
def five(world, short_stretches):
    for _ in range(5):
        completed(open_listing(), use="scm-cement")


def test_entries_are_checked_stretch_by_stretch(five):
    seen = []
    report = verify(lambda done, size: seen.append((done, size)), processes=1)
    assert report.is_sound
    assert seen == [(2, 5), (4, 5), (5, 5)]


def test_several_processes_find_what_one_finds(five, monkeypatch):
    monkeypatch.setattr(verifying, "ALONE_BELOW", 1)
    alone, together = verify(processes=1), verify(processes=2)
    assert (together.is_sound, together.root_hash) == (True, alone.root_hash)
    rebuild(greener(3))
    sign_anew()
    assert str(verify(processes=2).faults[0]) == str(verify(processes=1).faults[0])
    assert verify(processes=2).faults[0].position == 3


def test_an_interrupted_run_goes_on_where_it_stopped(five, tmp_path):
    file = tmp_path / "verify.json"
    progress = Progress(file)

    def stop(done, size):
        if done == 4:
            progress.write()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        verify(stop, processes=1, progress=progress)
    seen = []
    again = Progress(file)
    assert again.size == 4
    report = verify(lambda done, size: seen.append(done), processes=1, progress=again)
    assert (report.is_sound, report.size, seen) == (True, 5, [5])
    assert not file.exists()


def test_a_run_that_goes_on_still_compares_all_totals(five, tmp_path):
    progress = Progress(tmp_path / "verify.json")

    def stop(done, size):
        progress.write()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        verify(stop, processes=1, progress=progress)
    with write_access():
        db.session.execute(text("UPDATE rollup SET exchanges = exchanges + 1"))
    report = verify(processes=1, progress=Progress(tmp_path / "verify.json"))
    assert {fault.check for fault in report.faults} == {verifying.Check.TOTALS}


def test_a_run_that_goes_on_within_a_tile_checks_the_whole_tile(world):
    """Interrupted after the last stretch, it wrote down an odd size; since then the ledger grew."""
    completed(open_listing())
    with no_uniqueness():
        rebuild(rows() * 300)
        tile_store.keep_full_tiles(WIDTH)
        db.session.commit()
        faults = [stretch_from(200).fault]
        hashes = db.session.scalars(select(LedgerTile.hashes)).one()
        with write_access():
            db.session.execute(update(LedgerTile).values(hashes=hashes[: 3 * 32] + bytes(32) + hashes[4 * 32 :]))
        faults.append(stretch_from(200).fault)
    assert faults == [None, Fault(3, "tile 0/0 does not hold the hashes of its entries", Check.TREE)]


def stretch_from(first):
    with db.engine.connect() as connection, connection.begin():
        run = verifying._Run(connection, [], None, Progress(None), hashes_only=False)
        task = next(run._tasks(0, 300))
        return checking.check(connection, replace(task, first=first, start=frontier_of(rows()[:first])))


def frontier_of(entries):
    tree = Frontier()
    for row in entries:
        tree.append(bytes.fromhex(row["leaf_hash"]))
    return tree.to_list()


def test_entries_of_an_older_method_are_checked_by_it(five, monkeypatch):
    older = Method(lambda inputs, factors: {"net_kgco2e": "1.000"}, lambda inputs, factors: None)
    rebuild([with_body(row, method="avoided/0.9") if row["position"] == 1 else row for row in rows()])
    assert "unknown method avoided/0.9; known are avoided/1.0" in verify(processes=1).faults[0].what
    monkeypatch.setattr(checking, "METHODS", {**METHODS, "avoided/0.9": older})
    assert "recomputed 1.000" in verify(processes=1).faults[0].what


def test_a_broken_file_of_an_interrupted_run_is_named(tmp_path):
    (tmp_path / "verify.json").write_text('{"form": 7}')
    with pytest.raises(ValueError, match="remove it"):
        Progress(tmp_path / "verify.json")


def run(app, *args):
    return app.test_cli_runner().invoke(args=["ledger", "verify", "--processes", "1", *args])


def test_the_command_reads_only_what_came_after_a_checkpoint(app, five, tmp_path):
    (tmp_path / "old").write_text(latest_checkpoint().note)
    completed(open_listing())
    done = run(app, "--since", str(tmp_path / "old"))
    assert done.exit_code == 0, done.output
    assert "totals were not compared" in done.output
    assert "6 entries are sound" in done.output


def test_a_change_after_the_checkpoint_is_found_from_it(app, five, tmp_path):
    (tmp_path / "old").write_text(latest_checkpoint().note)
    completed(open_listing())
    with write_access():
        db.session.execute(text("UPDATE ledger_entry SET material = 'ggbs' WHERE position = 5"))
    done = run(app, "--since", str(tmp_path / "old"))
    assert (done.exit_code, "entry 5: column material" in done.output) == (1, True), done.output


def test_a_rewritten_past_is_found_from_a_checkpoint(app, five, tmp_path):
    (tmp_path / "old").write_text(latest_checkpoint().note)
    rebuild(greener(0))
    sign_anew()
    done = run(app, "--since", str(tmp_path / "old"))
    assert (done.exit_code, "[saved checkpoint]" in done.output) == (1, True), done.output


def test_the_command_compares_with_checkpoints_kept_outside(app, world, tmp_path):
    for number in range(3):
        completed(open_listing())
        (tmp_path / f"{number}").write_text(latest_checkpoint().note)
    kept = [arg for number in range(3) for arg in ("--against", str(tmp_path / f"{number}"))]
    assert run(app, *kept).exit_code == 0
    rebuild(rows()[:2])
    sign_anew()
    done = run(app, *kept)
    assert (done.exit_code, "is of 3 entries, the ledger has 2" in done.output) == (1, True), done.output


@pytest.mark.parametrize(("content", "words"), [("hello", "a note is"), ("", "a note is"), (None, "No such file")])
def test_what_cannot_be_verified_ends_with_2_and_the_reason(app, world, tmp_path, content, words):
    file = tmp_path / "kept"
    if content is not None:
        file.write_text(content)
    for option in ("--against", "--since"):
        done = run(app, option, str(file))
        assert (done.exit_code, words in done.output) == (verify_cli.NOT_VERIFIED, True), done.output


def test_a_checkpoint_of_another_log_is_refused(app, world, tmp_path):
    from marketplace.ledger.notes import SigningKey
    from tests.ledger.attacking import signed

    (tmp_path / "kept").write_text(signed(SigningKey.generate("other.example/ledger"), 1, "ab" * 32).encoded)
    done = run(app, "--against", str(tmp_path / "kept"))
    assert (done.exit_code, "not signed by a key of this ledger" in done.output) == (2, True)


def test_an_empty_ledger_is_sound(app, world):
    assert "0 entries are sound" in run(app).output
