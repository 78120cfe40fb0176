"""What can be configured, and how it is read from the environment."""

import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from domain.addresses import Network, networks_of
from domain.elsewhere import ELSEWHERE, Elsewhere
from domain.errors import DomainError
from domain.mail_servers import SmtpServer, good_sender, smtp_server

MEGABYTE = 1_000_000
MOST_SIZES = 8
DATA_FOLDER = "file:"
"""The place of files that is the data folder, wherever that is."""


class BadSetting(DomainError):
    """A configuration value cannot be used; `variable` names it."""

    code = "BAD_SETTING"
    http_status = 500


@dataclass(frozen=True)
class Settings(Elsewhere):
    """Everything configurable. secret: signs sessions; empty until `with_secret`.

    storage: where files are kept, as `good_place` writes it. s3_public_endpoint: the origin at which browsers
    reach the S3 server; None: they do not.
    history_days: how many days of the boards' logs are kept at least, 7 or more; 0: all of them.
    trash_days: how many days a picture stays in the trash; 0: until it is deleted.
    renditions: the longest sides of the smaller sizes of pictures, in pixels, ascending.
    fetch_allow: networks that are not public and may be fetched from all the same, on any port.
    broker_ca: who signed the broker's certificate; None: one of those whom the system trusts.
    wal_archive: folder in which the embedded PostgreSQL keeps its log; None: it does not.
    metrics: address and port at which this process tells Prometheus what it counts.
    traces: address of a collector that takes OTLP over HTTP.
    oidc_…: signing in elsewhere (domain/elsewhere.py).
    quota_…: how much one account may take (domain/quotas.py); 0: without end.
    smtp: the server that takes mail, and mail_from what it comes from; both or neither, with public_url.
    """

    data: Path = Path("data")
    storage: str = DATA_FOLDER
    s3_endpoint: str | None = None
    s3_public_endpoint: str | None = None
    s3_region: str = "us-east-1"
    s3_access_key: str | None = None
    s3_secret_key: str | None = field(default=None, repr=False)
    host: str = "127.0.0.1"
    port: int = 8484
    web: Path | None = None
    database_url: str | None = None
    postgres_bin: Path | None = None
    wal_archive: Path | None = None
    pool_size: int = 10
    public_url: str | None = None
    secret: str = ""
    max_file_bytes: int = 50 * MEGABYTE
    max_batch_bytes: int = 500 * MEGABYTE
    max_megapixels: int = 120
    workers: int = 2
    get_queries: bool = False
    ide: bool = True
    access_minutes: int = 10
    refresh_days: int = 30
    broker_url: str | None = None
    broker_ca: Path | None = None
    snapshot_lines: int = 1_000
    history_days: int = 0
    trash_days: int = 30
    renditions: tuple[int, ...] = (320, 800, 1600)
    webp_quality: int = 85
    fetch_allow: tuple[Network, ...] = ()
    metrics: tuple[str, int] | None = None
    traces: str | None = None
    quota_bytes: int = 0
    quota_boards: int = 0
    quota_items: int = 0
    quota_sockets: int = 100
    quota_cost: int = 0
    smtp: SmtpServer | None = None
    mail_from: str = ""

    @property
    def blobs(self) -> Path:
        return self.data / "blobs"

    @property
    def postgres(self) -> Path:
        return self.data / "postgres"

    @property
    def direct_origin(self) -> str | None:
        """Where the web app sends large files, past this server; None: it does not."""
        return self.s3_public_endpoint if self.storage.startswith("s3://") else None

    @property
    def secure(self) -> bool:
        """Whether people reach this server over TLS."""
        return self.public_url is not None and self.public_url.startswith("https://")

    @classmethod
    def from_environment(
        cls, overrides: Mapping[str, object] | None = None, environ: Mapping[str, str] | None = None
    ) -> Self:
        """Overrides (field names, None = not given) win over WEBREF_* variables, these over defaults.

        A secret may also lie in a file that the variable with _FILE behind its name names.

        Raises BadSetting naming the variable.
        """
        environ = os.environ if environ is None else environ
        values: dict[str, Any] = {}
        for variable, (name, parse) in VARIABLES.items():
            text = environ.get(variable, "").strip()
            if variable in SECRETS and (file := environ.get(variable + IN_A_FILE, "").strip()):
                text = _of_file(variable, text, Path(file))
            if text:
                values[name] = _parsed(variable, text, parse)
        if "traces" not in values and (text := environ.get(OTHERS_CALL_IT, "").strip()):
            values["traces"] = _parsed(OTHERS_CALL_IT, text, _endpoint)
        for name, value in (overrides or {}).items():
            if value is not None:
                values[name] = value
        settings = cls(**values)
        if (lacking := settings.unfinished()) is not None:
            raise BadSetting(f"{lacking[0]} is not set: {lacking[1]}.", variable=lacking[0])
        archive = settings.wal_archive and settings.wal_archive.expanduser().absolute()
        settings = replace(settings, data=settings.data.expanduser().absolute(), wal_archive=archive)
        _require_apart(settings)
        _require_tls(settings)
        _require_whole_mail(settings)
        return settings

    def with_secret(self) -> Self:
        """Reads data/secret where no secret is configured; makes it (0600) on the first start."""
        if self.secret:
            return self
        path = self.data / "secret"
        try:
            self.data.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                _write_once(path, secrets.token_urlsafe(48))
            secret = path.read_text().strip()
        except OSError as error:
            raise BadSetting(
                f"The secret in {path} cannot be read or made: {error.strerror}. "
                "Check the folder's owner, or set WEBREF_SECRET.",
                variable="WEBREF_SECRET",
            ) from error
        if len(secret) < 32:
            raise BadSetting(
                f"The file {path} holds no usable secret. Remove it to have a new one made; "
                "everyone then signs in again.",
                variable="WEBREF_SECRET",
            )
        return replace(self, secret=secret)


