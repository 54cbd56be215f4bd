"""Cars that are offered schedules: up to three of a profile, the choice of the car, and its plan (K15 to K17)."""

from station_bench import NOON_MS, Bench, payloads
from test_smart_charging import composite, limits, profile, put

from ampacity.base.wallclock import format_iso

PLAN = "NotifyEVChargingSchedule"


def offered(bench, id, *amps, stack=0, **more):
    """A TxProfile with a schedule for each of `amps`, ids 11, 12 …"""
    document = profile(id, "TxProfile", kind="Relative", stack=stack, transactionId=bench.station.transaction(1), **more)
    document["chargingSchedule"] = [
        {"id": 11 + i, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}]} for i, limit in enumerate(amps)
    ]
    return document


def negotiating(**more):
    """The needs of its car are known to the CSMS."""
    bench = Bench(**more).booted()
    bench.answers["NotifyEVChargingNeeds"] = {"status": "Accepted"}
    bench.answers[PLAN] = {"status": "Accepted"}
    bench.charging()
    bench.station.charging_needs(1, 20000, None, bench.now_ms)
    bench.pump()
    bench.sent = []
    return bench


def follow(bench, **choice):
    bench.station.ev_schedule(1, choice, bench.now_ms)
    return payloads(bench.pump(), PLAN)


def test_K01_FR_34_K15_FR_07_several_schedules_are_for_a_car_that_told_its_needs():
    bench = Bench().booted()
    bench.charging()
    assert put(bench, offered(bench, 1, 16, 10), 1) == "InvalidSchedule"
    bench = negotiating()
    assert put(bench, offered(bench, 1, 16, 10, 8), 1) == "Accepted"
    two = profile(2)
    two["chargingSchedule"] *= 2
    assert put(bench, two, 1) == "InvalidSchedule"
    same = offered(bench, 1, 16, 10)
    same["chargingSchedule"][1]["id"] = 11
    assert put(bench, same, 1) == "InvalidSchedule"
    bench.unplug()
    bench.charging()
    assert put(bench, offered(bench, 1, 16, 10), 1) == "InvalidSchedule"


def test_the_first_schedule_holds_until_the_car_has_chosen_another():
    bench = negotiating()
    put(bench, offered(bench, 1, 16, 10, 8), 1)
    assert limits(bench) == [(1, None, 160, None)]
    told = follow(bench, id=13)
    assert [p["chargingSchedule"]["id"] for p in told] == [13]
    assert limits(bench) == [(1, None, 80, None)] and composite(bench) == [(0, 8)]


def test_K15_FR_22_the_schedules_of_all_stack_levels_are_chosen_together():
    bench = negotiating()
    put(bench, offered(bench, 1, 16, 10, 8, stack=1, validTo=format_iso(NOON_MS + 60000)), 1)
    put(bench, offered(bench, 2, 20, 14), 1)
    follow(bench, id=12)
    assert [limits(bench)[0][2], composite(bench)] == [100, [(0, 10), (60, 14)]]
    follow(bench, id=13)
    bench.advance(60000)
    assert limits(bench) == [(1, None, 140, None)]


def test_K15_FR_19_a_car_without_a_plan_has_what_its_schedule_leaves_it():
    bench = negotiating()
    put(bench, profile(5, "ChargingStationMaxProfile", limit=9, startSchedule=format_iso(NOON_MS + 600000)))
    put(bench, offered(bench, 1, 16, 10), 1)
    told = follow(bench, id=12)
    schedule = told[0]["chargingSchedule"]
    assert told[0]["timeBase"] == format_iso(bench.unix_ms) and told[0]["evseId"] == 1
    assert [(p["startPeriod"], p["limit"]) for p in schedule["chargingSchedulePeriod"]] == [(0, 10), (600, 9)]
    assert schedule["duration"] == 86400


