from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config import catalogs


class Command(BaseCommand):
    help = "Bring the translation catalogs in line with the sources and compile them; --check only says what is amiss."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("app", nargs="*", choices=[*catalogs.APPS, []], help="only these apps' catalogs")
        parser.add_argument("--check", action="store_true", help="change nothing; fail unless complete and current")
        parser.add_argument("--compile", action="store_true", help="only compile what is newer than its .mo file")

    def handle(self, *args: Any, **options: Any) -> None:
        apps = tuple(options["app"]) or catalogs.APPS
        if not (options["check"] or options["compile"]):
            catalogs.update(apps)
        if not options["check"]:
            catalogs.compile_stale()
        if options["compile"]:
            return
        faults = sorted(map(str, (fault for fault in catalogs.faults() if fault.app in apps)))
        for fault in faults:
            self.stdout.write(fault)
        if faults and options["check"]:
            raise CommandError(f"{len(faults)} translations to mend.")
        self.stdout.write(f"{len(faults)} translations to mend." if faults else "All complete.")
