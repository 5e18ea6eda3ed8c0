from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from staff.reports import reports


@require_safe
@permission_required("staff.view_reports", raise_exception=True)
def reports_page(request: HttpRequest) -> HttpResponse:
    offered = [report for report in reports if request.user.has_perm(report.permission)]
    return render(request, "staff/reports.html", {"reports": offered})
