"""How the columns of somebody else's file become receipts: a TOML file, checked when it is read."""

import hashlib
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.utils import timezone

from loyalty.rules.cards import normalise
from loyalty.rules.earning import Line
from loyalty.rules.facts import ReceiptFacts

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
LARGEST = Decimal(10) ** 9


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


class Reader:
    """Rows into receipts. Consecutive rows with one number are the lines of one receipt.

    A file without receipt numbers gets them from the rows' contents: the same row is the same sale, in any order and
    any piece; of identical rows in one file the second is a second sale.
    """

    def __init__(self, mapping: FileMapping) -> None:
        self._mapping = mapping
        self._seen: Counter[str] = Counter()
        self._moments: dict[str, datetime] = {}

    def receipts(self, rows: Iterator[Mapping[str, str]]) -> Iterator[tuple[int, ReceiptFacts | Reject]]:
        """(row number of the first line, receipt or reject), in the order of the file."""
        held: tuple[int, ReceiptFacts] | None = None
        for place, row in enumerate(rows, 2):  # row 1 is the head
            try:
                facts = self._read(row)
            except Reject as reject:
                yield place, reject
                continue
            if held and held[1].key == facts.key and held[1].original == facts.original:
                merged = held[1]
                held = (held[0], _with_lines(merged, facts))
                continue
            if held:
                yield held
            held = (place, facts)
        if held:
            yield held

    def _read(self, row: Mapping[str, str]) -> ReceiptFacts:
        if None in row:
            raise Reject("more cells than the head has columns")
        get = self._getter(row)
        if not get("store"):
            raise Reject("no store")
        occurred_at = self._moment("occurred_at", get("occurred_at"))
        day = get("business_date")
        business_date = self._moment("business_date", day).date() if day else occurred_at.date()
        amount = _number(get("amount") or get("total") or "0", "amount")
        quantity = int(_number(get("quantity") or "1", "quantity"))
        if not 0 <= quantity <= 10_000:
            raise Reject("quantity must be between 0 and 10 000")
        kind = get("line_kind") or "sale"
        if kind not in ("sale", "reward", "gift_card", "void"):
            raise Reject(f"line_kind “{kind[:20]}” is none of sale, reward, gift_card, void")
        is_return = (get("kind") or "sale") == "return"
        if is_return and not get("original_number"):
            raise Reject("a return must name its sale in original_number")
        sku, card = get("product")[:80], get("card")
        if len(normalise(card)) > 64:
            raise Reject("the card number is longer than 64 characters")
        number = get("number")
        source, store = get("source") or "file", get("store")
        if not number:
            text = f"{source}|{store}|{occurred_at.isoformat()}|{normalise(card)}|{sku}|{amount}|{quantity}|{kind}"
            digest = hashlib.sha256(text.encode()).hexdigest()[:20]
            self._seen[digest] += 1
            number = f"{digest}-{self._seen[digest]}"
        if len(number) > 80:
            raise Reject("the receipt number is longer than 80 characters")
        original_day = get("original_date")
        return ReceiptFacts(
            source=source,
            store=store,
            business_date=business_date,
            number=number,
            occurred_at=occurred_at,
            card=card,
            cashier=get("cashier")[:80],
            lines=(Line(int(_number(get("line") or "1", "line")), sku, quantity, amount, kind),),
            total=amount,
            original=(
                source,
                store,
                self._moment("original_date", original_day).date() if original_day else business_date,
                get("original_number"),
            )
            if is_return
            else None,
        )

    def _getter(self, row: Mapping[str, str]) -> Any:
        columns, fixed = self._mapping.columns, self._mapping.fixed

        def get(name: str) -> str:
            value = row.get(columns[name]) if name in columns else None
            value = (value or fixed.get(name, "")).strip()
            if "\x00" in value:
                raise Reject(f"{name} holds a null character")
            return value

        return get

    def _moment(self, name: str, text: str) -> datetime:
        known = self._moments.get(text)
        if known is not None:
            return known
        value = _parse(text, self._mapping.formats.get(name, ()))
        if value is None:
            raise Reject(f"{name} “{text[:40]}” is no date I can read" if text else f"no {name}")
        if len(self._moments) < 100_000:
            self._moments[text] = value
        return value


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


def _with_lines(facts: ReceiptFacts, more: ReceiptFacts) -> ReceiptFacts:
    taken = {line.number for line in facts.lines}
    lines = [replace(line, number=max(taken) + 1) if line.number in taken else line for line in more.lines]
    return replace(facts, lines=(*facts.lines, *lines), total=facts.total + more.total)
