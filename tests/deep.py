"""Which cases `make test` plays, and which only `make proof` does: one of a kind in each change, all of them before a release.

`make proof` plays every test marked `deep` as its part `tests`; by hand: `.venv/bin/python -m pytest -n auto -m deep tests`.

A file of a firmware room is plain and says it by two names of its own:

- `ON_MICROPYTHON_EACH = 4`: all its tests are played on CPython, and each fourth on MicroPython as well; the others are deep there. For files
  that play minutes of one engine again and again: MicroPython is asked whether it computes the same, which each life of the engine answers.
- `DEEP = ("test_name",)`: these are deep on both runtimes.
"""

import ast
import re

import pytest

TEST = re.compile(r"^(?:async )?def (test_\w+)", re.M)
EACH = re.compile(r"^ON_MICROPYTHON_EACH = (\d+)", re.M)
DEEP = re.compile(r"^DEEP = (\(.*?\))$", re.M | re.S)


def sample(cases, every, first=0):
    """The same cases for `parametrize`; all but each `every`-th of them, counted from `first`, are deep. A tuple is one case's values."""
    shown = []
    for at, case in enumerate(cases):
        values = case if isinstance(case, tuple) else (case,)
        shown.append(pytest.param(*values, marks=() if at % every == first else pytest.mark.deep))
    return shown


def deep(cases):
    """All of them deep, beside a small form of the same that each change plays."""
    return sample(cases, 1, 1)


def on_micropython(text):
    """[(name of a test, whether it is deep there)] of the text of a room's file, in its order."""
    each, deep = EACH.search(text), DEEP.search(text)
    every, names = int(each[1]) if each else 1, ast.literal_eval(deep[1]) if deep else ()
    return [(name, at % every > 0 or name in names) for at, name in enumerate(TEST.findall(text))]


def is_deep(item):
    """Whether the file of a test on CPython says so by its name `DEEP`."""
    names = getattr(getattr(item, "module", None), "DEEP", ())
    return isinstance(names, tuple) and getattr(item, "originalname", None) in names
