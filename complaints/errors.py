"""What casework refuses, where callers tell the refusals apart."""

from staff.errors import DomainError


class Incomplete(DomainError):
    """Something the next state needs is missing; `field` says where to give it."""

    code = "incomplete"


class RemediesOpen(DomainError):
    """A remedy has not ended yet: the case cannot be closed."""

    code = "remedies_open"


class FileRefused(DomainError):
    """A file of the wrong kind or size, or one that is not what it says."""

    code = "file_refused"


class NothingToTake(DomainError):
    code = "nothing_to_take"
