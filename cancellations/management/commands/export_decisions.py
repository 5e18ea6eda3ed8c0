from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from cancellations import decision_log


class Command(BaseCommand):
    help = "Writes the decision log to the standard output, as CSV or in Vowpal Wabbit's form."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--form", choices=["csv", "vw"], default="csv")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = decision_log.decisions()
        write = decision_log.as_csv if options["form"] == "csv" else decision_log.as_vowpal
        for line in write(rows):
            self.stdout.write(line, ending="")
