"""Whatever stands in a profile: it compiles, or each mistake is a sentence with the field and what is allowed there."""

import json
import re
import tomllib
from decimal import Decimal
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ampacity_host import profiles
from ampacity_host.places import PROFILES
from ampacity_host.profiles.command import problems_of

NAMES = sorted(path.stem for path in PROFILES.glob("*.toml") if path.stem.split("-")[0] in ("evse", "meter"))
JUNK = [
    0, 1, -1, 65536, 2**70, -(2**70), True, Decimal("nan"), Decimal("inf"), Decimal("-inf"), Decimal("0.05"), Decimal("1E-300"),
    Decimal("1E+999999"), Decimal("-0.5"), "", "x", "0x41", "state", "current_l1", "order", "1/0", "1/3", "\0", "é" * 200,
    [], [1], ["x"], [[1, 2]], [["a", "b"]], [{}], {}, {"1": "A1"}, {"1": 1}, {"x": [1]},
]  # fmt: skip
PYTHON = re.compile(r"\b(True|False|None|NoneType|Decimal|dict|is not of type|required property|unexpected)\b")
PIECES = ("nan", "= ", "[open]\n", "{", "[[")


@cache
def written(name):
    return (PROFILES / f"{name}.toml").read_text(encoding="utf-8")


def shown(value):
    """A value as TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return str(value).lower().replace("infinity", "inf")
    if isinstance(value, list):
        return "[" + ", ".join([shown(item) for item in value]) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join([f"{json.dumps(key)} = {shown(item)}" for key, item in value.items()]) + " }"
    return json.dumps(value) if isinstance(value, str) else str(value)


def document(profile):
    return "".join([f"{json.dumps(key)} = {shown(value)}\n" for key, value in profile.items()])


def problems(tmp, text):
    path = tmp / "any.toml"
    path.write_text(text, encoding="utf-8")
    found, profile = problems_of(path)
    for problem in found:
        assert problem.startswith(str(path)) and "the tables need" not in problem and "Error" not in problem, problem
        assert not PYTHON.search(problem), problem
    found = [problem for problem in found if "belongs into a file" not in problem]
    if not found:
        json.dumps(profiles.compile(profile))
    return [problem[len(str(path)) + 2 :] for problem in found]


def places(value, at=()):
    found = [at] if at else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return found + [place for key, item in items for place in places(item, (*at, key))]


def holder(profile, place):
    for key in place[:-1]:
        profile = profile[key]
    return profile


@st.composite
def bent(draw):
    """A profile of ours in which some values are left out, exchanged, or of any other kind."""
    profile = tomllib.loads(written(draw(st.sampled_from(NAMES))), parse_float=Decimal)
    for _ in range(draw(st.integers(1, 3))):
        found = places(profile)
        place = found[draw(st.integers(0, len(found) - 1))]
        table, act = holder(profile, place), draw(st.sampled_from(("gone", "junk", "more", "moved")))
        if act == "gone":
            del table[place[-1]]
        elif act == "junk":
            table[place[-1]] = draw(st.sampled_from(JUNK))
        elif act == "moved":
            other = found[draw(st.integers(0, len(found) - 1))]
            table[place[-1]] = tomllib.loads("x = " + shown(holder(profile, other)[other[-1]]), parse_float=Decimal)["x"]
        elif isinstance(table, dict):
            table[draw(st.sampled_from([str(key) for other in found for key in other[-1:]]))] = draw(st.sampled_from(JUNK))
        else:
            table.append(draw(st.sampled_from(JUNK)))
    return document(profile)


@settings(max_examples=120, deadline=None, derandomize=True, database=None)
@given(text=bent())
def test_any_profile_compiles_or_is_refused_by_the_names_of_its_fields(tmp_path_factory, text):
    problems(tmp_path_factory.getbasetemp(), text)


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(name=st.sampled_from(NAMES), cut=st.floats(0, 1), long=st.integers(0, 300), put=st.text(max_size=12) | st.sampled_from(PIECES))
def test_any_text_is_a_profile_or_refused(tmp_path_factory, name, cut, long, put):
    text = written(name)
    at = int(cut * len(text))
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(text[:at] + put + text[at + long :], encoding="utf-8", newline="")
    assert all(problem.startswith(str(path)) for problem in problems_of(path)[0])


def opened(name, table, change=("", "")):
    text = re.sub(r"(?ms)^\[open\]\n.*?(?=^\[|\Z)", "", written("evse-" + name))
    assert change[0] in text
    return text.replace(*change, 1) + f"\n[open]\n{table}\n"


REFUSED = (
    ("keba-p30", "acts_after_s = [nan]", "open.acts_after_s.0: nan is no number that a device has; use a number of seconds above "),
    ("keba-p30", "acts_after_s = [1, inf]", "open.acts_after_s.1: inf is no number"),
    ("keba-p30", "off_states = { state = [-1] }", "open.off_states.state: -1 is no value of that register; use 0 to 4294967295"),
    ("keba-p30", "off_states = { state = [99999999999999] }", "open.off_states.state: 99999999999999 is no value of that register"),
    ("keba-p30", "off_states = { state = [1, 3] }", "open.off_states.state: 3 is a state in which it charges (proof.charging); use 1 or 2 or 5"),
    ("peblar", "off_states = { state = [67] }", "open.off_states.state: in 67 it charges, and no other state is named; use 65 or 66"),
    ("keba-p30", "off_states = { current_l1 = [0] }", "open.off_states: 'current_l1' shows no state; use a register of the table state or "),
    ("peblar", "off_states = { limit_in_force = [16000] }", "open.off_states: 'limit_in_force' shows no state"),
    ("peblar", "off_states = { power = [0] }", "open.off_states: 'power' shows no state"),
    ("keba-p30", "off_states = 5", "open.off_states: 5 is not allowed; use a table"),
    ("keba-p30", "off_states = { state = [1.5] }", "open.off_states.state.0: 1.5 is not allowed; use an integer or a text"),
    ("keba-p30", "latches = [{}]", "open.latches.0: {} is not allowed; use true or false"),
    ("keba-p30", "acts_after_s = [61]", "open.acts_after_s.0: 61 is not allowed; use a number above 0, at most 60"),
    ("keba-p30", "of_shows = ['0']", "open.of_shows: is not known here; did you mean off_shows?"),
    ("peblar", "off_states = { state = [3] }", "open.off_states.state: 3 is no state that the table state knows; use 65 or 66 or 67"),
)  # fmt: skip


@pytest.mark.parametrize(("name", "table", "wanted"), REFUSED)
def test_an_invalid_open_point_is_refused_with_the_valid_ones(tmp_path, name, table, wanted):
    found = problems(tmp_path, opened(name, table))
    assert any(problem.startswith(wanted) for problem in found), found


@pytest.mark.parametrize("code", ['"0x41"', '"6 5"', '"+65"', '"6_5"', "065", '"-65"', '"65536"', '"²"'])
def test_a_state_of_a_number_is_a_number_of_its_register(tmp_path, code):
    found = problems(tmp_path, opened("peblar", "off_states = { state = [66] }", ('65 = "A1"', f'{code} = "A1"')))
    shown_code = code.strip('"')
    assert found == [f"state.map: {shown_code!r} is no value of 'state'; use 0 to 65535, as a decimal number"]


def test_a_number_that_would_take_endless_computation_is_refused_in_any_place(tmp_path):
    for number in ("1e999999999", "1" + 25 * "0", "1e-999999999"):
        found = problems(tmp_path, opened("peblar", "latches = [true]", ("min_a = 6.0", "min_a = " + number)))
        assert found and ("is no number that a device has" in found[0] or "digits" in found[0]), found


TOLD = (  # what is written in place of what, and what is said of it: all at once
    (("gap_ms = 10\n", "gap_ms = nan\n"), "link.gap_ms: nan is no number that a device has"),
    (('words = "high-first"', 'words = "big"'), 'link.words: "big" is not allowed; use one of "high-first", "low-first"'),
    (("at = 1000,", "at = 70000,"), "registers.state.at: 70000 is not allowed; use an integer from 0 to 65535"),
    (("at = 1004,", ""), "registers.cable.at: is missing; write an integer from 0 to 65535"),
    (("reply_ms = 1000\n", ""), "link.reply_ms: is missing; write an integer"),
    (('"current_l1"', '"curent_l1"'), "reads.live: no register 'curent_l1'"),
    (('name = "keba-p30"', 'name = "keba-p31"'), 'name: "keba-p31" belongs into a file evse-keba-p31.toml'),
)


def test_one_mistake_neither_hides_nor_invents_others(tmp_path):
    text = written("evse-keba-p30")
    for change, _ in TOLD:
        assert change[0] in text
        text = text.replace(*change, 1)
    path = tmp_path / "evse-keba-p30.toml"
    path.write_text(text)
    found = [problem[len(str(path)) + 2 :] for problem in problems_of(path)[0]]
    assert len(found) == len(TOLD) and all(any(each.startswith(wanted) for each in found) for _, wanted in TOLD), found


def test_a_value_in_place_of_a_table_is_reported_once_by_its_name(tmp_path):
    text = re.sub(r"(?ms)^\[power_on\]\n.*?(?=^\[|\Z)", "", written("evse-keba-p30"))
    for value in ("5", "'max'", "[1]", "true"):
        found = problems(tmp_path, text.replace("[link]", f"power_on = {value}\n\n[link]", 1))
        told = [problem for problem in found if problem.startswith("power_on: ")]
        assert len(told) == 1 and "is not allowed; use a table with basis, why" in told[0], found
    found = problems(tmp_path, written("evse-keba-p30").replace('charge = [{ write = "current_limit", value = "order" }', "charge = [5", 1))
    assert any(problem.startswith("order.charge.0: 5 is not allowed; use a table") for problem in found), found
