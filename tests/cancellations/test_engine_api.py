"""The engine from outside: the desk's own decision, its log as files, what it believes."""

from datetime import timedelta

import pytest

from cancellations import actions, learning
from cancellations.models import EnginePolicy, LearnedModel, Suggestion
from cancellations.suggestions import suggest_for
from tests.cancellations.factories import CancellationCaseFactory, IncentiveVersionFactory, ReasonFactory
from tests.conftest import NOON

pytestmark = pytest.mark.django_db
API = "/api/v1"


@pytest.fixture
def policy():
    return EnginePolicy.objects.create(hold_out=0, created_at=NOON)


def heard(**fields):
    return CancellationCaseFactory(state="offering", permission="granted", reason=ReasonFactory(), **fields)


def suggest(client, case, body=None, **headers):
    return client.post(
        f"{API}/cancellations/{case.pk}/suggest/", body or {}, content_type="application/json", headers=headers
    )


def test_the_decision_is_the_desks_own_and_the_same_when_asked_again(client_as, policy):
    shown = IncentiveVersionFactory(terms={"percent": "10.00", "months": 3})
    barred = IncentiveVersionFactory(rules={"eligible": {"var": "tenure_months", "op": "ge", "value": 120}})
    client, case = client_as("agent"), heard()
    told = suggest(client, case).json()
    stored = Suggestion.objects.get()
    assert (told["id"], told["chosen"], told["vector"]) == (stored.pk, stored.chosen_id, stored.vector)
    rows = {row["version"]: row for row in told["candidates"]}
    assert rows[shown.pk]["shown"] is True
    assert rows[barred.pk]["refusals"][0]["text"] == "Tenure 92 months < 120 months"
    assert suggest(client, case, **{"Idempotency-Key": "once"}).json()["id"] == stored.pk
    assert suggest(client, case, **{"Idempotency-Key": "once"}).json()["id"] == stored.pk
    assert Suggestion.objects.count() == 1


def test_nothing_is_suggested_before_the_customer_wants_to_hear_of_it(client_as, policy):
    refused = suggest(client_as("agent"), CancellationCaseFactory(state="offering"))
    assert (refused.status_code, refused.json()["code"]) == (409, "permission_first")
    closed = CancellationCaseFactory(
        state="cancelled_scheduled",
        permission="granted",
        ends_on=NOON.date(),
        closed_at=NOON,
        window_until=NOON.date(),
    )
    refused = suggest(client_as("agent"), closed)
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
    assert Suggestion.objects.count() == 0


def test_hardship_shows_offers_to_the_hold_out_and_is_noted(client_as):
    EnginePolicy.objects.create(hold_out="0.5", created_at=NOON)
    IncentiveVersionFactory(terms={"percent": "10.00", "months": 3})
    client = client_as("agent")
    cases = [heard() for _ in range(16)]
    silent = {case.pk: suggest(client, case).json() for case in cases}
    held = next(case for case in cases if silent[case.pk]["hold_out"])
    free = next(case for case in cases if not silent[case.pk]["hold_out"])
    assert (silent[held.pk]["chosen"], silent[held.pk]["propensity"]) == (None, 1)
    helped = suggest(client, held, {"hardship": "Lost the job last week"}).json()
    assert (helped["hold_out"], helped["overridden"]) == (True, True)
    assert max(helped["vector"].values()) < 1
    assert held.moves.get(what="hardship").note == "Lost the job last week"
    assert suggest(client, held).json()["id"] == helped["id"]
    refused = suggest(client, free, {"hardship": "Lost the job"})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_held_out")
    assert not free.moves.filter(what="hardship").exists()


def test_hardship_at_the_desk_asks_for_a_word(client_as):
    EnginePolicy.objects.create(hold_out="0.5", created_at=NOON)
    IncentiveVersionFactory(terms={"percent": "10.00", "months": 3})
    client = client_as("agent")
    cases = [heard(opened_by=client.user) for _ in range(16)]
    held = next(c for c in cases if actions.suggest(c.pk, by=client.user, now=NOON).hold_out)
    page = client.get(f"/cancellations/{held.pk}/call/")
    assert "show offers all the same" in page.content.decode()
    refused = client.post(f"/cancellations/{held.pk}/hardship/", {"why": " "}, headers={"HX-Request": "true"})
    assert refused.status_code == 409
    client.post(f"/cancellations/{held.pk}/hardship/", {"why": "Ill for months"})
    assert held.suggestions.get(superseded_at=None).overridden is True
    assert "measured without offers" not in client.get(f"/cancellations/{held.pk}/call/").content.decode()