def test_K15_FR_09_10_a_plan_above_the_limits_is_reported_as_it_is_and_changes_no_limit():
    bench = negotiating()
    put(bench, offered(bench, 1, 10), 1)
    told = follow(bench, id=11, periods=[(0, 80), (300, 140)])
    assert told[0]["chargingSchedule"]["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": 8}, {"startPeriod": 300, "limit": 14}]
    assert any(["not within its limits" in line[3] for line in bench.log.since(0)])
    assert composite(bench) == [(0, 8), (300, 10)]
    assert limits(bench) == [(1, None, 100, None)]


def test_K15_FR_09_a_plan_is_compared_to_the_tenth():
    for tenths, outside in ((100, 0), (101, 1)):
        bench = negotiating()
        put(bench, offered(bench, 1, 10), 1)
        follow(bench, id=11, periods=[(0, 60), (300, tenths)])
        assert len([line for line in bench.log.since(0) if "not within its limits" in line[3]]) == outside


def test_a_plan_is_sent_again_after_a_lost_connection_and_ends_with_its_transaction():
    bench = negotiating()
    put(bench, offered(bench, 1, 10), 1)
    bench.silent = True
    assert len(follow(bench, periods=[(0, 70)])) == 1
    bench.drop()
    bench.silent = False
    bench.advance_only(30000)
    assert [p["chargingSchedule"]["id"] for p in payloads(bench.connect(), PLAN)] == [11]
    assert composite(bench, 1, 60) == [(0, 7)]
    bench.unplug()
    assert composite(bench, 1, 60) == [(0, 32)]
    assert follow(bench, periods=[(0, 70)]) == []


def test_a_plan_that_is_none_is_refused():
    bench = negotiating()
    for periods in ([], [(1, 60)], [(0, 60), (0, 70)], [(i, 60) for i in range(49)]):
        try:
            bench.station.ev_schedule(1, {"periods": periods}, bench.now_ms)
        except ValueError as e:
            assert str(e).startswith("periods")
        else:
            raise AssertionError(periods)
    assert payloads(bench.pump(), PLAN) == []


def test_K16_FR_02_a_new_TxProfile_lets_the_car_choose_again():
    bench = negotiating()
    put(bench, offered(bench, 1, 16, 10), 1)
    follow(bench, id=12)
    bench.actions()
    assert put(bench, offered(bench, 1, 15, 9), 1) == "Accepted"
    assert bench.actions("renegotiate") == [("renegotiate", 1)]
    assert limits(bench) == [(1, None, 150, None)]
    put(bench, profile(7), 1)
    assert bench.actions("renegotiate") == []
    bench.advance(5000)
    follow(bench, id=12)
    assert limits(bench) == [(1, None, 90, None)]
    put(bench, offered(bench, 2, 30, stack=3, validFrom=format_iso(NOON_MS + 3600000)), 1)
    assert limits(bench) == [(1, None, 150, None)]


def test_K15_FR_17_a_TxProfile_before_the_needs_were_sent_is_too_early():
    bench = Bench().booted()
    bench.answers["NotifyEVChargingNeeds"] = {"status": "Accepted"}
    bench.charging()
    bench.deaf = ("StatusNotification",)
    bench.station.evse_status(1, "Faulted", bench.now_ms)
    bench.pump()  # a request of ours is under way: the needs must wait
    bench.station.charging_needs(1, 20000, None, bench.now_ms)
    assert put(bench, offered(bench, 1, 16), 1) == "InvalidMessageSeq"
    bench.advance(31000)
    assert put(bench, offered(bench, 1, 16), 1) == "Accepted"


def test_several_schedules_persist_and_the_choice_does_not():
    bench = negotiating()
    put(bench, offered(bench, 1, 16, 10), 1)
    follow(bench, id=12)
    bench.power_cycle()
    bench.plug()
    bench.connect()
    assert limits(bench) == [(1, None, 160, None)]


def asked(bench):
    """The actions that let the car negotiate again, after all was compared."""
    bench.pump()
    bench.advance(100, 1)
    return bench.actions("renegotiate")


def following(*amps, **more):
    """A car that follows the first of these schedules."""
    bench = negotiating()
    put(bench, offered(bench, 1, *amps, **more), 1)
    follow(bench, id=11)
    assert asked(bench) == [("renegotiate", 1)]  # of the new TxProfile
    return bench


