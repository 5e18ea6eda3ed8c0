"""Every write of loyalty. Other apps use `give_bonus_stamps` and `enrol`; tills use `record_receipt` and `redeem`."""

from loyalty.actions.claims import claim_receipt
from loyalty.actions.closing import close, reopen, set_blocked
from loyalty.actions.expiry import expire_all, expire_rewards, expire_stamps
from loyalty.actions.gifts import ask_for_waiver, bonus, decide_request, give_bonus_stamps, give_stamps
from loyalty.actions.members import enrol, name_card, replace_card, set_card_status
from loyalty.actions.merges import merge, transfer, unmerge
from loyalty.actions.points import spend_points, turn_back
from loyalty.actions.receipts import record_receipt
from loyalty.actions.returns import match_parked_returns
from loyalty.actions.rewards import extend_reward, redeem, undo_redeem

__all__ = [
    "ask_for_waiver",
    "bonus",
    "claim_receipt",
    "close",
    "decide_request",
    "enrol",
    "expire_all",
    "expire_rewards",
    "expire_stamps",
    "extend_reward",
    "give_bonus_stamps",
    "give_stamps",
    "match_parked_returns",
    "merge",
    "name_card",
    "record_receipt",
    "redeem",
    "reopen",
    "replace_card",
    "set_blocked",
    "set_card_status",
    "spend_points",
    "transfer",
    "turn_back",
    "undo_redeem",
    "unmerge",
]
