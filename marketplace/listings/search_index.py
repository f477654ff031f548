"""The full-text row of a listing: our own tokens, indexed by FTS5 on SQLite and by GIN on PostgreSQL.

Both databases index and search the same tokens, hence find the same listings.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, bindparam, text
from sqlalchemy.orm import Session, scoped_session

from marketplace.knowledge import mentions_of
from marketplace.listings.models import Listing
from marketplace.materials.taxonomy import taxonomy
from marketplace.materials.text import tokens

LONGEST = 4000  # characters of a description


def concept_token(kind: str, slug: str) -> str:
    """The index token of a concept: `m` material, `f` family, `u` use, `k` code."""
    return kind + "".join(c for c in slug.lower() if c.isalnum())


def listing_tokens(title: str, description: str, material: str, codes: Iterable[str]) -> str:
    """Tokens of a listing, separated by blanks: its words, its material and family, its codes, the uses it names."""
    node = taxonomy().materials[material]
    words = indexed_text(title, description)
    found = dict.fromkeys(tokens(words))
    found |= dict.fromkeys(tokens(f"{node.name_en} {node.name_zh}"))
    concepts = mentions_of(words)
    found |= dict.fromkeys(concept_token("m", slug) for slug in (material, *concepts.materials))
    found |= dict.fromkeys(concept_token("u", slug) for slug in concepts.uses)
    found[concept_token("f", node.family)] = None
    found |= dict.fromkeys(concept_token("k", code) for code in codes if code)
    return " ".join(found)


def indexed_text(title: str, description: str) -> str:
    """As much of a listing's words as the index reads."""
    return f"{title}\n{description[:LONGEST]}"


def tokens_of(listing: Listing) -> str:
    """The tokens of a stored listing."""
    codes = (listing.low_code, listing.sw_code, listing.hw_code)
    return listing_tokens(listing.title, listing.description, listing.material, codes)


def query_groups(query: str) -> list[list[str]]:
    """What a typed query asks for: all groups must hit, each by any of its tokens.

    A material named in either language is one group of its concept token or its own words, so that
    钢渣 finds "steel slag" and the other way round; every other word is a group of its own.
    """
    plain = query[:200]
    concepts = mentions_of(plain)
    groups: list[list[str]] = []
    covered: set[str] = set()
    for term, slugs in concepts.material_terms.items():
        words = tokens(term)
        covered |= set(words)
        groups.append([*(concept_token("m", s) for s in slugs), *words[: 1 if len(words) == 1 else 0]])
    groups += [[token, concept_token("k", token[1:])] for token in tokens(plain) if token not in covered]
    return groups[:12]


def write(session: Session | scoped_session[Any], rows: Sequence[Mapping[str, object]]) -> None:
    """Insert index rows `{"id", "tokens"}` for listings that have none."""
    if not rows:
        return
    column = "rowid" if _is_sqlite(session) else "listing_id"
    statement = f"INSERT INTO listing_fts ({column}, tokens) VALUES (:id, :tokens)"  # noqa: S608 - constant names
    session.execute(text(statement), list(rows))


def rewrite(session: Session | scoped_session[Any], listing: Listing) -> None:
    """Bring the index row of one listing up to date, in the caller's transaction."""
    column = "rowid" if _is_sqlite(session) else "listing_id"
    session.execute(text(f"DELETE FROM listing_fts WHERE {column} = :id"), {"id": listing.id})  # noqa: S608
    write(session, [{"id": listing.id, "tokens": tokens_of(listing)}])


def condition(session: Session | scoped_session[Any], groups: list[list[str]]) -> ColumnElement[bool]:
    """The SQL condition that a listing's index row hits every group."""
    if _is_sqlite(session):
        match = " AND ".join("(" + " OR ".join(f'"{t}"' for t in group) + ")" for group in groups)
        found = text("listing.id IN (SELECT rowid FROM listing_fts WHERE listing_fts MATCH :match)")
    else:
        match = " & ".join("(" + " | ".join(f"'{t}'" for t in group) + ")" for group in groups)
        found = text("listing.id IN (SELECT listing_id FROM listing_fts WHERE vector @@ CAST(:match AS tsquery))")
    # a name of its own, so that a statement may hold two of these conditions
    return found.bindparams(bindparam("match", match, unique=True))  # type: ignore[return-value]


def _is_sqlite(session: Session | scoped_session[Any]) -> bool:
    return session.get_bind().dialect.name == "sqlite"
