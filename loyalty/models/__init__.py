"""What the shop keeps of its cards: programmes, members, receipts, the ledger, and the work around them."""

from loyalty.models.campaigns import BonusWindow, Campaign, CampaignMove, Gift, Mailing, Occasion
from loyalty.models.ledger import Kind, LedgerEntry, Reward, RewardEvent
from loyalty.models.marketing import Forecast, SignalReview
from loyalty.models.members import CardToken, Duplicate, Membership, Merge, StatusChange, TierChange
from loyalty.models.outreach import Given, Message, Reach, Why
from loyalty.models.programmes import Category, Product, Programme, ProgrammeVersion, Store
from loyalty.models.receipts import Receipt, ReceiptLine
from loyalty.models.requests import StampRequest
from loyalty.models.retention import Contact, Lapse

__all__ = [
    "BonusWindow",
    "Campaign",
    "CampaignMove",
    "CardToken",
    "Category",
    "Contact",
    "Duplicate",
    "Forecast",
    "Gift",
    "Given",
    "Kind",
    "Lapse",
    "LedgerEntry",
    "Mailing",
    "Membership",
    "Merge",
    "Message",
    "Occasion",
    "Product",
    "Programme",
    "ProgrammeVersion",
    "Reach",
    "Receipt",
    "ReceiptLine",
    "Reward",
    "RewardEvent",
    "SignalReview",
    "StampRequest",
    "StatusChange",
    "Store",
    "TierChange",
    "Why",
]
