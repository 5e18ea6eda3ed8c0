"""What the frame asks for by itself: counts in the navigation, unfinished work, answers of the search field."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from staff.navigation import entrances, unfinished
from staff.search import found


@require_safe
def frame(request: HttpRequest) -> HttpResponse:
    """Parts swapped out of band; one query for each count and each source of unfinished work."""
    if request.method == "HEAD":  # the page asks whether the connection is back
        return HttpResponse()
    counts = [(e.url_name, e.count(request.user)) for e in entrances(request.user) if e.count]
    left = [work for source in unfinished for work in [source(request.user)] if work]
    newest = max(left, key=lambda work: work.since, default=None)
    return render(request, "staff/frame.html", {"counts": counts, "unfinished": newest})


@require_http_methods(["GET", "HEAD", "POST"])
def search(request: HttpRequest) -> HttpResponse:
    """Answers as one types (a part), or a page of them when the field was sent without choosing.

    The desk posts, so that no name stands in an address; a link, or a browser without scripts, may ask by GET.
    """
    text = " ".join((request.POST or request.GET).get("q", "")[:200].split())
    template = "staff/hits.html" if request.htmx and request.htmx.target == "hits" else "staff/search.html"
    return render(request, template, {"search_text": text, "hits": found(request.user, text)})
