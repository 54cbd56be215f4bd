"""A loop of restarts ends in the safe state, and a person, a power cut or a long life ends the loop."""

from helper_garage import Garage

from ampacity.roles.storage.reset_history import RESTARTS_MAX


def looping(reason="Watchdog"):
    garage = Garage().run(1000)
    for _ in range(RESTARTS_MAX):
        garage.start(reason=reason).run(1000)
    return garage


def test_five_short_runs_ended_by_the_watchdog_lead_to_the_safe_state():
    garage = looping()
    assert garage.primary.guard.mode == "safe"
    assert "restart loop" in garage.view("evse-1")["why"]
    garage.port.car = garage.unit.port.car = "C"
    garage.run(60000)
    assert garage.amps_da() == [0, 0]


def test_four_short_runs_do_not_lead_to_the_safe_state():
    garage = Garage().run(1000)
    for _ in range(RESTARTS_MAX - 1):
        garage.start(reason="Watchdog").run(1000)
    garage.run(15000)
    assert garage.primary.guard.mode == "regulating"


def test_a_power_cut_ends_the_loop():
    garage = looping()
    garage.start(reason="PowerUp").run(15000)
    assert garage.primary.guard.mode == "regulating"


def test_a_run_of_ten_minutes_clears_the_history():
    garage = Garage().run(1000)
    for _ in range(RESTARTS_MAX - 1):
        garage.start(reason="Watchdog").run(1000)
    reset_history = garage.primary.reset_history
    reset_history.step(reset_history.started_ms + 600000)
    garage.start(reason="Watchdog").run(15000)
    assert garage.primary.guard.mode == "regulating"


def test_a_restart_by_a_person_ends_the_loop():
    garage = looping()
    garage.primary.reset("installer", 0, garage.now_us // 1000)
    garage.run(200)
    garage.start(reason="Watchdog").run(15000)
    assert garage.primary.guard.mode == "regulating"


def test_an_hour_in_the_safe_state_ends_the_loop_and_five_more_bad_starts_begin_it_again():
    garage = looping()
    reset_history = garage.primary.reset_history
    reset_history.started_ms -= 3600000 - 10000  # all but some seconds of it are over
    garage.run(5000)
    assert garage.primary.guard.mode == "safe" and garage.platform.resets == []
    garage.run(10000)
    assert garage.platform.resets == ["immediate"]
    garage.start(reason="Software").run(15000)
    assert garage.primary.guard.mode == "regulating"
    for _ in range(RESTARTS_MAX):
        garage.start(reason="Watchdog").run(1000)
    assert garage.primary.guard.mode == "safe"


def test_a_crash_in_the_safe_state_restarts_its_hour():
    garage = looping()
    garage.primary.reset_history.started_ms -= 3600000 - 10000
    garage.start(reason="Watchdog").run(15000)
    assert garage.primary.guard.mode == "safe" and garage.platform.resets == []


def test_without_a_reset_register_an_unrequested_end_with_power_on_is_a_crash():
    garage = Garage()
    garage.mark = "one"
    garage.start().run(1000)
    garage.start().run(1000)
    assert garage.primary.reset_history.reason == "Crash" and garage.primary.reset_history.count == 1
    garage.primary.reset("installer", 0, garage.now_us // 1000)
    garage.run(200)
    garage.start().run(1000)
    assert garage.primary.reset_history.reason == "Software"
    assert garage.primary.reset_history.boot_reason(garage.platform) == "ApplicationReset"  # so the CSMS hears of a restart
    garage.mark = "two"
    garage.start().run(1000)
    assert garage.primary.reset_history.reason == "PowerUp"


def test_the_last_reasons_are_kept():
    garage = looping()
    assert garage.primary.reset_history.reasons[-2:] == ["Watchdog", "Watchdog"]
    assert len(garage.primary.reset_history.reasons) <= 8


async def test_the_watchdog_is_fed_in_a_deliberate_safe_state_and_not_after_a_failure():
    garage = looping()
    safety, left = garage.primary.safety, [3]

    async def pace(duration_ms):
        garage.platform.clock.us += duration_ms * 1000
        left[0] -= 1
        if left[0] == 0:
            raise ValueError("enough")

    garage.platform.pace = pace
    for fed in (3, 3):
        left[0] = 3
        try:
            await safety.run()
        except ValueError:
            pass
        assert garage.platform.watchdog.fed == fed
        garage.primary.guard.fail("test", garage.now_us // 1000)
