"""Sheets: files <-> text columns. The only room that knows polars' readers, fastexcel, openpyxl and XlsxWriter.

In:  a CSV file or a workbook, from anywhere a person keeps one. Out: model.Sheet, every cell as text.
And back: frames as CSV, tabs as a workbook, safe to open and complete.
"""

from __future__ import annotations

from callcamp_sync.sheets.csv_out import write_csv
from callcamp_sync.sheets.forms import Check, Form, Question, write_form
from callcamp_sync.sheets.given import given_sheet
from callcamp_sync.sheets.limits import Limits as SheetLimits
from callcamp_sync.sheets.reading import read_sheet
from callcamp_sync.sheets.source import text_size
from callcamp_sync.sheets.tabs import Column, Tab
from callcamp_sync.sheets.xlsx_out import write_workbook

__all__ = [
    "Check",
    "Column",
    "Form",
    "Question",
    "SheetLimits",
    "Tab",
    "given_sheet",
    "read_sheet",
    "text_size",
    "write_csv",
    "write_form",
    "write_workbook",
]
