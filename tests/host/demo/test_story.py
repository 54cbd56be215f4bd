"""The story is data: it must fit its site and the control channel."""

import pytest

from ampacity_host.configure import compile_site, load_site
from ampacity_host.demo.command import allowed_ms
from ampacity_host.demo.story import SITE, STORY
from ampacity_host.rig.control_channel.operations import KNOWN
from ampacity_host.rig.fault_injection.injector import ALL_KINDS
from ampacity_host.rig.plant.car import car_from_fields


@pytest.fixture(scope="module")
def facts():
    return compile_site(load_site(str(SITE)))


def test_the_site_has_eight_evses_of_three_sorts_on_a_serial_line_and_on_tcp(facts):
    kinds = [one["kind"] for one in facts["evses"]]
    assert (len(kinds), kinds.count("local"), kinds.count("ampacity"), kinds.count("profile")) == (8, 1, 4, 3)
    assert {bus["kind"] for bus in facts["buses"]} == {"rtu", "tcp"}


def test_every_step_is_an_operation_on_an_existing_target(facts):
    evses = {one["name"] for one in facts["evses"]}
    circuits = {one["name"] for one in facts["circuits"]}
    buses = {one["name"] for one in facts["buses"]}
    for step in STORY.steps:
        assert step.op is None or step.op in KNOWN
        assert step.fields.get("evse", "evse-1") in evses
        assert step.fields.get("circuit", "house") in circuits
        if step.op == "fault":
            assert step.fields["kind"] in ALL_KINDS
            assert step.fields["target"] in buses
        if step.op == "plug":
            car_from_fields(step.fields["car"])


def test_every_evse_gets_a_car():
    assert {step.fields["evse"] for step in STORY.steps if step.op == "plug"} == {"evse-%d" % number for number in range(1, 9)}


def test_the_demonstration_contains_its_announced_events():
    told = {(step.op, step.fields.get("kind") or step.fields.get("action") or step.fields.get("source")) for step in STORY.steps}
    assert {("background", None), ("limit", "ocpp"), ("fault", "cut"), ("primary", "kill"), ("primary", "start")} <= told
    assert max(step.at_s for step in STORY.steps) < STORY.length_s <= 110


def test_other_load_never_exceeds_the_declaration_of_the_site(facts):
    house = facts["circuits"][0]
    for step in STORY.steps:
        if step.op == "background":
            amps_da = [10 * step.fields[name] for name in ("l1", "l2", "l3")]
            assert all(value <= most for value, most in zip(amps_da, house["assumed_other_da"], strict=True))


def test_each_circuit_has_a_budget(facts):
    assert set(allowed_ms(facts)) == {one["name"] for one in facts["circuits"]}


def test_every_text_fits_two_lines_of_a_terminal_of_100():
    assert all(len(step.words) <= 185 for step in STORY.steps)
    assert all(len(step.title) <= 80 for step in STORY.steps)
