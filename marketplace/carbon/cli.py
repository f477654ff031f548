"""``flask carbon``: assess a file of cases without a database."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from marketplace.carbon.cases import run_cases
from marketplace.carbon.errors import InputError

carbon = AppGroup("carbon", help="Avoided emissions: method avoided/1.0.")


class Refused(click.ClickException):
    """What was asked cannot be done; exit code 2."""

    exit_code = 2


@carbon.command("assess", with_appcontext=False)
@click.option("--cases", "cases_file", type=click.Path(path_type=Path), required=True, help="JSON file of cases.")
@click.option("--out", "out_file", type=click.Path(path_type=Path), required=True, help="JSON file for the results.")
def assess_command(cases_file: Path, out_file: Path) -> None:
    """Assess every case of a file and write the results to another."""
    document = _read(cases_file)
    try:
        outcome = run_cases(document)
    except InputError as wrong:
        raise Refused(f"{cases_file} is not a file of cases: {wrong}") from wrong
    _write(out_file, outcome)
    errors = sum("error" in result for result in outcome["results"])
    click.echo(f"{len(outcome['results'])} results, {errors} of them errors, written to {out_file}")


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except OSError as failed:
        raise Refused(f"cannot read {path}: {failed.strerror}") from failed
    except (ValueError, RecursionError) as broken:
        raise Refused(f"{path} is not valid JSON: {broken}") from broken


def _write(path: Path, outcome: dict[str, Any]) -> None:
    """Whole or not at all: a temporary file beside the target takes its place."""
    text = json.dumps(outcome, ensure_ascii=False, indent=1) + "\n"
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as failed:
        raise Refused(f"cannot write {path}: {failed.strerror}") from failed
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).chmod(0o644)
        os.replace(name, path)
    except (OSError, UnicodeEncodeError) as failed:
        raise Refused(f"cannot write {path}: {failed}") from failed
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)
