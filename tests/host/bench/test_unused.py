"""The rows of unused phases: the same day for the same seed, sites that the check takes, cases that can be asked for alone."""

import random

import pytest

from tools.bench import energy, unused
from tools.bench.entry import wanted
from tools.bench.unused import DAY_H, FULL, KINDS, SHORT, Day


def drawn(day):
    return [(one.name, one.arrival_s, one.departure_s, one.energy_wh, one.phases, one.amps_da) for one in day.sessions]


@pytest.mark.parametrize("size", [FULL, SHORT])
@pytest.mark.parametrize("name", KINDS)
def test_the_check_takes_its_site_and_a_seed_is_a_day(name, size):
    days = [Day(KINDS[name], size, seed) for seed in (3, 3, 4)]
    assert drawn(days[0]) == drawn(days[1]) != drawn(days[2])
    assert [days[0].mains.at(ms) for ms in (0, 90_000)] == [days[1].mains.at(ms) for ms in (0, 90_000)]
    facts = days[0].site()
    assert len(facts["evses"]) == days[0].evses and all(len(evse["terminals"]) == 3 for evse in facts["evses"])
    firsts = [tuple(evse["terminals"][0]) for evse in facts["evses"]]
    assert len(set(firsts)) == 3 and max(map(firsts.count, firsts)) - min(map(firsts.count, firsts)) <= 1


def test_cars_have_the_phases_of_their_fleet():
    mixed = [one.phases for seed in range(20) for one in Day(KINDS["mixed"], FULL, seed).sessions]
    shares = [mixed.count(phases) / len(mixed) for phases in (1, 2, 3)]
    assert shares == pytest.approx([0.46, 0.10, 0.44], abs=0.04)
    assert {one.phases for one in Day(KINDS["one-phase"], FULL).sessions} == {1}


def test_sessions_leave_and_others_come_after_them_within_the_day():
    day = Day(KINDS["mixed"], FULL)
    assert len(day.sessions) > day.evses and DAY_H >= 24
    assert sum(one.departure_s < day.until_s for one in day.sessions) > 0.9 * len(day.sessions)


def test_half_of_the_evses_are_unmeasured_if_the_row_requires_it():
    facts = Day(KINDS["unmeasured"], FULL).site()
    names = [[field[0] for field in facts["profiles"][evse["profile"]]["fields"]] if evse["profile"] else [] for evse in facts["evses"]]
    silent = [fields for fields in names if fields]
    assert len(silent) == len(names) // 2
    assert not any(field.startswith(("current_l", "power")) for fields in silent for field in fields)
    assert len(facts["meters"]) == 1 + KINDS["unmeasured"].rows


def test_other_load_stays_within_what_the_site_assumes():
    load = unused.Load(random.Random(2), 600)
    values = [value for minute in range(600) for value in load.at(minute * 60_000)[0]]
    assert 0 <= min(values) < max(values) <= Day(KINDS["mixed"], FULL).site()["circuits"][0]["assumed_other_da"][0]


def test_a_case_is_measured_alone(monkeypatch):
    monkeypatch.setattr(unused, "measured", lambda row, day: [row])
    monkeypatch.setattr(energy, "Week", lambda *_, **__: pytest.fail("a week was played that nobody asked for"))
    assert list(unused.rows("energy/one-phase")) == ["energy/one-phase", "energy/one-phase/bytes"]
    assert list(unused.rows("energy/one-phase/bytes")) == ["energy/one-phase/bytes"]
    assert list(unused.rows("energy/2020-01-06")) == [] == list(energy.rows("energy/one-phase"))
    assert len(list(unused.rows("energy"))) == len(list(unused.rows())) == 6
    assert wanted("energy", "energy/mixed") and not wanted("energy/mixed-cars", "energy/mixed")
