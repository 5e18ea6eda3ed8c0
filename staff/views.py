"""The desk's shared pages: home, approvals, reports, one's own settings."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from staff.home import home


def home_page(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    panels = [panel for source in home if (panel := source(request.user, now))]
    return render(request, "staff/home.html", {"panels": panels})
