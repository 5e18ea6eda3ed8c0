"""What the trade refuses: one exception, translated by every door in its own way."""


class DomainError(Exception):
    """A refusal with a stable `code` for machines and a sentence for people that says what to do next.

    A form shows it (at `field` when given), the API answers 409 `{"code", "detail"}`, the admin a message.
    Subclass it only where callers tell refusals apart; the class attribute `code` is then the default.
    """

    code = "refused"

    def __init__(self, message: object, *, code: str | None = None, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.field = field

    def __str__(self) -> str:
        return str(self.message)


class WrongState(DomainError):
    code = "wrong_state"


class Stale(DomainError):
    """Somebody else changed the record since this form was opened."""

    code = "stale"


class AboveAuthority(DomainError):
    code = "above_authority"


class SelfApproval(DomainError):
    code = "self_approval"


class AlreadyDecided(DomainError):
    code = "already_decided"
