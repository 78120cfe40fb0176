"""What tests of background work share."""

from pathlib import Path

import pytest

from domain import storage
from domain.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    configured = Settings(data=tmp_path, workers=2)
    storage.open_storage(configured)
    return configured
