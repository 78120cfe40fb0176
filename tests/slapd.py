"""A real directory for the tests: OpenLDAP's slapd, on loopback, with a certificate of its own.

Installed by the system's package manager when missing and allowed, else the test is skipped, but in CI.
"""

import fcntl
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import pytest

from tests.certificates import make_certificate
from tests.running import free_port

SCHEMA = Path("/etc/ldap/schema/core.schema")
BASE = "dc=example,dc=org"
SEARCHER = f"cn=webref,{BASE}"
SEARCH_PASSWORD = "the password of who searches"
PASSWORD = "a password of the directory"

CONF = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/slapd.pid
TLSCACertificateFile {folder}/ca.pem
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
security simple_bind=128
database mdb
suffix "dc=example,dc=org"
directory {folder}/data
maxsize 10485760
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="cn=webref,dc=example,dc=org" read by * none
"""

PERSON = """
dn: uid={uid},ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: {uid}
cn: {name}
sn: {name}
userPassword: {password}
employeeType: {kind}
{mail}
"""

LDIF = f"""
dn: dc=example,dc=org
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: {SEARCHER}
objectClass: applicationProcess
objectClass: simpleSecurityObject
cn: webref
userPassword: {SEARCH_PASSWORD}

dn: ou=people,dc=example,dc=org
objectClass: organizationalUnit
ou: people
""" + "".join(
    PERSON.format(
        uid=uid, name=name, password=PASSWORD, kind=kind, mail=f"mail: {uid}@example.org" if has_mail else ""
    )
    for uid, name, kind, has_mail in (
        ("ana", "Ana Harbour", "artist", True),
        ("ben", "Ben Harbour", "captain", True),
        ("dot", "Dot Harbour", "artist", False),
    )
)


def require_slapd() -> str:
    with (Path(tempfile.gettempdir()) / "webref-slapd.lock").open("w") as door:
        fcntl.flock(door, fcntl.LOCK_EX)
        if (found := _found()) is None and shutil.which("apt-get") and os.geteuid() == 0:
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
            for arguments in (
                ["update", "-qq"],
                ["install", "-y", "-qq", "--no-install-recommends", "slapd"],
            ):
                subprocess.run(["apt-get", *arguments], env=environment, check=False, capture_output=True)
            found = _found()
    if found is None or not SCHEMA.is_file():
        _do_without("slapd is not installed (the package slapd of Debian and Ubuntu)")
    return str(found)


def _do_without(words: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(words)
    pytest.skip(words)


def _found() -> str | None:
    return shutil.which("slapd", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")


@dataclass
class Slapd:
    """The directory as one process. ca: who signed its certificate, which is for 127.0.0.1 alone."""

    folder: Path
    program: str
    port: int = field(default_factory=free_port)
    tls_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def url(self) -> str:
        return f"ldaps://127.0.0.1:{self.tls_port}"

    @property
    def start_tls_url(self) -> str:
        return f"ldap://127.0.0.1:{self.port}"

    def make(self) -> None:
        (self.folder / "data").mkdir()
        make_certificate(self.folder)
        (self.folder / "slapd.conf").write_text(CONF.format(folder=self.folder))
        (self.folder / "people.ldif").write_text(LDIF)
        files = ["-f", str(self.folder / "slapd.conf"), "-l", str(self.folder / "people.ldif")]
        subprocess.run([self.program, "-T", "add", *files], check=True, capture_output=True)

    def start(self) -> None:
        addresses = f"{self.start_tls_url} {self.url}"
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.program, "-d", "0", "-h", addresses, "-f", str(self.folder / "slapd.conf")],
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + 20
        while not _listens(self.tls_port):
            assert self.process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def stop(self) -> None:
        assert self.process is not None
        self.process.terminate()
        self.process.wait(20)


@contextmanager
def slapd(folder: Path) -> Iterator[Slapd]:
    directory = Slapd(folder, require_slapd())
    try:
        directory.make()
    except subprocess.CalledProcessError as error:  # as where AppArmor keeps it in its own folders
        _do_without(f"slapd cannot work in {folder}: {error.stderr.decode()[-300:]}")
    directory.start()
    try:
        yield directory
    finally:
        directory.stop()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
