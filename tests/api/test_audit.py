"""The audit suite of `graphql-http`, where `npm ci` in tests/audit has put it."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from tests.api.serving import Served

AUDIT = Path(__file__).resolve().parents[1] / "audit"

pytestmark = pytest.mark.skipif(
    not os.environ.get("CI") and (shutil.which("node") is None or not (AUDIT / "node_modules").is_dir()),
    reason="the audit suite is not installed: npm --prefix tests/audit ci --ignore-scripts",
)


async def audited(served: Served) -> str:
    ana = await served.join("ana")
    process = await asyncio.create_subprocess_exec(
        "node",
        str(AUDIT / "audit.mjs"),
        f"{served.url}/graphql",
        env={**os.environ, "WEBREF_TOKEN": ana.access_token},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    return said.decode()


async def test_every_must_and_should_of_the_audit_passes(served: Served) -> None:
    assert "0 MUST fail, 0 SHOULD fail" in await audited(served)


async def test_with_get_switched_on_every_may_passes_as_well(get_served: Served) -> None:
    assert "0 MUST fail, 0 SHOULD fail, 0 MAY are declined" in await audited(get_served)
