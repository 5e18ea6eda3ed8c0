"""Refused rows as a file that can be mended and imported."""

import csv
from collections.abc import Sequence
from typing import Any

from customers.imports.load import Reject
from customers.imports.reader import Table


class Rejects:
    """The refused rows as they stood, and behind them the line and the reason: mend them and import this file."""

    def __init__(self, stream: Any, table: Table) -> None:
        self.writer = csv.writer(stream)
        self.width = len(table.header)
        self.writer.writerow([*table.header, "line", "rejected because"])

    def write(self, rejected: Sequence[Reject]) -> None:
        for row in rejected:
            cells = [*row.cells, *[""] * (self.width - len(row.cells))][: self.width]
            self.writer.writerow([*cells, row.line, "; ".join(map(str, row.faults))])
