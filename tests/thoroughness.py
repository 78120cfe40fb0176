"""How thorough the long proofs are: "ci", or "nightly" where HYPOTHESIS_PROFILE says so (`make nightly`)."""

import os

from hypothesis import HealthCheck, settings

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE", "ci") == "nightly"

MACHINE = settings(
    max_examples=10_000 if NIGHTLY else 200,
    stateful_step_count=30,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)

SEEDS = range(50 if NIGHTLY else 2)

MUTATIONS = 100_000 if NIGHTLY else 200

BOARDS = 200 if NIGHTLY else 10
"""Of tests/journeys/test_geometry.py."""
