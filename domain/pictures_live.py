"""How far the renditions of pictures are, for those who watch: always read from the rows."""

from collections.abc import Callable, Collection, Iterable, Sequence
from uuid import UUID

import asyncpg
from msgspec import Struct

from domain.access import IMAGE_READABLE, IMAGE_SEEN, Viewer
from domain.database import fetch
from domain.decoding import rungs
from domain.errors import NotFound
from domain.images import Image, ImageState, image_of
from domain.recipes import followed
from domain.streams import Follower, Kind, Sink


class ImageProgress(Struct, frozen=True):
    """done of total renditions are there."""

    image: Image
    done: int
    total: int


PICTURES: Kind[ImageProgress] = Kind(lambda step: step.image.id)


class PictureFollower(Follower[ImageProgress]):
    """Follows the named pictures, or all on a board; each step is told once.

    What happens while it arrives is looked at again: it would overtake what was read before.
    """

    def __init__(
        self,
        viewer: Viewer,
        board_id: UUID | None,
        sink: Sink[ImageProgress],
        left: Callable[[Follower[ImageProgress]], None],
        image_ids: frozenset[UUID],
    ) -> None:
        super().__init__(viewer, board_id, sink, left)
        self.image_ids = image_ids
        self._missed: set[UUID] | None = set()
        self._last: dict[UUID, tuple[ImageState, str | None, int, int | None, list[int] | None]] = {}

    def offer(self, step: ImageProgress) -> None:
        """Tells what happened, if it is new."""
        if self._missed is not None:
            self._missed.add(step.image.id)
        else:
            self.present(step)

    def present(self, step: ImageProgress) -> None:
        """Tells how it is, if that is new."""
        image = step.image
        state = (image.state, image.failure, step.done, image.tile_px, image.animation)
        if self._last.get(step.image.id) != state:
            self._last[step.image.id] = state
            self.tell(step)

    def arrived(self) -> Iterable[UUID]:
        """The pictures to look at again."""
        missed, self._missed = self._missed, None
        return missed or ()

    def unfinished(self) -> Iterable[UUID]:
        waiting = (ImageState.WAITING, ImageState.WORKING)
        return [image_id for image_id, (state, *_) in self._last.items() if state in waiting]


_STEPS = "SELECT i.*, (SELECT count(*) FROM rendition r WHERE r.image = i.id AND r.size <> 0) AS done"


def _step(record: asyncpg.Record) -> ImageProgress:
    image = image_of(record)
    done: int = record["done"]
    return ImageProgress(image, done, max(done, len(rungs(image.width, image.height, followed().sizes))))


async def present(
    viewer: Viewer, image_ids: Sequence[UUID] | None, board_id: UUID | None
) -> list[ImageProgress]:
    """As it is now: the named pictures in their order, or all on the board. Raises NotFound."""
    if image_ids is None:
        records = await fetch(
            f"{_STEPS} FROM image i WHERE EXISTS (SELECT FROM item "
            "JOIN board_grant g ON g.board = item.board AND g.account = $1 "
            "WHERE item.image_id = i.id AND item.board = $2 AND item.removed_at IS NULL) "
            "ORDER BY i.created_at, i.id",
            viewer.account_id,
            board_id,
        )
        return [_step(record) for record in records]
    records = await fetch(
        f"{_STEPS} FROM {IMAGE_READABLE} WHERE i.id = ANY($2::uuid[])",
        viewer.account_id,
        list(image_ids),
    )
    found = {record["id"]: _step(record) for record in records}
    missing = [str(image_id) for image_id in image_ids if image_id not in found]
    if missing:
        raise NotFound(
            "Some of these pictures do not exist, or you may not see them.", kind="image", ids=missing
        )
    return [found[image_id] for image_id in image_ids]


async def steps_of(
    image_ids: Collection[UUID], board_ids: Collection[UUID]
) -> list[tuple[ImageProgress, frozenset[UUID]]]:
    """Each picture as it is now, and on which of the boards it lies. Asks nobody: for the hub."""
    records = await fetch(
        f"{_STEPS}, ARRAY(SELECT DISTINCT item.board FROM item WHERE item.image_id = i.id "  # noqa: S608 (constants)
        "AND item.removed_at IS NULL AND item.board = ANY($2::uuid[])) AS boards "
        "FROM image i WHERE i.id = ANY($1::uuid[])",
        list(image_ids),
        list(board_ids),
    )
    return [(_step(record), frozenset(record["boards"])) for record in records]


async def visible(watchers: Sequence[PictureFollower]) -> set[PictureFollower]:
    """Those all of whose named pictures their viewer may see at this moment; one query for all."""
    asked = [(watcher, image_id) for watcher in watchers for image_id in watcher.image_ids]
    records = await fetch(
        "SELECT asked.n FROM unnest($1::uuid[], $2::uuid[]) "  # noqa: S608 (constants)
        "WITH ORDINALITY AS asked (account_id, image_id, n) JOIN account a ON a.id = asked.account_id "
        f"JOIN image i ON i.id = asked.image_id WHERE {IMAGE_SEEN}",
        [watcher.viewer.account_id for watcher, _ in asked],
        [image_id for _, image_id in asked],
    )
    seen = {record["n"] - 1 for record in records}
    blind = {watcher for n, (watcher, _) in enumerate(asked) if n not in seen}
    return set(watchers) - blind
