"""Answers of a rig, recorded from a run of the demonstration's site: cars that charge, and a primary that is down."""

import copy
import json
from pathlib import Path

from ampacity_host.rig.ui.view_model import ViewModel

ALL = json.loads((Path(__file__).parent / "seen.json").read_text())
KINDS = {"evse-1": "local", "evse-6": "heidelberg-energy-control", "evse-8": "keba-p30"}


def state(which="charging", **changes):
    """A copy of the recorded answer of `state`; changes: of its top level."""
    return {**copy.deepcopy(ALL[which]), **changes}


def worst():
    return copy.deepcopy(ALL["worst"])


def model(which="charging"):
    """A ViewModel that has heard both."""
    seen = ViewModel("garage", KINDS, "MicroPython 1.25", "127.0.0.1:1")
    seen.take(state(which), worst())
    return seen
