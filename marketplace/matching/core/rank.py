"""Rank listings for a listing: filters first, then features, score and reasons. Pure.

`Matcher.rank` and `rank_wants` take listings as values (files, tests, a handful of candidates); whoever holds
columns, in memory or mapped from a snapshot, uses `query` and `matches`. A pair is weighed by the same arithmetic.
"""

from collections.abc import Sequence

import numpy as np

from marketplace.matching.core.columns import FULL_WEIGHT, Columns
from marketplace.matching.core.encode import encoder_for
from marketplace.matching.core.explain import causes, match_of, reasons_of
from marketplace.matching.core.features import NAMED, Query, query_of
from marketplace.matching.core.knowledge import Knowledge
from marketplace.matching.core.model import MatchModel
from marketplace.matching.core.picking import Picked, may_suggest_rows, weigh
from marketplace.matching.core.values import Match, MatchListing


class Matcher:
    """A knowledge base and a model, ready to rank."""

    def __init__(self, base: Knowledge, model: MatchModel) -> None:
        self.base, self.model = base, model
        self.encoder = encoder_for(base)
        self.tables = self.encoder.tables

    def query(self, listing: MatchListing) -> Query:
        """A listing made ready to be weighed against others."""
        return query_of(self.encoder.encode([listing]), listing.is_offer, self.tables)

    def rank(
        self, want: MatchListing, offers: Sequence[MatchListing], most: int | None = None, explain: bool = True
    ) -> list[Match]:
        """Offers for a want, best first; those that may not be suggested are left out before ranking."""
        return self._rank(want, offers, most, explain)

    def rank_wants(
        self, offer: MatchListing, wants: Sequence[MatchListing], most: int | None = None, explain: bool = True
    ) -> list[Match]:
        """Wants for an offer, best first."""
        return self._rank(offer, wants, most, explain)

    def allowed(self, listing: MatchListing, others: Sequence[MatchListing]) -> list[MatchListing]:
        """The others that may be suggested to a listing at all: hazard and licence, food, not its own enterprise."""
        if not others:
            return []
        columns = self.encoder.encode_kept(others)
        kept = may_suggest_rows(self.query(listing), columns, np.arange(len(columns)))
        return [other for other, is_kept in zip(others, kept.tolist(), strict=True) if is_kept]

    def asked_uses(self, wants: Sequence[MatchListing]) -> list[tuple[str, ...]]:
        """The uses that each want names, strongest first."""
        if not wants:
            return []
        columns = self.encoder.encode_kept(wants)
        is_named = columns.use_weights >= NAMED * FULL_WEIGHT
        slugs = self.tables.use_slugs
        return [
            tuple(slugs[use] for use, named in zip(columns.uses[:, row], is_named[:, row], strict=True) if named)
            for row in range(len(wants))
        ]

    def _rank(
        self, listing: MatchListing, others: Sequence[MatchListing], most: int | None, explain: bool
    ) -> list[Match]:
        if not others:
            return []
        query, columns = self.query(listing), self.encoder.encode_kept(others)
        ids = [x.id for x in others]
        order = np.argsort(np.argsort(ids, kind="stable"), kind="stable")  # equal scores go by id
        rows = np.flatnonzero(may_suggest_rows(query, columns, np.arange(len(columns))))
        picked = weigh(query, columns, rows, self.model, order).first(most)
        return self.matches(query, listing.id, columns, picked, [ids[row] for row in picked.rows], explain)

    def matches(
        self, query: Query, own_id: str, columns: Columns, picked: Picked, ids: Sequence[str], explain: bool = True
    ) -> list[Match]:
        """Picked rows of `columns`, whose listings are `ids`, as suggestions; without `explain` without reasons."""
        if not len(picked.rows):
            return []
        shares = self.model.shares(picked.features).tolist() if explain else None
        values = picked.features.T.tolist()
        found = []
        for k, cause in enumerate(causes(query, columns, picked, self.base, self.tables)):
            reasons = reasons_of(shares[k], cause, values[k]) if shares is not None else ()
            offer, want = (own_id, ids[k]) if query.is_offer else (ids[k], own_id)
            found.append(match_of(offer, want, float(picked.scores[k]), cause, reasons))
        return found


def may_suggest(offer: MatchListing, want: MatchListing) -> bool:
    """What `may_suggest_rows` decides for two values, as far as it does not hang on their words."""
    if offer.enterprise and offer.enterprise == want.enterprise:
        return False
    if not offer.is_hazardous:
        return True
    if not want.accepts_hazard:
        return False
    return not want.hw_codes or not offer.hw_code or offer.hw_code in want.hw_codes
