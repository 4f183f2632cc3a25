"""Delimited text as programs and accidents write it."""

from __future__ import annotations

import make
from corpus_case import Case, Row

A, B = "+12015550123", "+12015550124"
PLAIN = f"Phone,Company\n{A},Example Ltd\n{B},Exämple Ltd\n"
PLAIN_ROWS: tuple[Row, ...] = ((2, A, "Example Ltd"), (3, B, "Exämple Ltd"))


def read(says: str, data: bytes | str, *rows: Row, file: str = "leads.csv", **more: object) -> Case:
    raw = data.encode() if isinstance(data, str) else data
    return Case(says=says, file=file, data=lambda: raw, rows=rows or PLAIN_ROWS, **more)  # type: ignore[arg-type]


def refuse(says: str, data: bytes | str, words: str, *, file: str = "leads.csv", **more: object) -> Case:
    raw = data.encode() if isinstance(data, str) else data
    return Case(says=says, file=file, data=lambda: raw, refused=words, **more)  # type: ignore[arg-type]


ENCODED = [
    read("UTF-8", PLAIN),
    read("UTF-8 with a mark", b"\xef\xbb\xbf" + PLAIN.encode()),
    read("UTF-16 little-endian with a mark", PLAIN.encode("utf-16")),
    read("UTF-16 big-endian with a mark", b"\xfe\xff" + PLAIN.encode("utf-16-be")),
    read("UTF-16 little-endian without a mark", PLAIN.encode("utf-16-le")),
    read("UTF-16 big-endian without a mark", PLAIN.encode("utf-16-be")),
    read("UTF-32 with a mark", PLAIN.encode("utf-32")),
    read("Windows-1252, with a warning", PLAIN.encode("cp1252"), warns="Windows-1252"),
    read("Latin-1 where the mapping says so", PLAIN.encode("latin-1"), how={"encoding": "latin-1"}),
    read("a heading with a letter of Windows-1252", "Phone,Straße\n+12015550123,x\n".encode("cp1252"), (2, A, "x")),
    refuse("a mark of UTF-8 over bytes that are none", b"\xef\xbb\xbf" + PLAIN.encode("cp1252"), "says it is UTF-8"),
    refuse("bytes that no western code page has", b"Phone,Company\n\x81\x8d,\xff\n", "cannot be read as cp1252"),
    refuse("UTF-16 cut in the middle of a character", PLAIN.encode("utf-16")[:-1], "cannot be read as utf-16"),
    refuse("a NUL in the text", f"Phone,Company\n{A},a\0b\n", "NUL character"),
    refuse("an encoding that there is not", PLAIN, "not an encoding", how={"encoding": "klingon"}),
]

DELIMITED = [
    read("semicolons", PLAIN.replace(",", ";")),
    read("tabs", PLAIN.replace(",", "\t"), file="leads.tsv"),
    read("bars", PLAIN.replace(",", "|")),
    read("a `sep=` line, which counts in no row number", "sep=;\r\n" + PLAIN.replace(",", ";").replace("\n", "\r\n")),
    read("a delimiter that only the mapping knows", PLAIN.replace(",", "^"), how={"delimiter": "^"}),
    read("one column", f"Phone\n{A}\n{B}\n", (2, A), (3, B)),
    read("commas in quotes between semicolons", f'Phone;Company\n{A};"a, b"\n', (2, A, "a, b")),
    read("CR as the only line end", PLAIN.replace("\n", "\r")),
    read("CRLF", PLAIN.replace("\n", "\r\n")),
    read("no line end at the end", PLAIN[:-1]),
    read("line ends of both kinds", f"Phone,Company\r\n{A},x\n{B},y\r\n", (2, A, "x"), (3, B, "y")),
    refuse("a delimiter of two characters that is none", PLAIN, "delimiter|1 character", how={"delimiter": '"'}),
]

