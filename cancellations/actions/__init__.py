"""Every write of the cancellation desk: one function is one sentence of the trade."""

from cancellations.actions._case import NoSuchRecord
from cancellations.actions.approvals import approve, decline, expire, look, request_approval
from cancellations.actions.calls import (
    ask_permission,
    choose_end,
    open_case,
    record_notice,
    refer,
    resume,
    set_reason,
    suggest,
)
from cancellations.actions.endings import (
    abandoned,
    call_dropped,
    follow_up,
    keep,
    make_effective,
    register_cancellation,
    reinstate,
    win_back,
)
from cancellations.actions.fulfilment import apply, complete, fail, remind, revoke
from cancellations.actions.offers import accept, present, refuse, withdraw

__all__ = [
    "NoSuchRecord",
    "abandoned",
    "accept",
    "apply",
    "approve",
    "ask_permission",
    "call_dropped",
    "choose_end",
    "complete",
    "decline",
    "expire",
    "fail",
    "follow_up",
    "keep",
    "look",
    "make_effective",
    "open_case",
    "present",
    "record_notice",
    "refer",
    "refuse",
    "register_cancellation",
    "reinstate",
    "remind",
    "request_approval",
    "resume",
    "revoke",
    "set_reason",
    "suggest",
    "win_back",
    "withdraw",
]
