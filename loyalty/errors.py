"""What loyalty refuses, where callers tell refusals apart."""

from staff.errors import DomainError


class CardRefused(DomainError):
    """The card is unknown, lost, blocked or replaced; the text says which and what to do."""

    code = "card_refused"


class ReceiptConflict(DomainError):
    """The same receipt number was told before with other contents."""

    code = "receipt_conflict"


class RewardRefused(DomainError):
    code = "reward_refused"


class NotAMember(DomainError):
    code = "not_a_member"


class Moved(DomainError):
    """Two people merged or parted the same cards at once; a second try succeeds."""

    code = "moved"
