from typing import Any

from django.core.management.base import BaseCommand

from cancellations.reference import load_reasons


class Command(BaseCommand):
    help = "Adds the reasons for cancelling that every company starts with; those edited since stay as they are."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"reasons added: {load_reasons()}")
