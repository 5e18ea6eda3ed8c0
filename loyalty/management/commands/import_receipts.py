"""`manage.py import_receipts FILE [--mapping M.toml]`."""

import json
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from loyalty.importing.importer import CHUNK, run
from loyalty.importing.mapping import FileMapping, MappingError


class Command(BaseCommand):
    help = (
        "Import receipts from a CSV file. The same receipt is counted once, however often and in whatever order it is "
        "imported. The last line of the output is a JSON object with the counts."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="a CSV file, or - for standard input")
        parser.add_argument("--mapping", type=Path, help="how its columns are meant (docs/operations.md)")
        parser.add_argument("--rejects", type=Path, help="write rows left out here, as JSON lines with their reasons")
        parser.add_argument("--chunk", type=int, default=CHUNK, help="receipts in one transaction")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        told = 0
        rejects = options["rejects"].open("w", encoding="utf-8") if options["rejects"] else None

        def reject(row: int, reason: str) -> None:
            nonlocal told
            told += 1
            if rejects:
                rejects.write(json.dumps({"row": row, "reason": reason}, ensure_ascii=False) + "\n")
            elif told <= 20:
                self.stderr.write(f"row {row}: {reason}")

        try:
            mapping = FileMapping.load(options["mapping"]) if options["mapping"] else FileMapping()
            if options["file"] == "-":
                tally = run(sys.stdin, mapping, now=timezone.now(), reject=reject, chunk=max(options["chunk"], 1))
            else:
                with Path(options["file"]).open(encoding=mapping.encoding, newline="", errors="strict") as file:
                    tally = run(file, mapping, now=timezone.now(), reject=reject, chunk=max(options["chunk"], 1))
        except (MappingError, OSError) as error:
            raise CommandError(str(error)) from error
        except UnicodeDecodeError as error:
            raise CommandError(
                f"The file is not {mapping.encoding} (byte {error.start}). Name its encoding in the mapping; what was "
                "imported so far stays and is not counted twice."
            ) from error
        finally:
            if rejects:
                rejects.close()
        seconds = time.monotonic() - started
        rate = round(tally.receipts / seconds) if seconds else 0
        self.stdout.write(json.dumps(tally.as_dict() | {"seconds": round(seconds, 2), "per_second": rate}))
