"""`manage.py import_receipts FILE [--mapping M.toml]`."""

import json
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from loyalty.importing.command import FileCommand
from loyalty.importing.importer import CHUNK, run
from loyalty.importing.mapping import FileMapping, MappingError


class Command(FileCommand):
    help = (
        "Import receipts from a CSV file. The same receipt is counted once, however often and in whatever order it is "
        "imported. The last line of the output is a JSON object with the counts."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--mapping", type=Path, help="how its columns are meant (docs/operations.md)")
        parser.add_argument("--chunk", type=int, default=CHUNK, help="receipts in one transaction")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        try:
            mapping = FileMapping.load(options["mapping"]) if options["mapping"] else FileMapping()
            with self.opened(options["file"], mapping.encoding) as file, self.rejecting(options["rejects"]) as reject:
                tally = run(file, mapping, now=timezone.now(), reject=reject, chunk=max(options["chunk"], 1))
        except (MappingError, OSError) as error:
            raise CommandError(str(error)) from error
        except UnicodeDecodeError as error:
            raise CommandError(
                f"The file is not {mapping.encoding} (byte {error.start}). Name its encoding in the mapping; what was "
                "imported so far stays and is not counted twice."
            ) from error
        seconds = time.monotonic() - started
        rate = round(tally.receipts / seconds) if seconds else 0
        self.stdout.write(json.dumps(tally.as_dict() | {"seconds": round(seconds, 2), "per_second": rate}))
