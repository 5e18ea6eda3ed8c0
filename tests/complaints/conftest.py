"""A desk with guidance and limits, and the people at it."""

import pytest

from tests.complaints.awards import guidance, limits, unlimited


@pytest.fixture(autouse=True)
def files_elsewhere(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def desk(user_as):
    limits("agent", goodwill="30", redress="100")
    limits("team lead", goodwill="60", redress="200")
    unlimited("manager")
    guidance()


@pytest.fixture
def agent(desk, user_as):
    return user_as("agent")


@pytest.fixture
def manager(desk, user_as):
    return user_as("manager")
