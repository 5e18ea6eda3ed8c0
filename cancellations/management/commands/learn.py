from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from cancellations import learning
from cancellations.models import LearnedModel


class Command(BaseCommand):
    help = (
        "Learns from the facts: adds the model of this moment. --from-scratch computes every kept model anew from the "
        "facts known at its moment and says whether the numbers are the same."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from-scratch", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["from_scratch"]:
            model = learning.learn(as_of=timezone.now())
            self.stdout.write(f"{model.as_of:%Y-%m-%d %H:%M} cases={model.facts} digest={model.digest[:16]}")
            return
        differing = 0
        for before in LearnedModel.objects.order_by("as_of").only("as_of", "digest"):
            after = learning.learn(as_of=before.as_of)
            same = after.digest == before.digest
            differing += not same
            told = "same" if same else f"differs (was {before.digest[:16]})"
            self.stdout.write(f"{after.as_of:%Y-%m-%d %H:%M} cases={after.facts} digest={after.digest[:16]} {told}")
        if differing:
            raise CommandError(f"{differing} models differ: facts, guesses, reasons or incentives were changed since.")
