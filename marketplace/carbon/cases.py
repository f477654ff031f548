"""Assess a document of cases (METHOD §9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marketplace.carbon.errors import InputError
from marketplace.carbon.fields import mapping_at, sequence_at
from marketplace.carbon.method import METHOD, assess
from marketplace.carbon.totals import Entry, Total, total


def run_cases(document: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Results of all cases, in order.

    Returns:
        ``{"results": [{"id", …}]}``: the keys of the case's ``expect``, or ``error`` with the path of the wrong field.

    Raises:
        InputError: the document itself is not one of cases: ``cases``, ``cases.N`` or ``cases.N.id``.
    """
    cases = sequence_at("cases", mapping_at("document", document).get("cases"))
    return {"results": [_result(f"cases.{index}", case, document.get("method")) for index, case in enumerate(cases)]}


def _result(path: str, raw: object, method: object) -> dict[str, Any]:
    case = mapping_at(path, raw)
    if not isinstance(case.get("id"), str):
        raise InputError(f"{path}.id", "must be a string")
    try:
        return {"id": case["id"], **_figures({"method": method, **case})}
    except InputError as wrong:
        return {"id": case["id"], "error": wrong.path}


def _figures(case: Mapping[str, Any]) -> dict[str, Any]:
    if case.get("method") not in (None, METHOD):
        raise InputError("method", f"must be {METHOD}")
    factors = mapping_at("factors", case.get("factors"))
    if "entries" in case:
        return total_of(case["entries"], factors).to_dict()
    return assess(case.get("input"), factors).to_dict()  # type: ignore[arg-type]  # checked inside, by path


def total_of(raw_entries: object, factors: Mapping[str, Any]) -> Total:
    """Total of raw entries ``{"id", "input", "reversal"?}`` that share one table of factors.

    Raises:
        InputError: with the path below ``entries.N``.
    """
    rows = sequence_at("entries", raw_entries)
    return total([_entry(f"entries.{index}", row, factors) for index, row in enumerate(rows)])


def _entry(path: str, raw: object, factors: Mapping[str, Any]) -> Entry:
    row = mapping_at(path, raw)
    if not isinstance(row.get("id"), str):
        raise InputError(f"{path}.id", "must be a string")
    reversal = row.get("reversal")
    if reversal is not None and not isinstance(reversal, str):
        raise InputError(f"{path}.reversal", "must be the id of an entry")
    try:
        assessment = assess(mapping_at("input", row.get("input")), factors)
    except InputError as wrong:
        raise wrong.under(path) from wrong
    return Entry(id=row["id"], assessment=assessment, reversal_of=reversal)
