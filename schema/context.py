"""What a resolver knows of the request: who asks, and the few things it may reach for."""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

import strawberry

from domain.access import Viewer
from domain.errors import Unauthenticated
from domain.live import Hub
from domain.sessions import SignedIn
from domain.settings import Settings

if TYPE_CHECKING:
    from schema.loaders import Loaders


@dataclass
class Context:
    """One per operation (a subscription keeps its own).

    user_agent, address: of the client, for its session's entry. language: of mails that it asks for.
    refresh_cookie: the refresh token a browser sent. takes_cookies: the answer can set some (a websocket's
    cannot). cookies_out: what the session mutations want the browser to keep, in order; None means: forget
    the session's cookies.
    loaders, deadline: put in place when the operation starts.
    """

    viewer: Viewer | None
    settings: Settings
    hub: Hub
    user_agent: str = ""
    address: str = ""
    language: str = "en"
    refresh_cookie: str | None = None
    takes_cookies: bool = True
    cookies_out: list[SignedIn | None] = field(default_factory=list)
    loaders: "Loaders" = field(init=False)
    deadline: "asyncio.Timeout | None" = None

    def allow_seconds(self, seconds: float) -> None:
        """For what takes longer than the deadline of others, such as asking the web."""
        if self.deadline is not None:
            self.deadline.reschedule(asyncio.get_running_loop().time() + seconds)

    def require_viewer(self) -> Viewer:
        if self.viewer is None:
            raise Unauthenticated("Sign in first, or send an API token: Authorization: Bearer wr_….")
        return self.viewer


class ViewerAsked(Exception):
    """A resolver asked who is asking where nobody is."""


class Impersonal(Context):
    """Of an answer that many viewers share: there is no viewer in it. asked: how often one was asked for.

    board_id: the board whose readers all are.
    """

    def __init__(self, like: Context) -> None:
        self.board_id: UUID | None = None
        self.settings = like.settings
        self.hub = like.hub
        self.cookies_out = []
        self.takes_cookies = False
        self.asked = 0

    @property
    def viewer(self) -> Viewer | None:  # type: ignore[override]
        self.asked += 1
        raise ViewerAsked


Info = strawberry.Info[Context, None]
