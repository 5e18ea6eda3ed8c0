"""A receipt, by whichever door it comes: told twice it counts once."""

from datetime import datetime

from django.db import IntegrityError, transaction

from loyalty.actions.returns import record_return
from loyalty.actions.sales import record_sales
from loyalty.errors import Moved
from loyalty.models import Receipt
from loyalty.rules.facts import ReceiptFacts
from staff.errors import DomainError
from staff.models import User


def record_receipt(facts: ReceiptFacts, *, by: User | None, now: datetime, late_ok: bool = False) -> Receipt:
    """A sale or (with `original`) a return. The same receipt again gives the stored one; under the same number with
    other contents ReceiptConflict. Raises CardRefused and DomainError as the card or the facts deserve.

    About a dozen queries; every wait is for one membership's row.
    """
    for attempt in (1, 2):
        try:
            with transaction.atomic():
                if facts.original:
                    return record_return(facts, facts.original, by=by, now=now)
                (answer,) = record_sales([facts], by=by, now=now, late_ok=late_ok)
                if isinstance(answer, DomainError):
                    raise answer
                return answer
        except Moved:
            if attempt == 2:
                raise
        except IntegrityError as error:  # another till told the same receipt at this moment: it is known now
            if attempt == 2 or "loyalty_receipt_once" not in str(error):
                raise
    raise AssertionError
