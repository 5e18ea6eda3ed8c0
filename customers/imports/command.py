"""What the import commands of all rooms have in common."""

import json
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from customers.imports.mapping import MAPPINGS, read_mapping
from customers.imports.reader import Unreadable, open_table
from customers.imports.rejects import Rejects


class ImportCommand(BaseCommand):
    """Reads a file batch by batch and ends with one line of JSON; exit 2 when the file could not be read.

    `bind(header, mapping)` says which column is what; `load(table, columns, now=, dry_run=)` yields what became of
    each batch (`counts`, `rejected`).
    """

    mapping_help = "TOML: which column is which field; or a known name"
    bind: Callable[..., Any]
    load: Callable[..., Iterator[Any]]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--mapping", type=Path, help=self.mapping_help)
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
            columns = self.bind(table.header, read_mapping(mapping) if mapping else None)
            refused = (
                Rejects(stack.enter_context(rejects.open("w", encoding="utf-8", newline="")), table)
                if rejects
                else None
            )
            start = monotonic()
            for batch in self.load(table, columns, now=timezone.now(), dry_run=dry_run):
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
