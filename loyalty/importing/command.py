"""What commands share that read a file of the shop's."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import BaseCommand

SAID = 20  # rows left out that are said on the terminal; a file of them has all


class FileCommand(BaseCommand):
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="a CSV file, or - for standard input")
        parser.add_argument("--rejects", type=Path, help="write rows left out here, as JSON lines with their reasons")

    @contextmanager
    def opened(self, name: str, encoding: str) -> Iterator[TextIO]:
        """The file, or standard input. Raises OSError; reading it raises UnicodeDecodeError."""
        if name == "-":
            yield sys.stdin
        else:
            with Path(name).open(encoding=encoding, newline="") as file:
                yield file

    @contextmanager
    def rejecting(self, path: Path | None) -> Iterator[Callable[[int, str], None]]:
        """`reject(row, reason)`: a line of the file at `path`, without one the first few on the terminal."""
        if path:
            with path.open("w", encoding="utf-8") as file:
                yield lambda row, reason: _write(file, {"row": row, "reason": reason})
            return
        said = 0

        def say(row: int, reason: str) -> None:
            nonlocal said
            said += 1
            if said <= SAID:
                self.stderr.write(f"row {row}: {reason}")

        yield say


def _write(file: TextIO, line: dict[str, Any]) -> None:
    file.write(json.dumps(line, ensure_ascii=False) + "\n")