def test_K16_FR_02_a_car_negotiates_again_whatever_changes_what_its_schedules_come_to():
    bench = following(16, 10)
    tomorrow = format_iso(NOON_MS + 7200000)
    for change in (
        lambda: put(bench, profile(5, "ChargingStationMaxProfile", limit=12)),
        lambda: bench.call("ClearChargingProfile", {"chargingProfileId": 5}),
        lambda: put(bench, profile(5, "ChargingStationMaxProfile", limit=9, startSchedule=tomorrow)),  # later
        lambda: bench.station.outside_limits([("Other", 1, 90, "A", None)], bench.now_ms),
        lambda: bench.station.outside_limits([], bench.now_ms),
        lambda: bench.set("SmartChargingCtrlr", "Enabled", "false"),
        lambda: bench.set("SmartChargingCtrlr", "Enabled", "true"),
        lambda: bench.call("ClearChargingProfile", {"chargingProfileId": 1}),
    ):
        bench.advance(20000)
        assert asked(bench) == []
        change()
        assert asked(bench) == [("renegotiate", 1)]
        follow(bench, id=11)
    bench.unplug()
    put(bench, profile(5, "ChargingStationMaxProfile", limit=7))
    assert asked(bench) == []


def test_K16_FR_02_what_changes_nothing_for_the_car_lets_it_alone():
    bench = following(16, 10)
    for change in (
        lambda: put(bench, profile(5, "TxDefaultProfile", limit=8), 1),  # the TxProfile goes before it
        lambda: put(bench, profile(6, "ChargingStationMaxProfile", limit=60)),
        lambda: bench.station.outside_limits([("Other", 2, 90, "A", None)], bench.now_ms),
        lambda: follow(bench, id=11, periods=[(0, 80)]),  # its own plan
        lambda: bench.call("ClearChargingProfile", {"chargingProfileId": 5}),
        lambda: bench.set("OCPPCommCtrlr", "HeartbeatInterval", "77"),
        lambda: bench.charging(2),
    ):
        bench.advance(20000)
        change()
        assert asked(bench) == []
    periods = [{"startPeriod": 0, "limit": 20}, {"startPeriod": 60, "limit": 10}]
    document = profile(6, "ChargingStationMaxProfile")
    document["chargingSchedule"][0]["chargingSchedulePeriod"] = periods
    put(bench, document)
    assert asked(bench) == [("renegotiate", 1)]
    bench.advance(120000)  # what was foreseen comes
    assert asked(bench) == []


def test_a_limit_that_changes_all_the_time_lets_the_car_negotiate_every_ten_seconds():
    bench = following(16)
    count = 0
    for second in range(60):
        bench.station.outside_limits([("Other", 1, 60 + second % 2 * 50, "A", None)], bench.now_ms)
        bench.advance(1000, 10)
        count += len(bench.actions("renegotiate"))
    assert 3 <= count <= 6


def test_K16_FR_03_the_car_gets_what_each_of_its_schedules_comes_to():
    bench = negotiating(config={"identity": "AMP-1", "serial": "S1", "iso15118": True})

    def schedules():
        bench.station.ev_message(1, {"kind": "schedules"}, bench.now_ms)
        bench.advance(100, 1)
        ((_, evse, answer),) = bench.actions("ev_answer")
        assert evse == 1 and answer["kind"] == "schedules"
        return answer.get("status") or [(one["id"], one["unit"], one["duration"], one["periods"]) for one in answer["schedules"]]

    assert schedules() == [(0, "A", 86400, [[0, 320, 3]])]
    put(bench, profile(5, "ChargingStationMaxProfile", limit=9, startSchedule=format_iso(NOON_MS + 600000)))
    put(bench, offered(bench, 1, 16, 8), 1)
    left_s = (NOON_MS + 600000) // 1000 - bench.unix_ms // 1000
    found = schedules()
    assert found == [(11, "A", 86400, [[0, 160, 3], [left_s, 90, 3]]), (12, "A", 86400, [[0, 80, 3]])]
    bench.actions()
    bench.advance(20000)
    bench.call("ClearChargingProfile", {"chargingProfileId": 5})
    assert asked(bench) == [("renegotiate", 1)]
    assert [one[3] for one in schedules()] == [[[0, 160, 3]], [[0, 80, 3]]]
    bench.unplug()
    assert schedules() == "None"


