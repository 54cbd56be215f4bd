"""Sites with primaries below primaries: what may be attacked comes from their files and from the rig, at every level."""

import random
from types import SimpleNamespace

import pytest

from tests.drawn.families_at_random import draw_family
from tests.drawn.table import table
from tests.drawn.test_troubles import Loaded
from tests.drawn.troubles import BELOW, BUS, EVSE, METER, PRIMARY, Troubles

NEVER = {"welded", "watchdog_broken", "swapped", "off_shows", "miswired", "same_unit", "dns_down"}  # scenes of their own have these
KINDS = {"below": BELOW, "bus": BUS, "evse": EVSE, "meter": METER, "primary": PRIMARY}
TOP = """
[site]
name = "top"
[[circuit]]
name = "top"
rating_a = 63.0
assumed_other_a = 10.0
generation_a = 10.0
meter = "grid"
[[bus]]
name = "line"
kind = "rtu"
port = "virtual"
[[meter]]
name = "grid"
profile = "eastron-sdm630"
bus = "line"
unit = 100
[[evse]]
name = "mid"
kind = "ampacity"
site = "mid.toml"
bus = "line"
unit = 4
circuit = "top"
phases = ["L2", "L3", "L1"]
[settings]
restart_hold_s = 10
"""
MID = """
[site]
name = "mid"
[parent]
port = "virtual"
unit = 4
[[circuit]]
name = "main"
rating_a = 40.0
assumed_other_a = 5.0
generation_a = 5.0
meter = "grid"
[[bus]]
name = "line"
kind = "rtu"
port = "virtual"
[[meter]]
name = "grid"
profile = "eastron-sdm630"
bus = "line"
unit = 100
[[evse]]
name = "door"
kind = "local"
circuit = "main"
max_a = 16.0
[[evse]]
name = "low"
kind = "ampacity"
site = "low.toml"
bus = "line"
unit = 7
circuit = "main"
[settings]
restart_hold_s = 10
"""
LOW = """
[site]
name = "low"
[parent]
port = "virtual"
unit = 7
[[circuit]]
name = "posts"
rating_a = 20.0
[[bus]]
name = "line"
kind = "rtu"
port = "virtual"
[[evse]]
name = "one"
kind = "ampacity"
bus = "line"
unit = 2
circuit = "posts"
max_a = 16.0
fallback_a = 6.0
[settings]
restart_hold_s = 10
"""


def family():
    return table(TOP, beside=[("mid.toml", MID), ("low.toml", LOW)])


class Often(random.Random):
    """No fault of it lasts for ever."""

    def random(self):
        return 0.5


class Recorded(Troubles):
    """What it would attack."""

    def _fault(self, kinds, targets):
        self.could = {(kind, target) for kind in kinds for target in targets}


def test_whatever_the_rig_can_do_at_a_level_is_among_the_attacks():
    with family() as one:
        could, recorded, hung = set(), Recorded(one, TOP, Often(1), dict), {*one.evses, *one.judge.geometry.meters}
        for name in KINDS:
            getattr(recorded, "_" + name)()
            could |= recorded.could
        injector = one.rig.bench.fault_injector
        wanted = {(kind, target) for target in injector.targets() for kind in injector.kinds_at(target)
                  if kind not in NEVER and not (kind in BUS and target in hung)}  # their buses have these
        assert wanted <= could, sorted(wanted - could)
        assert {target for _, target in could} >= {"mid", "mid.low", "mid.line", "mid.low.line", "mid.grid", "grid", "mid.door"}


@pytest.mark.parametrize("kind", ["power_off", "restart", "cut", "hang", "disk_full", "clock_jump", "foreign_client"])
def test_a_primary_in_the_middle_is_attacked_and_everybody_charges_again(kind):
    with family() as one:
        one.plug()
        one.go(120_000)
        troubles = Troubles(one, TOP, Loaded(kind, "mid", 15_000), dict)
        troubles._below()
        assert kind + " mid" in troubles.log[0]
        one.forget()
        one.go(180_000)
        assert not one.left() and not one.judge.verdict()["wrong_s"], (one.left(), one.judge.verdict())


def test_the_site_file_of_a_primary_in_the_middle_changes_for_a_while():
    with family() as one:
        one.plug()
        one.go(120_000)
        troubles = Troubles(one, TOP, Loaded("mid.low", "mid", "low", "renamed"), dict)
        troubles._change()
        assert "mid low renamed" in troubles.log[0]
        one.forget()
        one.go(300_000)
        assert not one.left() and not one.judge.verdict()["wrong_s"], (one.left(), one.judge.verdict())


def test_who_writes_to_a_primary_below_is_excused_at_the_evses_behind_it_and_nowhere_else():
    with family() as one:
        told = []
        one.judge = SimpleNamespace(geometry=one.judge.geometry, t_ms=0, foreign=told.append, prolong=lambda: None)
        for target in ("line", "mid", "mid.line", "mid.low", "mid.low.line", "mid.low.one"):
            one.fault("foreign_client", target, writes=True)
        below = ["mid.door", "mid.low.one"]
        assert told == [below, below, *[["mid.low.one"]] * 4]


def test_the_times_of_every_level_are_printed_with_the_names_of_the_family():
    with family() as one:
        times = one.judge.times
        assert times.reserves_da("mid.low.posts", 0) == 60 and times.reserves_da("top", 1) == 60
        assert times.again_ms("mid.main") > 0 == times.again_ms("mid.low.posts")


def test_what_a_test_of_a_device_of_a_primary_below_shows_is_known_to_that_primary_and_printed():
    low = LOW.replace('kind = "ampacity"', 'kind = "etek-ekepc2"').replace("fallback_a", "power_on_a")
    with table(TOP, beside=[("mid.toml", MID), ("low.toml", low)]) as one:
        one.plug()
        one.go(120_000)
        assert "mid.low.one" in {row["evse"] for row in one.rig.printed()["evidence"]}
        before = [row for row in one.rig.printed()["reserves"] if row["evse"] == "mid.low.one"]
        assert one.rig.commissioned("mid.low.one") and one.rig.commissioned("mid.door")
        known = {of: one.rig.bench.primary_named(of).role.guard.ledger.evse_states for of in ("mid", "mid.low")}
        assert [s.evidence.tested for s in known["mid.low"]] == [True] and [s.evidence.tested for s in known["mid"]] == [True, False]
        after = [row for row in one.rig.printed()["reserves"] if row["evse"] == "mid.low.one"]
        assert (before[-1]["to_a"], after[-1]["to_a"]) == (16.0, 6.0), (before, after)
        one.primary("kill", "mid.low")
        assert not one.rig.commissioned("mid.low.one")


def test_an_evse_that_nothing_measures_is_known_to_the_judge_also_below_a_site_without_a_meter():
    low = LOW.replace('kind = "ampacity"', 'kind = "phoenix-ev-cc-ac1-m3"').replace("fallback_a", "power_on_a")
    with table(TOP, beside=[("mid.toml", MID), ("low.toml", low)]) as one:
        assert one.judge.unmeasured == {"mid.low.one"} and one.blind("mid.low.one")


def test_families_have_meters_generation_local_points_and_other_makes_at_every_level():
    found = set()
    for seed in range(60):
        top, below, report = draw_family(random.Random(seed))
        for level, text in [("top", top), *[("below", text) for _, text in below]]:
            found |= {(level, word) for word in ("[[meter]]", "generation_a", '"local"', "power_on_a", '"tcp"', "assumed_other_a") if word in text}
        assert report["ok"]
    assert len(found) == 12, found
