"""The same person twice: merged at the desk or by a file, named and parted again."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from loyalty import actions
from loyalty.models import Membership, Merge
from loyalty.queries.ledger import faults
from tests.conftest import NOON
from tests.factories import UserFactory
from tests.loyalty.factories import VersionFactory, buy, member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]


def test_a_nameless_card_takes_the_name_and_gives_it_back(user_as):
    jane, found = member(), member(customer=None)
    customer, agent = jane.customer, user_as("agent")
    buy(found, 2)
    record = actions.merge(jane.pk, into_id=found.pk, by=agent, now=NOON)
    found.refresh_from_db()
    assert found.customer == customer
    actions.unmerge(record.pk, by=agent, now=NOON)
    assert list(Membership.objects.order_by("pk").values_list("customer", "status", "balance")) == [
        (customer.pk, "active", 0),
        (None, "active", 2),
    ]


def test_a_card_parted_again_keeps_the_goal_its_cycle_began_with(shop, user_as):
    jane, joe, agent = member(), member(), user_as("agent")
    buy(jane, 6)
    shop.valid_until = NOON
    shop.save(update_fields=["valid_until"])
    VersionFactory(programme=shop.programme, stamps_needed=5, valid_from=NOON)
    record = actions.merge(jane.pk, into_id=joe.pk, by=agent, now=NOON)
    joe.refresh_from_db()
    assert (joe.balance, joe.rewards.get().stamps) == (1, 5)
    actions.unmerge(record.pk, by=agent, now=NOON)
    for one in (jane, joe):
        one.refresh_from_db()
    assert (jane.balance, jane.cycle_needed, jane.rewards.count()) == (6, 9, 0)
    assert (joe.balance, joe.cycle_needed, joe.rewards.get().state) == (0, None, "revoked")
    assert faults() == []


def test_the_ledger_of_two_merged_cards_is_one_list(client_as, monkeypatch):
    from loyalty.queries import members

    monkeypatch.setattr(members, "LEDGER", 4)
    client, jane, joe = client_as("agent"), member(), member()
    for day, one in enumerate((jane, joe, jane, joe, jane)):
        buy(one, 1, now=NOON + timedelta(minutes=day))
    actions.merge(jane.pk, into_id=joe.pk, by=UserFactory(), now=NOON + timedelta(hours=1))
    lines, following = members.ledger(joe.pk, None, NOON)
    more, end = members.ledger(joe.pk, following, NOON)
    told = [(line.kind, line.stamps, line.merged) for line in lines + more]
    assert {told[0], told[1]} == {("moved away", "−3", True), ("moved here", "+3", False)}
    assert [merged for _kind, _stamps, merged in told[2:]] == [True, False, True, False, True]
    assert (len(lines), end) == (4, "")
    page = client.get(reverse("loyalty:ledger", args=[joe.pk])).content.decode()
    assert page.count("merged card") == 2
    assert "after=" in page


def run(path, *args):
    out = StringIO()
    call_command("merge_members", str(path), *args, stdout=out, stderr=StringIO())
    return json.loads(out.getvalue().splitlines()[-1])


def test_a_file_of_duplicates_is_merged_once_and_tells_what_it_left_out(tmp_path, user_as):
    agent = user_as("team lead", username="lead")
    one, two, three, blocked = (member() for _ in range(4))
    other = member(VersionFactory(programme__code="tea").programme)
    for membership, items in ((one, 5), (two, 3), (three, 2)):
        buy(membership, items)
    actions.set_blocked(blocked.pk, True, by=agent, now=NOON)
    lost = actions.replace_card(two.cards.get().pk, by=agent, now=NOON).replaces.number

    def card(membership):
        return membership.cards.get(replaced_by=None).number

    path, left = tmp_path / "twice.csv", tmp_path / "left.jsonl"
    pairs = [
        (lost, card(one)),
        (f" {card(three)} ", card(two)),
        (card(blocked), card(one)),
        (card(other), card(one)),
        ("12", card(one)),
        (card(one), ""),
    ]
    path.write_text("\ufeffinto,note,card\n" + "".join(f"{into},same,{number}\n" for number, into in pairs))
    told = run(path, "--by", "lead", "--rejects", str(left))
    assert (told["rows"], told["merged"], told["known"], told["rejected"]) == (6, 2, 0, 4)
    assert told["reasons"] == {
        "A blocked or closed membership cannot be merged.": 1,
        "These cards belong to different programmes.": 1,
        "No card has this number.": 2,
    }
    assert [json.loads(line)["row"] for line in left.read_text().splitlines()] == [4, 5, 6, 7]
    one.refresh_from_db()
    assert (one.balance, one.rewards.filter(state="issued").count()) == (1, 1)
    assert set(Merge.objects.values_list("by", flat=True)) == {agent.pk}
    again = run(path, "--by", "lead")
    assert (again["merged"], again["known"], again["rejected"]) == (0, 2, 4)
    assert faults() == []


def test_a_file_of_duplicates_that_does_not_fit_is_refused(tmp_path, user_as):
    user_as("team lead", username="lead")
    path = tmp_path / "twice.csv"
    path.write_text("card,other\n1,2\n")
    with pytest.raises(CommandError, match="no column “into”"):
        run(path, "--by", "lead")
    with pytest.raises(CommandError, match="Nobody is called"):
        run(path, "--by", "nobody")
