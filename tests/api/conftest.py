"""Servers for the tests of the doors."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from domain.settings import Settings
from tests.api.serving import Served, serving


@pytest.fixture
def server_settings(emptied: str, tmp_path: Path) -> Settings:
    return Settings(
        data=tmp_path / "data",
        database_url=emptied,
        secret="only for tests, and long enough for them",
        max_file_bytes=2_000_000,
        max_batch_bytes=5_000_000,
        workers=0,
    )


@pytest.fixture
async def served(server_settings: Settings) -> AsyncIterator[Served]:
    async with serving(server_settings) as running:
        yield running


@pytest.fixture
async def get_served(server_settings: Settings) -> AsyncIterator[Served]:
    """One that runs queries sent with GET."""
    async with serving(replace(server_settings, get_queries=True)) as running:
        yield running
