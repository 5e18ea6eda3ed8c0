from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cancellations.models import Suggestion
from cancellations.suggestions import replay


class Command(BaseCommand):
    help = "Computes a stored decision anew: prints the probability of each candidate, stored and replayed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        suggestion = Suggestion.objects.filter(pk=options["id"]).first()
        if suggestion is None:
            raise CommandError("There is no decision of this number.")
        again = replay(suggestion)
        vector = {str(key): p for key, p in zip(again.keys, again.vector, strict=True)}
        for key, probability in vector.items():
            mark = " lead" if int(key) == again.lead else ""
            name = f"version {key}" if int(key) else "no incentive"
            self.stdout.write(f"{name}\t{suggestion.vector.get(key, 0):.9f}\t{probability:.9f}{mark}")
        if vector != suggestion.vector or (again.lead or None) != suggestion.chosen_id:
            raise CommandError("The replay differs from what is stored.")
        self.stdout.write("The replay equals what is stored.")
