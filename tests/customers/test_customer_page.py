"""The customer page: who is this, what is going on, what can I do now."""

from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256

import pytest
from django.db.models import Value
from django.urls import reverse
from django.utils import timezone

from customers import actions, queries
from customers.models import Change, Customer, Delivery, Note, Subscription
from staff.errors import Stale
from tests.conftest import NOON
from tests.customers.letters import a_letter
from tests.factories import CustomerFactory, PlanFactory, SubscriptionFactory, UserFactory

pytestmark = pytest.mark.django_db

SEES = {"agent", "team lead", "manager", "administrator"}


@pytest.fixture
def customer():
    return CustomerFactory(segment=Customer.Segment.PLUS, in_debt=True)


@pytest.fixture
def agent(client_as):
    return client_as("agent")


def facts(customer):
    return {str(fact.label): fact.value for fact in queries.band_for(customer, NOON).facts}


def test_band_says_who_this_is(customer):
    SubscriptionFactory(customer=customer, contract_end=date(2027, 1, 31))
    band = queries.band_for(customer, NOON)
    assert (band.name, band.number) == ("Henrik Svensson", customer.number)
    assert [badge.text for badge in band.badges][:2] == ["Plus", "in debt"]
    told = facts(customer)
    assert told["Phone"] == "+46 70 123 45 67".replace(" ", "\u00a0")
    assert told["Customer since"] == "1\u00a0Mar\u00a02019 · 7 years 8 months"
    assert told["Fibre 500 + TV"] == "€49.90 a month"
    assert told["Contract ends"] == "31\u00a0Jan\u00a02027 · 10 weeks"
    assert told["Goodwill, 12 months"] == "€0.00"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "month by month"),
        ({"contract_end": date(2026, 11, 20)}, "20\u00a0Nov\u00a02026 · 2 days"),
        ({"contract_end": date(2026, 1, 20)}, "20\u00a0Jan\u00a02026 · over: month by month"),
        ({"contract_end": date(2028, 11, 20)}, "20\u00a0Nov\u00a02028 · 2 years"),
        ({"status": Subscription.Status.ENDING, "ends_on": date(2026, 12, 31)}, "31\u00a0Dec\u00a02026 · cancelled"),
    ],
)
def test_band_says_how_long_the_contract_lasts(customer, fields, words):
    SubscriptionFactory(customer=customer, **fields)
    assert facts(customer)["Contract ends"] == words


def test_band_without_a_plan_and_with_many(customer):
    assert facts(customer)["Plan"] == "none at present"
    for n in range(4):
        SubscriptionFactory(customer=customer, plan=PlanFactory(code=f"p{n}", name=f"Plan {n}"))
    assert facts(customer)["And"] == "2 more plans"


def test_goodwill_counts_what_every_app_gave(customer, monkeypatch):
    from customers.goodwill import goodwill

    def source(ids, since, until):
        within = Customer.objects.filter(pk__in=ids, created_at__gte=since, created_at__lt=until)
        return within.values_list("pk", Value(Decimal("17.50")))

    monkeypatch.setattr(goodwill, "_sources", {"one": source, "other": source})
    year_ago, second = NOON.replace(year=NOON.year - 1), timedelta(seconds=1)
    for given_at, sum_ in ((year_ago - second, 0), (year_ago, 35), (NOON - second, 35), (NOON, 0)):
        Customer.objects.filter(pk=customer.pk).update(created_at=given_at)
        assert facts(customer)["Goodwill, 12 months"] == f"€{sum_}.00"


def test_page_shows_band_timeline_and_the_buttons_of_this_role(agent, customer):
    SubscriptionFactory(customer=customer)
    actions.add_note(customer.pk, text="Calls <b>after</b> 17.", by=agent.user, now=NOON)
    html = agent.get(reverse("customers:detail", args=[customer.pk])).content.decode()
    assert "Henrik Svensson" in html
    assert "Calls &lt;b&gt;after&lt;/b&gt; 17." in html
    assert f'href="{reverse("customers:note", args=[customer.pk])}" data-key="n"' in html


def test_a_cancellation_is_taken_where_a_contract_runs(agent, customer):
    def cancels():
        return 'data-key="c"' in agent.get(reverse("customers:detail", args=[customer.pk])).content.decode()

    assert not cancels()
    subscription = SubscriptionFactory(customer=customer)
    assert cancels()
    subscription.status, subscription.ends_on = "ended", NOON.date()
    subscription.save()
    assert not cancels()


def test_marketing_sees_no_buttons_to_write(client_as, customer):
    html = client_as("marketing").get(reverse("customers:detail", args=[customer.pk])).content.decode()
    assert 'data-key="n"' not in html
    assert 'data-key="e"' not in html


