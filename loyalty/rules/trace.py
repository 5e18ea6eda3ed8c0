"""The trace of a receipt as sentences an agent can read aloud, in the language in force."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def say(trace: Iterable[Mapping[str, Any]]) -> list[str]:
    """“2 stamps: 2 of 3 items counted.” “Line 3 was the free one.” No query."""
    return [text for sentence in trace if (text := _SAY.get(sentence.get("say", ""), _nothing)(sentence))]


def _nothing(sentence: Mapping[str, Any]) -> str:
    return ""


def _what(sentence: Mapping[str, Any]) -> dict[str, Any]:
    return {"what": sentence.get("what") or _("Line %s") % sentence.get("line", "")}


def _are_points(s: Mapping[str, Any]) -> bool:
    return bool(s.get("unit") == "point")


def _earned(s: Mapping[str, Any]) -> str:
    stamps, items, counted = s["stamps"], s.get("items", 0), s.get("counted", 0)
    if not stamps:
        return _("No points.") if _are_points(s) else _("No stamps.")
    head = ngettext("%d stamp", "%d stamps", stamps) % stamps
    if _are_points(s):
        head = ngettext("%d point", "%d points", stamps) % stamps
    if items == counted:
        return _("%(head)s: every item counted.") % {"head": head} if items > 1 else f"{head}."
    return _("%(head)s: %(counted)s of %(items)s items.") % {"head": head, "counted": counted, "items": items}


def _reversed(s: Mapping[str, Any]) -> str:
    stamps: int = s["stamps"]
    if _are_points(s):
        return ngettext("%d point taken back.", "%d points taken back.", stamps) % stamps
    return ngettext("%d stamp taken back.", "%d stamps taken back.", stamps) % stamps


def _debt(s: Mapping[str, Any]) -> str:
    stamps: int = s["stamps"]
    if _are_points(s):
        text = ngettext(
            "The points were spent already: the card owes %d point, the next ones repay it.",
            "The points were spent already: the card owes %d points, the next ones repay it.",
            stamps,
        )
    else:
        text = ngettext(
            "The free one was already used: the card owes %d stamp, the next ones repay it.",
            "The free one was already used: the card owes %d stamps, the next ones repay it.",
            stamps,
        )
    return text % stamps


_SAY: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "earned": _earned,
    "free_item": lambda s: _("“%(what)s” was the free one; it earns nothing.") % _what(s),
    "gift_card": lambda s: _("“%(what)s” is a gift card; it earns when it is spent.") % _what(s),
    "void": lambda s: _("“%(what)s” was voided.") % _what(s),
    "no_rule": lambda s: _("“%(what)s” does not count in this programme.") % _what(s),
    "bonus": lambda s: _("Bonus time: stamps × %(times)s.") % s,
    "tier": lambda s: _("%(tier)s: %(more)s more.") % s,
    "cap_receipt": lambda s: _("At most %(cap)s a receipt: %(cut)s not given.") % s,
    "cap_day": lambda s: _("At most %(cap)s a day: %(cut)s not given.") % s,
    "too_soon": lambda s: _("No stamps: less than %(minutes)s minutes after the visit before.") % s,
    "other_store": lambda s: _("No stamps: the programme does not run in this store."),
    "no_programme": lambda s: _("No stamps: no terms were in force that day."),
    "no_card": lambda s: _("No stamps: no card was shown. It can be claimed later."),
    "late": lambda s: _("Older than %(days)s days: a colleague decides whether it counts.") % s,
    "late_declined": lambda s: _("Too late, and declined by a colleague."),
    "parked": lambda s: _("The sale it returns is not known yet; it waits."),
    "sale_without_card": lambda s: _("The sale had no card: nothing to take back."),
    "reversed": _reversed,
    "nothing_reversed": lambda s: _("What was kept is worth the same: nothing taken back."),
    "unconverted": lambda s: (
        ngettext("%d open reward turned back.", "%d open rewards turned back.", s["rewards"]) % s["rewards"]
    ),
    "debt": _debt,
    "interim_back": lambda s: _("The reward on the way is withdrawn until the card is there again."),
    "reward_back": lambda s: _("The free item came back: its reward is open again."),
    "reward_repaid": lambda s: _("The free item came back: it repaid what the card owed."),
    "rewarded": lambda s: (
        ngettext("The card was full: %d reward.", "The card was full: %d rewards.", s["rewards"]) % s["rewards"]
    ),
    "interim": lambda s: _("A reward on the way: %(names)s.") % {"names": ", ".join(s["names"])},
    "claimed": lambda s: _("Claimed afterwards with the receipt."),
    "refused": lambda s: str(s["why"]),
    "returned_before": lambda s: _("Part of it had already been returned."),
}
