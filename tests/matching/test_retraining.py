"""Training from use: what is promoted, what is refused, what a killed or second training leaves, and what it reads."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from marketplace.database import transaction
from marketplace.extensions import db
from marketplace.knowledge import knowledge
from marketplace.listings.models import Kind
from marketplace.matching import retraining, store
from marketplace.matching.core.features import NAMES
from marketplace.matching.core.learning import EventKind
from marketplace.matching.core.lessons import Lessons, fit
from marketplace.matching.core.training import train
from marketplace.matching.models import MatchEvent
from tests.factories import open_listing

ROOT = Path(__file__).resolve().parents[2]
FEW = 300


@pytest.fixture
def models(app, session, tmp_path, monkeypatch):
    """An empty folder for models; the version in use is a small one."""
    monkeypatch.setitem(app.config, "DATA_DIR", tmp_path)
    monkeypatch.setattr(retraining, "OWN_PAIRS", 2 * FEW)
    monkeypatch.setattr(retraining, "OWN_MARGIN", 0.02)  # small models and sets are less steady
    store.save(small_model(), {})
    return tmp_path / "models"


_small = []


def small_model():
    if not _small:
        _small.append(train(knowledge(), pairs=FEW))
    return _small[0]


def run(app, *arguments):
    return app.test_cli_runner().invoke(args=["match", *arguments])


def lessons_that_say(useful, count, **features):
    """Pairs with these features, else 0.5, whose target is `useful`."""
    row = [features.get(name, 0.5) for name in NAMES]
    return Lessons(np.array([row] * count), np.full(count, float(useful)), np.full(count, 1.0))


# What is learned


def test_use_moves_the_score_where_it_speaks_and_stays_monotone(app):
    """Documented pairs that nobody ever takes up score lower than before; nearness still never hurts."""
    with app.app_context():
        base = knowledge()
        documented = {"application": 1.0, "nearness": 0.4}
        taught = fit(base, FEW, lessons_that_say(0, 150, **documented))
        ignored = fit(base, FEW, lessons_that_say(1, 0))
    row = np.array([[documented.get(name, 0.5) for name in NAMES]])
    assert taught.score(row)[0] < ignored.score(row)[0] - 0.05
    steps = np.repeat(row, 11, axis=0)
    steps[:, NAMES.index("nearness")] = np.linspace(0, 1, 11)
    assert (np.diff(taught.score(steps)) >= 0).all()


def test_what_people_did_never_outweighs_what_is_documented(app):
    """However many events there are, a documented use that they contradict stays above an undocumented pair."""
    with app.app_context():
        taught = fit(knowledge(), FEW, lessons_that_say(0, 20 * FEW, application=1.0))
    documented, none = np.full((1, len(NAMES)), 0.5), np.full((1, len(NAMES)), 0.5)
    documented[0, NAMES.index("application")], none[0, NAMES.index("application")] = 1.0, 0.0
    assert taught.score(documented)[0] >= taught.score(none)[0]


def some_use(days=10):
    """Two offers and two wants; one pair is completed, the others were shown and opened or left alone."""
    offers = [open_listing(title=f"Granulated blast furnace slag {i}") for i in range(2)]
    wants = [open_listing("grinding", kind=Kind.WANT, title=f"granulated slag for cement {i}") for i in range(2)]
    with transaction():
        for day in range(days):
            for place, (offer, want) in enumerate(((o, w) for o in offers for w in wants), 1):
                for kind in (EventKind.SHOWN, EventKind.OPENED)[: 1 + (day + place) % 2]:
                    add_event(kind, offer, want, day, place)
        add_event(EventKind.COMPLETED, offers[0], wants[0], days)


def add_event(kind, listing, other, day, place=None):
    db.session.add(
        MatchEvent(
            kind=kind,
            listing_id=listing.id,
            other_id=other.id,
            enterprise_id=listing.enterprise_id,
            position=place if kind is EventKind.SHOWN else None,
            day=date(2026, 11, 1) + timedelta(days=day),
        )
    )


def test_events_become_pairs_of_their_listings(world):
    some_use()
    use = retraining.read_use()
    assert use.facts["judged_pairs"] == len(use.learned) == 4
    assert use.facts["until"] == "2026-11-01"
    assert sorted(use.learned.targets)[-1] == 1
    assert use.learned.features.shape == (4, len(NAMES))
    assert use.learned.features[:, NAMES.index("material")].min() > 0.5


# Promotion, refusal, rollback and status


def test_the_command_promotes_what_is_not_worse_and_says_so(app, models, world):
    some_use()
    before = store.version()
    answer = run(app, "train", "--from-use", "--pairs", str(4 * FEW))
    assert answer.exit_code == 0, answer.output
    assert "own pairs" in answer.output
    assert "in use: not worse on own pairs" in answer.output
    assert store.version() != before == store.standing()["former"]
    assert store.card()["state"] == store.ModelState.PROMOTED
    assert store.card()["trained_on"]["judged_pairs"] == 4

    told = run(app, "status").output
    for words in (store.version(), "not worse on own pairs", "4 pairs judged by use until 2026-11-01", before):
        assert words in told

    assert run(app, "rollback").exit_code == 0
    assert store.version() == before
    assert f"rolled back from {store.standing()['former']}" in run(app, "status").output


def test_a_dry_run_stores_nothing(app, models):
    before = sorted(models.rglob("*"))
    answer = run(app, "train", "--dry-run", "--pairs", str(FEW))
    assert "would be" in answer.output
    assert [p for p in sorted(models.rglob("*")) if p.name != "lock"] == before


def spoilt(model):
    """Fitted to the opposite of what is documented."""
    features, useful = retraining.training_pairs(knowledge(), FEW, seed=3)
    return type(model).fit(features, 1 - useful)


def test_a_worse_model_is_refused_and_kept_for_inspection(app, models, monkeypatch):
    before = store.standing()
    monkeypatch.setattr(retraining, "fit", lambda *_: spoilt(small_model()))
    answer = run(app, "train", "--pairs", str(FEW))
    assert "refused, kept for inspection: may be worse on own pairs" in answer.output
    assert store.standing() == before
    (refused,) = [v for v in store.versions() if v != store.version()]
    assert store.card(refused)["state"] == store.ModelState.REFUSED
    assert store.load(refused).score(np.full((1, len(NAMES)), 0.5)).shape == (1,)
    assert refused in run(app, "status").output
    assert "no former model" in run(app, "rollback").output


def test_a_model_for_other_features_is_replaced_and_never_put_back(app, models):
    old = store.version()
    card = models / old / "card.json"
    card.write_text(json.dumps(json.loads(card.read_text()) | {"features": ["smell"]}))
    assert not store.is_usable()
    answer = run(app, "train", "--pairs", str(FEW))
    assert "nothing to compare with" in answer.output
    assert store.is_usable()
    assert "other features" in run(app, "rollback").output


def test_old_refused_versions_are_cleared_away_and_those_in_use_are_not(app, models):
    first = store.version()
    store.save(small_model(), {})
    for _ in range(store.MOST_KEPT + 3):
        store.refuse(store.keep(small_model(), {}), "a test")
    assert len(store.versions()) == store.MOST_KEPT + 2
    assert {first, store.version()} <= set(store.versions())


# Two at once, and killed ones


def test_a_second_training_at_the_same_time_is_refused(app, models):
    with store.sole_trainer():
        answer = subprocess.run(
            [sys.executable, "-m", "flask", "match", "train", "--pairs", "10"],
            cwd=ROOT,
            env=os.environ | {"GCX_ENV": "testing", "GCX_DATA_DIR": str(models.parent)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert answer.returncode == 1
        assert "somebody else is training" in answer.stderr
        assert "somebody else is training" in run(app, "rollback").output
    with store.sole_trainer():
        assert store.is_usable()


def _train_until(step, reached):
    """In a child: stop at one step of storing a model, tell, and wait to be killed."""
    real_dump, real_replace = store.os.replace, store._write

    def stop(name, real):
        def stopping(*arguments, **named):
            if name == step:
                reached.set()
                signal.pause()
            return real(*arguments, **named)

        return stopping

    store.os.replace = stop("move", real_dump)
    store._write = stop("write", real_replace)
    with store.sole_trainer():
        store.save(small_model(), {})


@pytest.mark.parametrize("step", ["write", "move"])
def test_a_killed_training_leaves_the_present_model_and_frees_the_lock(app, models, step):
    small_model()
    before = store.standing()
    context = multiprocessing.get_context("fork")
    reached = context.Event()
    child = context.Process(target=_train_until, args=(step, reached))
    child.start()
    assert reached.wait(60)
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    assert store.standing() == before
    with store.sole_trainer():
        store.refuse(store.keep(small_model(), {}), "a test")
    assert not list(models.glob(".[0-9]*"))
    assert store.matcher().model.score(np.full((1, len(NAMES)), 0.5)).shape == (1,)


# What training reads

_opened: list[str] | None = None


def _listen(event, arguments):
    if event == "open" and _opened is not None and isinstance(arguments[0], str | bytes | os.PathLike):
        _opened.append(os.fsdecode(arguments[0]))


sys.addaudithook(_listen)  # stays for the process; silent unless a test listens


@pytest.fixture
def opened():
    global _opened
    _opened = []
    yield _opened
    _opened = None


def judged_sets(paths):
    """Those that are judgements or lie in a folder, at any depth, that holds some."""
    judgements = ("qrels*", "paraphrases.tsv")
    folders = {folder for path in paths for folder in [Path(path).resolve(), *Path(path).resolve().parents][:-1]}
    judged = {f for f in folders if f != ROOT and any(next(f.glob(p), None) for p in judgements)}
    shared = ROOT.parent / "shared"
    return [p for p in paths if judged & {*Path(p).resolve().parents} or shared in Path(p).resolve().parents]


def test_training_reads_nothing_below_a_folder_with_judged_sets(app, models, world, opened):
    some_use()
    knowledge.cache_clear()
    answer = run(app, "train", "--from-use", "--pairs", str(FEW))
    assert answer.exit_code == 0, answer.output
    assert any("applications" in path for path in opened)  # the hook hears what is read
    assert judged_sets(opened) == []


def test_the_guard_finds_a_judged_set_that_is_read(tmp_path, opened):
    (tmp_path / "set" / "more").mkdir(parents=True)
    (tmp_path / "set" / "qrels.tsv").write_text("w\to\t3\n")
    (tmp_path / "set" / "more" / "offers.jsonl").write_text("{}\n")
    (tmp_path / "set" / "more" / "offers.jsonl").read_text()
    assert judged_sets(opened)
    assert judged_sets([str(ROOT / "tests" / "matching" / "paraphrases.tsv")])
    assert not judged_sets([str(tmp_path / "other.json")])