SHAPED = [
    read("a quoted cell with a line end", f'Phone,Company\n{A},"a\nb"\n{B},c\n', (2, A, "a\nb"), (3, B, "c")),
    read("doubled quotes", f'Phone,Company\n{A},"5"" pipe"\n', (2, A, '5" pipe')),
    read("a quote in the middle of a cell is text", f'Phone,Company\n{A},5" pipe\n', (2, A, '5" pipe')),
    read(
        "a quote that is never closed is its row's issue",
        f'Phone,Company\n{A},"open\n{B},c\n',
        (2, A, '"open'),
        (3, B, "c"),
        issues=((2, "row-quote"),),
    ),
    read(
        "a line that is too long is its row's issue",
        f"Phone,Company\n{A},x,y\n{B},c\n",
        (2, A, "x"),
        (3, B, "c"),
        issues=((2, "row-ragged"),),
    ),
    read("a line that is too short has blanks", f"Phone,Company\n{A}\n{B},c\n", (2, A, None), (3, B, "c")),
    read("blank lines are counted", f"\n\nPhone,Company\n\n{A},x\n", (5, A, "x")),
    read("a header in the third row", f"Leads,\nof May,\nPhone,Company\n{A},x\n", (4, A, "x"), how={"header_row": 3}),
    read(
        "a line of totals is no contact",
        f"Phone,Company,Price\n{A},x,1\n{B},y,2\nTotal,,3\n",
        (2, A, "x", "1"),
        (3, B, "y", "2"),
        (4, "Total", None, "3"),
        issues=((4, "row-totals"),),
    ),
    read(
        "a company that is called Total is one",
        f"Phone,Company,City\n{A},x,Paris\n{B},Total,Paris\n",
        (2, A, "x", "Paris"),
        (3, B, "Total", "Paris"),
    ),
    read("leading zeros", "Phone,Company\n02079460123,007\n", (2, "02079460123", "007")),
    read("an exponent is text", "Phone,Company\n4.42079E+11,x\n", (2, "4.42079E+11", "x")),
    read("a formula that we escaped", f"Phone,Company\n{A},'=1+1\n", (2, A, "=1+1")),
    read("no-break spaces around a number", f"Phone,Company\n\u00a0{A}\u00a0,x\n", (2, f"\u00a0{A}\u00a0", "x")),
    read("a cell of a megabyte", f"Phone,Company\n{A},{'x' * 1_000_000}\n", (2, A, "x" * 1_000_000)),
    read("headings with spaces around them", f" Phone , Company \n{A},x\n", (2, A, "x")),
    read("a blank heading over blank cells", f"Phone,,Company\n{A},,x\n", (2, A, "x")),
    refuse("a blank heading over data", f"Phone,\n{A},x\n", "column B has data"),
    refuse("a heading that stands twice", f"Phone,Phone\n{A},{B}\n", "stand twice"),
    refuse("a heading that is ours", f"Phone,__row__\n{A},x\n", "reserved"),
    refuse("nothing but blank lines", "\n\n\n", "is empty"),
    refuse("no byte", b"", "is empty"),
    refuse("nothing but a mark", b"\xef\xbb\xbf", "is empty"),
    refuse("a header row that is not there", PLAIN, "row 9", how={"header_row": 9}),
]

PACKED = [
    read("packed by gzip", make.gzipped(PLAIN.encode()), file="leads.csv.gz"),
    read("gzip in two members", make.gzipped(PLAIN[:20].encode()) + make.gzipped(PLAIN[20:].encode()), file="leads.csv.gz"),
    read("a zip of one CSV", make.zipped({"leads.csv": PLAIN}), file="leads.zip"),
    read("a zip as a Mac makes it", make.zipped({"leads.csv": PLAIN, "__MACOSX/._leads.csv": "x"}), file="leads.zip"),
    read("a zip in a folder, without compression", make.zipped({"may/leads.csv": PLAIN}, method=0), file="leads.zip"),
    refuse("a zip of two files", make.zipped({"a.csv": PLAIN, "b.csv": PLAIN}), "2 files: `a.csv`, `b.csv`", file="leads.zip"),
    refuse("a zip of nothing", make.zipped({}), "0 files|zip archive", file="leads.zip"),
    refuse("an archive in an archive", make.gzipped(make.gzipped(PLAIN.encode())), "archive in an archive", file="a.csv.gz"),
    refuse("gzip that is cut off", make.gzipped(PLAIN.encode())[:-12], "damaged archive", file="leads.csv.gz"),
    refuse("gzip with a wrong checksum", make.gzipped(PLAIN.encode())[:-8] + bytes(8), "damaged archive", file="a.gz"),
    refuse("gzip with bytes behind it", make.gzipped(PLAIN.encode()) + b"xyz", "damaged archive", file="a.gz"),
    refuse("gzip of nothing", make.gzipped(b""), "is empty", file="a.gz"),
    Case(says="a bomb of gzip", file="a.gz", data=lambda: make.gzipped(bytes(60_000_000)), refused="unpacks to more"),
    Case(says="a bomb of zip", file="a.zip", data=lambda: make.zipped({"a.csv": bytes(60_000_000)}), refused="unpacks to more"),
]

FOREIGN = [
    refuse("a picture called .csv", b"\x89PNG\r\n\x1a\n" + bytes(50), "a picture"),
    refuse("a PDF called .csv", b"%PDF-1.7\n", "a PDF"),
    refuse("a web page called .xls", "<html><table><tr><td>x</td></tr></table></html>", "a web page", file="leads.xls"),
    refuse("an XML spreadsheet of 2003", '<?xml version="1.0"?><Workbook/>', "an XML file", file="leads.xls"),
    refuse("text called .xlsx", PLAIN, "is none", file="leads.xlsx"),
    refuse("a database", b"SQLite format 3\0" + bytes(90), "a database"),
    refuse("a Parquet file", b"PAR1" + bytes(90), "a Parquet file"),
    refuse("bzip2", b"BZh91AY&SY" + bytes(40), "a compressed file", file="leads.csv.bz2"),
]

CASES = [*ENCODED, *DELIMITED, *SHAPED, *PACKED, *FOREIGN]
