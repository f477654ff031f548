"""`flask match`: train, rank, evaluate and explain. `rank` and `evaluate` do not touch the database."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from marketplace.knowledge import knowledge
from marketplace.matching import report, service, store
from marketplace.matching.core.values import Match
from marketplace.matching.files import BrokenFile, read_grades, read_listings, write_whole

match = AppGroup("match", help="Train, judge and explain the matcher.")
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@match.command("train")
@click.option("--pairs", default=12000, show_default=True, help="Pairs drawn from the knowledge base.")
@click.option("--from-use", is_flag=True, help="Learn from what people did with suggestions as well.")
@click.option("--dry-run", is_flag=True, help="Train and compare, store nothing.")
@click.option("--if-missing", is_flag=True, help="Do nothing when a model is there.")
def train_command(pairs: int, from_use: bool, dry_run: bool, if_missing: bool) -> None:
    """Train a model and put it to use unless it may be worse; the former one and a refused one are kept."""
    if if_missing:
        store.train_if_missing()
        return
    from marketplace.matching import retraining

    try:
        with store.sole_trainer():
            trained = retraining.train(pairs, retraining.read_use() if from_use else retraining.nothing_from_use())
            click.echo(report.comparison_table(trained.comparisons))
            if dry_run:
                click.echo(f"{'would be refused' if trained.is_worse else 'would be put to use'}: {trained.why}")
                return
            version = retraining.settle(trained)
    except (store.TrainingUnderWay, store.BrokenModel) as wrong:
        raise click.ClickException(str(wrong)) from wrong
    what = "refused, kept for inspection" if trained.is_worse else "in use"
    click.echo(f"{version} {what}: {trained.why}")


@match.command("build")
def build_command() -> None:
    """Write a snapshot of all open listings, check it and put it to use; workers take it up by themselves."""
    from marketplace.matching.core.snapshot import BrokenSnapshot
    from marketplace.matching.serving.building import build

    try:
        folder, count = build()
    except (BrokenSnapshot, OSError) as wrong:
        raise click.ClickException(f"{wrong}; the former snapshot stays in use") from wrong
    click.echo(f"{count} listings: {folder}")


@match.command("all")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Tab-separated run.")
@click.option("--most", type=click.IntRange(1), default=10, show_default=True, help="Offers per want.")
@click.option("--scheduler", help="Address of a Dask scheduler; without it processes of this machine.")
@click.option("--workers", type=click.IntRange(1), default=os.cpu_count() or 1, help="Processes, without a scheduler.")
def all_command(out: Path, most: int, scheduler: str | None, workers: int) -> None:
    """Rank all offers of the snapshot for all its wants; a stopped run goes on where it stood."""
    from marketplace.matching.core.snapshot import BrokenSnapshot
    from marketplace.matching.everything import rank_everything
    from marketplace.matching.serving.places import current_folder

    snapshot = current_folder(current_app)
    if snapshot is None:
        raise click.ClickException("there is no snapshot; run `flask match build`")
    store.train_if_missing()
    model = store.model_path(store.version())
    done = 0

    def progress(more: int) -> None:
        nonlocal done
        done += more
        click.echo(f"\r{done} wants", nl=False, err=True)

    try:
        rows = rank_everything(scheduler, workers, snapshot.resolve(), model.resolve(), out.resolve(), most, progress)
    except (BrokenSnapshot, store.BrokenModel, OSError) as wrong:
        raise click.ClickException(str(wrong)) from wrong
    click.echo(f"\n{rows} pairs: {out}")


@match.command("rank")
@click.option("--offers", required=True, type=FILE, help="JSON Lines.")
@click.option("--wants", required=True, type=FILE, help="JSON Lines.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Tab-separated run.")
@click.option("--k", type=click.IntRange(1), help="Offers per want (wants per offer); all by default.")
@click.option("--direction", type=click.Choice(["offers", "wants"]), default="offers", help="What is ranked.")
@click.option("--explain", type=click.Path(dir_okay=False, path_type=Path), help="Reasons as JSON Lines.")
def rank_command(offers: Path, wants: Path, out: Path, k: int | None, direction: str, explain: Path | None) -> None:
    """Rank the offers of a file for the wants of another, or the other way round: want, offer, score."""
    _refuse_to_overwrite((offers, wants), [path for path in (out, explain) if path])
    try:
        supply, demand = read_listings(offers, is_offer=True), read_listings(wants, is_offer=False)
    except BrokenFile as wrong:
        raise click.ClickException(str(wrong)) from wrong
    ranker = store.matcher()
    run, reasons = [], []
    rank, queries, others = (
        (ranker.rank, demand, supply) if direction == "offers" else (ranker.rank_wants, supply, demand)
    )
    for listing in queries:
        for found in rank(listing, others, k, explain=explain is not None):
            run.append(f"{found.want}\t{found.offer}\t{found.score:.6f}\n")
            reasons.append(_reasons_line(found))
    try:
        write_whole({out: run} | ({explain: reasons} if explain else {}))
    except OSError as wrong:
        raise click.ClickException(
            f"{wrong.filename or out}: {wrong.strerror or wrong}; nothing was written"
        ) from wrong
    click.echo(f"{len(run)} pairs of {len(demand)} wants and {len(supply)} offers")


@match.command("evaluate")
@click.option("--offers", required=True, type=FILE, help="JSON Lines.")
@click.option("--wants", required=True, type=FILE, help="JSON Lines.")
@click.option("--qrels", required=True, type=FILE, help="Tab-separated want, offer, grade 0 to 3.")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
def evaluate_command(offers: Path, wants: Path, qrels: Path, as_json: bool) -> None:
    """Judge the matcher and the baselines on judged pairs; calibration on fresh pairs of the knowledge base."""
    from marketplace.matching.core import evaluation

    try:
        supply, demand = read_listings(offers, is_offer=True), read_listings(wants, is_offer=False)
        grades = read_grades(qrels, {w.id for w in demand}, {o.id for o in supply})
    except BrokenFile as wrong:
        raise click.ClickException(str(wrong)) from wrong
    if not any(grade >= 2 for judged in grades.values() for grade in judged.values()):
        raise click.ClickException(f"{qrels}: no want has an offer of grade 2 or 3, so there is nothing to find")
    matcher = store.matcher()
    ours = evaluation.evaluate(evaluation.rank_all(matcher, demand, supply), grades, demand, supply)
    qualities = {"matcher": ours} | evaluation.evaluate_baselines(grades, demand, supply)
    calibration = evaluation.calibration(matcher.model, knowledge())
    if as_json:
        click.echo(report.as_json(qualities, calibration))
    else:
        click.echo(report.as_table(qualities, calibration))


@match.command("explain")
@click.argument("offer_id", metavar="OFFER", type=int)
@click.argument("want_id", metavar="WANT", type=int)
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True)
def explain_command(offer_id: int, want_id: int, language: str) -> None:
    """Say why an offer and a want of the database fit, or why they may not be suggested."""
    try:
        match_found, sentences = service.explain(offer_id, want_id, language)
    except service.NoSuchPair as wrong:
        raise click.ClickException(str(wrong)) from wrong
    if match_found is None:
        click.echo("may not be suggested: hazard, licence or the same enterprise")
        return
    click.echo(f"score {match_found.score:.3f}, {match_found.distance_km} km")
    for sentence in sentences:
        click.echo(f"{sentence.share:+.3f}  {sentence.text}")
    rest = match_found.score - sum(s.share for s in sentences)
    click.echo(f"{rest:+.3f}  the rest, and what any pair starts with")


@match.command("status")
def status_command() -> None:
    """Say what is in use: which model, since when, trained on what, why it is in use, and how much is known."""
    for name, value in report.status():
        click.echo(f"{name:14} {value}")


@match.command("rollback")
def rollback_command() -> None:
    """Put the former model back to use; the present one becomes the former."""
    try:
        with store.sole_trainer():
            store.rollback()
    except (store.TrainingUnderWay, store.BrokenModel) as wrong:
        raise click.ClickException(str(wrong)) from wrong
    click.echo(f"the former model is in use: {store.version()}")


def _reasons_line(found: Match) -> str:
    body = {
        "want": found.want,
        "offer": found.offer,
        "score": round(found.score, 6),
        "reasons": [[r.kind, round(r.share, 6), dict(r.facts)] for r in found.reasons],
    }
    return json.dumps(body, ensure_ascii=False) + "\n"


def _refuse_to_overwrite(inputs: Sequence[Path], results: Sequence[Path]) -> None:
    """Before any work: each result has a folder and a file of its own."""
    taken = {path.resolve() for path in inputs}
    for path in results:
        if path.resolve() in taken:
            raise click.ClickException(f"{path} is named twice; results need a file of their own")
        if not path.parent.is_dir():
            raise click.ClickException(f"{path.parent}: no such folder")
        taken.add(path.resolve())
