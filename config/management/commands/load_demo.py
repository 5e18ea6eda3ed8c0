from argparse import ArgumentParser
from importlib import import_module
from importlib.util import find_spec
from time import perf_counter
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.utils import timezone

from config.roles import STAFF_ROLES
from staff.models import User

ORDER = ("staff", "customers", "loyalty", "complaints", "cancellations")


class Command(BaseCommand):
    help = "Load the demo company, all or nothing. Where it is already, nothing happens."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, default=1, help="another company of the same kind")

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.DEMO or settings.DEBUG):
            raise CommandError("Demo people have a known password: set KVAR_DEMO=1, or leave them out.")
        if User.objects.filter(is_demo=True).exists():
            self.stdout.write("The demo company is here already.")
            return
        now = timezone.now()
        with transaction.atomic():
            call_command("sync_roles")
            for app in ORDER:
                if find_spec(f"{app}.demo"):
                    start = perf_counter()
                    import_module(f"{app}.demo").load(seed=options["seed"], now=now)
                    self.stdout.write(f"{app}: {perf_counter() - start:.1f} s")
            User.objects.filter(is_demo=True, groups__name__in=STAFF_ROLES).update(is_staff=True)
            User.objects.filter(is_demo=True, groups__name="administrator").update(is_superuser=True)
        with connection.cursor() as cursor:  # the planner has never seen these rows
            cursor.execute("ANALYZE")
