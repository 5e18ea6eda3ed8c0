"""A person's saved views: named filters of a list, above it as chips."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _

from staff.errors import DomainError
from staff.models import SavedView, User
from staff.statements import kept

MOST = 20  # of one list: more are found no faster than by filtering
FORGOTTEN = timedelta(days=1)  # how long a removed view can be had back
PLACE = "after"  # where in the list one is, which is no filter


def filters(query: str) -> str:
    """What an address filters by, the same for the same filters: sorted, without what is empty or says a place."""
    asked = QueryDict(query[:2000])
    kept = sorted((name, value) for name, values in asked.lists() for value in values if value and name != PLACE)
    tidy = QueryDict(mutable=True)
    for name, value in kept:
        tidy.appendlist(name, value)
    return tidy.urlencode()


@kept
def views(user: int, page: str) -> QuerySet[SavedView, tuple[int, str, str]]:
    """(key, name, filters) of each view this person has of a list, by name. One query."""
    rows = SavedView.objects.filter(user=user, page=page, removed_at=None).order_by("name", "pk")
    return rows.values_list("pk", "name", "query")


@transaction.atomic
def save(user: User, *, page: str, name: str, query: str, now: datetime) -> SavedView:
    """Keep these filters under a name; the same name again takes the new ones. Five queries.

    Raises DomainError for no name, no filter, or too many views.
    """
    name, query = _named(name), filters(query)
    if not query or len(query) > 500:
        raise DomainError(_("Choose a filter first, then save what it shows."), code="no_filter")
    User.objects.select_for_update().get(pk=user.pk)
    SavedView.objects.filter(user=user, removed_at__lt=now - FORGOTTEN).delete()
    views = SavedView.objects.filter(user=user, page=page, removed_at=None)
    if views.exclude(name=name).count() >= MOST:
        raise DomainError(_("You have %(most)d views here. Remove one first.") % {"most": MOST}, code="too_many")
    view, _made = views.update_or_create(
        name=name,
        defaults={"query": query},
        create_defaults={
            "user": user,
            "page": page,
            "name": name,
            "query": query,
        },
    )
    return view


def rename(pk: int, *, user: User, name: str) -> SavedView:
    """Raises DomainError for no name or one that is taken. Three queries."""
    name, view = _named(name), SavedView.objects.get(pk=pk, user=user, removed_at=None)
    if SavedView.objects.filter(user=user, page=view.page, name=name, removed_at=None).exclude(pk=pk).exists():
        raise DomainError(_("You have a view of that name already."), code="name_taken")
    view.name = name
    view.save(update_fields=["name"])
    return view


def remove(pk: int, *, user: User, now: datetime) -> SavedView:
    """Take it out of sight; `restore` brings it back within a day. Two queries."""
    view = SavedView.objects.get(pk=pk, user=user, removed_at=None)
    view.removed_at = now
    view.save(update_fields=["removed_at"])
    return view


def restore(pk: int, *, user: User) -> SavedView:
    """Raises DomainError when another took its name meanwhile. Three queries."""
    view = SavedView.objects.get(pk=pk, user=user)
    if SavedView.objects.filter(user=user, page=view.page, name=view.name, removed_at=None).exclude(pk=pk).exists():
        raise DomainError(_("You have a view of that name already."), code="name_taken")
    view.removed_at = None
    view.save(update_fields=["removed_at"])
    return view


def _named(name: str) -> str:
    name = " ".join(name.replace("\x00", "").split())
    if not 0 < len(name) <= 60:
        raise DomainError(_("Give the view a name of at most 60 characters."), code="name", field="name")
    return name
