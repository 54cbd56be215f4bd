"""A CSMS that attacks a whole site on the virtual clock: the cars charge on, nobody restarts, and no event of a transaction is lost.

What an attack takes of heap is measured in tests/ocpp/test_hostile_csms.py, the stall of the safety loop in tests/host/net/test_floods.py, each on
both runtimes.
"""

import json

import pytest
from test_secondary_faults import OCPP
from test_virtual_bench import READY_MS, amps

from ampacity.ocpp.rpc import OUT_MAX
from ampacity_host.rig.plant.car import Car
from ampacity_host.rig.plant.worst import worst_circuits
from ampacity_host.rig.virtual.virtual_bench import VirtualBench
from ampacity_host.rig.virtual.virtual_csms import attach_csms
from simulated import LOCAL_AND_SECONDARY, set_up

SITE = LOCAL_AND_SECONDARY.format(rating_a=50.0, local_a=32.0, secondary_a=16.0)
LATE_MS = 45_000  # longer than MessageTimeout
ATTACK_MS, CALM_MS_MAX = 100_000, 400_000
EVERYTHING = ("Authorize", "Heartbeat", "NotifyEvent", "SecurityEventNotification", "StatusNotification", "TransactionEvent", "MeterValues")
SETTING = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
QUICK = (("OCPPCommCtrlr", "RetryBackOffWaitMinimum", "1"), ("OCPPCommCtrlr", "RetryBackOffRandomRange", "0"),
         ("OCPPCommCtrlr", "RetryBackOffRepeatTimes", "0"), ("SampledDataCtrlr", "TxUpdatedInterval", "5"))  # fmt: skip