def _require_apart(settings: Settings) -> None:
    """A WAL archive is of the embedded PostgreSQL, and must not be lost with it."""
    archive, variable = settings.wal_archive, "WEBREF_WAL_ARCHIVE"
    if archive is not None and settings.database_url is not None:
        raise BadSetting(
            "WEBREF_WAL_ARCHIVE is for the built-in PostgreSQL; one of your own (WEBREF_DATABASE_URL) has "
            "an archive of its own: docs/deployment.md says how. Leave one of the two out.",
            variable=variable,
        )
    if archive is not None and archive.is_relative_to(settings.data):
        raise BadSetting(
            f"WEBREF_WAL_ARCHIVE={archive} lies in the data folder, and would be lost with it: name a "
            "folder on another disk.",
            variable=variable,
        )


def _require_tls(settings: Settings) -> None:
    """Who names a certificate means that the broker is spoken to in secret."""
    scheme = urlsplit(settings.broker_url or "").scheme
    if settings.broker_ca is not None and scheme not in ("rediss", "amqps"):
        raise BadSetting(
            "WEBREF_BROKER_CA is for a broker over TLS, but WEBREF_BROKER_URL begins neither with rediss:// "
            "nor with amqps://. Correct the address, or leave WEBREF_BROKER_CA out.",
            variable="WEBREF_BROKER_CA",
        )


def _require_whole_mail(settings: Settings) -> None:
    """Links in mails lead to an address that no request can name: whoever asks would choose it."""
    if settings.smtp is None:
        return
    if not settings.mail_from:
        raise BadSetting(
            "WEBREF_SMTP_URL is set without WEBREF_MAIL_FROM: say from which address mails come, "
            "such as webref <webref@example.org>.",
            variable="WEBREF_MAIL_FROM",
        )
    if settings.public_url is None:
        raise BadSetting(
            "WEBREF_SMTP_URL is set without WEBREF_PUBLIC_URL: say at which address people reach this "
            "server, for the links in its mails.",
            variable="WEBREF_PUBLIC_URL",
        )


def _of_file(variable: str, text: str, file: Path) -> str:
    """What systemd's credentials and Docker's secrets are: one value, the whole file."""
    named = variable + IN_A_FILE
    if text:
        raise BadSetting(f"{variable} and {named} are both set. Leave one of them out.", variable=named)
    try:
        found = file.read_text().strip()
    except OSError as error:
        raise BadSetting(f"{named}: {file} cannot be read: {error.strerror}.", variable=named) from error
    except UnicodeDecodeError as error:
        raise BadSetting(f"{named}: {file} is no text.", variable=named) from error
    if not found:
        raise BadSetting(f"{named}: {file} is empty.", variable=named)
    return found


