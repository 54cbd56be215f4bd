"""A run kept as samples: what can be read from it, and its picture."""

import struct

import pytest

from ampacity_host.report.chart import draw
from ampacity_host.report.recording import Recording


def state(t_ms, amps=10.0, other=4.0, order_a=10.0, plugged=True, status="Charging", energy_wh=0, up=True):
    view = {"bound_a": [order_a] * 3, "status": status, "order_a": order_a}
    return {"t_ms": t_ms,
            "truth": {"circuits": {"main": {"rating": [32.0, 32.0, 25.0], "amps": [amps + other] * 3, "other": [other] * 3}},
                      "evses": {"evse-1": {"amps": [amps] * 3, "order_a": order_a, "energy_wh": energy_wh, "plugged": plugged}}},
            "primary": {"mode": "regulating", "evses": {"evse-1": view}} if up else None}


def recorded(*states):
    recording = Recording()
    for one in states:
        recording.take(one)
    return recording


def test_the_tightest_phase_is_the_one_with_the_least_margin():
    assert recorded(state(0), state(250, amps=20.0), state(500)).tightest("main") == (2, 1.0)


def test_energy_is_taken_from_the_last_sample():
    assert recorded(state(0, energy_wh=1), state(250, energy_wh=9)).energy_wh("evse-1") == 9


def test_a_shed_is_a_stretch_without_offer_after_the_first_current():
    waits = [state(t_ms, amps=0.0, order_a=0.0, status="Suspended") for t_ms in (0, 250)]
    pauses = [state(t_ms, amps=0.0, order_a=0.0, status="Suspended") for t_ms in (1000, 1250, 2500)]
    assert recorded(*waits, state(500), *pauses, state(2750)).longest_shed_ms("evse-1") == 1500


@pytest.mark.parametrize("change", [{"plugged": False}, {"status": "Ended"}, {"order_a": 6.0}])
def test_a_car_that_left_finished_or_has_an_offer_is_not_shed(change):
    quiet = {"amps": 0.0, "order_a": 0.0, "status": "Suspended", **change}
    assert recorded(state(0), state(1000, **quiet), state(3000, **quiet)).longest_shed_ms("evse-1") == 0


def test_samples_without_a_primary_are_samples():
    recording = recorded(state(0), state(250, up=False))
    assert recording.samples[1].mode is None
    assert recording.samples[1].evses["evse-1"]["bound_a"] is None


def test_a_chart_is_a_picture_of_some_size(tmp_path):
    recording = recorded(state(0), state(250, up=False), state(500, amps=30.0))
    recording.mark(250, "the primary is killed")
    draw(recording, tmp_path / "run.png", "a title")
    data = (tmp_path / "run.png").read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert min(struct.unpack(">II", data[16:24])) > 600
