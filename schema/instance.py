"""The server as the schema shows it: its version, who may join, and how pictures are uploaded."""

from enum import Enum
from importlib.metadata import version

import strawberry
from strawberry import enum_value, field

from domain import accounts, formats, jobs
from domain.settings import Settings
from schema.accounts import RegistrationPolicy
from schema.fields import resolved
from schema.scalars import Long, Path

UPLOADING = """How pictures are uploaded: over plain HTTP beside GraphQL, streamed, with the same session or
token.

One picture: `POST {url}?name=<file name>` with its bytes as the body. Optional query parameters: `id`, a UUID
you choose for the image (sending the same bytes with it again gives the same answer), and `batch`, a UUID
shared by files that are dropped together. Answer: 201 with `{"image": {"id", "name", "width", "height",
"format", "sizeBytes", "placeholder", "palette", "state", "deduplicated"}}`.

Several: `POST {url}` as multipart/form-data with parts named `file`, each with a filename. Answer: 201 with
`{"images": [{"name", "image"} or {"name", "error"}]}` in the order sent.

Errors: `{"error": {"code", "message", "details"}}` with the codes of the schema's catalogue, among them
FILE_TOO_LARGE and IMAGE_REFUSED. Send `Authorization: Bearer wr_…`; a browser with a session's cookies sends
`X-Webref: 1` instead. Then place the image with `addItems` and follow `imageProgress`."""


@strawberry.type(description=UPLOADING)
class UploadRules:
    url: Path = field(description="Where to POST.")
    max_file_bytes: Long = field(description="Largest file taken, in bytes.")
    max_batch_bytes: Long = field(
        description="Largest sum of the files of one `batch` or one request, in bytes."
    )
    direct_url: Path | None = field(
        description="Where a page begins uploads of large files that go part by part straight to the bucket, "
        "at addresses of the one other origin that its policy names (docs/uploads.md). Null: all go to `url`."
    )
    max_megapixels: int = field(description="Largest picture taken, in millions of pixels (width × height).")
    formats: list[str] = field(
        description="Formats taken, as `Image.format` names them. The bytes decide, not the file's name."
    )


@strawberry.enum(description="What is made of a file, to be shown as a picture.")
class FormatKind(Enum):
    PICTURE = enum_value("PICTURE", description="It is a picture: its pixels are shown as they are.")
    RAW = enum_value("RAW", description="A camera's raw data: the preview inside is shown.")
    VECTOR = enum_value("VECTOR", description="A drawing: it is drawn large, once.")
    DOCUMENT = enum_value("DOCUMENT", description="A document: a page is drawn, the first unless others are.")
    VIDEO = enum_value("VIDEO", description="A video: one still is shown.")


@strawberry.type(description="A format of files that can become pictures.")
class ImageFormat:
    name: str = field(description="As `Image.format` names it, e.g. HEIF.")
    title: str = field(description="As people call it, e.g. HEIC.")
    kind: FormatKind = field(description="What is made of such a file.")
    mime: str = field(description="Media type, e.g. image/heic.")
    extensions: list[str] = field(
        description="Endings of such files, in lower case with their dot, the usual one first. "
        "The bytes decide, not the file's name."
    )
    available: bool = field(description="Whether such files are taken here and now.")
    missing: str | None = field(
        description="What the server lacks to take them, in words for whoever runs it; null: nothing."
    )


@strawberry.type(
    description="Where one can sign in instead, by OpenID Connect: open `url` in a browser, with `?next=` a "
    "path of this server and `invite=` a code, where one is needed."
)
class SignInProvider:
    name: str = field(description="What people call it.")
    url: Path = field(description="Where a browser goes to sign in, or to make an account.")
    link_url: Path = field(
        description="Where a page of this server POSTs, with `X-Webref: 1` in its headers, for who is signed "
        'in: the answer, `{"url"}`, is where the browser goes to link an account.'
    )
    issuer: str = field(description="Its address, as `Identity.issuer` has it.")


@strawberry.type(description="This server.")
class Instance:
    version: str = field(description="Version of webref, as in the changelog.")
    rules: strawberry.Private[Settings]

    @resolved(description="Whether somebody owns this server. If not, the first to register will.")
    async def has_owner(self) -> bool:
        return not await accounts.needs_first_account()

    @resolved(description="Who may make an account.")
    async def registration(self) -> RegistrationPolicy:
        return RegistrationPolicy[(await accounts.registration_policy()).name]

    @resolved(description="Where one can sign in instead of with a password.")
    def providers(self) -> list[SignInProvider]:
        name, issuer = self.rules.provider_name, self.rules.oidc_issuer
        if name is None or issuer is None:
            return []
        begin = Path("/auth/oidc")
        return [SignInProvider(name=name, url=begin, link_url=Path(f"{begin}/link"), issuer=issuer)]

    @resolved(
        description="What people call the directory whose logins and passwords `signIn` takes as well; null: "
        "there is none."
    )
    def directory(self) -> str | None:
        return self.rules.directory_name

    @resolved(
        description="Whether this server sends mail: links to verify an address, to set a password, to join."
    )
    def sends_mail(self) -> bool:
        return self.rules.smtp is not None

    @resolved(
        description="Whether pictures wait although nobody works on them: no worker runs, or none can. "
        "They are made by themselves as soon as one does."
    )
    async def is_work_stalled(self) -> bool:
        return await jobs.is_stalled()

    @resolved(description="How pictures are uploaded.")
    def uploads(self) -> UploadRules:
        return UploadRules(
            url=Path("/uploads"),
            max_file_bytes=Long(self.rules.max_file_bytes),
            max_batch_bytes=Long(self.rules.max_batch_bytes),
            direct_url=None if self.rules.direct_origin is None else Path("/uploads/direct"),
            max_megapixels=self.rules.max_megapixels,
            formats=sorted(name for name, one in formats.FORMATS.items() if formats.missing(one) is None),
        )

    @resolved(description="Every format that webref can make pictures of, and whether this server can.")
    def formats(self) -> list[ImageFormat]:
        return [_format(name, one) for name, one in formats.FORMATS.items()]


def _format(name: str, row: formats.Format) -> ImageFormat:
    lacking = formats.missing(row)
    return ImageFormat(
        name=name,
        title=row.title,
        kind=FormatKind[row.kind.name],
        mime=row.mime,
        extensions=list(row.extensions),
        available=lacking is None,
        missing=lacking,
    )


def instance_of(settings: Settings) -> Instance:
    return Instance(version=version("webref"), rules=settings)
