"""What a unit shows of phases that the site does not use, and of the direction of its current."""

from compiled_tables import HEIDELBERG_ENERGY_CONTROL
from helper_device import run
from helper_guard import FakeGuard
from test_evse_driver import FACTS, START_MS, wall_box

from ampacity.bus.profile.evse_driver import EvseDriver

NO_NUMBER = 65535


def shown(terminals, currents, table=HEIDELBERG_ENERGY_CONTROL):
    """What its driver and the guard make of these currents, one or none a phase."""
    device, guard = wall_box(), FakeGuard(60)
    for phase, value in enumerate(currents):
        device.values[6 + phase] = value
        device.values[10 + phase] = 230 if value != NO_NUMBER else NO_NUMBER
    driver = EvseDriver(dict(FACTS, terminals=terminals), table, 0, guard)
    run(driver, device, START_MS, 4000)
    return driver.facts, driver.device.per_terminal("current")


def test_a_unit_for_one_phase_shows_no_number_on_the_others():
    facts, currents = shown([[0]], (80, NO_NUMBER, NO_NUMBER))
    assert facts.amps_da == [80] and facts.volts_dv == [2300] and currents == [80, 0, 0]
    facts, currents = shown([[0]], (80, 70, NO_NUMBER))
    assert facts.amps_da == [80] and currents == [80, 70, 0], "what flows on a line that the site file does not name is shown (rule 10)"
    assert shown([[0]], (0, NO_NUMBER, 160))[1] == [0, 0, 160]
    assert shown([[0]], (80, 32767, 0))[1] == [80, 0, 0], "a value that cannot be does not hide that of the phase in use"
    assert shown([[0]], (NO_NUMBER, 80, 80))[0].amps_da is None


def test_a_phase_that_is_used_and_shows_no_number_is_no_measurement():
    assert shown([[0], [1], [2]], (80, 80, NO_NUMBER))[0].amps_da is None
    assert shown([[0], [1]], (80, 80, NO_NUMBER))[0].amps_da == [80, 80]


def test_the_current_of_an_EVSE_has_no_direction():
    """A meter of a unit that is connected the other way round shows what its car draws as less than nothing."""
    fields = [row[:4] + ["i16"] + row[5:] if row[0][:8] == "current_" else row for row in HEIDELBERG_ENERGY_CONTROL["fields"]]
    facts, currents = shown([[0], [1], [2]], (0x10000 - 160, 0x10000 - 2, 0), dict(HEIDELBERG_ENERGY_CONTROL, fields=fields))
    assert facts.amps_da == [160, 2, 0] and currents == [160, 2, 0]


def test_an_answer_that_may_be_an_older_one_is_as_old_as_the_request_before():
    guard, device = FakeGuard(60), wall_box()
    driver = EvseDriver(dict(FACTS, terminals=[[0], [1], [2]]), HEIDELBERG_ENERGY_CONTROL, 0, guard)
    run(driver, device, START_MS, 4000)
    before_ms, samples = driver.device.cycles["live"].started_ms, []
    guard.measured = lambda index, amps_da, sample_ms, now_ms: samples.append((sample_ms, now_ms))
    now_ms = START_MS + 4100
    while len(samples) < 2:
        request = driver.take(now_ms)
        if request is not None:
            request.sent_ms = now_ms
            if request.tag[:2] == ("read", "live") and not samples:
                request.certain = False
            driver.reply(request, device.answer(bytes(request.pdu)), now_ms + 20)
        now_ms += 100
    assert samples[0][0] == before_ms and samples[0][1] > before_ms + 100
    assert samples[1][0] > samples[0][1] - 1000 and samples[1][0] > before_ms
