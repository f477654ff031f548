"""`flask match`: train the model and rank files without the database."""

import json
import os
from pathlib import Path

import click
from flask.cli import AppGroup

from marketplace.knowledge import knowledge
from marketplace.matching import store
from marketplace.matching.files import BrokenFile, read_listings

match = AppGroup("match", help="Train the matcher and rank offers for wants.")
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@match.command("train")
@click.option("--pairs", default=7000, show_default=True, help="Pairs drawn from the knowledge base.")
@click.option("--if-missing", is_flag=True, help="Do nothing when a model is there.")
def train_command(pairs: int, if_missing: bool) -> None:
    """Train the model on pairs of the knowledge base and put it to use; the former one is kept."""
    if if_missing:
        store.train_if_missing()
        return
    from marketplace.matching.core.training import train

    path = store.save(train(knowledge(), pairs), {"pairs": pairs})
    click.echo(f"trained on {pairs} pairs: {path}")


@match.command("rank")
@click.option("--offers", required=True, type=FILE, help="JSON Lines.")
@click.option("--wants", required=True, type=FILE, help="JSON Lines.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Tab-separated run.")
@click.option("--k", type=click.IntRange(1), help="Offers per want; all by default.")
@click.option("--explain", type=click.Path(dir_okay=False, path_type=Path), help="Reasons as JSON Lines.")
def rank_command(offers: Path, wants: Path, out: Path, k: int | None, explain: Path | None) -> None:
    """Rank the offers of a file for the wants of another: want, offer, score."""
    try:
        supply, demand = read_listings(offers, is_offer=True), read_listings(wants, is_offer=False)
    except BrokenFile as wrong:
        raise click.ClickException(str(wrong)) from wrong
    matcher = store.matcher()
    run, reasons = [], []
    for want in demand:
        for found in matcher.rank(want, supply, k, explain=explain is not None):
            run.append(f"{want.id}\t{found.offer}\t{found.score:.6f}\n")
            reasons.append(
                json.dumps(
                    {
                        "want": found.want,
                        "offer": found.offer,
                        "score": round(found.score, 6),
                        "reasons": [[r.kind, round(r.share, 6), dict(r.facts)] for r in found.reasons],
                    },
                    ensure_ascii=False,
                )
                + "\n"
            )
    _write(out, run)
    if explain:
        _write(explain, reasons)
    click.echo(f"{len(run)} pairs of {len(demand)} wants and {len(supply)} offers")


def _write(path: Path, lines: list[str]) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text("".join(lines), encoding="utf-8")
    temporary.replace(path)