class Attacked:
    """A site whose cars charge; `frames` of its CSMS say what came. done: what was sent that a station must not choke on."""

    def __init__(self, folder):
        path = folder / "site.toml"
        path.write_text(SITE + OCPP)
        setup = set_up(path, csms=True)
        ocpp, setup.facts["ocpp"] = setup.facts["ocpp"], None
        self.bench = VirtualBench(setup.facts, setup.seed, no_bytes=True)
        self.csms = attach_csms(self.bench, ocpp["version"], ocpp)
        self.transports = []
        attach = self.csms.attach
        self.csms.attach = lambda transport: self.transports.append(transport) or attach(transport)
        self.bench.start()
        self.bench.run_ms(READY_MS)
        for component, name, value in QUICK:
            self.settings({"component": {"name": component}, "variable": {"name": name}, "attributeValue": value})
        for point in self.bench.plant.points:
            point.plug(Car())
        self.bench.run_ms(5_000)
        for point in self.bench.plant.points:
            self.bench.present(point.name, ("token", "card-" + point.name, "ISO14443"))
        self.run(60_000, False)
        assert min(amps(self.bench).values()) >= 60

    def settings(self, *items):
        self.csms.send_call("SetVariables", {"setVariableData": list(items)})
        self.bench.run_ms(100)

    def run(self, ms, charging=True):
        """Time goes by, a second at a time; no car is interrupted."""
        for _ in range(ms // 1000):
            self.bench.run_ms(1_000)
            assert not charging or min(amps(self.bench).values()) >= 60, amps(self.bench)

    def answers(self):
        """[(kind, message id, payload or code)] of what the station has answered."""
        said = [json.loads(frame["text"]) for frame in self.csms.frames if frame["dir"] == "in"]
        return [(one[0], one[1], one[2]) for one in said if one[0] != 2]

    def numbers(self):
        """Transaction id → the numbers of the events that the CSMS has got."""
        found = {}
        for frame in self.csms.frames:
            if frame["dir"] == "in" and '"TransactionEvent"' in frame["text"]:
                event = json.loads(frame["text"])[3]
                found.setdefault(event["transactionInfo"]["transactionId"], set()).add(event["seqNo"])
        return found

    def station(self):
        return self.bench.primary.role.upstream.station


def late(site):
    site.csms.answer_delay_ms = LATE_MS


def repeats(site, change):
    """Each answer comes once more, changed."""

    def heard(identity, text):
        message = json.loads(text)
        if message[0] == 2 and message[2] in EVERYTHING:
            site.csms.send_text(json.dumps([3, change(message[1]), {"currentTime": "2026-01-01T00:00:00Z"} if message[2] == "Heartbeat" else {}]))

    site.csms.on_message = heard


def twice(site):
    repeats(site, lambda message_id: message_id)


def never(site):
    site.csms.silent = set(EVERYTHING)


def wrong_id(site):
    never(site)
    repeats(site, lambda message_id: message_id + "x")


def ten_thousand(site):
    for number in range(10_000):
        site.csms.send_text(json.dumps([2, f"n{number}", "GetTransactionStatus", {}]))


def mid_frame(site):
    for _ in range(20):
        if site.csms.session() is not None:
            site.transports[-1].write(b"\x81\x7e\x03\xe8" + b'[2,"cut","Reset",{"type":"Imme')
            site.transports[-1].abort()
            site.csms.drop()
        site.run(3_000)


def set_variables(site):
    for number in range(1_000):
        value = str(60 + number % 200) if number % 3 else "x" * (number % 900)
        item = dict(SETTING, attributeValue=value)
        site.csms.send_text(json.dumps([2, f"s{number}", "SetVariables", {"setVariableData": [item] * (1 + number % 4)}]))
        if number % 30 == 0:
            site.run(1_000)


def mebibyte(site):
    for number in range(3):
        text = json.dumps([2, f"big{number}", "DataTransfer", {"vendorId": "x", "data": "A" * 2**20}])
        site.csms.send_text(text)
        site.run(2_000)




ATTACKS = (  # with the counters that show it
    (late, ("ocpp_timeouts", "ocpp_unasked")), (twice, ("ocpp_unasked",)), (never, ("ocpp_timeouts", "link.silent")),
    (wrong_id, ("ocpp_timeouts", "ocpp_unasked")), (ten_thousand, ("link.flooded",)), (mid_frame, ("link.drops",)),
    (set_variables, ("link.flooded",)), (mebibyte, ("link.oversized", "ocpp_oversized")),
)  # fmt: skip


def calm(site):
    """The CSMS behaves again, and has got everything a while later."""
    site.csms.answer_delay_ms, site.csms.silent, site.csms.on_message = 0, set(), None
    site.settings({"component": {"name": "SampledDataCtrlr"}, "variable": {"name": "TxUpdatedInterval"}, "attributeValue": "0"})
    for _ in range(CALM_MS_MAX // 10_000):
        site.run(10_000)
        if site.station().online and not site.station().queue.count:
            break
    site.csms.send_text('[2,"after","GetTransactionStatus",{}]')
    site.run(2_000)
    assert site.answers()[-1] == (3, "after", {"messagesInQueue": False})
    numbers = site.numbers()
    assert len(numbers) == len(site.bench.plant.points)
    for got in numbers.values():
        assert got == set(range(len(got))) and len(got) > 20


@pytest.mark.parametrize(("attack", "shows"), ATTACKS, ids=[attack.__name__ for attack, _ in ATTACKS])
def test_an_attack_of_the_csms_interrupts_no_car_and_loses_no_event(attack, shows, tmp_path):
    site = Attacked(tmp_path)
    attack(site)
    site.run(ATTACK_MS)
    answers, counters = site.answers(), site.bench.primary.role.log.counters
    assert all(counters.get(name, 0) >= 1 for name in shows), counters
    if attack is ten_thousand:
        got = sum(1 for _, number, _ in answers if number.startswith("n"))
        assert OUT_MAX < got < 10_000  # the station hangs up
    elif attack is set_variables:
        assert sum(1 for _, number, _ in answers if number.startswith("s")) > 300
        assert 60 <= site.station().model.number("OCPPCommCtrlr", "HeartbeatInterval") < 260
    elif attack is mebibyte:
        assert [one[:2] for one in answers if one[1].startswith("big")] == [(4, "big0"), (4, "big1"), (4, "big2")]
    elif attack is mid_frame:
        assert site.csms.stations["AMP-0001"]["connects"] > 15 and not any(number == "cut" for _, number, _ in answers)
    calm(site)
    assert site.bench.restarts() == 0 and site.bench.loop.problems == []
    assert sum(sum(circuit["violation_ms"]) for circuit in worst_circuits(site.bench.plant).values()) == 0
    site.bench.close()
