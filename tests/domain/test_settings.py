"""Laws of settings: a bad value is named, a flag beats the environment, the secret is made once."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network
from pathlib import Path

import pytest

from domain.elsewhere import Joining
from domain.mail_servers import SmtpServer, smtp_server
from domain.settings import SECRETS, VARIABLES, BadSetting, Settings, good_place


def test_defaults_need_no_configuration() -> None:
    settings = Settings.from_environment(environ={})
    assert settings == Settings(data=Path.cwd() / "data")
    assert (settings.blobs, settings.postgres) == (settings.data / "blobs", settings.data / "postgres")
    assert (settings.host, settings.port, settings.database_url, settings.secure) == (
        "127.0.0.1",
        8484,
        None,
        False,
    )


def test_every_variable_is_read() -> None:
    environ = {
        "WEBREF_DATA": "/srv/webref",
        "WEBREF_STORAGE": "s3://pictures/webref/",
        "WEBREF_S3_ENDPOINT": "https://s3.example.org/",
        "WEBREF_S3_PUBLIC_ENDPOINT": "https://files.example.org:9000/",
        "WEBREF_S3_REGION": "eu-central-1",
        "WEBREF_S3_ACCESS_KEY": "the key",
        "WEBREF_S3_SECRET_KEY": "the secret of the key",
        "WEBREF_HOST": "0.0.0.0",
        "WEBREF_PORT": "9000",
        "WEBREF_WEB": "/usr/share/webref",
        "WEBREF_DATABASE_URL": "postgresql://webref@db/webref",
        "WEBREF_POSTGRES_BIN": "/opt/pg/bin",
        "WEBREF_POOL_SIZE": "20",
        "WEBREF_PUBLIC_URL": "https://boards.example.org/",
        "WEBREF_SECRET": "s" * 32,
        "WEBREF_MAX_FILE_MB": "80",
        "WEBREF_MAX_BATCH_MB": "900",
        "WEBREF_MAX_MEGAPIXELS": "90",
        "WEBREF_WORKERS": "0",
        "WEBREF_GET_QUERIES": "yes",
        "WEBREF_IDE": "false",
        "WEBREF_ACCESS_MINUTES": "5",
        "WEBREF_REFRESH_DAYS": "7",
        "WEBREF_BROKER_URL": "rediss://localhost:6379/0",
        "WEBREF_BROKER_CA": "/etc/ssl/broker.pem",
        "WEBREF_SNAPSHOT_LINES": "500",
        "WEBREF_HISTORY_DAYS": "90",
        "WEBREF_TRASH_DAYS": "14",
        "WEBREF_RENDITIONS": "320,1600",
        "WEBREF_WEBP_QUALITY": "90",
        "WEBREF_FETCH_ALLOW": "10.0.0.0/8, fd00::/8",
        "WEBREF_METRICS": "[::1]:9464",
        "WEBREF_OTEL_ENDPOINT": "http://127.0.0.1:4318/",
        "WEBREF_OIDC_ISSUER": "https://login.example.org/realms/home",
        "WEBREF_OIDC_CLIENT_ID": "webref",
        "WEBREF_OIDC_CLIENT_SECRET": "between us",
        "WEBREF_OIDC_NAME": "Home",
        "WEBREF_OIDC_SCOPES": "profile, email groups",
        "WEBREF_OIDC_REGISTRATION": "open",
        "WEBREF_OIDC_LINK_BY_EMAIL": "on",
        "WEBREF_OIDC_NAME_CLAIM": "display_name",
        "WEBREF_OIDC_EMAIL_CLAIM": "mail",
        "WEBREF_OIDC_GROUPS_CLAIM": "realm_access.roles",
        "WEBREF_OIDC_GROUPS": "artists, clients",
        "WEBREF_OIDC_OWNER_GROUP": "administrators",
        "WEBREF_QUOTA_MB": "2000",
        "WEBREF_QUOTA_BOARDS": "50",
        "WEBREF_QUOTA_ITEMS": "90000",
        "WEBREF_QUOTA_SOCKETS": "9",
        "WEBREF_QUOTA_COST": "500000",
        "WEBREF_SMTP_URL": "smtps://me:p%40ss@mail.example.org/",
        "WEBREF_MAIL_FROM": "Boards <boards@example.org>",
        "WEBREF_LDAP_URL": "ldap://directory.example.org:1389/",
        "WEBREF_LDAP_NAME": "Studio",
        "WEBREF_LDAP_CA": "/etc/ssl/studio.pem",
        "WEBREF_LDAP_START_TLS": "on",
        "WEBREF_LDAP_BIND_DN": "cn=webref",
        "WEBREF_LDAP_BIND_PASSWORD": "who searches",
        "WEBREF_LDAP_BASE": "dc=example,dc=org",
        "WEBREF_LDAP_FILTER": "(sAMAccountName={login})",
        "WEBREF_LDAP_OWNER_FILTER": "(memberOf=cn=admins)",
        "WEBREF_LDAP_ID_ATTRIBUTE": "objectGUID",
        "WEBREF_LDAP_NAME_ATTRIBUTE": "displayName",
        "WEBREF_LDAP_EMAIL_ATTRIBUTE": "mailPrimaryAddress",
        "WEBREF_LDAP_REGISTRATION": "Closed",
        "WEBREF_LDAP_LINK_BY_EMAIL": "on",
    }
    assert set(environ) == set(VARIABLES) - {"WEBREF_WAL_ARCHIVE"}, "which fits no database of one's own"
    assert Settings.from_environment(environ=environ) == Settings(
        data=Path("/srv/webref"),
        storage="s3://pictures/webref",
        s3_endpoint="https://s3.example.org",
        s3_public_endpoint="https://files.example.org:9000",
        s3_region="eu-central-1",
        s3_access_key="the key",
        s3_secret_key="the secret of the key",
        host="0.0.0.0",
        port=9000,
        web=Path("/usr/share/webref"),
        database_url="postgresql://webref@db/webref",
        postgres_bin=Path("/opt/pg/bin"),
        pool_size=20,
        public_url="https://boards.example.org",
        secret="s" * 32,
        max_file_bytes=80_000_000,
        max_batch_bytes=900_000_000,
        max_megapixels=90,
        workers=0,
        get_queries=True,
        ide=False,
        access_minutes=5,
        refresh_days=7,
        broker_url="rediss://localhost:6379/0",
        broker_ca=Path("/etc/ssl/broker.pem"),
        snapshot_lines=500,
        history_days=90,
        trash_days=14,
        renditions=(320, 1600),
        webp_quality=90,
        fetch_allow=(ip_network("10.0.0.0/8"), ip_network("fd00::/8")),
        metrics=("::1", 9464),
        traces="http://127.0.0.1:4318",
        oidc_issuer="https://login.example.org/realms/home",
        oidc_client_id="webref",
        oidc_client_secret="between us",
        oidc_name="Home",
        oidc_scopes=("openid", "profile", "email", "groups"),
        oidc_registration=Joining.OPEN,
        oidc_link_by_email=True,
        oidc_name_claim="display_name",
        oidc_email_claim="mail",
        oidc_groups_claim="realm_access.roles",
        oidc_groups=("artists", "clients"),
        oidc_owner_group="administrators",
        quota_bytes=2_000_000_000,
        quota_boards=50,
        quota_items=90_000,
        quota_sockets=9,
        quota_cost=500_000,
        smtp=SmtpServer("mail.example.org", 465, tls=True, starttls=False, user="me", password="p@ss"),
        mail_from="Boards <boards@example.org>",
        ldap_url="ldap://directory.example.org:1389",
        ldap_name="Studio",
        ldap_ca=Path("/etc/ssl/studio.pem"),
        ldap_start_tls=True,
        ldap_bind_dn="cn=webref",
        ldap_bind_password="who searches",
        ldap_base="dc=example,dc=org",
        ldap_filter="(sAMAccountName={login})",
        ldap_owner_filter="(memberOf=cn=admins)",
        ldap_id_attribute="objectGUID",
        ldap_name_attribute="displayName",
        ldap_email_attribute="mailPrimaryAddress",
        ldap_registration=Joining.CLOSED,
        ldap_link_by_email=True,
    )


@pytest.mark.parametrize(
    ("environ", "lacking"),
    [
        ({"WEBREF_OIDC_CLIENT_ID": "webref"}, "WEBREF_OIDC_ISSUER"),
        ({"WEBREF_OIDC_CLIENT_SECRET": "between us"}, "WEBREF_OIDC_ISSUER"),
        ({"WEBREF_OIDC_ISSUER": "https://login.example.org"}, "WEBREF_OIDC_CLIENT_ID"),
        ({"WEBREF_LDAP_BASE": "dc=org"}, "WEBREF_LDAP_URL"),
        ({"WEBREF_LDAP_URL": "ldaps://d"}, "WEBREF_LDAP_BASE"),
        (
            {"WEBREF_LDAP_URL": "ldaps://d", "WEBREF_LDAP_BASE": "dc=org", "WEBREF_LDAP_BIND_DN": "cn=w"},
            "WEBREF_LDAP_BIND_PASSWORD",
        ),
        (
            {"WEBREF_LDAP_URL": "ldap://d", "WEBREF_LDAP_BASE": "dc=org", "WEBREF_LDAP_START_TLS": "off"},
            "WEBREF_LDAP_START_TLS",
        ),
    ],
)
def test_what_goes_together_is_asked_for(environ: dict[str, str], lacking: str) -> None:
    with pytest.raises(BadSetting, match=f"{lacking} is not set") as refusal:
        Settings.from_environment(environ=environ)
    assert refusal.value.details == {"variable": lacking}
    assert "between us" not in str(refusal.value)


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("WEBREF_PORT", "eighty"),
        ("WEBREF_PORT", "65536"),
        ("WEBREF_PORT", "-1"),
        ("WEBREF_PORT", "٣"),
        ("WEBREF_DATABASE_URL", "mysql://db"),
        ("WEBREF_PUBLIC_URL", "boards.example.org"),
        ("WEBREF_PUBLIC_URL", "https://example.org/boards"),
        ("WEBREF_PUBLIC_URL", "http://[::1"),
        ("WEBREF_SECRET", "short"),
        ("WEBREF_OIDC_ISSUER", "login.example.org"),
        ("WEBREF_OIDC_ISSUER", "http://login.example.org"),
        ("WEBREF_OIDC_ISSUER", "https://login.example.org/?realm=home"),
        ("WEBREF_OIDC_ISSUER", "https://ana:secret@login.example.org"),
        ("WEBREF_OIDC_REGISTRATION", "everybody"),
        ("WEBREF_OIDC_SCOPES", 'email "groups"'),
        ("WEBREF_OIDC_NAME", "a" * 41),
        ("WEBREF_LDAP_URL", "https://directory.example.org"),
        ("WEBREF_LDAP_URL", "ldaps://directory.example.org/dc=org"),
        ("WEBREF_LDAP_FILTER", "(uid=ana)"),
        ("WEBREF_LDAP_FILTER", "(uid={login}"),
        ("WEBREF_LDAP_ID_ATTRIBUTE", "entryUUID)(x"),
        ("WEBREF_MAX_FILE_MB", "0"),
        ("WEBREF_MAX_FILE_MB", "1.5"),
        ("WEBREF_WORKERS", "65"),
        ("WEBREF_IDE", "perhaps"),
        ("WEBREF_ACCESS_MINUTES", "60"),
        ("WEBREF_BROKER_URL", "kafka://x"),
        ("WEBREF_BROKER_URL", "/run/redis.sock"),
        ("WEBREF_METRICS", "9464"),
        ("WEBREF_METRICS", "127.0.0.1:0"),
        ("WEBREF_HISTORY_DAYS", "6"),
        ("WEBREF_HISTORY_DAYS", "-1"),
        ("WEBREF_SNAPSHOT_LINES", "0"),
        ("WEBREF_STORAGE", "/srv/pictures"),
        ("WEBREF_STORAGE", "file://host/pictures"),
        ("WEBREF_STORAGE", "file:///srv/../pictures"),
        ("WEBREF_STORAGE", "s3://"),
        ("WEBREF_STORAGE", "s3://Upper_case"),
        ("WEBREF_STORAGE", "s3://key:secret@pictures"),
        ("WEBREF_S3_ENDPOINT", "s3.example.org"),
        ("WEBREF_S3_ENDPOINT", "https://key:secret@s3.example.org"),
        ("WEBREF_S3_PUBLIC_ENDPOINT", "s3.example.org"),
        ("WEBREF_S3_PUBLIC_ENDPOINT", "https://s3.example.org/bucket"),
        ("WEBREF_S3_PUBLIC_ENDPOINT", "https://s3.example.org; script-src *"),
        ("WEBREF_S3_PUBLIC_ENDPOINT", "https://s3.example.org *"),
    ],
)
def test_a_bad_value_names_its_variable(variable: str, text: str) -> None:
    with pytest.raises(BadSetting) as refusal:
        Settings.from_environment(environ={variable: text})
    assert refusal.value.details == {"variable": variable}
    assert variable in refusal.value.message


def test_no_days_of_history_are_all_of_it() -> None:
    assert Settings.from_environment(environ={"WEBREF_HISTORY_DAYS": "0"}).history_days == 0
    assert Settings.from_environment(environ={"WEBREF_HISTORY_DAYS": "7"}).history_days == 7


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("file:", "file:"),
        ("file:///srv//pictures/", "file:///srv/pictures"),
        ("s3://pictures", "s3://pictures"),
        ("s3://pictures/", "s3://pictures"),
        ("s3://pictures//webref/one/", "s3://pictures/webref/one"),
    ],
)
def test_a_place_is_written_in_one_way(text: str, place: str) -> None:
    assert Settings.from_environment(environ={"WEBREF_STORAGE": text}).storage == place
    assert good_place(place) == place


def test_a_collector_may_be_named_as_opentelemetry_names_it() -> None:
    others = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}
    assert Settings.from_environment(environ=others).traces == "http://127.0.0.1:4318"
    ours = {"WEBREF_OTEL_ENDPOINT": "https://traces.example.org"}
    assert Settings.from_environment(environ=others | ours).traces == "https://traces.example.org"
    with pytest.raises(BadSetting, match="OTEL_EXPORTER_OTLP_ENDPOINT"):
        Settings.from_environment(environ={"OTEL_EXPORTER_OTLP_ENDPOINT": "localhost"})


def test_a_bad_secret_or_password_is_not_repeated() -> None:
    for variable, text in (
        ("WEBREF_SECRET", "hunter2"),
        ("WEBREF_DATABASE_URL", "mysql://ana:hunter2@db"),
        ("WEBREF_STORAGE", "s3://ana:hunter2@pictures"),
        ("WEBREF_S3_ENDPOINT", "https://ana:hunter2@s3.example.org"),
    ):
        with pytest.raises(BadSetting) as refusal:
            Settings.from_environment(environ={variable: text})
        assert "hunter2" not in refusal.value.message
    assert "hunter2" not in repr(Settings(s3_secret_key="hunter2", oidc_client_secret="hunter2"))


ANY_TEXT = {"WEBREF_S3_ACCESS_KEY", "WEBREF_S3_SECRET_KEY", "WEBREF_OIDC_CLIENT_SECRET"} | {
    "WEBREF_LDAP_BIND_PASSWORD"
}


def test_a_secret_may_lie_in_a_file_and_nothing_else_may(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("s" * 40 + "\n")
    assert Settings.from_environment(environ={"WEBREF_SECRET_FILE": str(file)}).secret == "s" * 40
    assert Settings.from_environment(environ={"WEBREF_PORT_FILE": str(file)}).port == 8484
    file.write_text("9000")
    for variable in SECRETS - ANY_TEXT:
        with pytest.raises(BadSetting) as refusal:
            Settings.from_environment(environ={f"{variable}_FILE": str(file)})
        assert refusal.value.details == {"variable": variable}
        assert "9000" not in refusal.value.message


@pytest.mark.parametrize("wrong", ["missing", "empty", "no text", "set twice"])
def test_a_file_without_a_secret_names_its_variable(tmp_path: Path, wrong: str) -> None:
    file = tmp_path / "secret"
    if wrong != "missing":
        file.write_bytes({"empty": b"\n", "no text": b"\xff" * 40, "set twice": b"hunter2" * 6}[wrong])
    environ = {"WEBREF_SECRET_FILE": str(file), "WEBREF_SECRET": "s" * 40 if wrong == "set twice" else ""}
    with pytest.raises(BadSetting) as refusal:
        Settings.from_environment(environ=environ)
    assert refusal.value.details == {"variable": "WEBREF_SECRET_FILE"}
    assert "hunter2" not in refusal.value.message


def test_what_is_given_wins_and_none_is_not_given() -> None:
    environ = {"WEBREF_PORT": "9000", "WEBREF_HOST": "::1", "WEBREF_WORKERS": ""}
    settings = Settings.from_environment({"port": 9001, "host": None}, environ)
    assert (settings.port, settings.host, settings.workers) == (9001, "::1", 2)


def test_the_secret_is_made_once_whoever_comes_first(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    with ThreadPoolExecutor(8) as pool:
        secrets = {made.secret for made in pool.map(lambda _: settings.with_secret(), range(16))}
    assert len(secrets) == 1
    assert len(secrets.pop()) >= 32
    path = settings.data / "secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(settings.data) == ["secret"]
    configured = Settings(data=tmp_path / "other", secret="s" * 32)
    assert configured.with_secret() is configured
    assert not configured.data.exists()


def test_an_unusable_secret_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("")
    with pytest.raises(BadSetting, match="no usable secret"):
        Settings(data=tmp_path).with_secret()
    (tmp_path / "file").write_text("")
    with pytest.raises(BadSetting, match="WEBREF_SECRET"):
        Settings(data=tmp_path / "file").with_secret()


def test_a_wal_archive_is_of_the_built_in_postgresql_and_lies_elsewhere(tmp_path: Path) -> None:
    given = {"WEBREF_DATA": str(tmp_path / "data"), "WEBREF_WAL_ARCHIVE": str(tmp_path / "archive")}
    assert Settings.from_environment({}, given).wal_archive == tmp_path / "archive"
    for wrong, words in (
        ({"WEBREF_DATABASE_URL": "postgresql://webref@db/webref"}, "built-in PostgreSQL"),
        ({"WEBREF_WAL_ARCHIVE": str(tmp_path / "data" / "archive")}, "another disk"),
    ):
        with pytest.raises(BadSetting, match=words) as refused:
            Settings.from_environment({}, given | wrong)
        assert refused.value.details["variable"] == "WEBREF_WAL_ARCHIVE"


@pytest.mark.parametrize("url", [None, "redis://h/0", "amqp://h", "unix:///run/redis.sock"])
def test_who_signed_the_certificate_of_a_broker_is_named_for_one_over_tls(url: str | None) -> None:
    given = {"WEBREF_BROKER_CA": "/etc/ssl/broker.pem"} | ({} if url is None else {"WEBREF_BROKER_URL": url})
    with pytest.raises(BadSetting, match="rediss://") as refused:
        Settings.from_environment({}, given)
    assert refused.value.details["variable"] == "WEBREF_BROKER_CA"


@pytest.mark.parametrize(
    ("address", "port", "tls", "starttls"),
    [
        ("smtp://mail.example.org", 587, False, True),
        ("smtp://mail.example.org:25?starttls=off", 25, False, False),
        ("smtp://127.0.0.1:25", 25, False, False),
        ("smtp://localhost", 587, False, False),
        ("smtp://[::1]:25?starttls=on", 25, False, True),
        ("smtps://mail.example.org?starttls=on", 465, True, False),
    ],
)
def test_mail_leaves_this_machine_by_tls_unless_told(
    address: str, port: int, tls: bool, starttls: bool
) -> None:
    server = smtp_server(address)
    assert (server.port, server.tls, server.starttls) == (port, tls, starttls)


@pytest.mark.parametrize(
    "address",
    [
        "mail.example.org",
        "http://mail.example.org",
        "smtp://",
        "smtp://user@mail.example.org",
        "smtp://user:hush/hush@mail.example.org",
        "smtp://user:hush@mail.example.org:port",
        "smtp://user:hush@mail.example.org?tls=off",
        "smtp://user:hu#sh@mail.example.org",
    ],
)
def test_a_mail_server_that_cannot_be_used_is_refused_without_its_password(address: str) -> None:
    with pytest.raises(BadSetting, match="WEBREF_SMTP_URL") as refused:
        Settings.from_environment(environ={"WEBREF_SMTP_URL": address})
    assert "hu" not in refused.value.message


@pytest.mark.parametrize("missing", ["WEBREF_MAIL_FROM", "WEBREF_PUBLIC_URL"])
def test_mail_needs_a_sender_and_an_address_for_its_links(missing: str) -> None:
    whole = {
        "WEBREF_SMTP_URL": "smtp://mail.example.org",
        "WEBREF_MAIL_FROM": "webref@example.org",
        "WEBREF_PUBLIC_URL": "https://boards.example.org",
    }
    assert Settings.from_environment(environ=whole).smtp is not None
    with pytest.raises(BadSetting) as refused:
        Settings.from_environment(environ={**whole, missing: ""})
    assert refused.value.details["variable"] == missing
    with pytest.raises(BadSetting):
        Settings.from_environment(environ={**whole, "WEBREF_MAIL_FROM": "webref"})
