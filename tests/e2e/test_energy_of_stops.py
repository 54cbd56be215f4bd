"""The energy of all transactions is the energy of the plant, however a charge at up to 22 kW is stopped."""

import json

import pytest
from stand import OCPP, Stand, running

from ampacity_host.csms.transactions import TransactionLog
from sites import bus, circuit, evse, head

SITE = head("yard") + circuit("main", 200.0) + bus() + bus("lan", kind="tcp", host="127.0.0.1", private=True) \
    + evse(1, "main", 32.0, "local") + evse(2, "main", 32.0) + evse(3, "main", 16.0, "heidelberg-energy-control") \
    + evse(255, "main", 32.0, "keba-p30", "lan", power_on_a=0.0, watchdog_s=10) \
    + "[settings]\nraise_hold_s = 4\nrestart_hold_s = 8\n" + OCPP
STOPS = ("remote", "card", "unplug", "limit", "button", "emergency_stop")


@pytest.fixture(scope="module")
def stand():
    with running(SITE, "--clock", "virtual", "--seed", "5") as rig:
        yield Stand(rig, True)


def told_wh(stand):
    """EVSE id → energy of all its transactions; none is left open."""
    book, told = TransactionLog(), {}
    for frame in stand.rig.csms_log(since=0)["frames"]:
        message = json.loads(frame["text"])
        if frame["dir"] == "in" and message[0] == 2 and message[2] == "TransactionEvent":
            assert book.event("", message[3], True) == []
    for transaction in book.transactions.values():
        assert transaction.ended is not None
        told[transaction.evse] = told.get(transaction.evse, 0) + transaction.energy_wh
    return told


def stop(stand, name, how):
    if how == "remote":
        stand.call("RequestStopTransaction", transactionId=stand.transaction(name))
    elif how == "card":
        stand.rig.present_token(token="card-" + name, type="ISO14443", evse=name)
    elif how == "unplug":
        stand.rig.unplug(evse=name)
    elif how == "limit":
        stand.rig.limit(source="console", target=name, amps=0)
    else:
        stand.rig.button(evse=name, name="stop" if how == "button" else how)


@pytest.mark.parametrize("turn", range(len(STOPS)))
def test_no_energy_is_lost_between_the_stop_and_the_end(stand, turn):
    names = stand.rig.ready["evses"]
    stand.charge(*names)
    stand.pass_ms(20_000)
    stops = {name: STOPS[(turn + at) % len(STOPS)] for at, name in enumerate(names)}
    for at, name in enumerate(names):
        stop(stand, name, stops[name])
        stand.pass_ms(130 * at + 50)
    stand.pass_ms(10_000)
    for name in names:
        if stops[name] == "limit":
            stop(stand, name, "card")
            stand.rig.limit(source="console", target=name, amps=None)
        if stops[name] != "unplug":
            stand.rig.unplug(evse=name)
    stand.until(lambda: not any(map(stand.transaction, names)), 10_000)
    stand.pass_ms(10_000)
    plant = {at + 1: stand.truth["evses"][name]["energy_wh"] for at, name in enumerate(names)}
    told = told_wh(stand)
    assert min(plant.values()) > 50 and {at: abs(plant[at] - told[at]) <= 1 for at in plant} == dict.fromkeys(plant, True), (plant, told)