def _write_once(path: Path, secret: str) -> None:
    """Several processes may start at once: the first link wins, a half-written file is never seen."""
    draft = path.with_name(f"secret.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, f"{secret}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _parsed(variable: str, text: str, parse: Callable[[str], object]) -> object:
    try:
        return parse(text)
    except ValueError as error:
        said = variable if variable in SECRETS else f"{variable}={text!r}"
        raise BadSetting(f"{said} is not usable: {error}.", variable=variable) from None


def _whole(least: int, most: int, unit: int = 1) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise ValueError(f"expected a whole number from {least} to {most}")
        return int(text) * unit

    return parse


_FLAGS = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}


def _days_of_history(text: str) -> int:
    """Younger lines than LEAST_DAYS of domain/compaction.py are never removed."""
    if text == "0":
        return 0
    return _whole(7, 36_500)(text)


def _sizes(text: str) -> tuple[int, ...]:
    """The smallest is decoded at every upload, and colours are read from it."""
    parts = [part.strip() for part in text.split(",")]
    sizes = tuple(int(part) for part in parts if part.isascii() and part.isdigit())
    good = len(sizes) == len(parts) <= MOST_SIZES and list(sizes) == sorted(set(sizes))
    if not good or not 128 <= sizes[0] <= 1024 or sizes[-1] > 8192:
        raise ValueError(
            f"expected up to {MOST_SIZES} sizes in pixels, ascending, such as 320,800,1600: "
            "the first from 128 to 1024, the last at most 8192"
        )
    return sizes


def _flag(text: str) -> bool:
    if text.lower() not in _FLAGS:
        raise ValueError("expected true or false")
    return _FLAGS[text.lower()]


def good_place(text: str) -> str:
    """Where files can be kept: DATA_FOLDER, `file:///a/folder`, or `s3://bucket` with a prefix or without.

    Written in one way only, so that places can be compared. Raises ValueError.
    """
    if text.rstrip("/") in ("file", "file:"):
        return DATA_FOLDER
    parts = urlsplit(text)
    path = "/".join(part for part in parts.path.split("/") if part)
    if parts.query or parts.fragment or ".." in path.split("/"):
        raise ValueError(_PLACES)
    if parts.scheme == "file" and not parts.netloc and path:
        return f"file:///{path}"
    if parts.scheme == "s3" and _BUCKET.fullmatch(parts.netloc):
        return f"s3://{parts.netloc}/{path}".rstrip("/")
    raise ValueError(_PLACES)


_PLACES = "expected file:///a/folder, or s3://bucket/prefix with keys in WEBREF_S3_ACCESS_KEY and _SECRET_KEY"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


