import json
import sys
from argparse import ArgumentParser
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from customers.imports.load import load
from customers.imports.mapping import MAPPINGS, bind, read_mapping
from customers.imports.reader import Unreadable, open_table
from customers.imports.rejects import Rejects


class Command(BaseCommand):
    help = (
        "Import customers, by number, from CSV (UTF-8, UTF-16, Latin-1, Windows-1252; comma, semicolon, tab) or XLSX. "
        "Running it again changes nothing. Ends with one line of JSON; exit 2 when the file could not be read."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--mapping", type=Path, help="TOML: which column is which field; or a known name")
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
            start = monotonic()
            for batch in load(table, columns, now=timezone.now(), dry_run=dry_run):
                counts.update(batch.counts)
                if refused:
                    refused.write(batch.rejected)
                self._progress(min(table.progress(), 1), counts["read"], monotonic() - start)
        self.stderr.write("")
        return counts

    def _progress(self, share: float, read: int, seconds: float) -> None:
        """A bar that redraws itself; in a log, a line a batch."""
        bar = "█" * round(share * 30)
        left = seconds / share - seconds if share else 0
        line = f"{bar:░<30} {share:4.0%}  {read:,} rows, {read / max(seconds, 0.001):,.0f} a second, {left:,.0f} s left"
        self.stderr.write(line, ending="\r" if self.stderr.isatty() else "\n")
