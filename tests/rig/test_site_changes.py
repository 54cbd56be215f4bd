"""An EVSE without watchdog that holds 16 A leaves the site file, is renamed, or stands there as another one: nothing is forgotten."""

import pytest
from site_changes import HOLDS, Yard, evse, site_text

from tests.deep import sample

ROW = '[[circuit]]\nname = "main"\nrating_a = 63.0\n\n[[circuit]]\nname = "%s"\nparent = "main"\nrating_a = 32.0\n'
OTHERS = [evse("evse-2", 2), evse("evse-3", 3)]
OLD = site_text([evse("evse-1", 1, HOLDS), *OTHERS])
LONE_FIRST_S, ALL_S = 45, 60
CHANGES = {
    "removed": OTHERS,
    "another unit": [evse("evse-1", 7, HOLDS), *OTHERS],
    "another kind": [evse("evse-1", 1, "heidelberg-energy-control"), *OTHERS],
    "renamed and another unit": [evse("bay-1", 7, HOLDS), *OTHERS],
    "another's place": [evse("evse-1", 2), evse("evse-3", 3)],
    "renamed": [evse("bay-1", 1, HOLDS), *OTHERS],
}


def standing(text=OLD):
    """evse-1 holds 16 A; then the path to it is cut, and others ask."""
    yard = Yard(text)
    yard.do("plug", evse="evse-1")
    assert yard.run(LONE_FIRST_S)["evse-1"] > 15.5
    return yard


def others_come(yard):
    for name in ("evse-2", "evse-3"):
        yard.do("plug", evse=name)


@pytest.mark.parametrize("change", sample(sorted(CHANGES), 2))
def test_the_sum_stays_within_the_rating_after_any_change_of_the_site_file(change):
    yard = standing()
    if change == "renamed":
        yard.do("fault", kind="cut", target="evse-1")
    text = site_text(CHANGES[change])
    yard.restart(text)
    others_come(yard)
    for life in range(3):
        yard.run(ALL_S)
        assert yard.most_a <= 32.5, (change, life, yard.most_a, yard.amps())
        yard.restart(text)
    yard.run(ALL_S)
    assert yard.most_a <= 32.5
    if change in ("removed", "renamed"):  # else nobody answers as evse-1 or bay-1, and the maximum of both leaves nothing
        assert yard.amps()["evse-2"] + yard.amps()["evse-3"] > 5.5, "the others charge beside it"


def test_a_renamed_circuit_keeps_its_load():
    others = [evse(each["name"], each["unit"], circuit="row-1") for each in OTHERS]
    yard = standing(site_text([evse("evse-1", 1, HOLDS, "row-a"), *[dict(each, circuit="row-a") for each in OTHERS]], ROW % "row-a"))
    text = site_text(others, ROW % "row-1")
    yard.restart(text)
    others_come(yard)
    for _ in range(3):
        yard.run(ALL_S)
        assert yard.most_a <= 32.5, yard.amps()
        yard.restart(text)


def test_a_removed_evse_is_shown_and_confirming_its_removal_frees_its_current():
    yard = standing()
    yard.restart(site_text(OTHERS))
    others_come(yard)
    yard.run(ALL_S)
    left = yard.primary["left"]["evse-1"]
    assert left["most_a"] == 16.0 and left["circuits"] == ["main"] and "gone evse-1" in left["text"]
    assert "evse-1 16.0 A" in yard.console("why evse-2") and "evse-1 (b1/1" in yard.console("gone")
    assert "evse-1" in yard.console("gone nobody") and "evse-1 (b1/1" in yard.console("show site")
    yard.do("unplug", evse="evse-1")
    assert yard.console("gone evse-1") == "ok"
    assert sum(yard.run(90).values()) > 30.0 and "left" not in yard.primary
    yard.restart(site_text(OTHERS))
    assert sum(yard.run(ALL_S).values()) > 30.0


@pytest.mark.parametrize("n", sample(range(1, 7), 3, 1))
def test_the_power_may_fail_in_any_write_of_the_change(n):
    text = site_text(OTHERS)
    yard = standing()
    others_come(yard)
    yard.restart(text, cut=n)
    for _ in range(25):
        yard.run(3)
        assert yard.most_a <= 32.5, (n, yard.amps())
        if not yard.bench.primary.running:
            yard.restart(text)
    assert "evse-1" in yard.primary["left"], n


@pytest.mark.parametrize("n", sample(range(1, 7), 3))
def test_a_site_that_has_just_started_is_known_to_the_next_one(n):
    yard = Yard(OLD)
    yard.do("plug", evse="evse-1")
    yard.bench.primary.files.cut_at_write(n)
    held = 0.0
    for _ in range(40):
        if not yard.bench.primary.running:
            break
        held = yard.run(1)["evse-1"]
    yard.restart(site_text(OTHERS))
    others_come(yard)
    yard.run(ALL_S)
    assert yard.most_a <= 32.5, (n, held, yard.amps())


def test_an_evse_whose_isolation_was_taken_back_counts_after_it_left_the_site_file():
    """The shape that is kept has no isolated EVSE: that it is there again is durable before it is raised."""
    circuit = '[[circuit]]\nname = "main"\nrating_a = 20.0\n'
    neighbour = evse("evse-2", 2)
    yard = Yard(site_text([evse("evse-1", 1, HOLDS), neighbour], circuit))
    yard.run(40)
    yard.do("fault", kind="power_off", target="evse-1")
    yard.run(15)
    assert yard.console("isolate evse-1 on") == "ok"
    yard.run(70)
    assert yard.console("isolate evse-1 off") == "ok"
    yard.run(1)
    yard.do("fault", kind="power_off", target="evse-1", on=False)
    yard.do("plug", evse="evse-1")
    assert yard.run(30)["evse-1"] > 15.0
    yard.do("fault", kind="cut", target="evse-1")
    yard.restart(site_text([neighbour], circuit))
    yard.do("plug", evse="evse-2")
    yard.run(90)
    assert yard.most_a <= 20.5 and "evse-1" in yard.primary["left"], yard.amps()
