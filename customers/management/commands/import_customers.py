from customers.imports.command import ImportCommand
from customers.imports.load import load
from customers.imports.mapping import bind


class Command(ImportCommand):
    help = (
        "Import customers, by number, from CSV (UTF-8, UTF-16, Latin-1, Windows-1252; comma, semicolon, tab) or XLSX. "
        "Running it again changes nothing. Ends with one line of JSON; exit 2 when the file could not be read."
    )
    bind = staticmethod(bind)
    load = staticmethod(load)
