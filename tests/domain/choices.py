"""What a run of the state machine chooses from: few people, places and words, so that they often meet."""

from hypothesis import strategies as st

from domain.operations import Crop, Style, Transform

PEOPLE = st.sampled_from([0, 0, 1, 1, 2])
BOARDS = st.sampled_from([0] * 6 + [1])
PICKS = st.lists(st.integers(0, 15), min_size=1, max_size=3, unique=True)
LEVELS = st.integers(-3, 3).map(lambda n: n * 50.0)
SELDOM = st.sampled_from([False] * 9 + [True])
TRANSFORMS = st.builds(
    Transform,
    x=LEVELS,
    y=LEVELS,
    scale=st.sampled_from([1.0, 0.5, 2.0]),
    rotation=st.sampled_from([0.0, 90.0, 30.0]),
    flip_x=st.booleans(),
    flip_y=st.booleans(),
)
STYLES = st.builds(
    Style,
    opacity=st.sampled_from([1.0, 0.5]),
    locked=SELDOM,
    hidden=SELDOM,
    name=st.sampled_from(["", "one", "two"]),
    tags=st.sampled_from([[], ["a"], ['b "quoted"', "c\\d"]]),
)
PATCHES = st.fixed_dictionaries(
    {},
    optional={
        "opacity": st.sampled_from([0.25, 1.0]),
        "locked": st.booleans(),
        "hidden": st.booleans(),
        "name": st.sampled_from(["", "named"]),
        "tags": st.sampled_from([[], ["x", "y"]]),
        "brightness": st.sampled_from([1.0, 2.0]),
        "link": st.sampled_from(["", "https://example.org/"]),
    },
).map(lambda given: given or {"grayscale": True})
RANKS = st.sampled_from(["Zz", "a0", "a0V", "a1", "a2", "a3"])
CROPS = st.sampled_from([None, Crop(0.25, 0.25, 0.75, 1.0), Crop(0.0, 0.5, 0.5, 1.0)])
KINDS = st.lists(st.sampled_from(["UNDO", "UNDO", "REDO"]), min_size=1, max_size=4)
WORDS = st.sampled_from(["yes", "no", "perhaps"])
