"""How shared pages learn of the apps without knowing them: an app registers its sources in `AppConfig.ready()`."""

from collections.abc import Iterator
from typing import Generic, TypeVar

from django.apps import apps
from django.utils.functional import Promise

T = TypeVar("T")


class Registry(Generic[T]):
    """Named sources in the order of their registration. Registering a name twice replaces the first."""

    def __init__(self) -> None:
        self._sources: dict[str, T] = {}
        self._labels: dict[str, str | Promise] = {}

    def register(self, name: str, source: T, label: str | Promise = "") -> None:
        """`label` is what people read where sources are listed; without it the app of that name lends its own."""
        self._sources[name] = source
        if label:
            self._labels[name] = label

    def __iter__(self) -> Iterator[T]:
        return iter(self._sources.values())

    def items(self) -> Iterator[tuple[str, T]]:
        return iter(self._sources.items())

    def get(self, name: str) -> T | None:
        return self._sources.get(name)

    def label(self, name: str) -> str:
        if name in self._labels:
            return str(self._labels[name])
        return str(apps.get_app_config(name).verbose_name) if apps.is_installed(name) else name.capitalize()
