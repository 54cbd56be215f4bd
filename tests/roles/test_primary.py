"""A primary as its site sees it: two charging points on 20 A, one of them behind a wire."""

from helper_garage import Garage, evse, site

from ampacity.base.errors import Rejected
from check import raises


def charging():
    garage = Garage().run(9000)
    garage.port.car = garage.unit.port.car = "C"
    return garage.run(20000)


def test_two_cars_share_the_circuit_and_never_exceed_it():
    garage = charging()
    assert garage.primary.guard.mode == "regulating"
    assert sum(garage.amps_da()) >= 190
    assert max(garage.most_da) <= 200


def test_while_nothing_is_proven_nothing_is_offered():
    garage = Garage()
    garage.port.car = garage.unit.port.car = "C"
    garage.run(3000)
    assert garage.primary.guard.mode == "quarantine" and garage.amps_da() == [0, 0]


def test_a_cut_wire_frees_its_current_only_after_lease_and_settle_time():
    garage = charging()
    garage.cut = True
    garage.run(14000)
    assert garage.view("evse-1")["order_a"] < 16.0 and max(garage.most_da) <= 200
    garage.run(15000)
    assert garage.amps_da()[1] == 0 and garage.amps_da()[0] >= 158
    assert not garage.view("evse-2")["online"] and garage.primary.guard.mode == "degraded"
    garage.cut = False
    garage.run(70000)
    assert min(garage.amps_da()) >= 95 and max(garage.most_da) <= 200


def test_a_dead_primary_leaves_the_secondary_at_its_fallback():
    garage = charging()
    garage.dead = True
    garage.run(17000)
    assert garage.amps_da()[1] == 0


def test_a_restarted_primary_resumes_the_sessions_and_stays_below_the_rating():
    garage = charging()
    garage.dead = True
    garage.run(500)
    garage.dead = False
    garage.start().run(40000)
    assert min(garage.amps_da()) >= 95 and max(garage.most_da) <= 200


def test_the_identity_persists_and_the_epoch_grows_over_restarts():
    garage = Garage()
    first = garage.primary.numbers
    garage.start()
    assert (garage.primary.numbers.identity, garage.primary.numbers.epoch) == (first.identity, first.epoch + 1)