def test_each_field_of_a_choice_is_checked_and_a_wrong_one_is_named_with_its_range_and_changes_nothing():
    bench = negotiating()
    put(bench, offered(bench, 1, 16, 10, 8), 1)
    follow(bench, id=12)
    before = (limits(bench), composite(bench))
    pair = (0, 100)
    for choice, field in (
        (None, "choice"), ([], "choice"), ({"id": "13"}, "id"), ({"id": True}, "id"), ({"id": -1}, "id"), ({"id": 2**31}, "id"), ({"id": 1.0}, "id"),
        ({"unit": "VA"}, "unit"), ({"unit": None}, "unit"), ({"unit": ["A"]}, "unit"), ({"unit": 5}, "unit"),
        ({"periods": 5}, "periods"), ({"periods": []}, "periods"), ({"periods": {"a": 1}}, "periods"), ({"periods": "0,100"}, "periods"),
        ({"periods": [(i, 60) for i in range(49)]}, "periods"), ({"periods": [5]}, "periods[0]"), ({"periods": [(0,)]}, "periods[0]"),
        ({"periods": [(0, 1, 2)]}, "periods[0]"), ({"periods": [pair, None]}, "periods[1]"), ({"periods": [(1, 100)]}, "periods[0] second"),
        ({"periods": [("0", 100)]}, "periods[0] second"), ({"periods": [pair, (0, 100)]}, "periods[1] second"),
        ({"periods": [pair, (31536001, 100)]}, "periods[1] second"), ({"periods": [pair, (True, 100)]}, "periods[1] second"),
        ({"periods": [(0, None)]}, "periods[0] tenths"), ({"periods": [(0, -1)]}, "periods[0] tenths"),
        ({"periods": [(0, 10.5)]}, "periods[0] tenths"),
        ({"periods": [(0, 10000001)]}, "periods[0] tenths"),
    ):  # fmt: skip
        try:
            bench.station.ev_schedule(1, choice, bench.now_ms)
        except ValueError as e:
            assert str(e).startswith(field + ":"), (choice, e)
        else:
            raise AssertionError(choice)
        assert payloads(bench.pump(), PLAN) == [] and (limits(bench), composite(bench)) == before, choice
    bench.advance(5000)
    assert len(follow(bench, id=13, unit="A", periods=[[0, 80], [60, 60]])) == 1


def test_of_choices_in_quick_succession_the_newest_is_looked_at_every_five_seconds():
    bench = negotiating()
    put(bench, offered(bench, 1, 16, 10, 8), 1)
    sent = follow(bench, id=11)
    assert len(sent) == 1
    for number in range(40):  # each 200 ms
        sent += follow(bench, id=12 + number % 2)
        sent += payloads(bench.advance(200), PLAN)
    assert 2 <= len(sent) <= 3 and sent[1]["chargingSchedule"]["id"] in (12, 13)
    bench.advance(5000)
    assert limits(bench) == [(1, None, 80, None)], "the last choice holds"


def test_a_choice_is_looked_at_a_step_at_a_time():
    """No turn of the station computes more than one step of it."""
    bench = negotiating()
    put(bench, offered(bench, 1, *[6 + n % 10 for n in range(3)]), 1)
    bench.pump()
    steps = []
    in_force = bench.station.in_force
    before = in_force.composite

    def counted(*parameters):
        composite = before(*parameters)
        step = composite.step

        def one():
            steps.append(bench.station.exchange)
            step()

        composite.step = one
        return composite

    in_force.composite = counted
    bench.station.ev_schedule(1, {"id": 12}, bench.now_ms)
    assert steps == [], "nothing is computed while the module's message is taken"
    most = 0
    for _ in range(60):
        done = len(steps)
        bench.station.next(bench.now_ms)
        most = max(most, len(steps) - done)
        bench.now_ms += 1
    assert steps and most == 1
