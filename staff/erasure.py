"""What erasing a customer may do to rows that else never change: take out what people wrote."""

import pgtrigger
from django.db.models import Model, QuerySet

ERASED = "–"  # stands in every language for what is not there


class Rewritten(pgtrigger.Condition):
    """Whether an UPDATE does more than put ERASED in the place of `texts`: it changes another field, or one of them to
    something else. Of the other fields all count but `free`, or only `fixed` where they are named."""

    def __init__(self, *texts: str, free: tuple[str, ...] = (), fixed: tuple[str, ...] = ()) -> None:
        self.texts, self.free, self.fixed = texts, free, fixed

    def resolve(self, model: type[Model]) -> str:
        made = [field.name for field in model._meta.fields if field.generated]  # of the others; unknown to a trigger
        others = pgtrigger.AnyChange(*self.fixed, exclude=[*self.texts, *self.free, *made]).resolve(model)
        columns = [f'"{model._meta.get_field(name).column}"' for name in self.texts]
        written = (f"(NEW.{name} IS DISTINCT FROM OLD.{name} AND NEW.{name} <> '{ERASED}')" for name in columns)
        return f"({' OR '.join([others, *written])})"


def append_only(*texts: str) -> list[pgtrigger.Trigger]:
    """Rows are added, never changed and never deleted; but each of `texts`, what people wrote, may be erased."""
    return [
        pgtrigger.Protect(name="append_only", operation=pgtrigger.Update, condition=Rewritten(*texts)),
        pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
    ]


def erase(rows: QuerySet[Model], *texts: str) -> None:
    """ERASED in the place of each of `texts` in which something stands; one query each."""
    for name in texts:
        rows.exclude(**{name: ""}).update(**{name: ERASED})
