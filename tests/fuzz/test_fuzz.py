"""The depth of every day: 40,000 bent frames on CPython, some thousands on MicroPython; and an engine with a fault is found."""

import pytest

from ampacity.bus.client import rtu_client as primary
from ampacity.bus.client import tcp_client as tcp
from ampacity.bus.modbus import frames, mbap
from ampacity.bus.modbus import rtu_receiver as receiver
from ampacity.bus.modbus.frames import exception_pdu, rtu_frame
from tests.fuzz.bend import SERIAL, STREAM
from tests.fuzz.cases import CASES
from tests.fuzz.play import GROWTH_MAX, Play, growth
from tests.fuzz.primary import PrimaryCase
from tests.fuzz.run import QUICK, QUICK_MICROPYTHON, on_micropython, profiles
from tests.fuzz.secondary import SecondaryCase
from tests.fuzz.tcp import TcpCase
from tests.fuzz.tcp_secondary import TcpSecondaryCase
from tests.fuzz.watch import checksum, frames_in


@pytest.fixture(scope="module")
def tables():
    return profiles()


def test_of_tens_of_thousands_of_bent_frames_none_is_raised_at_taken_or_kept(tables):
    result = Play(7, CASES, tables).run(QUICK)
    assert result["problems"] == [] and result["exceptions"] == 0
    assert result["frames"] >= QUICK and set(result["kinds"]) == set(SERIAL) | set(STREAM)
    counters = result["counters"]
    for name in ("secondary.changes", "primary.handed", "tcp.handed", "tcp-secondary.changes", "primary.proofs"):
        assert counters[name] > 5, name


def test_on_micropython_too():
    result = on_micropython(QUICK_MICROPYTHON, 7)
    assert result["problems"] == [] and set(result["by_case"]) == {case.name for case in CASES}


def test_the_same_seed_bends_the_same_frames(tables):
    one, two = (Play(3, CASES, tables).run(1000, life=500) for _ in range(2))
    assert one["counters"] == two["counters"] and one["kinds"] == two["kinds"]


def no_checksum(monkeypatch):
    monkeypatch.setattr(receiver, "crc16", lambda data: 0)


def any_shape(monkeypatch):
    monkeypatch.setattr(primary.RtuClient, "_fits", lambda self, request, pdu: self._check_late_reply(request))


def any_transaction(monkeypatch):
    def take(self, transaction, unit, pdu, now_us):
        if self._request is not None:
            self._answered(self._request, pdu, now_us)
    monkeypatch.setattr(tcp.TcpClient, "_take", take)


def whatever_comes(monkeypatch):
    def take(self):
        data, self._data = bytes(self._data), bytearray()
        return ((data[0] << 8) | data[1], data[6], data[7:]) if len(data) > 7 else None
    monkeypatch.setattr(mbap.MbapReceiver, "take", take)


def leaks(monkeypatch):
    kept, plain = [], receiver.RtuReceiver.receive

    def receive(self, data, now_us):
        kept.append(object())
        plain(self, data, now_us)
    monkeypatch.setattr(receiver.RtuReceiver, "receive", receive)


@pytest.mark.parametrize(("fault", "case"), [
    (no_checksum, SecondaryCase), (no_checksum, PrimaryCase), (any_shape, PrimaryCase), (any_transaction, TcpCase),
    (whatever_comes, TcpSecondaryCase), (leaks, SecondaryCase)])
def test_an_engine_with_a_fault_is_found(monkeypatch, tables, fault, case):
    fault(monkeypatch)
    assert Play(1, [case], tables).run(5000)["problems"]


def test_the_eye_of_its_own_sees_what_the_engines_see():
    for unit, pdu in ((5, bytes((3, 0, 1, 0, 2))), (0, bytes((16,))), (247, exception_pdu(3, 2))):
        frame = rtu_frame(unit, pdu)
        assert checksum(frame) == 0 and (unit, pdu) in frames_in(b"\x99" + frame + b"\x98", (unit,))
        spoilt = bytes((frame[0], frame[1] ^ 1)) + frame[2:]
        assert not frames.crc_ok(spoilt) and frames_in(spoilt, (unit,)) == []


class Quiet:
    """A life in which nothing happens but what `_keep` does: `kept` outlives it."""

    name = "quiet"
    kept = []

    def __init__(self, rng, bender, tables):
        self._bender = bender

    def step(self):
        self._bender.bent += 1
        self._keep(self._bender.bent)

    def _keep(self, number):
        pass

    def counters(self):
        return {}


class Leaks(Quiet):
    """An object with every second frame."""

    def _keep(self, number):
        if number % 2:
            self.kept.append(object())


class KeepsOnce(Quiet):
    """Many times what may grow, at once and for good; ONCE: with which frame."""

    ONCE = 0

    def _keep(self, number):
        if number == self.ONCE:
            self.kept.append([object() for _ in range(20 * GROWTH_MAX)])


def test_what_grows_in_both_halves_of_a_life_is_a_leak_and_what_is_held_once_is_none():
    assert Play(1, [Quiet], []).run(4000, life=4000)["problems"] == []
    leak = Play(1, [Leaks], []).run(4000, life=4000)
    assert len(leak["problems"]) == 1 and "quiet, seed 1000003: grew by" in leak["problems"][0] and 1400 < leak["growth"] < 1600
    for once in (1, 1500, 2400, 2600, 3900):
        case = type("KeepsOnce", (KeepsOnce,), {"ONCE": once})
        assert Play(1, [case], []).run(4000, life=4000)["problems"] == [], once
    Quiet.kept.clear()


def test_growth_is_twice_the_lesser_of_both_halves():
    assert growth(100, 130, 160) == 60 and growth(100, 900, 900) == 0 and growth(100, 100, 900) == 0
    assert growth(100, 900, 950) == 100 and growth(100, 50, 900) < 0
