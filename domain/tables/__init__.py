"""The tables: what webref keeps, as Piccolo sees it.

Rules that Piccolo cannot express (checks, generated search columns, collations, partial indexes)
are in migrations of their own. Enumerations are text with a check there.
"""

from piccolo.table import Table

from domain.tables.boards import (
    Atlas,
    AtlasPage,
    Board,
    BoardGrant,
    Change,
    Comment,
    FormerImage,
    Item,
    Snapshot,
)
from domain.tables.people import (
    Account,
    Identity,
    Instance,
    Invite,
    Letter,
    Preference,
    Quota,
    Session,
    SpentProof,
    Token,
)
from domain.tables.pictures import Animation, Image, Leftover, Pyramid, Rendition, SavedSearch, Twin
from domain.tables.uploads import DirectUpload, Unpacked, Upload
from domain.tables.work import Job, Receipt, Whereabouts

TABLES: tuple[type[Table], ...] = (
    Account,
    Preference,
    Quota,
    Instance,
    Invite,
    Identity,
    SpentProof,
    Letter,
    Session,
    Token,
    Image,
    Leftover,
    Twin,
    SavedSearch,
    Rendition,
    Pyramid,
    Animation,
    Upload,
    Board,
    BoardGrant,
    Item,
    Comment,
    Change,
    Snapshot,
    FormerImage,
    Receipt,
    Job,
    Whereabouts,
    DirectUpload,
    Unpacked,
    Atlas,
    AtlasPage,
)
