"""A shop, and the two people that publishing takes."""

import pytest

from tests.factories import UserFactory
from tests.loyalty.factories import ProductFactory, StoreFactory, VersionFactory


@pytest.fixture
def shop(db):
    """A store that sells coffee: nine bought, the tenth free."""
    StoreFactory()
    ProductFactory()
    return VersionFactory()


@pytest.fixture
def mark(db):
    return UserFactory(first_name="Mark")


@pytest.fixture
def sofia(db):
    return UserFactory(first_name="Sofia")
