"""Which cases `make test` plays, and which only `make proof` does: one of a kind in each change, all of them before a release.

`make proof` plays every test marked `deep` as its part `tests`; by hand: `.venv/bin/python -m pytest -n auto -m deep tests`.
"""

import pytest


def sample(cases, every, first=0):
    """The same cases for `parametrize`; all but each `every`-th of them, counted from `first`, are deep. A tuple is one case's values."""
    shown = []
    for at, case in enumerate(cases):
        values = case if isinstance(case, tuple) else (case,)
        shown.append(pytest.param(*values, marks=() if at % every == first else pytest.mark.deep))
    return shown
