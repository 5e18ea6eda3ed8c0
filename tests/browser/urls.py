"""Kvar's addresses and one more: a decision panel for the approvals page's own tests."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.utils.html import format_html


def panel(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return HttpResponse("<h2>Approved</h2>", headers={"HX-Trigger": "decided"})
    return HttpResponse(
        format_html(
            '<h2>{}</h2><form hx-post="{}" hx-target="#decision"><button class="btn go" data-key="a">Approve</button>'
            "</form>",
            request.GET["of"],
            request.get_full_path(),
        )
    )


urlpatterns = [path("panel/", panel), path("", include("config.urls"))]
handler404 = "django.views.defaults.page_not_found"
