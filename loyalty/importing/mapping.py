"""How the columns of somebody else's file become receipts: a TOML file, checked when it is read."""

import hashlib
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.utils import timezone

from loyalty.actions.intake import LARGEST
from loyalty.rules.cards import normalise
from loyalty.rules.earning import Line
from loyalty.rules.facts import Key, ReceiptFacts

FIELDS = (
    "source",
    "store",
    "business_date",
    "number",
    "kind",
    "occurred_at",
    "card",
    "cashier",
    "total",
    "line",
    "product",
    "quantity",
    "amount",
    "line_kind",
    "original_number",
    "original_date",
)
REMEMBERED = 100_000  # texts whose meaning is kept: prices and days come again and again


class MappingError(ValueError):
    """The mapping or the file's head does not fit; the text says what to change."""


class Reject(ValueError):
    """One row cannot be a receipt; the text says why."""


@dataclass(frozen=True)
class FileMapping:
    """`columns`: our field → the file's column. `formats`: field → accepted date formats, tried in order (ISO 8601
    always is). `fixed`: values for fields the file has no column for. `programme`: made when it does not exist."""

    columns: Mapping[str, str] = field(default_factory=lambda: {name: name for name in FIELDS})
    formats: Mapping[str, list[str]] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    programme: Mapping[str, Any] = field(default_factory=dict)
    products: Mapping[str, Any] = field(default_factory=dict)
    encoding: str = "utf-8-sig"
    delimiter: str = ","
    strict: bool = False

    @classmethod
    def load(cls, path: Path) -> "FileMapping":
        """Raises MappingError."""
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise MappingError(f"{path}: {error}") from error
        known = {"columns", "formats", "fixed", "programme", "products", "encoding", "delimiter"}
        if unknown := set(data) - known:
            raise MappingError(f"{path}: unknown key “{sorted(unknown)[0]}”; known are {', '.join(sorted(known))}.")
        for part in ("columns", "fixed"):
            if unknown := set(data.get(part, {})) - set(FIELDS):
                raise MappingError(f"{path}: [{part}] has no field “{sorted(unknown)[0]}”.")
        if "occurred_at" not in data.get("columns", {}):
            raise MappingError(f"{path}: [columns] must say which column is occurred_at.")
        return cls(**data, strict=True)

    def check_head(self, head: list[str]) -> None:
        """Raises MappingError when a column the mapping names is missing."""
        needed = self.columns.values() if self.strict else ["occurred_at"]
        if missing := sorted(set(needed) - set(head)):
            raise MappingError(f"The file has no column “{missing[0]}”; it has: {', '.join(head)}.")


LINE = ("line", "product", "quantity", "amount", "total", "line_kind")  # these may differ from row to row of a receipt
LINE_KINDS = frozenset({"sale", "reward", "gift_card", "void"})


