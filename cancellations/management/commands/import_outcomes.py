from cancellations.outcomes import bind, load
from customers.imports.command import ImportCommand


class Command(ImportCommand):
    help = (
        "Import offers of the past and what became of them (docs/imports.md), as observed: they stand in a report of "
        "their own and teach the engine nothing. Ends with one line of JSON; exit 2 when the file could not be read."
    )
    mapping_help = "TOML with a table [outcome]; or a known name"
    bind = staticmethod(bind)
    load = staticmethod(load)