def _endpoint(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise ValueError("expected an address such as https://s3.example.org")
    return text.rstrip("/")


def _public_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
        raise ValueError("expected an address such as https://boards.example.org, without a path")
    return f"{parts.scheme}://{parts.netloc}"


def _host_and_port(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise ValueError("expected an address and a port such as 127.0.0.1:9464")
    return host.strip("[]"), int(port)


def _origin(text: str) -> str:
    """Stands in the policy of every page as it is."""
    if not _ORIGIN.fullmatch(text.rstrip("/")):
        raise ValueError("expected an origin such as https://s3.example.org, without a path")
    return text.rstrip("/")


_ORIGIN = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::\d+)?")


def _database_url(text: str) -> str:
    if urlsplit(text).scheme not in ("postgres", "postgresql"):
        raise ValueError("expected an address such as postgresql://user:password@host/database")
    return text


def _broker_url(text: str) -> str:
    if urlsplit(text).scheme not in ("redis", "rediss", "unix", "amqp", "amqps"):
        raise ValueError(
            "expected an address such as redis://host:6379/0, unix:///run/redis.sock or amqp://host"
        )
    return text


def _secret(text: str) -> str:
    if len(text) < 32:
        raise ValueError("expected at least 32 characters, for example from `openssl rand -base64 48`")
    return text


SECRETS = frozenset(
    {
        "WEBREF_SECRET",
        "WEBREF_DATABASE_URL",
        "WEBREF_BROKER_URL",
        "WEBREF_STORAGE",
        "WEBREF_S3_ENDPOINT",
        "WEBREF_S3_ACCESS_KEY",
        "WEBREF_S3_SECRET_KEY",
        "WEBREF_OIDC_CLIENT_SECRET",
        "WEBREF_SMTP_URL",
        "WEBREF_LDAP_BIND_PASSWORD",
    }
)
"""What holds one, or where somebody may have written one: never repeated in a message."""

OTHERS_CALL_IT = "OTEL_EXPORTER_OTLP_ENDPOINT"
"""The name of WEBREF_OTEL_ENDPOINT wherever OpenTelemetry is."""

IN_A_FILE = "_FILE"
"""Behind the name of one of these, the variable that names a file with its value."""

VARIABLES: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "WEBREF_DATA": ("data", Path),
    "WEBREF_STORAGE": ("storage", good_place),
    "WEBREF_S3_ENDPOINT": ("s3_endpoint", _endpoint),
    "WEBREF_S3_PUBLIC_ENDPOINT": ("s3_public_endpoint", _origin),
    "WEBREF_S3_REGION": ("s3_region", str),
    "WEBREF_S3_ACCESS_KEY": ("s3_access_key", str),
    "WEBREF_S3_SECRET_KEY": ("s3_secret_key", str),
    "WEBREF_HOST": ("host", str),
    "WEBREF_PORT": ("port", _whole(0, 65535)),
    "WEBREF_WEB": ("web", Path),
    "WEBREF_DATABASE_URL": ("database_url", _database_url),
    "WEBREF_POSTGRES_BIN": ("postgres_bin", Path),
    "WEBREF_WAL_ARCHIVE": ("wal_archive", Path),
    "WEBREF_POOL_SIZE": ("pool_size", _whole(2, 200)),
    "WEBREF_PUBLIC_URL": ("public_url", _public_url),
    "WEBREF_SECRET": ("secret", _secret),
    "WEBREF_MAX_FILE_MB": ("max_file_bytes", _whole(1, 100_000, MEGABYTE)),
    "WEBREF_MAX_BATCH_MB": ("max_batch_bytes", _whole(1, 1_000_000, MEGABYTE)),
    "WEBREF_MAX_MEGAPIXELS": ("max_megapixels", _whole(1, 1_000)),
    "WEBREF_WORKERS": ("workers", _whole(0, 64)),
    "WEBREF_GET_QUERIES": ("get_queries", _flag),
    "WEBREF_IDE": ("ide", _flag),
    "WEBREF_ACCESS_MINUTES": ("access_minutes", _whole(1, 10)),
    "WEBREF_REFRESH_DAYS": ("refresh_days", _whole(1, 365)),
    "WEBREF_BROKER_URL": ("broker_url", _broker_url),
    "WEBREF_BROKER_CA": ("broker_ca", Path),
    "WEBREF_SNAPSHOT_LINES": ("snapshot_lines", _whole(10, 1_000_000)),
    "WEBREF_HISTORY_DAYS": ("history_days", _days_of_history),
    "WEBREF_TRASH_DAYS": ("trash_days", _whole(0, 36_500)),
    "WEBREF_RENDITIONS": ("renditions", _sizes),
    "WEBREF_WEBP_QUALITY": ("webp_quality", _whole(1, 100)),
    "WEBREF_FETCH_ALLOW": ("fetch_allow", networks_of),
    "WEBREF_METRICS": ("metrics", _host_and_port),
    "WEBREF_OTEL_ENDPOINT": ("traces", _endpoint),
    "WEBREF_OIDC_LINK_BY_EMAIL": ("oidc_link_by_email", _flag),
    "WEBREF_LDAP_LINK_BY_EMAIL": ("ldap_link_by_email", _flag),
    "WEBREF_LDAP_START_TLS": ("ldap_start_tls", _flag),
    **ELSEWHERE,
    "WEBREF_QUOTA_MB": ("quota_bytes", _whole(0, 1_000_000_000, MEGABYTE)),
    "WEBREF_QUOTA_BOARDS": ("quota_boards", _whole(0, 1_000_000)),
    "WEBREF_QUOTA_ITEMS": ("quota_items", _whole(0, 1_000_000_000)),
    "WEBREF_QUOTA_SOCKETS": ("quota_sockets", _whole(0, 100_000)),
    "WEBREF_QUOTA_COST": ("quota_cost", _whole(0, 1_000_000_000)),
    "WEBREF_SMTP_URL": ("smtp", smtp_server),
    "WEBREF_MAIL_FROM": ("mail_from", good_sender),
}