def decided(days=0, **fields):
    return suggest_for(heard(**fields), by=None, now=NOON - timedelta(days=days))


@pytest.mark.parametrize("count", [1, 3])
def test_the_log_is_listed_newest_first_in_as_many_queries(client_as, policy, count, django_assert_num_queries):
    IncentiveVersionFactory()
    made = [decided(days) for days in range(count)]
    client = client_as("manager")
    with django_assert_num_queries(3):
        listed = client.get(f"{API}/decisions/").json()["results"]
    assert [row["id"] for row in listed] == [one.pk for one in reversed(made)]
    assert "candidates" not in listed[0]


def test_the_log_is_filtered_and_each_decision_told_whole(client_as, policy):
    IncentiveVersionFactory()
    old, new = decided(40), decided()
    client = client_as("manager")
    since = (NOON - timedelta(days=1)).isoformat()
    assert [row["id"] for row in client.get(f"{API}/decisions/", {"since": since}).json()["results"]] == [new.pk]
    whole = client.get(f"{API}/decisions/{old.pk}/").json()
    old.refresh_from_db()
    assert (whole["parameters"], whole["seed"]) == (old.parameters, old.seed)
    assert client.get(f"{API}/decisions/", {"since": "yesterday"}).status_code == 400


def test_the_log_as_files(client_as, policy):
    IncentiveVersionFactory()
    known = decided(100, ends_on=NOON.date(), closed_at=NOON, window_until=NOON.date(), paying_on_day_90=True)
    decided()
    client = client_as("manager")

    def export(accept, **query):
        return client.get(f"{API}/decisions/export/", query, headers={"Accept": accept})

    table = export("text/csv")
    assert table["Content-Type"] == "text/csv; charset=utf-8"
    head, *rows = table.getvalue().decode().splitlines()
    assert (head.split(",")[0], len(rows)) == ("decision", 2)
    (line,) = export("text/plain").getvalue().decode().splitlines()
    action, _cost, probability = line.split(" | ")[0].split(":")
    assert (int(action), float(probability)) == ((known.chosen_id or 0) + 1, pytest.approx(known.propensity))
    since = (NOON - timedelta(days=1)).isoformat()
    assert len(export("text/csv", since=since).getvalue().splitlines()) == 2
    assert export("image/png").status_code == 406


def test_beliefs_of_the_newest_model_with_what_they_were_counted_from(client_as, policy):
    version = IncentiveVersionFactory()
    first = learning.learn(as_of=NOON - timedelta(days=1))
    learning.learn(as_of=NOON)
    client = client_as("marketing")
    models = client.get(f"{API}/learned-models/").json()["results"]
    newest = LearnedModel.objects.get(as_of=NOON)
    assert [row["id"] for row in models] == [newest.pk, first.pk]
    assert "arrays" not in models[0]
    asked = {"quantity": "accept", "level": "incentive", "incentive": version.incentive.code}
    (row,) = client.get(f"{API}/beliefs/", asked).json()["results"]
    assert (row["model"], row["k"], row["n"]) == (newest.pk, 0, 0)
    low, high = row["likely"]
    assert low < row["mean"] < high
    (older,) = client.get(f"{API}/beliefs/", {**asked, "model": first.pk}).json()["results"]
    assert older["model"] == first.pk


@pytest.mark.parametrize("path", ["learnedmodel", "belief", "enginepolicy", "budget", "pastoffer", "suggestion"])
def test_the_admin_shows_the_engine_and_changes_nothing(client_as, policy, path):
    from cancellations.models import Belief, Budget, PastOffer
    from tests.factories import CustomerFactory

    IncentiveVersionFactory()
    suggestion = decided()
    rows = {
        "learnedmodel": LearnedModel.objects.first(),
        "belief": Belief.objects.first(),
        "enginepolicy": policy,
        "budget": Budget.objects.create(month=NOON.date().replace(day=1), amount=100),
        "pastoffer": PastOffer.objects.create(
            customer=CustomerFactory(), offered_on=NOON.date(), accepted=True, imported_at=NOON
        ),
        "suggestion": suggestion,
    }
    client = client_as("administrator")
    address = f"/admin/cancellations/{path}/"
    assert client.get(address).status_code == 200
    one = client.get(f"{address}{rows[path].pk}/change/")
    assert one.status_code == 200
    assert b'name="_save"' not in one.content
    assert policy.salt.encode() not in one.content
    assert client.post(f"{address}{rows[path].pk}/delete/", {"post": "yes"}).status_code == 403
