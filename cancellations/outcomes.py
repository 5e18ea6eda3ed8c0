"""Offers of the past and what became of them, row by row out of a company's own file (docs/imports.md)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cancellations.models import PastOffer
from customers.imports.load import Batch, Reject
from customers.imports.mapping import Spec, specs
from customers.imports.reader import Table, Unreadable
from customers.imports.rows import Fault, to_day, to_flag, to_money
from customers.models import Customer

NEEDED = ("number", "offered_on", "accepted")
FIELDS = (*NEEDED, "offer", "still_customer", "cost")
KEPT = ("accepted", "still_customer", "cost")
BATCH = 5_000

Key = tuple[int, str, date]


def bind(header: Sequence[str], mapping: Mapping[str, Any] | None) -> dict[str, Spec]:
    """Which column is which field: by the mapping's table [outcome], else by their own names. Raises Unreadable."""
    said = {name: name for name in FIELDS if name in header} if mapping is None else mapping.get("outcome", {})
    if unknown := set(said) - set(FIELDS):
        raise Unreadable(_("The mapping names an unknown field: %(name)s.") % {"name": f"outcome.{min(unknown)}"})
    if missing := [name for name in NEEDED if name not in said]:
        raise Unreadable(_("There is no column for %(fields)s.") % {"fields": ", ".join(missing)})
    return specs(said, header, mapping.get("as_of") if mapping else None)


def load(table: Table, columns: Mapping[str, Spec], *, now: datetime, dry_run: bool) -> Iterator[Batch]:
    """Batch by batch, each a transaction of four statements; the same row again changes nothing."""
    today, rows = timezone.localdate(now), iter(table.rows)
    seen: dict[tuple[str, str, date], int] = {}
    while taken := list(islice(rows, BATCH)):
        batch = Batch(values={}, cells=dict(taken))
        for line, cells in taken:
            found = _values(cells, columns, len(table.header), today)
            if not isinstance(found, list):
                key = found["number"], found["offer"], found["offered_on"]
                if seen.setdefault(key, line) == line:
                    batch.values[line] = found
                    continue
                found = [_fault("number", columns, _("Line %(line)s says the same offer.") % {"line": seen[key]})]
            batch.rejected.append(Reject(line, cells, found))
        with transaction.atomic():
            _store(batch, columns, now, dry_run=dry_run)
        yield batch


def _fault(name: str, columns: Mapping[str, Spec], reason: str) -> Fault:
    return Fault(name, columns[name].source, reason)


def _values(cells: Sequence[str], columns: Mapping[str, Spec], width: int, today: date) -> dict[str, Any] | list[Fault]:
    if len(cells) < width:
        words = _("The row has %(cells)s cells, the heading %(width)s.")
        return [Fault("", "", words % {"cells": len(cells), "width": width})]
    values: dict[str, Any] = {"offer": "", "still_customer": None, "cost": None}
    faults = []
    for name, spec in columns.items():
        text = spec.text(cells).strip()
        try:
            values[name] = _value(name, text, today)
        except ValueError as error:
            faults.append(_fault(name, columns, str(error)))
    return faults or values


def _value(name: str, text: str, today: date) -> str | date | bool | Decimal | None:
    match name:
        case "number" if not text:
            raise ValueError(_("The customer number is missing."))
        case "offer" if len(text) > 120:
            raise ValueError(_("At most 120 characters."))
        case "offered_on":
            return to_day(text, "", today)
        case "accepted":
            return to_flag(text)
        case "still_customer":
            return to_flag(text) if text else None
        case "cost":
            return to_money(text) if text else None
    return text


def _store(batch: Batch, columns: Mapping[str, Spec], now: datetime, *, dry_run: bool) -> None:
    numbers = {values["number"] for values in batch.values.values()}
    customers = dict(Customer.objects.filter(number__in=numbers).values_list("number", "pk"))
    kept: dict[Key, PastOffer] = {
        (row.customer_id, row.offer, row.offered_on): row
        for row in PastOffer.objects.filter(
            customer__in=customers.values(), offered_on__in={v["offered_on"] for v in batch.values.values()}
        )
    }
    new, changed = [], []
    for line, values in list(batch.values.items()):
        customer = customers.get(values["number"])
        if customer is None:
            del batch.values[line]
            fault = _fault("number", columns, _("There is no customer of this number."))
            batch.rejected.append(Reject(line, batch.cells[line], [fault]))
            continue
        row = kept.get((customer, values["offer"], values["offered_on"]))
        if row is None:
            batch.created.add(line)
            fields = {name: values[name] for name in (*KEPT, "offer", "offered_on")}
            new.append(PastOffer(customer_id=customer, imported_at=now, **fields))
        elif any(getattr(row, name) != values[name] for name in KEPT):
            batch.updated.add(line)
            for name in KEPT:
                setattr(row, name, values[name])
            changed.append(row)
    batch.rejected.sort(key=lambda rejected: rejected.line)
    if not dry_run:
        PastOffer.objects.bulk_create(new, batch_size=BATCH)
        PastOffer.objects.bulk_update(changed, KEPT, batch_size=1_000)
