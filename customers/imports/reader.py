"""A table in a file, whatever wrote it: CSV in any usual encoding and separator, or a spreadsheet."""

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import BinaryIO
from xml.etree.ElementTree import ParseError  # only what openpyxl raises; it does the reading
from zipfile import BadZipFile, ZipFile

from django.utils.translation import gettext as _

SEPARATORS = ",;\t"
LARGEST_UNPACKED = 1 << 30  # bytes; a file packed to grow beyond that is no list of customers
BLOCK = 1 << 20
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")  # what no heading has, but every picture and program
csv.field_size_limit(BLOCK)

Row = tuple[int, list[str]]  # the line in the file, the cells


class Unreadable(Exception):
    """The file as a whole cannot be read; says why."""


@dataclass(frozen=True)
class Table:
    header: list[str]
    rows: Iterator[Row]
    encoding: str
    progress: Callable[[], float]  # the share read, 0 to 1


def open_table(file: BinaryIO, name: str = "") -> Table:
    """Read the heading now and the rows as they are asked for; the file stays open. Raises Unreadable."""
    if Path(name).suffix.lower() == ".xlsx":
        return _spreadsheet(file)
    size = file.seek(0, io.SEEK_END)
    encoding = _encoding(file)
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    first = text.readline()
    if not first.strip():
        raise Unreadable(_("The file is empty."))
    text.seek(0)
    if _CONTROL.search(first):
        raise Unreadable(_("This is not a text file. Save the table as CSV or XLSX."))
    separator = max(SEPARATORS, key=lambda mark: len(_line(first, mark)))
    rows = _lines(csv.reader(text, delimiter=separator))
    _place, header = next(rows, (0, []))
    if not header:
        raise Unreadable(_("The file is empty."))
    return Table([cell.strip() for cell in header], rows, encoding, lambda: text.buffer.tell() / size)


def _encoding(file: BinaryIO) -> str:
    """By its mark, by its zeros, else UTF-8 when all of it is, else Windows-1252, else Latin-1."""
    file.seek(0)
    start = file.read(4096)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in start:
        zeros = start[0::2].count(0), start[1::2].count(0)
        if max(zeros) < len(start) // 8 or start[:2] == b"PK":
            raise Unreadable(_("This is not a text file. Save the table as CSV or XLSX."))
        return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
    for encoding in ("utf-8-sig", "cp1252"):
        decoder = codecs.getincrementaldecoder(encoding)()
        file.seek(0)
        try:
            while block := file.read(BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    return "latin-1"


def _line(text: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=separator))
    except csv.Error as error:
        raise Unreadable(_("Line %(line)s cannot be read: %(why)s.") % {"line": 1, "why": error}) from error


def _lines(reader: "csv._reader") -> Iterator[Row]:
    try:
        for cells in reader:
            if any(cells):
                yield reader.line_num, cells
    except (csv.Error, UnicodeError) as error:
        raise Unreadable(
            _("Line %(line)s cannot be read: %(why)s.") % {"line": reader.line_num, "why": error}
        ) from error


def _spreadsheet(file: BinaryIO) -> Table:
    """The first sheet; a cell's value as one would type it."""
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    broken = (InvalidFileException, BadZipFile, KeyError, OSError, ValueError, IndexError, TypeError, ParseError)
    try:
        if sum(part.file_size for part in ZipFile(file).infolist()) > LARGEST_UNPACKED:
            raise Unreadable(_("This spreadsheet is too large. Save it as CSV."))
        sheet = load_workbook(file, read_only=True, data_only=True).worksheets[0]
    except broken as error:
        raise Unreadable(_("This is not a readable XLSX file.")) from error
    place = 0

    def rows() -> Iterator[Row]:
        nonlocal place
        try:
            for place, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
                if any(cell is not None for cell in cells):
                    yield place, [_typed(cell) for cell in cells]
        except broken as error:
            raise Unreadable(_("This is not a readable XLSX file.")) from error

    lines = rows()
    try:
        _line, header = next(lines)
    except StopIteration:
        raise Unreadable(_("The file is empty.")) from None
    return Table([cell.strip() for cell in header], lines, "xlsx", lambda: place / (sheet.max_row or 1))


def _typed(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
