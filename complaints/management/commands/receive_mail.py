import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from complaints import mail

TEMPORARY = 75  # EX_TEMPFAIL: the mail server keeps the message and tries again


class Command(BaseCommand):
    help = "Take one e-mail in from standard input: receive_mail < message.eml. A reply joins its complaint."

    def handle(self, *args: Any, **options: Any) -> None:
        raw = sys.stdin.buffer.read()
        try:
            taken = mail.take(raw, now=timezone.now())
        except mail.Undeliverable as error:
            self.stderr.write(f"{error} It is kept among the files, under complaints/inbox.")
            return
        except Exception as error:  # whatever it was, the mail server tries again
            self.stderr.write(f"Not taken in ({type(error).__name__}); kept among the files, under complaints/inbox.")
            raise SystemExit(TEMPORARY) from error
        self.stdout.write(
            "left aside" if taken is None else f"{taken.case.number if hasattr(taken, 'case') else taken.number}"
        )
