"""`flask ledger` for keys, checkpoints and witnesses."""

import os
import sys
from pathlib import Path
from typing import TextIO

import click
from flask.cli import AppGroup

from marketplace.database import transaction
from marketplace.ledger import checkpoints, cosigning, keys, witnesses
from marketplace.ledger.errors import HeadNotOurs
from marketplace.ledger.notes import Algorithm, NoteError, SigningKey, VerifierKey

key_commands = AppGroup("key", help="The key that signs checkpoints.")
witness_commands = AppGroup("witness", help="Parties outside that cosign checkpoints.")


@key_commands.command("new")
@click.option("--replace", is_flag=True, help="Put a new key in the place of the present one, which stays listed.")
def new_key_command(replace: bool) -> None:
    """Make the signing key, readable by this user only, and print the public half."""
    path = keys.key_path()
    if path.exists() and not replace:
        raise click.ClickException(f"{path} exists; --replace puts a new key in its place")
    key = keys.new_key()
    click.echo(f"{path} signs for {key.name}\n{key.verifier.encoded}")
    click.echo(f"Keep a copy of it where no database backup lies; all public keys are listed in {keys.list_path()}")


@click.command("checkpoint")
@click.option("--adopt", is_flag=True, help="Also sign a head that this ledger has not signed; verify it first.")
def checkpoint_command(adopt: bool) -> None:
    """Sign the present head, keep the checkpoint and print it."""
    try:
        with transaction():
            issued = checkpoints.adopt_head() if adopt else checkpoints.issue_checkpoint()
            click.echo(issued.note, nl=False)
    except HeadNotOurs as refused:
        raise click.ClickException(
            "the head was moved by somebody else: run flask ledger verify, and then this with --adopt"
        ) from refused


@witness_commands.command("add")
@click.argument("vkey")
def add_witness_command(vkey: str) -> None:
    """Let a party cosign: VKEY is the public key that it gave you."""
    try:
        with transaction():
            name = witnesses.add_witness(vkey).name
    except (NoteError, witnesses.BadCosignature) as refused:
        raise click.ClickException(str(refused)) from refused
    click.echo(f"{name} may cosign")


@witness_commands.command("take")
@click.argument("note", type=click.File("r", encoding="utf-8"))
def take_command(note: TextIO) -> None:
    """Keep the cosignatures in a NOTE that a witness sent by other means."""
    try:
        with transaction():
            taken = witnesses.take_cosignatures(note.read())
            lines = [f"{c.witness.name} has cosigned {c.checkpoint.size} entries" for c in taken]
    except witnesses.BadCosignature as refused:
        raise click.ClickException(refused.why) from refused
    click.echo("\n".join(lines))


@witness_commands.command("key")
@click.argument("name")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def witness_key_command(name: str, file: Path) -> None:
    """For a witness: make its key in FILE and print the public half. NAME is such as verifier.example/w1."""
    try:
        key = SigningKey.generate(name, Algorithm.COSIGNATURE_V1)
    except NoteError as refused:
        raise click.ClickException(str(refused)) from refused
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as failure:
        raise click.ClickException(f"{file}: {failure.strerror}") from failure
    with os.fdopen(handle, "w", encoding="utf-8") as made:
        made.write(key.encoded + "\n")
    click.echo(key.verifier.encoded)


@click.command("cosign")
@click.argument("source")
@click.option("--log-key", required=True, help="The log's public key, as you got it from a place you trust.")
@click.option("--key", "key_file", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--seen", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Your last checkpoint.")
@click.option("--send", is_flag=True, help="Hand the cosignature in at SOURCE.")
def cosign_command(source: str, log_key: str, key_file: Path, seen: Path, send: bool) -> None:
    """For a witness: check that the log at SOURCE (address or directory) extends what was seen, and cosign it.

    Prints the cosigned checkpoint. Exit 1: not cosigned; exit 2: the log has contradicted itself.
    """
    log = cosigning.LogSource.of(source)
    try:
        witness_key = SigningKey.parse(key_file.read_text(encoding="utf-8").strip())
        if witness_key.algorithm is not Algorithm.COSIGNATURE_V1:
            raise NoteError("make a witness's key with: flask ledger witness key")
        note = cosigning.cosign(log, VerifierKey.parse(log_key), witness_key, cosigning.Seen(seen))
        click.echo(note.encoded, nl=False)
        if send:
            click.echo(log.hand_in(note), nl=False, err=True)
    except NoteError as broken:
        raise click.ClickException(str(broken)) from broken
    except cosigning.Refused as refused:
        click.echo(f"{'ALARM' if refused.is_alarm else 'Not cosigned'}: {refused}", err=True)
        sys.exit(2 if refused.is_alarm else 1)
