"""A CSMS that was away gets every transaction in order, though the power failed in the middle of a write meanwhile."""

import pytest
from stand import DEMO, Stand, running, some

from tests.deep import sample


def away_and_back(stand, card_ms):
    rig = stand.rig
    stand.charge("evse-1", "evse-2")
    rig.fault(kind="csms_down", target="primary")
    stand.until(lambda: not stand.connected(), 30_000)
    rig.unplug(evse="evse-1")
    stand.until(lambda: stand.transaction("evse-1") is None, 20_000)
    rig.plug(evse="evse-1")
    stand.until(lambda: stand.status("evse-1") == "Plugged", 20_000)
    rig.present_token(token="card-evse-1", type="ISO14443", evse="evse-1")
    began = stand.until(lambda: stand.transaction("evse-1"), 20_000)
    stand.pass_ms(card_ms)
    rig.primary(action="power_cut_at_write", n=1)
    rig.unplug(evse="evse-1")
    stand.until(lambda: stand.primary is None, 60_000)
    rig.primary(action="start")
    stand.until(lambda: stand.primary, 30_000)
    stand.until(lambda: stand.status("evse-1") == "Available", 30_000)
    assert stand.primary["ocpp"]["queue"] > 0
    rig.fault(kind="csms_down", target="primary", on=False)
    stand.until(lambda: stand.connected() and stand.primary["ocpp"]["queue"] == 0, 90_000)
    return began


def judge(stand, began):
    stand.until(lambda: stand.transactions()[began][-1][1] == "Ended", 30_000)
    told = stand.transactions()
    assert len(told) == 3
    for events in told.values():
        assert [number for number, _ in events] == list(range(len(events))) and events[0][1] == "Started"
    assert [events[-1][1] for events in told.values()].count("Ended") == 2
    assert stand.violations_ms() == 0


@pytest.mark.parametrize("seed", sample(["1", "2"], 2))
def test_transactions_of_a_time_without_csms_arrive_in_order_after_a_power_cut(seed):
    with running(DEMO, "--clock", "virtual", "--seed", seed) as rig:
        stand = Stand(rig, True)
        judge(stand, away_and_back(stand, 3_000))


def test_the_same_with_real_processes_on_micropython():
    with running(some("evse-1", "evse-2", "evse-6"), "--runtime", "micropython") as rig:
        stand = Stand(rig, False)
        stand.until(stand.connected, 30_000)
        variable = "OCPPCommCtrlr.RetryBackOff"
        for name, value in (("WaitMinimum", "1"), ("RandomRange", "0"), ("RepeatTimes", "0")):
            rig.config_set(key=variable + name, value=value)
        judge(stand, away_and_back(stand, 0))
