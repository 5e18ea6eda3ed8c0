"""Every write of casework: one function, one sentence of the trade."""

from complaints.actions.assignment import assign, be_here, share_out, take_next
from complaints.actions.attachments import add_files
from complaints.actions.casework import (
    acknowledge,
    ask_customer,
    assess,
    chase_later,
    close,
    correct,
    draft,
    investigate,
    leave,
    merge,
    reopen,
    resolve_on_contact,
    respond,
    unmerge,
    wait_for_third_party,
)
from complaints.actions.intake import register
from complaints.actions.messages import add_note, log_call, receive, write

__all__ = [
    "acknowledge",
    "add_files",
    "add_note",
    "ask_customer",
    "assess",
    "assign",
    "be_here",
    "chase_later",
    "close",
    "correct",
    "draft",
    "investigate",
    "leave",
    "log_call",
    "merge",
    "receive",
    "register",
    "reopen",
    "resolve_on_contact",
    "respond",
    "share_out",
    "take_next",
    "unmerge",
    "wait_for_third_party",
    "write",
]
