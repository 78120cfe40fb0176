"""What the doors share while the server runs, and how it starts and ends."""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID
from weakref import WeakValueDictionary

from litestar.connection import ASGIConnection

from api.pages import WebApp
from domain.live import Hub
from domain.settings import Settings

if TYPE_CHECKING:
    from api.sockets import Socket
    from domain.oidc import Door

STATE_KEY = "webref"
UPLOADS_AT_ONCE = 16
UPLOADS_OF_ONE_PERSON = 8
DOWNLOADS_AT_ONCE = 8
DOWNLOADS_OF_ONE_PERSON = 2
"""Zips, each of which reads all its pictures from the store."""


@dataclass
class Services:
    """One per process. draining: no new work is begun. sockets: those that are open now.

    oidc: the provider with which people sign in, where there is one.
    """

    settings: Settings
    web: WebApp
    hub: Hub | None = None
    oidc: "Door | None" = None
    started: bool = False
    draining: bool = False
    sockets: "set[Socket]" = field(default_factory=set)
    upload_places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(UPLOADS_AT_ONCE))

    own_upload_places: WeakValueDictionary[UUID, asyncio.Semaphore] = field(
        default_factory=WeakValueDictionary
    )

    download_places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(DOWNLOADS_AT_ONCE))
    download_places_of_people: WeakValueDictionary[UUID, asyncio.Semaphore] = field(
        default_factory=WeakValueDictionary
    )

    def own_download_places(self, account_id: UUID) -> asyncio.Semaphore:
        return self.download_places_of_people.setdefault(
            account_id, asyncio.Semaphore(DOWNLOADS_OF_ONE_PERSON)
        )

    def upload_places_of(self, account_id: UUID) -> asyncio.Semaphore:
        """Of the places, those that one person may take: whoever sends slowly leaves some to the others."""
        return self.own_upload_places.setdefault(account_id, asyncio.Semaphore(UPLOADS_OF_ONE_PERSON))

    def require_hub(self) -> Hub:
        assert self.hub is not None, "the hub is opened before the first request is taken"
        return self.hub


def services_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Services:
    return cast("Services", connection.app.state[STATE_KEY])
