"""The vectors that the browser's fold is checked with say what the server's does, and every word of it."""

import json
from typing import get_args

import msgspec

from domain.operations import BoardState, Compound, Simple, decode, replay
from tests import operation_vectors


def test_the_vectors_are_those_that_are_made() -> None:
    assert json.loads(operation_vectors.FILE.read_text()) == operation_vectors.runs()


def test_the_vectors_speak_every_word() -> None:
    said = {
        part["kind"]
        for run in operation_vectors.runs()
        for step in run["steps"]
        for part in [step["operation"], *step["operation"].get("operations", ())]
    }
    words = {word.__struct_config__.tag for word in (*get_args(Simple), Compound)}
    assert said == words


def test_a_run_of_the_vectors_ends_where_it_began() -> None:
    """Every operation in it is taken back by another one of it."""
    for run in operation_vectors.runs():
        start = msgspec.convert(run["start"], BoardState)
        steps = [decode(json.dumps(step["operation"])) for step in run["steps"]]
        assert replay(steps, start) == start
