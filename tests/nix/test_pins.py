"""What the Nix expressions know of the locks is what the locks say, and no host is named. Needs no Nix."""

import base64
import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.tags import Tag, mac_platforms
from packaging.version import Version

from tests.nix import node_modules, pins
from tests.nix.nar import nar_hash

HOUSE = Path(__file__).resolve().parent.parent.parent
SAID = json.loads(pins.PINS.read_text())
PACKAGES: dict[str, pins.Pin] = SAID["packages"]


def in_lock() -> dict[str, tuple[str, set[str]]]:
    """Name → version and hashes of requirements.lock."""
    found: dict[str, tuple[str, set[str]]] = {}
    name = ""
    for line in (HOUSE / "requirements.lock").read_text().splitlines():
        if pinned := re.match(r"([a-z0-9-]+)==([^ ]+)", line):
            name = pinned[1]
            found[name] = (pinned[2], set())
        elif hashed := re.search(r"--hash=sha256:([0-9a-f]{64})", line):
            found[name][1].add(hashed[1])
    return found


def test_the_pins_are_those_of_the_lock() -> None:
    locked = in_lock()
    assert {"graphql-core", "pillow", "uvloop"} <= set(PACKAGES) <= set(locked)
    for_postgresql = {"fasteners", "psutil"}  # nobody else needs them
    assert set(locked) - set(PACKAGES) == pins.LEFT_OUT | for_postgresql, "run `make lock`"
    for name, pin in PACKAGES.items():
        version, hashes = locked[name]
        assert pin["version"] == version, f"run `make lock`: {name}"
        assert Version(pin["floor"]) <= Version(version), name
        told = [wheel["hash"] for wheel in pin["wheels"]] + ([pin["sdist"]] if pin["sdist"] else [])
        assert told, name
        assert {base64.b64decode(one.removeprefix("sha256-")).hex() for one in told} <= hashes, name
        assert set(pin["requires"]) <= set(PACKAGES), name


def test_what_webref_needs_itself_is_named() -> None:
    lines = (HOUSE / "requirements.in").read_text().splitlines()
    names = {re.split(r"[>=\[; ]", line)[0] for line in lines if line and not line.startswith("#")}
    assert set(SAID["direct"]) == names - pins.LEFT_OUT


@pytest.mark.parametrize("python", pins.PYTHONS)
@pytest.mark.parametrize("system", [*pins.SYSTEMS, pins.MAC[0]])
def test_every_package_has_a_file_for_every_system(system: str, python: str) -> None:
    def loads(wheel: pins.Wheel) -> bool:
        is_for = wheel["system"] in (None, system)
        return is_for and (wheel["abi"] in ("none", "abi3") or wheel["python"] == python)

    missing = [
        name for name, pin in PACKAGES.items() if not pin["sdist"] and not any(map(loads, pin["wheels"]))
    ]
    assert missing == []


def test_wheels_are_told_apart_by_what_can_load_them() -> None:
    def system(platform: str) -> str | None:
        return pins.system_of(frozenset({Tag("cp313", "cp313", platform)}))

    assert system("any") == "any"
    assert system("manylinux_2_28_x86_64") == "x86_64-linux"
    assert system("manylinux2014_aarch64") == "aarch64-linux"
    assert system(next(iter(mac_platforms((14, 0), "arm64")))) == "aarch64-darwin"
    assert system("macosx_11_0_universal2") == "aarch64-darwin"
    assert [system(one) for one in ("musllinux_1_2_x86_64", "win_amd64", "macosx_10_12_x86_64")] == [None] * 3
    assert pins.wheel_of("a-1-cp311-cp311-manylinux_2_28_x86_64.whl", "00" * 32) is None
    assert pins.wheel_of("a-1-cp313-cp313t-manylinux_2_28_x86_64.whl", "00" * 32) is None
    assert pins.wheel_of("a-1-cp39-abi3-manylinux_2_28_x86_64.whl", "00" * 32) is not None


def test_the_hashes_of_the_node_modules_are_of_this_lock() -> None:
    said = json.loads(node_modules.HASHES.read_text())
    assert said.pop("lock") == node_modules.digest_of_lock(), (
        "web/package-lock.json has changed: run `make lock`, or `.venv/bin/python -m tests.nix.node_modules`"
    )
    assert set(said) == set(node_modules.SYSTEMS)
    assert all(re.fullmatch(r"sha256-[A-Za-z0-9+/]{43}=", one) for one in said.values())


def test_a_folder_has_the_hash_that_nix_gives_it(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "b").mkdir(parents=True)
    (folder / "b" / "empty").touch()
    (folder / "a").write_text("words of nine\n")
    (folder / "Z").write_bytes(bytes(8))
    (folder / "run").write_text("#!/bin/sh\n")
    (folder / "run").chmod(0o755)
    (folder / "link").symlink_to("b/empty")
    # What `nix hash path folder` of Nix 2.34 said.
    assert nar_hash(folder) == "sha256-bRv6ltFtAfKc3zfX5NpbPhp0hoEyTmIie3GIh5l74W4="
    (folder / "run").chmod(0o644)
    assert nar_hash(folder) != "sha256-bRv6ltFtAfKc3zfX5NpbPhp0hoEyTmIie3GIh5l74W4="


def test_no_registry_is_named() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.nix", "nix/*", "nixos/*"],
        cwd=HOUSE,
        capture_output=True,
        text=True,
        check=True,
    )
    texts = {name: (HOUSE / name).read_text() for name in listed.stdout.split()}
    assert len(texts) >= 20
    hosts = {
        (name, host)
        for name, text in texts.items()
        for host in re.findall(r"https?://([\w.-]+)", text)
        if not host.endswith((".test", "example.org")) and host not in ("127.0.0.1", "webref")
    }
    assert hosts == set()
    assert [name for name, text in texts.items() if re.search(r"pypi\.org|pythonhosted|npmjs", text)] == []


def test_the_version_is_said_once() -> None:
    version = tomllib.loads((HOUSE / "pyproject.toml").read_text())["project"]["version"]
    manifest = json.loads((HOUSE / "web" / "package.json").read_text())
    assert manifest["version"] == version
    assert not [path for path in (HOUSE / "nix").glob("*.nix") if f'"{version}"' in path.read_text()]
