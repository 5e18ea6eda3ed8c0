"""django-helpdesk measured in its own environment: `bench.peers.ours` starts this and reads the last line it prints.

Its list and its search are a page and the request for the rows that the page makes; both are in the time.
"""

import json
import os
import re
from datetime import timedelta
from html import unescape
from itertools import islice

import django
from django.conf import settings

from bench.peers import COUNT, OPEN, RUNS, WORD
from bench.stories import STORIES, stories


def configure() -> None:
    database = json.loads(os.environ["PEER_DATABASE"])
    settings.configure(
        SECRET_KEY="measured on this machine only",  # noqa: S106  guards nothing
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="bench.peers.urls",
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": database["dbname"],
                "USER": database.get("user", ""),
                "HOST": database.get("host", ""),
                "PORT": database.get("port", ""),
                "CONN_MAX_AGE": None,
            }
        },
        INSTALLED_APPS=[
            "django.contrib.admin",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.humanize",
            "django.contrib.messages",
            "django.contrib.sessions",
            "django.contrib.sites",
            "django.contrib.staticfiles",
            "rest_framework",
            "helpdesk",
        ],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.locale.LocaleMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "loaders": [
                        (
                            "django.template.loaders.cached.Loader",
                            ["django.template.loaders.app_directories.Loader"],
                        )
                    ],
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ],
                },
            }
        ],
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        HELPDESK_TEAMS_MODE_ENABLED=False,  # no further packages, fewer queries: to its advantage
        SITE_ID=1,
        STATIC_URL="/static/",
        LOGIN_URL="/login/",
        USE_TZ=True,
    )
    django.setup()


def fill() -> None:
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone
    from helpdesk.models import FollowUp, Queue, Ticket

    call_command("migrate", verbosity=0)
    if Ticket.objects.count() >= COUNT:
        return
    people = get_user_model().objects
    agents = [people.create_superuser("bench-lead", "lead@example.com")]
    agents += [people.create_user(f"bench-{n}", is_staff=True) for n in range(20)]
    queues = [Queue.objects.create(title=f"Queue {n}", slug=f"queue-{n}") for n in range(8)]
    told, start = list(islice(stories(), STORIES)), timezone.now() - timedelta(days=6 * 365)
    step = timedelta(days=6 * 365) / COUNT
    tickets = []
    for n in range(COUNT):
        _number, title, text = told[n * 7919 % STORIES]
        is_open = n >= COUNT - OPEN
        tickets.append(
            Ticket(
                queue=queues[n // 2 % 8],
                title=title,
                description=f"{text} w{n % 50_000}",
                submitter_email=f"b{n % 20_000}@example.com",
                status=Ticket.OPEN_STATUS if is_open else Ticket.CLOSED_STATUS,
                priority=1 + n // 7 % 4,
                assigned_to=None if n % 11 == 0 else agents[n // 13 % 21],
                created=start + n * step,
                modified=start + n * step,
                due_date=start + n * step + timedelta(days=1 + n // 17 % 30),
            )
        )
    kept = Ticket.objects.bulk_create(tickets, batch_size=2_000)
    FollowUp.objects.bulk_create(
        [
            FollowUp(ticket=one, date=one.created, title="Received", comment=f"I wrote about {one.title} before")
            for one in kept
        ],
        batch_size=2_000,
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")


def measure() -> list[dict[str, object]]:
    from django.contrib.auth import get_user_model
    from django.test import Client
    from helpdesk.models import Ticket

    from bench.measure import Table, opened

    client, table = Client(HTTP_HOST="localhost"), Table()
    client.force_login(get_user_model().objects.get(username="bench-lead"))

    def listed(query: dict[str, object]) -> None:
        page = client.get("/tickets/", query).content.decode()
        rows = unescape(re.search(r'"url": "([^"]*datatables[^"]*)"', page)[1])
        opened(client, rows, {"draw": 1, "start": 0, "length": 25})

    ticket = Ticket.objects.filter(status=Ticket.OPEN_STATUS).order_by("-pk")[0]
    for name, call in {
        "list of open cases": lambda: listed({}),
        "search in text": lambda: listed({"q": WORD, "sort": "created"}),
        "one case": lambda: opened(client, f"/tickets/{ticket.pk}/"),
        "dashboard": lambda: opened(client, "/dashboard/"),
    }.items():
        table.add(name, call, runs=RUNS)
    return [{"name": r.name, "p50": r.p50, "p95": r.p95, "queries": r.queries} for r in table.rows]


if __name__ == "__main__":
    configure()
    fill()
    print(json.dumps(measure()))
