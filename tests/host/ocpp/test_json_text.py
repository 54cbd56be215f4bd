"""The writer of JSON that CPython has at hand writes what the portable one of a board writes, and refuses the same."""

from collections import OrderedDict

from hypothesis import example, given, settings
from hypothesis import strategies as st

from ampacity.base import strict_json

KEYS = st.one_of(st.text(max_size=8), st.integers(0, 3), st.none())
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12), st.binary(max_size=3))
BOXES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4), st.tuples(inner, inner),
        st.dictionaries(KEYS, inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=4).map(OrderedDict),
    ),
    max_leaves=30,
)  # fmt: skip


def nested(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value


def written(write, value):
    try:
        return write(value)
    except (ValueError, TypeError) as problem:
        return type(problem)


@settings(max_examples=400, deadline=None)
@given(BOXES)
@example({"a": nested(19)})
@example({"a": nested(20)})
@example([OrderedDict((("b", 1), ("a", {"d": 1, "c": 2})))])
@example({"text": "\x7f\b\f\\b\"\u00e9\ud800", "more": [True, 1, 1.0, -0.0, 1e300]})
@example({"text": "\x7f\b\f\\b\"", "more": [True, 1, 1.0, -0.0, 1e300]})
@example([float("nan")])
@example({"a" * 300: ["b" * 600]})
def test_both_writers_agree(value):
    native = strict_json.dumps_native
    fast = written(strict_json.dumps, value), written(lambda each: b"".join(strict_json.dump_pieces(each)), value)
    strict_json.dumps_native = None
    try:
        portable = written(strict_json.dumps, value), written(lambda each: b"".join(strict_json.dump_pieces(each)), value)
    finally:
        strict_json.dumps_native = native
    assert fast == portable
    if isinstance(portable[0], str):
        assert portable[1] == portable[0].encode()
