"""A limit put at the console holds through a restart: in force before the first raise, gone when withdrawn or over."""

from helper_garage import Garage

from ampacity.console.console import Console

ON_MICROPYTHON_EACH = 5


def say(garage, line):
    return Console(garage.primary.console).line(line, "installer", garage.now_us // 1000)


def charging():
    garage = Garage().run(9000)
    garage.port.car = garage.unit.port.car = "C"
    return garage.run(20000)


def again(garage, run_ms=30000, **boot):
    """Power cycle; what flowed since then at most is in most_da."""
    garage.start(**boot).run(9000)
    garage.most_da = [0, 0, 0]
    return garage.run(run_ms)


def told(garage, level, word):
    return [line for line in garage.log.since(0) if line[2] == level and word in line[3]]


def test_a_limit_until_replaced_is_in_force_before_the_first_raise():
    garage = charging()
    assert say(garage, "limit site 12") == "ok"
    assert say(garage, "limit evse-2 0") == "ok"
    garage.run(15000)
    for _ in range(2):
        again(garage)
        assert garage.most_da[0] <= 120, garage.most_da
        assert garage.amps_da()[0] >= 100 and garage.amps_da()[1] == 0
    assert "limit by console 0.0 A" in garage.view("evse-2")["why"]


def test_a_limit_in_watts_is_stored_as_watts():
    garage = charging()
    say(garage, "limit site 4830W")
    again(garage.run(1000))
    assert 60 <= garage.most_da[0] <= 70, garage.most_da


def test_a_withdrawn_limit_stays_withdrawn():
    garage = charging()
    say(garage, "limit site 12")
    say(garage, "limit main 13")
    say(garage, "limit site off")
    say(garage, "limit main off")
    again(garage.run(15000))
    assert garage.amps_da()[0] + garage.amps_da()[1] >= 190


def test_a_replaced_limit_returns_with_its_new_value():
    garage = charging()
    say(garage, "limit site 8")
    say(garage, "limit site 14")
    again(garage.run(15000))
    assert 120 <= garage.most_da[0] <= 140


def test_a_limit_with_an_end_is_in_force_for_its_remaining_time():
    garage = charging()
    say(garage, "limit site 12 100")
    garage.run(65000)
    again(garage, 20000)
    assert garage.most_da[0] <= 120
    garage.run(40000)
    assert garage.most_da[0] > 180
    again(garage)
    assert garage.most_da[0] > 180


def test_after_its_end_the_behaviour_requested_by_the_source_applies():
    garage = charging()
    now_ms = garage.now_us // 1000
    kept = garage.primary.manual_limits()
    kept.put("console", ("evse", 0), 100, now_ms + 2000, 70, now_ms)
    kept.put("console", ("evse", 1), 80, now_ms + 2000, "hold", now_ms)
    garage.run(4000)
    again(garage)
    assert 65 <= garage.amps_da()[0] <= 70 and 75 <= garage.amps_da()[1] <= 80


def test_a_power_cut_in_any_write_leaves_the_old_limit_or_the_new():
    for n in (1, 2, 3, 4):
        garage = charging()
        say(garage, "limit site 12")
        garage.files.cut_at_write(n)
        try:
            say(garage, "limit site 14")
            garage.run(2000)
        except Exception:
            pass
        garage.files.restart()
        again(garage)
        assert 100 <= garage.most_da[0] <= 140, (n, garage.most_da)


def test_unreadable_limits_stop_all_charging_until_a_person_sets_them():
    garage = charging()
    say(garage, "limit evse-1 12")
    garage.run(1000)
    garage.files.replace("limits.set", b"00000000\n[]")
    again(garage)
    assert garage.most_da[0] == 0
    assert "limit by console 0.0 A" in garage.view("evse-1")["why"]
    assert told(garage, "error", "limit site off")
    again(garage)
    assert garage.most_da[0] == 0
    assert say(garage, "limit site off") == "ok"
    again(garage)
    assert garage.most_da[0] > 180


def test_a_malformed_record_counts_as_unreadable():
    for document in ({}, [7], [{"source": "console"}], [{"source": "console", "kind": "evse", "name": "evse-1", "value": "x", "unit": "da",
                     "left_ms": None, "silent": "release", "release_ms": 0, "sign": "import", "phases": None}]):
        garage = Garage()
        garage.primary.documents.put("limits", document or {"a": 1})
        garage.start()
        assert garage.primary.guard.limits.chargers_da == [0, 0, 0], document


def renamed(garage, name):
    """A power cycle on a site file in which the second EVSE has that name."""
    garage.facts["evses"][1]["name"] = name
    garage.start().run(61000)
    return garage


def test_a_limit_of_a_removed_target_waits_for_it_and_is_shown():
    garage = charging()
    say(garage, "limit evse-2 7")
    say(garage, "limit site 20")
    for _ in range(2):
        renamed(garage, "other")
        assert told(garage, "error", "the limit by console waits for evse evse-2")
        assert garage.primary.guard.limits.evse_da[1] > 160
        assert "`limit evse-2 off`" in say(garage, "show") and "evse-2" in say(garage, "show site --json")
        say(garage, "limit site 18")
    renamed(garage, "evse-2")
    assert garage.primary.guard.limits.evse_da[1] == 70 and garage.primary.guard.limits.chargers_da == [180] * 3
    assert "limit evse-2 off" not in say(garage, "show")
    say(garage, "limit evse-2 off")
    assert garage.primary.guard.limits.evse_da[1] > 160 and renamed(garage, "evse-2").primary.guard.limits.evse_da[1] > 160


def test_a_limit_that_waits_is_withdrawn_by_its_name():
    garage = charging()
    say(garage, "limit evse-2 7 600")
    renamed(garage, "other")
    assert say(garage, "limit evse-2 8").startswith("error: ") and say(garage, "limit evse-3 off").startswith("error: ")
    assert say(garage, "limit evse-2 off") == "ok" and "limit evse-2 off" in say(garage, "log changes")
    assert "limit evse-2 off" not in say(garage, "show") and say(garage, "limit evse-2 off").startswith("error: ")
    assert renamed(garage, "evse-2").primary.guard.limits.evse_da[1] > 160


def test_the_time_of_a_limit_that_waits_does_not_pass():
    garage = charging()
    say(garage, "limit evse-2 7 90")
    garage.run(1000)
    renamed(garage, "other").run(60000)
    say(garage, "limit site 20")
    renamed(garage, "evse-2")
    assert garage.primary.guard.limits.evse_da[1] == 70
    assert garage.run(60000).primary.guard.limits.evse_da[1] > 160


def test_a_full_memory_while_a_limit_is_stored_is_an_answer_and_ends_no_housekeeping():
    garage = charging()

    def no_memory(name, data):
        if name == "limits.set":
            raise MemoryError("memory allocation failed")
        return take(name, data)

    take, garage.files.replace = garage.files.replace, no_memory
    assert say(garage, "limit site 12") == "error: too little memory is free"
    garage.run(15000)
    assert garage.amps_da()[0] <= 120 and told(garage, "error", "limits: not kept")
    garage.files.replace = take
    garage.run(2000)
    again(garage)
    assert garage.most_da[0] <= 120


def test_a_limit_on_a_medium_that_stores_nothing_is_reported_and_still_in_force():
    garage = charging()

    def refuse(name, data):
        raise OSError(28, "no space left")

    take, garage.files.replace = garage.files.replace, refuse
    assert say(garage, "limit site 12").startswith("error: storage")
    garage.run(15000)
    assert garage.amps_da()[0] <= 120
    garage.files.replace = take
    garage.run(2000)
    again(garage)
    assert garage.most_da[0] <= 120


def test_a_medium_that_refuses_for_long_is_reported_once_and_does_not_fill_the_log():
    garage = charging()
    garage.files.bytes_max = 0
    say(garage, "limit main 12 600")
    garage.run(60000)
    assert len([line for line in garage.log.since(0) if line[3].startswith("limits: not kept")]) == 1
    assert garage.log.counters["storage_errors"] >= 10
