"""The engine's pages as a manager and an agent read them: nothing serious for axe, wide, narrow and dark."""

from datetime import date

import pytest

from cancellations import learning
from cancellations.models import PastOffer
from tests.cancellations.factories import IncentiveFactory, IncentiveVersionFactory, ReasonFactory
from tests.conftest import NOON
from tests.factories import CustomerFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGES = ("figures/", "reasons/", "experiment/", "parity/", "history/?all=on", "beliefs/", "budgets/", "incentives/")


@pytest.fixture
def believed():
    IncentiveVersionFactory(incentive=IncentiveFactory(name="Pause"), terms={"months": 2})
    ReasonFactory()
    PastOffer.objects.create(
        customer=CustomerFactory(),
        offer="Router",
        offered_on=date(2022, 6, 30),
        accepted=True,
        still_customer=False,
        imported_at=NOON,
    )
    learning.learn(as_of=NOON)
    yield
    learning.believed.cache_clear()


def test_a_manager_reads_every_report(live_server, page, log_in, axe, believed, django_user_model):
    log_in(page, django_user_model.objects.create_user("chief", is_superuser=True, is_staff=True))
    for scheme, width in (("light", 1280), ("dark", 390)):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        for address in PAGES:
            page.goto(f"{live_server.url}/cancellations/{address}")
            axe(page)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{live_server.url}/cancellations/history/")
    assert "Router" not in page.content()
    page.get_by_label("All time").check()
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**/history/?all=on**")
    assert page.get_by_text("observational", exact=True).is_visible()
    assert page.get_by_role("row", name="Router").is_visible()
