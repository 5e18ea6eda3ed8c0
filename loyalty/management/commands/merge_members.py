"""`manage.py merge_members FILE --by USERNAME`."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from loyalty.importing.command import FileCommand
from loyalty.importing.duplicates import run
from loyalty.importing.mapping import MappingError
from staff.models import User


class Command(FileCommand):
    help = (
        "Merge the members who took part twice: a CSV file with the columns card and into. Imported again it changes "
        "nothing. The last line of the output is a JSON object with the counts."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--by", required=True, help="the user name of who answers for it")

    def handle(self, *args: Any, **options: Any) -> None:
        by = User.objects.filter(username=options["by"], is_active=True).first()
        if by is None:
            raise CommandError(f"Nobody is called “{options['by']}” here.")
        try:
            with self.opened(options["file"], "utf-8-sig") as file, self.rejecting(options["rejects"]) as reject:
                tally = run(file, by=by, now=timezone.now(), reject=reject)
        except (MappingError, OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{error} What was merged so far stays.") from error
        self.stdout.write(json.dumps(tally.as_dict()))
