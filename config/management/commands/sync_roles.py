from typing import Any

from django.contrib.auth.models import Group, Permission
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from config.roles import ROLES


class Command(BaseCommand):
    help = "Write the roles of config/roles.py to the database. Running it again changes nothing."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        known = {
            f"{p.content_type.app_label}.{p.codename}": p for p in Permission.objects.select_related("content_type")
        }
        for role, wanted in ROLES.items():
            if missing := (wanted or set()) - known.keys():
                raise CommandError(f"{role}: no such permission: {', '.join(sorted(missing))}")
            group, _ = Group.objects.get_or_create(name=role)
            group.permissions.set(known.values() if wanted is None else [known[name] for name in wanted])
