"""`manage.py merge_members FILE --by USERNAME`."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from loyalty.importing.duplicates import run
from loyalty.importing.mapping import MappingError
from staff.models import User


class Command(BaseCommand):
    help = (
        "Merge the members who took part twice: a CSV file with the columns card and into. Imported again it changes "
        "nothing. The last line of the output is a JSON object with the counts."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="a CSV file, or - for standard input")
        parser.add_argument("--by", required=True, help="the user name of who answers for it")
        parser.add_argument("--rejects", type=Path, help="write rows left out here, as JSON lines with their reasons")

    def handle(self, *args: Any, **options: Any) -> None:
        by = User.objects.filter(username=options["by"], is_active=True).first()
        if by is None:
            raise CommandError(f"Nobody is called “{options['by']}” here.")
        left: list[dict[str, Any]] = []

        def reject(row: int, reason: str) -> None:
            left.append({"row": row, "reason": reason})
            if not options["rejects"] and len(left) <= 20:
                self.stderr.write(f"row {row}: {reason}")

        try:
            if options["file"] == "-":
                tally = run(sys.stdin, by=by, now=timezone.now(), reject=reject)
            else:
                with Path(options["file"]).open(encoding="utf-8-sig", newline="") as file:
                    tally = run(file, by=by, now=timezone.now(), reject=reject)
        except (MappingError, OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{error} What was merged so far stays.") from error
        finally:
            if options["rejects"]:
                lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in left]
                options["rejects"].write_text("".join(lines), encoding="utf-8")
        self.stdout.write(json.dumps(tally.as_dict()))
