"""Whole scenes of the guard give the recorded integers, the same on both runtimes (safety.md 8.7).

CPython plays each third of a group, and all of them in `make check` (`python -m tools.vectors --check`); MicroPython plays each sixth.
All of them on both are deep.

A change of the safety core that is meant to change them writes them anew: `python -m tools.vectors`.
"""

import sys

from vectors_scenes import GROUPS, Scene

FILE = __file__.rpartition("/")[0] + "/vectors.csv"
SCENES_MIN = 100
EVERY = 6 if sys.implementation.name == "micropython" else 3
DEEP = ("test_every_scene_of_every_group",)


def lines_of(group):
    """(number, checksum, integers) of each vector of a group."""
    found = []
    with open(FILE) as file:
        for line in file:
            words = line.strip().split(",")
            if words[0] == group:
                found.append((int(words[1]), int(words[2], 16), [int(word) for word in words[3].split()]))
    return found


def check(group, every=EVERY):
    vectors = lines_of(group)
    assert len(vectors) >= SCENES_MIN
    for number, checksum, integers in vectors[::every]:
        found, shown = Scene(group, number).play()
        assert shown == integers, "scene %s %d ends with %s, recorded is %s" % (group, number, shown, integers)
        assert found == checksum, "scene %s %d differs on its way" % (group, number)


def test_orders_proofs_and_refusals():
    check("orders")


def test_silence_and_return():
    check("silence")


def test_meters():
    check("meter")


def test_limits_from_outside():
    check("limits")


def test_foreign_writes_and_unordered_limits():
    check("foreign")


def test_restarts_and_isolation():
    check("restart")


def test_phase_switches():
    check("phases")


def test_terminals_between_two_lines():
    check("split")


def test_evidence():
    check("evidence")


def test_a_crowd_of_sixteen():
    check("crowd")


def test_every_scene_of_every_group():
    for group in GROUPS:
        check(group, 1)
