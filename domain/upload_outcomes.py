"""What whole uploads became: kept as ids and codes in their rows, told as pictures and refusals."""

from uuid import UUID

from msgspec import Struct

from domain import images
from domain.access import Viewer
from domain.archives import Entry
from domain.errors import DomainError, NotFound
from domain.images import AddedImage
from domain.placing import Placed


class OutcomeEntry(Struct, frozen=True):
    """What became of one entry of an archive: a picture, or code and words why not."""

    name: str
    image_id: UUID | None = None
    deduplicated: bool = False
    code: str = ""
    message: str = ""


class Outcome(Struct, frozen=True):
    """What a whole upload became: a picture, or those of an archive. placed: where it lies, as was asked."""

    image_id: UUID | None = None
    deduplicated: bool = False
    entries: list[OutcomeEntry] | None = None
    placed: Placed | None = None

    @property
    def image_ids(self) -> list[UUID]:
        of_entries = [entry.image_id for entry in self.entries or ()]
        return [image_id for image_id in (self.image_id, *of_entries) if image_id is not None]


def outcome_entry(entry: Entry) -> OutcomeEntry:
    if entry.added is not None:
        return OutcomeEntry(entry.name, entry.added.image.id, entry.added.deduplicated)
    assert entry.error is not None
    return OutcomeEntry(entry.name, code=entry.error.code, message=entry.error.message)


async def added_image(viewer: Viewer, outcome: Outcome | None) -> AddedImage | None:
    """The picture that an upload became; None while it is none. Raises NotFound when it is gone since."""
    if outcome is None or outcome.image_id is None:
        return None
    image = (await images.images_by_ids(viewer, [outcome.image_id]))[0]
    if image is None:
        raise NotFound("The picture that this upload became is no longer there.")
    return AddedImage(image, outcome.deduplicated)


async def added_entries(viewer: Viewer, outcome: Outcome) -> list[Entry]:
    """What became of the entries of an archive, in its order; none of what is no archive."""
    entries = outcome.entries
    ids = [entry.image_id for entry in entries or () if entry.image_id]
    found = {image.id: image for image in await images.images_by_ids(viewer, ids) if image}
    said = []
    for entry in entries or ():
        image = found.get(entry.image_id) if entry.image_id else None
        added = AddedImage(image, entry.deduplicated) if image else None
        said.append(Entry(entry.name, added, None if added else _refusal(entry)))
    return said


def _refusal(entry: OutcomeEntry) -> DomainError:
    kind = type("EntryRefused", (DomainError,), {"code": entry.code or "NOT_FOUND"})
    error: DomainError = kind(entry.message or "This picture is no longer there.")
    return error
