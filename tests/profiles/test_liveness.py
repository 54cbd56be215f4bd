"""Settings that take long to read: an unbroken row of answers shows that the device has not restarted since; on both runtimes."""

from compiled_tables import HEIDELBERG_ENERGY_CONTROL
from helper_guard import FakeGuard
from test_evse_driver import FACTS, wall_box

from ampacity.bus.profile.evse_driver import EvseDriver
from ampacity.bus.profile.proof.liveness import Liveness, SettingsTiming, too_slow
from ampacity.bus.profile.proof.settings_check import SettingsCheck
from ampacity.bus.profile.registers.read_cycle import ReadCycle

START_MS = 2**30 - 60000
SPANS = [[3, 257, 1, [[17, 0]]], [3, 258, 1, [[12, 0]]], [3, 262, 1, [[6, 0]]]]


class SlowBench:
    """A driver whose device takes latency_ms for each answer, on a line of its own."""

    def __init__(self, latency_ms, held=False, guard=None):
        table = dict(HEIDELBERG_ENERGY_CONTROL)
        table["reads"] = dict(table["reads"])
        table["reads"]["settings"] = SPANS
        facts = dict(FACTS)
        facts["held"] = held
        self.guard = guard or FakeGuard(0)
        self.driver, self.device = EvseDriver(facts, table, 0, self.guard), wall_box()
        self.device.values[262] = 60
        self.now_ms, self.latency_ms, self.asked = START_MS, latency_ms, []

    def run(self, ms):
        end_ms = self.now_ms + ms
        while self.now_ms < end_ms:
            request = self.driver.take(self.now_ms)
            if request is None:
                self.now_ms += 20
                continue
            request.sent_ms, request.not_echo, request.certain = self.now_ms, True, True
            self.asked.append((self.now_ms, bytes(request.pdu)))
            self.now_ms += self.latency_ms
            self.driver.reply(request, self.device.answer(bytes(request.pdu)), self.now_ms)
            self.now_ms += request.gap_ms

    def settings_read(self):
        return len([1 for _, pdu in self.asked if pdu[:3] == b"\x03\x01\x01" and pdu[4] == 1])


def test_a_device_with_any_latency_can_be_controlled_on_a_local_line():
    for latency_ms in (5, 100, 400, 900, 2000):
        bench = SlowBench(latency_ms)
        bench.run(30000)
        bench.driver.want(100, bench.now_ms)
        bench.run(20000)
        assert bench.device.values[261] == 100, latency_ms
        assert bench.driver.facts.trouble is None


def test_behind_a_gateway_a_device_that_is_too_slow_is_reported_and_not_polled_endlessly():
    bench = SlowBench(600, held=True)
    bench.run(30000)
    bench.driver.want(100, bench.now_ms)
    had = bench.settings_read()
    bench.run(60000)
    assert bench.device.values.get(261) != 100
    assert bench.driver.facts.trouble.startswith("bus too slow: reading its settings takes 2.") and "boot_s" in bench.driver.facts.trouble
    assert bench.settings_read() - had <= 22  # every 5 s as ever, and ever more seldom for the order


def test_a_lower_waits_for_no_settings():
    bench = SlowBench(100)
    bench.run(5000)
    bench.driver.want(160, bench.now_ms)
    bench.run(5000)
    assert bench.device.values[261] == 160
    bench.run(2000)
    first = len(bench.asked)
    bench.driver.want(60, bench.now_ms)
    bench.run(1000)
    assert bench.asked[first][1][:1] == b"\x06" and bench.device.values[261] == 60


def test_a_refused_lower_is_tried_again_after_its_settings_were_read():
    bench = SlowBench(100)
    bench.run(5000)
    bench.driver.want(160, bench.now_ms)
    bench.run(7000)
    first, bench.guard.room_da = len(bench.asked), 0
    bench.driver.want(60, bench.now_ms)
    bench.run(400)
    assert b"\x03\x01\x01" in [pdu[:3] for _, pdu in bench.asked[first:]]
    bench.guard.room_da = 1000
    bench.run(600)
    assert bench.device.values[261] == 60


def test_a_silence_as_long_as_a_restart_ends_the_row():
    alive = Liveness(500, False)
    alive.answered(1000, 1400)
    alive.answered(1420, 1820)
    assert alive.since(1900) == 1000
    assert alive.since(2300) == 1800  # too long after the last answer: only what was asked within the time of a restart
    alive.answered(2300, 2450)
    assert alive.since(2460) == 1960


def test_an_answer_that_did_not_come_ends_the_row():
    alive = Liveness(500, False)
    alive.answered(1000, 1400)
    alive.broken()
    alive.answered(1500, 1900)
    assert alive.since(1900) == 1400


def test_behind_a_gateway_an_answer_proves_a_working_device_at_the_time_of_its_request():
    alive = Liveness(500, True)
    alive.answered(1000, 1200)
    alive.answered(1220, 1420)
    assert alive.since(1500) == 1000
    alive.answered(1440, 2040)
    assert alive.since(2050) == 1550


def test_ineffective_cycles_become_ever_rarer_and_a_lower_is_tried_every_second():
    pace = SettingsTiming()
    assert pace.may_begin(0, False) and not pace.may_begin(800, False) and pace.late
    assert not pace.may_begin(2700, False) and pace.may_begin(2800, False)
    assert not pace.may_begin(3600, False) and not pace.may_begin(7500, False) and pace.may_begin(4700, True)
    pace.done()
    assert not pace.late
    pace.denied(5000)
    assert not pace.may_begin(5900, False) and pace.may_begin(6000, False)


def test_the_message_names_both_times():
    assert too_slow(860, 500).startswith("bus too slow: reading its settings takes 0.9 s, a restart may take only 0.5 s; ")


class Asked:
    """A device whose settings are asked for, and what is said of it."""

    class order:
        lowering = False

    def __init__(self):
        self.site = {"boot_ms": 500, "latency_ms": 100}
        self.cycles = {"settings": ReadCycle("settings", 1, 5000)}
        self.hold_ms = {}
        self.said = []

    def too_slow(self, text):
        self.said.append(text)


def test_only_readings_that_take_longer_than_a_restart_are_called_too_slow():
    for taken_ms, said in ((200, 0), (900, 1)):
        asked = Asked()
        check = SettingsCheck(asked, asked)
        assert check.may_read("order", 1000)
        asked.cycles["settings"].begin(1000)
        asked.cycles["settings"].step(1000 + taken_ms)
        assert not check.may_read("order", 1000 + taken_ms) and len(asked.said) == said