async def test_the_watchdog_is_fed_after_each_checked_tick_and_never_without():
    garage = Garage()
    safety, left = garage.primary.safety, [3]

    async def pace(duration_ms):
        garage.platform.clock.us += duration_ms * 1000
        left[0] -= 1
        if left[0] == 0:
            raise StopAsyncIteration()

    garage.platform.pace = pace
    for broken, fed in ((False, 3), (True, 3)):
        if broken:
            garage.primary.guard.fail("test", garage.now_us // 1000)
        left[0] = 3
        with raises(RuntimeError, StopAsyncIteration):
            await safety.run()
        assert garage.platform.watchdog.fed == fed


def test_a_limit_by_console_lowers_and_its_end_raises_again():
    garage = charging()
    from ampacity.console.console import Console
    console = Console(garage.primary.console)
    now_ms = garage.now_us // 1000
    assert console.line("limit evse-2 6.5 20", "installer", now_ms) == "ok"
    garage.run(8000)
    assert garage.view("evse-2")["order_a"] == 6.5 and "console" in garage.view("evse-2")["why"]
    garage.run(30000)
    assert garage.view("evse-2")["order_a"] > 6.5


def test_a_console_setting_applies_after_a_restart_without_a_connection():
    garage = charging()
    from ampacity.console.console import Console
    console = Console(garage.primary.console)
    assert console.line("set evse-2.limit_a 7.5 commit 0", "installer", garage.now_us // 1000).endswith("to 7.5 A")
    garage.start()
    garage.run(130000)
    assert garage.view("evse-2")["order_a"] == 7.5


def test_settings_have_the_names_and_units_of_the_site_file_and_former_ones_are_read():
    garage = charging()
    from ampacity.console.console import Console

    def say(text):
        return Console(garage.primary.console).line(text, "installer", garage.now_us // 1000)

    for typed, shown in (
        ("idle_s 120", "idle_s: 300 s to 120 s"), ("sharing.idle_ms 90000", "idle_s: 120 s to 90 s"), ("idle_s 90.5s", "idle_s: 90 s to 90.5 s"),
        ("raise_hold_s 0", "raise_hold_s: 10 s to 0 s"),
        ("sharing.deadband_a 1.5", "deadband_a: 0.5 A to 1.5 A"), ("slot_s 60", "slot_s: 900 s to 60 s"),
    ):  # fmt: skip
        assert say("set " + typed + " commit 0") == shown
    assert garage.primary.guard.demands.idle_ms == 90500 and garage.primary.guard.plan.raise_hold_ms == 0
    for typed in ("idle_s 9", "idle_s x", "sharing.idle_ms 90000000", "sharing.idle_ms 9.5", "idle_s 1.2345"):
        assert "10..86400 s" in say("set " + typed), typed
    assert "did you mean `idle_s`" in say("set idle_m 9")
    assert "sharing" not in say("show settings") and "_ms" not in say("show settings")
    garage.start()
    garage.run(1000)
    assert garage.primary.console.settings.shown("sharing.idle_ms") == "90.5 s" and garage.primary.guard.demands.idle_ms == 90500


def test_settings_stored_under_their_former_names_apply():
    garage = Garage()
    garage.primary.documents.put("console", {"sharing.idle_ms": 45000, "sharing.slot_ms": 1})
    garage.start()
    garage.run(1000)
    table = garage.primary.console.settings
    assert garage.primary.guard.demands.idle_ms == 45000 and table.shown("idle_s") == "45 s"
    assert len(table.refused) == 1 and "slot_s" in table.refused[0] and "60..86400 s" in table.refused[0]


def test_a_limit_on_an_unknown_name_is_refused_with_the_names():
    garage = Garage()
    from ampacity.console.console import Console
    answer = Console(garage.primary.console).line("limit evse-9 6", "installer", 0)
    assert answer.startswith("error: there is no target `evse-9`, did you mean `evse-1`?") and "evse-1" in answer
    assert garage.log.counters["console_refused"] == 1


def test_a_site_whose_reserves_exceed_a_rating_is_not_run():
    evses = [evse("evse-2", "ampacity", bus=0, unit=2, fallback_da=160, power_on_da=160)]
    with raises(Rejected) as e:
        Garage(site(rating_da=100, evses=evses))
    assert "main" in str(e)


def test_a_site_of_another_format_is_not_run():
    with raises(Rejected) as e:
        Garage(site(format=2))
    assert "format" in str(e)


def test_a_full_disk_stops_nothing():
    garage = charging()
    garage.files.bytes_max = 0
    garage.run(130000)
    assert min(garage.amps_da()) >= 95


def test_the_console_shows_local_time_in_the_zone_of_the_site():
    from ampacity.console.console import Console
    garage = Garage(site(time={"tz": "CET-1CEST,M3.5.0,M10.5.0/3", "ntp": None}))
    console, now_ms = Console(garage.primary.console), garage.now_us // 1000
    assert console.line("time", "installer", now_ms) == "not known yet"
    garage.primary.wallclock.set_unix(1780000000000, "csms", now_ms)
    assert console.line("time", "installer", now_ms).startswith("2026-05-28T20:26:40Z by csms; here 2026-05-28 22:26:40")


def test_a_second_source_of_grants_is_an_alarm_and_nothing_is_raised():
    for identity in (None, 12345):
        garage = Garage()
        garage.port.car = garage.unit.port.car = "C"
        garage.run(40000)
        had_da = garage.amps_da()
        assert min(had_da) >= 60 and not any(line[3].startswith("foreign: ") for line in garage.log.since(0))
        lease = garage.unit.secondary.lease
        if identity is not None:
            lease._leased = False  # it lapses, and the stranger comes first
        taken = lease.grant(identity or lease.identity, lease.epoch, (lease.sequence + 100) & 0xFFFF, 10000, 320, garage.now_us // 1000)
        assert taken
        garage.run(2000)
        assert any(line[3].startswith("foreign: foreign write on bus rs485-1: ") for line in garage.log.since(0)), identity
        assert garage.log.counters["second_source"] >= 1
