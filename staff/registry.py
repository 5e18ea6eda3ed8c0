"""How shared pages learn of the apps without knowing them: an app registers its sources in `AppConfig.ready()`."""

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Registry(Generic[T]):
    """Named sources in the order of their registration. Registering a name twice replaces the first."""

    def __init__(self) -> None:
        self._sources: dict[str, T] = {}

    def register(self, name: str, source: T) -> None:
        self._sources[name] = source

    def __iter__(self) -> Iterator[T]:
        return iter(self._sources.values())

    def items(self) -> Iterator[tuple[str, T]]:
        return iter(self._sources.items())

    def get(self, name: str) -> T | None:
        return self._sources.get(name)