class Reader:
    """Rows into receipts. Consecutive rows with one number are the lines of one receipt.

    A file without receipt numbers gets them from the rows' contents: the same row is the same sale, in any order and
    any piece; of identical rows in one file the second is a second sale.
    """

    def __init__(self, mapping: FileMapping, head: Sequence[str]) -> None:
        places = {column: place for place, column in enumerate(head)}
        self._formats = mapping.formats
        self._width = len(head)
        self._cells = [
            (places.get(mapping.columns.get(name, "")), mapping.fixed.get(name, "").strip()) for name in FIELDS
        ]
        self._line_cells = [self._cells[FIELDS.index(name)] for name in LINE]
        of_receipt = [cell for name, cell in zip(FIELDS, self._cells, strict=True) if name not in LINE]
        self._of_receipt = [place for place, _fixed in of_receipt if place is not None]
        self._number_at = self._cells[FIELDS.index("number")][0]
        self._seen: Counter[str] = Counter()
        self._moments: dict[tuple[str, str], datetime] = {}
        self._numbers: dict[str, Decimal] = {}

    def receipts(self, rows: Iterable[list[str]]) -> Iterator[tuple[int, ReceiptFacts | Reject]]:
        """(row number of the first line, receipt or reject), in the order of the file. Empty rows are passed over."""
        held: _Told | None = None
        told: list[str] = []
        for place, row in enumerate(filter(None, rows), 2):  # row 1 is the head
            try:
                if len(row) != self._width or "\x00" in "".join(row):
                    self._mend(row)
                same = [row[cell] for cell in self._of_receipt]
                if held and same == told and self._number_at is not None and row[self._number_at].strip():
                    held.add(self._line(row))
                    continue
                found = self._read(place, row)
            except Reject as reject:
                yield place, reject
                continue
            if held and held.key == found.key:
                held.add(found.lines[0])
                continue
            if held:
                yield held.place, held.facts()
            held, told = found, same
        if held:
            yield held.place, held.facts()

    def _mend(self, row: list[str]) -> None:
        """Cells left out at the end are empty. Raises Reject for what cannot be mended."""
        if len(row) > self._width:
            raise Reject("more cells than the head has columns")
        row += [""] * (self._width - len(row))
        if "\x00" in "".join(row):
            places = [(name, at) for name, (at, _fixed) in zip(FIELDS, self._cells, strict=True) if at is not None]
            name = next((name for name, at in places if "\x00" in row[at]), "a cell")
            raise Reject(f"{name} holds a null character")

    def _read(self, place: int, row: list[str]) -> "_Told":
        (
            source,
            store,
            day,
            number,
            kind,
            moment,
            card,
            cashier,
            _total,
            _line,
            _product,
            _quantity,
            _amount,
            _line_kind,
            original_number,
            original_day,
        ) = [(row[at].strip() if at is not None else "") or fixed for at, fixed in self._cells]
        if not store:
            raise Reject("no store")
        occurred_at = self._moment("occurred_at", moment)
        business_date = self._moment("business_date", day).date() if day else occurred_at.date()
        line, card = self._line(row), normalise(card)
        if kind == "return" and not original_number:
            raise Reject("a return must name its sale in original_number")
        if len(card) > 64:
            raise Reject("the card number is longer than 64 characters")
        source = source or "file"
        if not number:
            text = f"{source}|{store}|{occurred_at.isoformat()}|{card}|{line.sku}|{line.amount}|"
            text += f"{line.quantity}|{line.kind}"
            digest = hashlib.sha256(text.encode()).hexdigest()[:20]
            self._seen[digest] += 1
            number = f"{digest}-{self._seen[digest]}"
        if len(number) > 80:
            raise Reject("the receipt number is longer than 80 characters")
        original = None
        if kind == "return":
            sold_on = self._moment("original_date", original_day).date() if original_day else business_date
            original = (source, store, sold_on, original_number)
        return _Told(place, (source, store, business_date, number), original, occurred_at, card, cashier[:80], [line])

    def _line(self, row: list[str]) -> Line:
        number, sku, quantity, amount, total, kind = [
            (row[at].strip() if at is not None else "") or fixed for at, fixed in self._line_cells
        ]
        count = int(self._number(quantity, "quantity")) if quantity else 1
        if not 0 <= count <= 10_000:
            raise Reject("quantity must be between 0 and 10 000")
        if kind and kind not in LINE_KINDS:
            raise Reject(f"line_kind “{kind[:20]}” is none of sale, reward, gift_card, void")
        return Line(
            int(self._number(number, "line")) if number else 1,
            sku[:80],
            count,
            self._number(amount or total or "0", "amount"),
            kind or "sale",
        )

    def _number(self, text: str, name: str) -> Decimal:
        known = self._numbers.get(text)
        if known is None:
            known = _number(text, name)
            if len(self._numbers) < REMEMBERED:
                self._numbers[text] = known
        return known

    def _moment(self, name: str, text: str) -> datetime:
        known = self._moments.get((name, text))
        if known is not None:
            return known
        value = _parse(text, self._formats.get(name, ()))
        if value is None:
            raise Reject(f"{name} “{text[:40]}” is no date I can read" if text else f"no {name}")
        if len(self._moments) < REMEMBERED:
            self._moments[name, text] = value
        return value


@dataclass(slots=True)
class _Told:
    """A receipt while its rows are read."""

    place: int
    named: Key
    original: Key | None
    occurred_at: datetime
    card: str
    cashier: str
    lines: list[Line]

    @property
    def key(self) -> tuple[Key, Key | None]:
        return self.named, self.original

    def add(self, line: Line) -> None:
        """A number told twice goes on after the highest."""
        taken = {one.number for one in self.lines}
        self.lines.append(line._replace(number=max(taken) + 1) if line.number in taken else line)

    def facts(self) -> ReceiptFacts | Reject:
        total = sum((line.amount for line in self.lines), Decimal(0))
        if total > LARGEST:
            return Reject("the total is too large")
        source, store, business_date, number = self.named
        return ReceiptFacts(
            source=source,
            store=store,
            business_date=business_date,
            number=number,
            occurred_at=self.occurred_at,
            lines=tuple(self.lines),
            card=self.card,
            cashier=self.cashier,
            total=total,
            original=self.original,
        )


def _parse(text: str, formats: Any) -> datetime | None:
    value: datetime | None = None
    for pattern in formats:
        try:
            value = datetime.strptime(text, pattern)  # noqa: DTZ007 the shop's own clock, made aware below
            break
        except ValueError:
            continue
    if value is None:
        try:
            value = datetime.fromisoformat(text)
        except ValueError:
            return None
    if not date(1990, 1, 1) <= value.date() <= date(2100, 1, 1):
        return None
    return value if timezone.is_aware(value) else timezone.make_aware(value)


def _number(text: str, name: str) -> Decimal:
    try:
        value = Decimal(text.replace(" ", "").replace("\u00a0", ""))
    except InvalidOperation:
        raise Reject(f"{name} “{text[:20]}” is no number") from None
    if not value.is_finite() or abs(value) > LARGEST:
        raise Reject(f"{name} “{text[:20]}” is no number")
    if value < 0:
        raise Reject(f"{name} is negative; a return is a receipt of kind “return”")
    return value
