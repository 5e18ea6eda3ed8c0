from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from staff import formats
from staff.home import home


@require_safe
def home_page(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    panels = [panel for source in home if (panel := source(request.user, now))]
    return render(request, "staff/home.html", {"panels": panels, "today": formats.weekday(timezone.localdate(now))})
