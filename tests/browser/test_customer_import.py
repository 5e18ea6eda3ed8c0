"""The importer in the admin, as data entry uses it."""

import pytest
from playwright.sync_api import expect

from customers.models import Customer
from staff.models import User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FILE = "Kundnummer;Namn;Ort;Tel\nK-1;Åsa Öberg;Malmö;070-123 45 67\nK-2;Bo Ek;Lund;12\n"


def test_a_file_is_mapped_previewed_and_imported(page, live_server, log_in, axe, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    user = log_in(page, "data entry")
    User.objects.filter(pk=user.pk).update(is_staff=True)
    page.goto(live_server.url + "/admin/customers/customer/")
    page.get_by_role("link", name="Import", exact=True).click()
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_label("File")).to_have_attribute("aria-invalid", "true")
    axe(page)

    sent = {"name": "kunder.csv", "mimeType": "text/csv", "buffer": FILE.encode("cp1252")}
    page.get_by_label("File").set_input_files(sent)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("combobox", name="Kundnummer")).to_have_value("number")
    expect(page.get_by_role("combobox", name="Tel")).to_have_value("")
    page.get_by_role("combobox", name="Tel").select_option("phone")
    page.get_by_role("button", name="Preview again").click()
    expect(page.get_by_role("region", name="Rejected rows")).to_contain_text("“12” is no phone number.")
    axe(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the rejected rows").click()
    assert "Bo Ek" in download.value.path().read_text(encoding="utf-8-sig")

    page.get_by_role("button", name="Import as previewed").click()
    expect(page.locator(".messagelist")).to_contain_text("1 created")
    assert str(Customer.objects.get().phone) == "+46701234567"
    page.get_by_role("button", name="Close and remove the file").click()
    expect(page.locator("#result_list")).to_contain_text("K-1")
    assert not list((tmp_path / "imports").glob("*/*"))
