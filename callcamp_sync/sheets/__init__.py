"""Sheets: files <-> text columns. The only room that knows polars' readers, fastexcel, openpyxl and XlsxWriter.

In:  a CSV file or a workbook, from anywhere a person keeps one. Out: model.Sheet, every cell as text.
And back: frames as CSV, Parquet or JSON Lines, tabs as a workbook, safe to open and complete.
"""

from __future__ import annotations

from callcamp_sync.sheets.csv_out import write_csv
from callcamp_sync.sheets.data_files import read_parquet, write_jsonl, write_parquet
from callcamp_sync.sheets.own import Marks
from callcamp_sync.sheets.reading import read_sheet
from callcamp_sync.sheets.tabs import Chart, Column, Tab
from callcamp_sync.sheets.xlsx_out import write_workbook

__all__ = [
    "Chart",
    "Column",
    "Marks",
    "Tab",
    "read_parquet",
    "read_sheet",
    "write_csv",
    "write_jsonl",
    "write_parquet",
    "write_workbook",
]
