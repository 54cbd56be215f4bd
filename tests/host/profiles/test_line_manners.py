"""How each device is to be asked, kept by the real engines: silence between frames, registers a request, whole values, functions."""

import pytest

from ampacity.bus.client.ascii_client import AsciiClient
from ampacity.bus.client.rtu_client import RtuClient
from ampacity.bus.client.tcp_client import TcpClient
from ampacity.bus.profile.evse_driver import EvseDriver
from ampacity.bus.profile.meter_driver import MeterDriver
from ampacity.circuit.guard import Guard
from ampacity_host import profiles
from ampacity_host.profiles.conformance.evse_testbed import EvseTestbed
from ampacity_host.profiles.conformance.meter_testbed import Mains
from ampacity_host.rig.devices import make_device

START_US = (2**30 - 60_000) * 1000
RUN_US, TICK_US = 25_000_000, 100_000
BAUD = 19200
NAMES = [("evse", n) for n in profiles.names("evse") if not profiles.blocked(profiles.load("evse-" + n))]
NAMES += [("meter", n) for n in profiles.names("meter") if profiles.meter_facts(profiles.load("meter-" + n), {})["inputs"]]
READS = (1, 2, 3, 4)


class Clock:
    @staticmethod
    def now_ms():
        return START_US // 1000


class Talk:
    """One device behind its real engine. exchanges: (request PDU, when it left, when the device was done with it), µs."""

    def __init__(self, kind, name):
        self.profile = profiles.load(f"{kind}-{name}")
        self.framing = self.profile["link"]["media"][0]
        self.guard = self.device = None
        (self._evse if kind == "evse" else self._meter)(name)
        self.engine = self._engine()
        self.exchanges = []
        self._heard = []
        self._char_us = 11_000_000 // BAUD if self.framing != "tcp" else 1

    def _evse(self, name):
        testbed = EvseTestbed(name)
        self.guard = Guard(testbed._site(self.framing), START_US // 1000)
        self.driver = EvseDriver(testbed.facts, profiles.compile(self.profile), 0, self.guard)
        self.device = testbed.device

    def _meter(self, name):
        facts = profiles.meter_facts(self.profile, {}) | {"unit": 100}
        facts["phases"] = list(range(facts["inputs"]))
        guard = type("Judge", (), {"meter": lambda *_: None})()
        self.driver = MeterDriver(facts, profiles.compile(self.profile), 0, guard)
        self.device = make_device(self.profile, 100, Mains(), Clock, 5, self.framing)

    def _engine(self):
        facts = {"baud": BAUD, "parity": "E", "stop": 1, "transit_ms": 300}
        if self.framing == "tcp":
            engine = TcpClient(facts, [self.driver])
            engine.connected(START_US)
            return engine
        engine = (AsciiClient if self.framing == "ascii" else RtuClient)(facts, [self.driver])
        return engine

    def run(self):
        now_us = tick_us = START_US
        while now_us < START_US + RUN_US:
            if now_us >= tick_us:
                tick_us += TICK_US
                self._tick(now_us)
            while self._heard and self._heard[0][1] <= now_us:
                data, _ = self._heard.pop(0)
                self.engine.receive(data, now_us)
            data, wake_us = self.engine.next(now_us)
            if data:
                self._say(data, now_us)
            heard_us = [at_us for _, at_us in self._heard]
            now_us = max(now_us + 1, min([wake_us, tick_us, *heard_us]))

    def _tick(self, now_us):
        now_ms = now_us // 1000
        self.device.tick(now_ms)
        if self.guard is not None:
            self.guard.plugged(0, True)
            self.guard.demand(0, True)
            self.guard.tick(now_ms)
            self.driver.want(self.guard.want_da[0], now_ms)
        self.engine.permit(now_ms + 200)

    def _say(self, data, now_us):
        end_us = now_us + len(data) * self._char_us
        request = self.engine._request
        answers = self.device.receive(data, end_us)
        done_us = end_us
        for answer, at_us in answers:
            done_us = max(end_us, at_us) + len(answer) * self._char_us
            self._heard.append((answer, done_us))
        if request is not None:
            self.exchanges.append((bytes(request.pdu), now_us, done_us, request.wakes))


@pytest.mark.parametrize(("kind", "name"), NAMES)
def test_a_device_is_read_as_its_profile_requires(kind, name):
    talk = Talk(kind, name)
    talk.run()
    link = talk.profile["link"]
    assert len(talk.exchanges) > 20 and talk.driver.facts.online
    for (_, _, done_us, woke), (pdu, left_us, _, _) in zip(talk.exchanges, talk.exchanges[1:], strict=False):
        assert woke or left_us - done_us >= link["gap_ms"] * 1000, f"{(left_us - done_us) // 1000} ms before {pdu.hex()}"
    sizes = {(row["at"], row.get("count") or {"u32": 2, "i32": 2, "f32": 2, "u64": 4, "i64": 4, "f64": 4}.get(row["type"], 1))
             for row in talk.profile["registers"].values()}  # fmt: skip
    for pdu, *_ in talk.exchanges:
        if pdu[0] in READS:
            at, count = int.from_bytes(pdu[1:3], "big"), int.from_bytes(pdu[3:5], "big")
            assert count <= link["read_max"], f"{count} registers in one request"
            assert not link.get("read_one_value") or (at, count) in sizes, f"{count} registers at {at}: not one value"


@pytest.mark.parametrize(("name", "clients"), [("alfen-eve", 2), ("amperfied-connect", 1), ("vestel-evc04", 1)])
def test_a_device_that_serves_one_client_declares_it(name, clients):
    profile = profiles.load("evse-" + name)
    assert profile["link"]["clients"] == clients
    assert profiles.evse_facts(profile, {"max_a": 16, "fallback_a": 6})["one_client"] == (clients == 1)
