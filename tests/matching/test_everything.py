"""Everything against everything: one result however it was computed."""

import shutil
from decimal import Decimal

import psutil
import pytest

from marketplace.listings.models import Kind
from marketplace.matching import everything, store
from marketplace.matching.serving.building import build
from marketplace.matching.serving.places import snapshots_folder
from tests.factories import open_listing


@pytest.fixture
def snapshot(world, app):
    """Five offers and seven wants in a snapshot."""
    store.train_if_missing()
    for number in range(5):
        open_listing(quantity=Decimal(100 + number))
    for number in range(7):
        open_listing("grinding", kind=Kind.WANT, title=f"clinker replacement {number}")
    folder, _ = build()
    yield folder
    shutil.rmtree(snapshots_folder(app))


def run(snapshot, out, workers=1, part=3, watch=lambda done: None):
    told = []

    def progress(done):
        told.append(done)
        watch(done)

    model = store.model_path(store.version())
    rows = everything.rank_everything(None, workers, snapshot, model, out, 3, progress, part)
    return rows, sum(told), out.read_text()


def test_each_want_gets_its_best_offers_once(snapshot, tmp_path):
    rows, wants, text = run(snapshot, tmp_path / "run.tsv")

    assert (rows, wants) == (21, 7)
    scores = [float(line.split("\t")[2]) for line in text.splitlines()[:3]]
    assert scores == sorted(scores, reverse=True)
    assert list(tmp_path.iterdir()) == [tmp_path / "run.tsv"]


def test_a_stopped_run_goes_on_and_ends_the_same(snapshot, tmp_path):
    _, _, whole = run(snapshot, tmp_path / "whole.tsv")
    model = store.model_path(store.version())
    parts = tmp_path / f".again.tsv.parts-{snapshot.name}-{model.parent.name}-3-3"
    parts.mkdir()
    everything.rank_part(snapshot, model, 0, 3, 3, parts)

    assert run(snapshot, tmp_path / "again.tsv", workers=2) == (21, 7, whole)


def test_workers_that_are_killed_change_no_result(snapshot, tmp_path):
    _, _, whole = run(snapshot, tmp_path / "whole.tsv")
    killed = []

    def kill_them_all_once(done):
        if done and not killed:
            killed.extend(
                worker for worker in psutil.Process().children(recursive=True) if "spawn_main" in str(worker.cmdline())
            )
            for worker in killed:
                worker.kill()

    assert run(snapshot, tmp_path / "killed.tsv", workers=2, part=1, watch=kill_them_all_once) == (21, 7, whole)
    assert len(killed) == 2


def test_parts_do_not_depend_on_how_they_are_cut(snapshot, tmp_path):
    model = store.model_path(store.version())
    everything.rank_part(snapshot, model, 0, 7, 3, tmp_path)
    at_once = (tmp_path / "000000000.tsv").read_text()

    for start in range(0, 7, 2):
        everything.rank_part(snapshot, model, start, 2, 3, tmp_path)

    assert "".join(p.read_text() for p in sorted(tmp_path.iterdir())) == at_once
