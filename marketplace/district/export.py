"""Totals as CSV and XLSX: the same figures as the page, with their units in the headings."""

import csv
import io
from collections.abc import Mapping, Sequence
from decimal import Decimal

import xlsxwriter
from flask_babel import gettext

from marketplace.district.queries import Total
from marketplace.ledger.models import Dimension

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def headings() -> list[str]:
    return [
        gettext("By"),
        gettext("Name"),
        gettext("Avoided emissions, kg CO2e"),
        gettext("Lower bound of the interval, kg CO2e"),
        gettext("Upper bound of the interval, kg CO2e"),
        gettext("Supplied, t"),
        gettext("Received, t"),
        gettext("Value, CNY"),
        gettext("Exchanges"),
    ]


def rows(found: Mapping[Dimension, Sequence[Total]], words: Mapping[Dimension, str]) -> list[list[str | Decimal | int]]:
    """One row per total."""
    return [
        [
            words[dimension], total.label or words[dimension], total.net_kgco2e, total.low_kgco2e, total.high_kgco2e,
            total.supplied_t, total.received_t, total.value_cny, total.exchanges,
        ]
        for dimension, group in found.items()
        for total in group
    ]  # fmt: skip


def as_csv(table: Sequence[Sequence[str | Decimal | int]]) -> bytes:
    """UTF-8 with a byte order mark, so that spreadsheets in China read it rightly."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(headings())
    for row in table:
        writer.writerow([_safe(cell) for cell in row])
    return ("\ufeff" + out.getvalue()).encode()


def as_xlsx(table: Sequence[Sequence[str | Decimal | int]]) -> bytes:
    """A workbook whose text cells are never formulas."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet, bold = book.add_worksheet(), book.add_format({"bold": True})
    sheet.write_row(0, 0, headings(), bold)
    for i, row in enumerate(table, 1):
        for j, cell in enumerate(row):
            if isinstance(cell, str):
                sheet.write_string(i, j, cell)
            else:
                sheet.write_number(i, j, float(cell))
    sheet.autofit()
    sheet.freeze_panes(1, 0)
    book.close()
    return out.getvalue()


def _safe(cell: str | Decimal | int) -> str:
    """A text that a spreadsheet would run as a formula gets an apostrophe."""
    if isinstance(cell, str):
        return "'" + cell if cell.startswith(_FORMULA) else cell
    return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)