def test_timeline_pages_as_one_scrolls(agent, customer):
    for n in range(45):
        Note.objects.create(customer=customer, text=f"word {n:02}", by=agent.user, at=NOON - timedelta(hours=n // 2))
    url = reverse("customers:timeline", args=[customer.pk])
    seen, cursor = [], ""
    for size in (20, 20, 5):
        page = queries.timeline_page(customer.pk, kind="notes", cursor=cursor, now=NOON)
        html = agent.get(url, {"kind": "notes", "after": cursor}, headers={"HX-Request": "true"}).content.decode()
        words = [line.entry.detail for line in page.lines]
        assert len(words) == size
        assert all(word in html for word in words)
        assert "<html" not in html
        seen += words
        cursor = page.next
    assert cursor == ""
    assert sorted(seen) == [f"word {n:02}" for n in range(45)]


@pytest.mark.parametrize("cursor", ["x", "nan~a", "1e400~a", "~", "-9e15~k"])
def test_an_unreadable_place_begins_at_the_top(agent, customer, cursor):
    url = reverse("customers:timeline", args=[customer.pk])
    assert agent.get(url, {"after": cursor}).status_code == 200


def test_timeline_tells_of_letters_contracts_and_changes(agent, customer):
    SubscriptionFactory(customer=customer, status="ended", ends_on=date(2026, 3, 1))
    pdf = a_letter(customer, "Receipt 1")
    Delivery.objects.create(
        customer=customer, document=pdf, to="a@example.com", subject="x", body="y", state="failed", created_at=NOON
    )
    Delivery.objects.create(customer=customer, subject="Hello", body="y", state="unaddressed", created_at=NOON)
    actions.edit_customer(customer.pk, version=1, by=agent.user, now=NOON, city="Lund")
    lines = queries.timeline_page(customer.pk, kind="", cursor="", now=NOON).lines
    assert {(line.entry.title, line.entry.detail, line.entry.tone) for line in lines} == {
        ("Fibre 500 + TV began", "€49.90 a month", "green"),
        ("Fibre 500 + TV ended", "€49.90 a month", "red"),
        ("Receipt 1", "E-mail · a@example.com · failed", "red"),
        ("Hello", "E-mail · no e-mail address: hand it over or post it", "amber"),
        ("Details changed", "City: Göteborg → Lund", ""),
    }


def test_a_document_is_served_as_it_was_to_those_who_may(client_as, role, customer):
    pdf = a_letter(customer, "Receipt")
    response = client_as(role).get(reverse("customers:document", args=[pdf.pk]))
    assert response.status_code == (200 if role in SEES else 403)
    if role in SEES:
        assert response.content.startswith(b"%PDF-")
        pdf.refresh_from_db()
        assert (bytes(pdf.pdf), pdf.sha256) == (response.content, sha256(response.content).hexdigest())
        again = client_as(role).get(reverse("customers:document", args=[pdf.pk]))
        assert (again.content, again["ETag"]) == (response.content, f'"{pdf.sha256}"')
        assert response["Content-Type"] == "application/pdf"
        assert response["Content-Disposition"] == f'inline; filename="receipt-{pdf.pk}.pdf"'
        assert response["X-Content-Type-Options"] == "nosniff"
        assert "no-store" in response["Cache-Control"]


FORM = {
    "given_name": "Åsa",
    "family_name": "Öberg",
    "language": "sv",
    "country": "se",
    "customer_since": "2024-02-29",
    "segment": "standard",
    "phone": "070-123 45 67",
}


def test_create_draws_a_number_and_remembers_who(agent):
    response = agent.post(reverse("customers:create"), FORM)
    customer = Customer.objects.get()
    assert response["Location"] == reverse("customers:detail", args=[customer.pk])
    assert (customer.name, str(customer.phone), customer.country) == ("Åsa Öberg", "+46701234567", "SE")
    assert customer.number.startswith("C-")
    assert Change.objects.get().by == agent.user


def test_create_skips_a_number_that_somebody_has(agent):
    number = actions.next_number()
    taken = f"C-{int(number.removeprefix('C-')) + 1}"
    CustomerFactory(number=taken)
    assert actions.next_number() == f"C-{int(number.removeprefix('C-')) + 2}"


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"given_name": "", "family_name": " "}, "family_name", "Give a name"),
        ({"phone": "12"}, "phone", "phone number"),
        ({"email": "nobody"}, "email", "valid email"),
        ({"number": "TAKEN"}, "number", "already"),
        ({"household": "99999"}, "household", "Select a valid choice"),
        ({"customer_since": "yesterday"}, "customer_since", "valid date"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(agent, wrong, field, words):
    CustomerFactory(number="TAKEN")
    response = agent.post(reverse("customers:create"), FORM | wrong)
    assert response.status_code == 422
    errors = response.context["form"].errors
    assert list(errors) == [field]
    assert words in str(errors[field])
    assert 'value="Öberg"' in response.content.decode() or field == "family_name"
    assert Customer.objects.count() == 1


def test_yesterdays_form_is_refused_says_who_and_keeps_the_text(agent, customer):
    colleague = UserFactory(first_name="Jonas", last_name="Berg")
    actions.edit_customer(customer.pk, version=1, by=colleague, now=NOON, city="Lund")
    url = reverse("customers:edit", args=[customer.pk])
    response = agent.post(url, FORM | {"city": "Malmö", "version": "1"})
    html = response.content.decode()
    assert response.status_code == 409
    assert "Jonas Berg changed this customer while you were typing (city)" in html
    assert 'value="Malmö"' in html
    assert "The record holds now: Lund" in html
    assert Customer.objects.get().city == "Lund"

    form = response.context["form"]
    assert agent.post(url, FORM | {"city": "Malmö", "version": form["version"].value()}).status_code == 302
    assert Customer.objects.get().city == "Malmö"


def test_an_edit_that_changes_nothing_leaves_no_trace(agent, customer):
    actions.edit_customer(customer.pk, version=1, by=agent.user, now=NOON, city=customer.city)
    customer.refresh_from_db()
    assert (customer.version, Change.objects.count()) == (1, 0)
    with pytest.raises(Stale):
        actions.edit_customer(customer.pk, version=2, by=agent.user, now=NOON, city="Lund")


def test_a_note_is_kept_with_its_author(agent, customer):
    url = reverse("customers:note", args=[customer.pk])
    assert agent.post(url, {"text": " "}).status_code == 422
    assert agent.post(url, {"text": "Prefers e-mail 🙂"})["Location"] == reverse("customers:detail", args=[customer.pk])
    note = Note.objects.get()
    assert (note.text, note.by, note.customer) == ("Prefers e-mail 🙂", agent.user, customer)


@pytest.mark.parametrize("count", [1, 3])
def test_list_and_page_cost_the_same_whatever_the_rows(agent, customer, count, django_assert_num_queries):
    for n in range(count):
        SubscriptionFactory(customer=CustomerFactory() if n else customer, plan=PlanFactory(code=f"p{n}"))
        actions.add_note(customer.pk, text="x", by=agent.user, now=NOON)
    with django_assert_num_queries(4):  # session; user with permissions; customers, what they pay for
        agent.get(reverse("customers:list"))
    # Four of the frame, customer and band, four timelines of this room; the other rooms' flags, goodwill and timelines.
    with django_assert_num_queries(9):
        agent.get(reverse("customers:detail", args=[customer.pk]))


def test_the_list_pages_by_key(agent):
    made = [CustomerFactory().number for _ in range(queries.LIST_PAGE + 3)]
    first = agent.get(reverse("customers:list"))
    assert [line.number for line in first.context["lines"]] == made[:2:-1]
    rest = agent.get(reverse("customers:list") + first.context["more"], headers={"HX-Request": "true"})
    html = rest.content.decode()
    assert [number for number in reversed(made) if f">{number}<" in html] == made[2::-1]
    assert "<html" not in html
    assert "Show more" not in html


def test_the_list_filters_by_segment(agent, customer):
    CustomerFactory()
    lines = agent.get(reverse("customers:list"), {"segment": "plus"}).context["lines"]
    assert [line.number for line in lines] == [customer.number]


def test_a_note_is_taken_back_by_who_wrote_it_while_it_is_new(agent, client_as, customer):
    url = reverse("customers:note", args=[customer.pk])
    page = agent.post(url, {"text": "On the wrong customer"}, follow=True).content.decode()
    note = Note.objects.get()
    undo = reverse("customers:note_undo", args=[note.pk])
    assert f'action="{undo}"' in page
    assert client_as("agent").post(undo).status_code == 404
    assert "The note is taken back." in agent.post(undo, follow=True).content.decode()
    assert not Note.objects.exists()
    old = Note.objects.create(customer=customer, text="Old", by=agent.user, at=timezone.now() - timedelta(minutes=11))
    refused = agent.post(reverse("customers:note_undo", args=[old.pk]))
    assert refused.status_code == 409
    assert "older than ten minutes" in refused.content.decode()
    assert Note.objects.filter(pk=old.pk).exists()
