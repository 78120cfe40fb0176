"""Laws of the NixOS module and of the flake.

Without nixpkgs they are evaluated against stand-ins (tests/nix/lib.nix, packages.nix); WEBREF_NIXPKGS_LIB
names the folder `lib` of a nixpkgs to take instead of the first. Nothing is built, no machine is started.
"""

import ast
import base64
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from graphql import build_schema, parse, validate

from api.cli import main
from domain.settings import SECRETS, VARIABLES, BadSetting, Settings

HOUSE = Path(__file__).resolve().parent.parent.parent
HERE = Path(__file__).resolve().parent
PARTS = ("options", "assertions", "module")
MODULE = "".join((HOUSE / "nixos" / f"{part}.nix").read_text() for part in PARTS)
LIB = os.environ.get("WEBREF_NIXPKGS_LIB") or str(HERE / "lib.nix")
MOST_EXPOSURE = 1.5
SYSTEMS = ("x86_64-linux", "aarch64-linux", "aarch64-darwin")
VM_TESTS = ("backend-integration", "full-stack", "performance", "security")
MATRIX = tuple(f"postgresql-{version}" for version in range(15, 19))


def tool(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        words = f"{name} is not here ({package})"
        if "CI" in os.environ:
            pytest.fail(words)
        pytest.skip(words)
    return found


def nix(folder: Path, *arguments: str) -> str:
    """nix-instantiate without a store and without a trace on this machine."""
    done = subprocess.run(
        [tool("nix-instantiate", "Nix, or Debian's nix-bin"), "--store", "dummy://", *arguments],
        env={**os.environ, "HOME": str(folder), "NIX_STATE_DIR": str(folder), "NIX_LOG_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("nix")


@pytest.fixture(scope="module")
def evaluated(folder: Path) -> dict[str, Any]:
    """The configurations of cases.nix: what the module makes of them."""
    expression = f"import {HERE}/all.nix {{ lib = import {LIB}; }}"
    told: dict[str, Any] = json.loads(nix(folder, "--eval", "--strict", "--json", "-E", expression))
    return told


@pytest.fixture(scope="module")
def outputs(folder: Path) -> dict[str, Any]:
    """What the flake gives."""
    expression = f"import {HERE}/outputs.nix {{ lib = import {LIB}; }}"
    told: dict[str, Any] = json.loads(nix(folder, "--eval", "--strict", "--json", "-E", expression))
    return told


def services(evaluated: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for case, config in evaluated["good"].items():
        for name, unit in config["services"].items():
            yield f"{case}-{name}.service", unit


# Without Nix:


def known_settings() -> set[str]:
    block = MODULE[MODULE.index("knownSettings = {") : MODULE.index("reserved = {")]
    return set(re.findall(r"\b(WEBREF_\w+) =", block))


def reserved() -> dict[str, str]:
    block = MODULE[MODULE.index("reserved = {") : MODULE.index("asText =")]
    return dict(re.findall(r'(WEBREF_\w+) = "([^"]+)";', block))


def test_every_setting_can_be_made_and_none_is_made_up() -> None:
    assert known_settings() | set(reserved()) == set(VARIABLES)
    assert known_settings().isdisjoint(reserved())
    assert known_settings().isdisjoint(SECRETS)


def test_secrets_are_files_only() -> None:
    block = MODULE[MODULE.index("secrets = filterAttrs") : MODULE.index("credentials =")]
    from_files = set(re.findall(r"\b(WEBREF_\w+) = cfg|\b(WEBREF_\w+) = s3", block))
    named = {one or other for one, other in from_files}
    assert named == SECRETS - {"WEBREF_STORAGE", "WEBREF_S3_ENDPOINT"}  # places: what they are, nobody hides


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        (name, int(least), int(most))
        for name, least, most in re.findall(r"(WEBREF_\w+) =\s+between (\d+) (\d+) ", MODULE)
    ],
)
def test_the_module_takes_what_the_product_takes(name: str, least: int, most: int) -> None:
    for value in (least, most):
        Settings.from_environment(environ={name: str(value)})
    for value in (least - 1, most + 1):
        with pytest.raises(BadSetting):
            Settings.from_environment(environ={name: str(value)})


def test_the_lock_is_of_the_inputs_that_the_flake_names() -> None:
    lock = json.loads((HOUSE / "flake.lock").read_text())
    named = dict(re.findall(r'inputs\.(\w+)\.url = "([^"]+)"', (HOUSE / "flake.nix").read_text()))
    assert (lock["version"], lock["root"]) == (7, "root")
    assert lock["nodes"].pop("root") == {"inputs": {name: name for name in named}}
    assert set(lock["nodes"]) == set(named)
    for name, node in lock["nodes"].items():
        wanted, locked = node["original"], node["locked"]
        assert f"{wanted['type']}:{wanted['owner']}/{wanted['repo']}/{wanted['ref']}" == named[name]
        assert all(locked[key] == wanted[key] for key in ("type", "owner", "repo"))
        assert re.fullmatch(r"[0-9a-f]{40}", locked["rev"])
        assert len(base64.b64decode(locked["narHash"].removeprefix("sha256-"), validate=True)) == 32


def test_every_option_is_described_with_an_example() -> None:
    declared = re.findall(r"(\w+) = mkOption \{(.*?)\n      ?(?:  )?(?:  )?\};", MODULE, re.DOTALL)
    assert len(declared) >= 20
    for name, body in declared:
        assert "description = " in body, name
        assert "example = " in body, name


def documents(script: Path) -> Iterator[str]:
    """The GraphQL of a script for virtual machines; what is computed in it becomes something plain."""
    plain = {
        "into": '{boardId: "b", items: [{content: {note: {text: "n"}}}]}',
        "ITEMS": "10",
        "board_id": "b",
    }
    nodes = list(ast.walk(ast.parse(script.read_text())))
    parts = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in nodes:
        text = None
        if id(node) in parts:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        elif isinstance(node, ast.JoinedStr):
            text = "".join(
                str(part.value) if isinstance(part, ast.Constant) else plain.get(ast.unparse(part.value), "?")
                for part in node.values
                if isinstance(part, ast.Constant | ast.FormattedValue)
            )
        if text and re.match(r"(mutation|query)?\s*\{ \w", text):
            yield text


def test_the_scripts_of_the_machines_ask_what_the_schema_answers() -> None:
    schema = build_schema((HOUSE / "schema" / "schema.graphql").read_text())
    scripts = sorted((HOUSE / "nixos" / "tests").glob("*.py"))
    assert {path.stem for path in scripts} == {"common", *VM_TESTS}
    asked = [text for script in scripts for text in documents(script)]
    assert len(asked) >= 4
    for text in asked:
        assert validate(schema, parse(text)) == [], text


def commands_called() -> set[tuple[str, ...]]:
    texts = [MODULE] + [path.read_text() for path in (HOUSE / "nixos" / "tests").glob("*.py")]
    found = set()
    for text in texts:
        for called in re.findall(r"(?:\$\{webref\}|webref-manage) ([a-z-]+(?: [a-z]+)?)", text):
            found.add(tuple(called.split()))
    return found


def test_every_command_that_is_called_is_there() -> None:
    called = commands_called()
    assert {("serve",), ("worker",), ("migrate",), ("user", "create"), ("token", "create")} <= called
    for first, *more in called:
        command = main.commands.get(first)
        assert command is not None, first
        if isinstance(command, click.Group):
            assert more, first
            assert more[0] in command.commands, (first, more)


# With Nix:


def test_every_expression_is_one(folder: Path) -> None:
    files = [
        HOUSE / "flake.nix",
        *sorted(HOUSE.glob("nix/*.nix")),
        *sorted(HOUSE.glob("nixos/**/*.nix")),
        *HERE.glob("*.nix"),
    ]
    assert len(files) >= 18
    nix(folder, "--parse", *map(str, files))


def test_good_configurations_are_taken_without_a_word(evaluated: dict[str, Any]) -> None:
    for case, config in evaluated["good"].items():
        assert config["said"] == [], case
    assert evaluated["good"]["off"]["services"] == {}
    assert evaluated["good"]["off"]["users"] == {"users": {}, "groups": {}}


def test_half_filled_options_are_refused_in_words(evaluated: dict[str, Any]) -> None:
    assert len(evaluated["half"]) >= 18
    for words, said in evaluated["half"].items():
        assert len(said) == 1, (words, said)
        assert words.strip() in said[0]
        assert said[0].startswith("services.webref")
        assert "hunter2" not in said[0]


def test_values_of_the_wrong_kind_are_refused(evaluated: dict[str, Any]) -> None:
    assert len(evaluated["wrong"]) >= 12
    assert [case for case, is_taken in evaluated["wrong"].items() if is_taken] == []


def test_servers_and_workers_wait_for_the_migration(evaluated: dict[str, Any]) -> None:
    units = evaluated["good"]["demo"]["services"]
    kinds = {name.split("-")[1] for name in units}
    assert kinds == {"migrate", "server", "worker", "doctor", "backup", "restore"}
    for name in ("webref-server-1", "webref-server-2", "webref-worker-1", "webref-worker-2"):
        assert "webref-migrate.service" in units[name]["after"]
        assert "webref-migrate.service" in units[name]["requires"]
        assert units[name]["serviceConfig"]["Type"] == "notify"
    assert units["webref-migrate"]["serviceConfig"]["Type"] == "oneshot"
    assert "postgresql.target" in units["webref-migrate"]["after"]
    assert "webref-migrate.service" not in units["webref-migrate"]["after"]


def test_every_server_has_its_socket_and_nginx_knows_them_all(evaluated: dict[str, Any]) -> None:
    demo = evaluated["good"]["demo"]
    listening = {name: unit["listenStreams"] for name, unit in demo["sockets"].items()}
    assert listening == {"webref-server-1": ["127.0.0.1:8484"], "webref-server-2": ["127.0.0.1:8485"]}
    for name in listening:
        assert f"{name}.socket" in demo["services"][name]["requires"]
        assert demo["services"][name]["stopIfChanged"] is False
        assert demo["services"][name]["environment"]["WEBREF_WORKERS"] == "0"
    assert list(demo["nginx"]["upstreams"]["webref"]["servers"]) == ["127.0.0.1:8484", "127.0.0.1:8485"]
    host = demo["nginx"]["virtualHosts"]["boards.example.org"]
    assert (host["forceSSL"], host["enableACME"]) == (True, True)
    tested = (HOUSE / "docs" / "nginx.conf").read_text()  # what the topology test runs
    lines = [line.split("#")[0].strip() for line in host["locations"]["/"]["extraConfig"].splitlines()]
    assert [line for line in lines if line and line not in tested] == []
    assert "client_max_body_size 0;" in lines


def test_what_a_unit_is_told_the_product_understands(evaluated: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "any").write_text("s" * 40)
    for name, unit in services(evaluated):
        told = {key: str(value).replace("%%", "%") for key, value in unit["environment"].items()}
        for variable in [key for key in told if key.endswith("_FILE")]:
            assert told.pop(variable) == f"%d/{variable.removesuffix('_FILE')}"
            assert variable.removesuffix("_FILE") in SECRETS
            assert f"{variable.removesuffix('_FILE')}:" in "".join(unit["serviceConfig"]["LoadCredential"])
            if (
                variable == "WEBREF_LDAP_BIND_PASSWORD_FILE"
            ):  # without it a name is only half of what is needed
                told[variable] = str(tmp_path / "any")
        settings = Settings.from_environment(environ=told)
        assert settings.data.is_absolute(), name
        others = {"FORWARDED_ALLOW_IPS", "WEBREF_NOT_YET_KNOWN", "WEBREF_LDAP_BIND_PASSWORD_FILE"}
        unknown = set(told) - set(VARIABLES) - others
        assert unknown == set()
    demo = evaluated["good"]["demo"]["services"]["webref-worker-1"]["environment"]
    settings = Settings.from_environment(environ={k: v for k, v in demo.items() if not k.endswith("_FILE")})
    assert settings.storage == "s3://pictures/webref"
    assert settings.broker_url == "unix:///run/redis-webref/redis.sock"
    assert settings.secure


def test_every_process_tells_its_metrics_on_a_port_of_its_own(evaluated: dict[str, Any]) -> None:
    units = evaluated["good"]["demo"]["services"]
    told = {name: unit["environment"].get("WEBREF_METRICS") for name, unit in units.items()}
    lasting = {name: address for name, address in told.items() if address is not None}
    assert list(lasting.values()) == [f"127.0.0.1:{port}" for port in range(9464, 9468)]
    assert list(lasting) == ["webref-server-1", "webref-server-2", "webref-worker-1", "webref-worker-2"]
    for unit in evaluated["good"]["least"]["services"].values():
        assert "WEBREF_METRICS" not in unit["environment"]


def test_one_machine_among_several_starts_no_database_of_its_own(evaluated: dict[str, Any]) -> None:
    elsewhere = evaluated["good"]["elsewhere"]
    assert elsewhere["databases"] == []
    assert elsewhere["redis"]["servers"] == {}
    server = elsewhere["services"]["webref-server"]
    assert "postgresql.target" not in server["after"]
    assert server["environment"]["FORWARDED_ALLOW_IPS"] == "10.0.0.2"
    assert server["environment"]["WEBREF_WORKERS"] == "3"  # no workers beside it
    assert set(server["serviceConfig"]["ReadWritePaths"]) == {"/srv/webref", "/mnt/pictures"}
    assert set(elsewhere["tmpfiles"]["webref"]) == {"/srv/webref", "/mnt/pictures"}


def test_what_the_decoder_needs_for_its_own_confinement_stays_allowed(evaluated: dict[str, Any]) -> None:
    for name, unit in services(evaluated):
        allowed = unit["serviceConfig"]["SystemCallFilter"][-1].split()
        assert {"setrlimit", "prlimit64", "setpriority"} <= set(allowed), name
        assert {"landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"} <= set(allowed), (
            name
        )


def test_backups_are_made_and_tried_out_by_commands_that_are_there(evaluated: dict[str, Any]) -> None:
    units = evaluated["good"]["demo"]["services"]
    made, drill = units["webref-backup"], units["webref-restore-drill"]
    assert made["serviceConfig"]["ExecStart"].endswith(
        "/bin/webref backup file:///mnt/backup/webref --keep 14"
    )
    assert drill["serviceConfig"]["ExecStart"].endswith(
        "/bin/webref restore file:///mnt/backup/webref --verify"
    )
    assert (made["startAt"], drill["startAt"]) == ("*-*-* 02:30", "monthly")
    for unit in (made, drill):
        assert "/mnt/backup/webref" in unit["serviceConfig"]["ReadWritePaths"]
        _, command, *given = unit["serviceConfig"]["ExecStart"].split()
        known = {option for parameter in main.commands[command].params for option in parameter.opts}
        assert {one for one in given if one.startswith("--")} <= known
    elsewhere = evaluated["good"]["elsewhere"]["services"]
    assert elsewhere["webref-backup"]["serviceConfig"]["ExecStart"].endswith(" backup s3://backup/webref")
    assert "webref-restore-drill" not in elsewhere
    assert "postgresql_18/bin" in elsewhere["webref-backup"]["environment"]["WEBREF_POSTGRES_BIN"]
    assert "webref-backup" not in evaluated["good"]["least"]["services"]
    for config in evaluated["good"].values():  # every unit that a clock starts, and no other
        clocked = {name for name, unit in config["services"].items() if unit["startAt"]}
        assert set(config["timers"]) == clocked
        assert all(timer["timerConfig"] == {"Persistent": True} for timer in config["timers"].values())


def as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def as_words(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def as_unit(unit: dict[str, Any]) -> str:
    lines = ["[Service]"]
    for key, value in unit["serviceConfig"].items():
        lines += [f"{key}={as_words(one)}" for one in as_list(value)]
    return "\n".join(lines) + "\n"


def test_the_unit_of_the_guide_is_the_one_of_the_module(evaluated: dict[str, Any]) -> None:
    """What of it concerns confinement, for who has no NixOS."""
    unit = next(block for block in guide("ini") if "[Service]" in block)
    told: dict[str, list[str]] = {}
    for key, value in re.findall(
        r"^(\w+)=(.*)$", unit.partition("[Service]")[2].partition("[Install]")[0], re.M
    ):
        told.setdefault(key, []).append(value.replace("yes", "true"))
    module = evaluated["good"]["least"]["services"]["webref-server"]["serviceConfig"]
    ours = {key: [as_words(one) for one in as_list(value)] for key, value in module.items()}
    ours["RestrictAddressFamilies"] = [" ".join(ours["RestrictAddressFamilies"])]
    left_out = {
        "ExecStart",
        "Environment",
        "LoadCredential",
        "ReadWritePaths",
        "SupplementaryGroups",
        "WorkingDirectory",
    }
    assert {k: v for k, v in told.items() if k not in left_out} == {
        k: v for k, v in ours.items() if k not in left_out
    }
    assigned = dict(one.split("=", 1) for one in told["Environment"])
    assert Settings.from_environment(environ=assigned).secure
    assert set(assigned) <= set(VARIABLES)


def test_what_the_guide_sets_are_settings() -> None:
    named = set(re.findall(r"\bWEBREF_[A-Z0-9_]+", (HOUSE / "docs" / "deployment.md").read_text()))
    known = set(VARIABLES) | {f"{variable}_FILE" for variable in SECRETS}
    assert named - known == set()


def test_the_module_in_the_guide_is_taken(folder: Path) -> None:
    (block,) = guide("nix")
    inside = block[block.index("services.webref = {") : block.index("security.acme")]
    given = f"import {HERE}/evaluate.nix {{ lib = import {LIB}; configuration = {{ {inside} }}; }}"
    told = json.loads(nix(folder, "--eval", "--strict", "--json", "-E", given))
    assert told["said"] == []
    assert {"webref-server", "webref-worker", "webref-backup", "webref-restore-drill"} <= set(
        told["services"]
    )


def guide(language: str) -> list[str]:
    """The blocks of the deployment guide in that language."""
    text = (HOUSE / "docs" / "deployment.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_the_units_are_exposed_as_little_as_is_promised(evaluated: dict[str, Any], tmp_path: Path) -> None:
    """By systemd's own judgement of the units as they are rendered, without starting them."""
    judge = tool("systemd-analyze", "systemd")
    exposures = {}
    for name, unit in services(evaluated):
        file = tmp_path / name
        file.write_text(as_unit(unit))
        said = subprocess.run(
            [judge, "security", "--offline=true", "--no-pager", str(file)],
            capture_output=True,
            text=True,
            check=False,
        )
        overall = re.search(r"Overall exposure level for .*: ([\d.]+)", said.stdout)
        assert overall is not None, said.stderr
        exposures[name] = float(overall[1])
    assert len(exposures) >= 14
    assert {name: exposure for name, exposure in exposures.items() if exposure > MOST_EXPOSURE} == {}


def test_the_command_for_operators_is_a_script_and_holds_no_secret(evaluated: dict[str, Any]) -> None:
    for case in ("least", "demo", "elsewhere"):
        (script,) = evaluated["good"][case]["commands"]
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)
        assert "--setenv=WEBREF_SECRET=" not in script
    assert 'WEBREF_SECRET_FILE="$CREDENTIALS_DIRECTORY/WEBREF_SECRET"' in script


def test_the_flake_gives_what_it_promises_for_every_system(outputs: dict[str, Any]) -> None:
    assert outputs["names"] == [
        *(
            "apps",
            "checks",
            "devShells",
            "formatter",
            "nixosConfigurations",
            "nixosModules",
            "overlays",
            "packages",
        )
    ]
    for system in SYSTEMS:
        packages = outputs["packages"][system]
        assert set(packages) == {"backend", "frontend", "schema", "default"}
        assert len(set(packages.values())) == 4
        assert outputs["apps"][system]["default"].endswith("/bin/webref")
        assert list(outputs["devShells"][system]) == ["default"]
        expected = {"backend", "frontend", "pytest"}
        if system.endswith("linux"):
            expected |= {*VM_TESTS, *MATRIX}
        assert set(outputs["checks"][system]) == expected
    assert len({packages["default"] for packages in outputs["packages"].values()}) == 3


def test_the_demo_and_the_machines_of_the_tests_evaluate(outputs: dict[str, Any]) -> None:
    package = outputs["packages"]["x86_64-linux"]["default"]
    assert outputs["demo"]["said"] == []
    assert outputs["demo"]["package"] == package
    for name in (*VM_TESTS, *MATRIX):
        check = outputs["checks"]["x86_64-linux"][name]
        assert "start_all()" in check["script"]
        assert "/nix/store/" not in check["script"]
        assert any(node["package"] == package for node in check["nodes"].values())
        assert [node["said"] for node in check["nodes"].values()] == [[]] * len(check["nodes"])
    assert len({outputs["checks"]["x86_64-linux"][name]["name"] for name in MATRIX}) == len(MATRIX)


def test_what_trails_in_nixpkgs_comes_from_the_lock_and_nothing_else(outputs: dict[str, Any]) -> None:
    for system in SYSTEMS:
        made = {name: source for name, source in outputs["sources"][system].items() if source != "nixpkgs"}
        assert set(made) == {
            *("graphql-core", "pillow", "pyvips", "strawberry-graphql"),  # older in the stand-in
            *("pillow-jxl-plugin", "resvg-py"),  # missing there
        }
        machine = {"x86_64-linux": "x86_64", "aarch64-linux": "aarch64", "aarch64-darwin": "arm64"}[system]
        assert made["pillow"].startswith("pillow-13")
        assert machine in made["pillow"]
        assert made["graphql-core"].endswith("-py3-none-any.whl")
        assert made["pyvips"].endswith(".tar.gz")
