import json
import sys
from argparse import ArgumentParser
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from cancellations.outcomes import bind, load
from customers.imports.mapping import MAPPINGS, read_mapping
from customers.imports.reader import Unreadable, open_table
from customers.imports.rejects import Rejects


class Command(BaseCommand):
    help = (
        "Import offers of the past and what became of them (docs/imports.md), as observed: they stand in a report of "
        "their own and teach the engine nothing. Ends with one line of JSON; exit 2 when the file could not be read."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--mapping", type=Path, help="TOML with a table [outcome]; or a known name")
        parser.add_argument("--rejects", type=Path, help="write refused rows here, with the reason of each")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            counts = self._import(**options)
        except Unreadable as error:
            self.stderr.write(str(error))
            sys.exit(2)
        except OSError as error:
            self.stderr.write(f"{error.filename}: {error.strerror}")
            sys.exit(2)
        keys = ("read", "created", "updated", "unchanged", "rejected")
        self.stdout.write(json.dumps({key: counts[key] for key in keys}))

    def _import(
        self, file: Path, mapping: Path | None, rejects: Path | None, dry_run: bool, **_options: Any
    ) -> Counter[str]:
        if mapping and not mapping.exists() and mapping.suffix == "":
            mapping = MAPPINGS / f"{mapping}.toml"
        counts: Counter[str] = Counter()
        with ExitStack() as stack:
            table = open_table(stack.enter_context(file.open("rb")), file.name)
            columns = bind(table.header, read_mapping(mapping) if mapping else None)
            refused = (
                Rejects(stack.enter_context(rejects.open("w", encoding="utf-8", newline="")), table)
                if rejects
                else None
            )
            for batch in load(table, columns, now=timezone.now(), dry_run=dry_run):
                counts.update(batch.counts)
                if refused:
                    refused.write(batch.rejected)
        return counts
