"""Logs as lines a machine can read. Keys name records by number, never people by name."""

from typing import Any

import structlog
from django.core.exceptions import PermissionDenied


def refusal(logger: Any, method: str, event: dict[str, Any]) -> dict[str, Any]:
    """A page refused to a role is no fault of the code: its line says which, and brings no traceback along."""
    match event.get("exc_info"):
        case (_, PermissionDenied(), _):
            del event["exc_info"]
    return event


COMMON = [
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso"),
    structlog.processors.format_exc_info,
]

# What we say ourselves goes the way of what Django and the libraries say: to the one handler, in the one format.
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *COMMON,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
)


def formatter() -> structlog.stdlib.ProcessorFormatter:
    return structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        foreign_pre_chain=[refusal, *COMMON],
    )
