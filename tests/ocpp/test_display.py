"""Display messages, tariff and cost (O01 to O06, I01 to I06): what is kept and what a display shows; beyond the test cases of part 6."""

from station_bench import ACCEPTED, Bench, payloads

from ampacity.base.wallclock import format_iso
from ampacity.ocpp.display.screen import shown

UNTIL_NEXT_MS = 10000


def message(number=1, text="Welcome", priority="NormalCycle", **more):
    info = {"id": number, "priority": priority, "message": {"format": "UTF8", "content": text}}
    info.update(more)
    return {"message": info}


def put(bench, *parameters, **more):
    answer = bench.call("SetDisplayMessage", message(*parameters, **more))
    return answer if isinstance(answer, str) else answer["status"]


def screen(bench, evse=0):
    return shown(bench.station, evse, bench.now_ms)


def numbers(bench):
    return [info["id"] for info in bench.station.optional.find("display").all]


def test_O01_FR_11_more_messages_than_the_variable_allows_are_rejected():
    bench = Bench().booted()
    for number in range(8):
        assert put(bench, number) == "Accepted"
    full = {"status": "Rejected", "statusInfo": {"reasonCode": "TooManyElements"}}
    assert bench.call("SetDisplayMessage", message(8)) == full
    assert put(bench, 3, "Replaced") == "Accepted"
    assert put(bench, 4, "Front", "AlwaysFront") == "Accepted"
    assert put(bench, 9, "Front too", "AlwaysFront") == "Accepted"
    assert put(bench, 10) == "Rejected"
    assert numbers(bench) == [0, 1, 2, 5, 6, 7, 3, 9]
    assert bench.get("DisplayMessageCtrlr", "DisplayMessages") == "8"
    bench.power_cycle()
    assert numbers(bench) == [0, 1, 2, 5, 6, 7, 3, 9] and screen(bench) == ["Front too"]


def test_a_message_replaces_the_one_with_its_id_and_the_one_always_in_front_at_once():
    bench = Bench().booted()
    put(bench, 1, "One")
    put(bench, 2, "Two", "AlwaysFront")
    assert put(bench, 1, "Three", "AlwaysFront") == "Accepted"
    bench.power_cycle()
    assert numbers(bench) == [1] and screen(bench) == ["Three"]


def test_nothing_is_left_in_the_store_of_messages_that_were_removed():
    bench = Bench().booted()
    for number in range(3):
        put(bench, number)
    for number in range(3):
        assert bench.call("ClearDisplayMessage", {"id": number}) == {"status": "Accepted"}
    for name in ["ocpp_messages"] + ["ocpp_message_%d" % slot for slot in range(8)]:
        assert bench.station.documents.get(name) is None
    bench.power_cycle()
    assert bench.booted().station.optional.find("display") is None
    assert bench.get("DisplayMessageCtrlr", "DisplayMessages") == "0"


def test_what_cannot_be_shown_is_refused_with_a_reason_and_changes_nothing():
    bench = Bench().booted()
    put(bench, 1)
    now, hour = bench.unix_ms, 3600000
    for reason, more in (
        ("InvalidValue", {"endDateTime": format_iso(now - 1000)}),
        ("InvalidValue", {"startDateTime": format_iso(now + 2 * hour), "endDateTime": format_iso(now + hour)}),
        ("InvalidValue", {"id": -1}),
        ("UnknownEvse", {"display": {"name": "Display", "evse": {"id": 3}}}),
    ):
        answer = bench.call("SetDisplayMessage", message(1, "Other", **more))
        assert answer == {"status": "Rejected", "statusInfo": {"reasonCode": reason}}, more
    bench.set("DisplayMessageCtrlr", "Enabled", "false")
    assert bench.call("SetDisplayMessage", message(2))["statusInfo"] == {"reasonCode": "NotEnabled"}
    assert screen(bench) == []
    bench.set("DisplayMessageCtrlr", "Enabled", "true")
    assert screen(bench) == ["Welcome"] and numbers(bench) == [1]


def test_a_message_that_cannot_be_kept_is_not_set():
    bench = Bench().booted()
    put(bench, 1)
    put(bench, 2)
    bench.station.documents.put = no_room
    assert put(bench, 3) == "InternalError" == bench.call("ClearDisplayMessage", {"id": 1})
    assert numbers(bench) == [1, 2]


def no_room(name, value):
    raise OSError(28, "no room")


def test_custom_data_is_not_kept():
    bench = Bench().booted()
    custom = {"vendorId": "v", "much": "x" * 2000}
    place = {"name": "Display", "evse": {"id": 1, "customData": custom}, "customData": custom}
    info = message(1, display=place, customData=custom)
    info["message"]["message"]["customData"] = custom
    assert bench.call("SetDisplayMessage", info) == {"status": "Accepted"}
    bench.call("GetDisplayMessages", {"requestId": 1})
    expected = message(1, display={"name": "Display", "evse": {"id": 1}})["message"]
    assert payloads(bench.sent, "NotifyDisplayMessages")[0]["messageInfo"] == [expected]


def test_a_message_that_ends_while_it_is_reported_is_left_out():
    bench = Bench().booted()
    for number in (1, 2, 3):
        put(bench, number)
    bench.deaf = ("NotifyDisplayMessages",)
    bench.call("GetDisplayMessages", {"requestId": 5})
    bench.call("ClearDisplayMessage", {"id": 2})
    bench.call("ClearDisplayMessage", {"id": 3})
    bench.deaf = ()
    bench.advance(40000)
    parts = [(p["tbc"], [info["id"] for info in p.get("messageInfo", ())]) for p in payloads(bench.sent, "NotifyDisplayMessages")]
    assert parts == [(True, [1]), (False, [])]


def test_messages_of_the_cycle_take_turns_and_those_in_front_come_before_it():
    bench = Bench().booted()
    put(bench, 1, "One")
    put(bench, 2, "Two")
    before = screen(bench)
    bench.advance(UNTIL_NEXT_MS)
    assert sorted(before) == ["One", "Two"] and screen(bench) == [before[1], before[0]]
    put(bench, 3, "Three", "InFront")
    assert screen(bench) == ["Three"]


def test_a_message_for_one_display_is_shown_there_only():
    bench = Bench().booted()
    put(bench, 1, "Here", display={"name": "Display", "evse": {"id": 2}})
    assert (screen(bench, 0), screen(bench, 1), screen(bench, 2)) == ([], [], ["Here"])


def test_each_display_shows_the_state_of_its_EVSE():
    bench = Bench(evses=2).booted()
    for number, state in enumerate(("Charging", "Faulted", "Idle", "Unavailable")):
        put(bench, number, state, state=state)
    assert screen(bench) == screen(bench, 1) == ["Idle"]
    bench.charging(1)
    assert (screen(bench, 0), screen(bench, 1), screen(bench, 2)) == (["Charging"], ["Charging"], ["Idle"])
    bench.station.evse_status(2, "Faulted", bench.now_ms)
    assert sorted(screen(bench)) == ["Charging", "Faulted"] and screen(bench, 2) == ["Faulted"]
    bench.station.evse_status(2, "Unavailable", bench.now_ms)
    assert screen(bench) == ["Charging"] and screen(bench, 2) == ["Unavailable"]


def test_a_message_of_a_transaction_ends_with_it_also_while_the_controller_was_off():
    bench = Bench().booted()
    bench.charging(1)
    put(bench, 1, transactionId=bench.station.transaction(1))
    bench.power_cycle()
    assert screen(bench) == ["Welcome"]
    bench.event(1, "unplugged")
    bench.connect()
    assert bench.station.transaction(1) is None and screen(bench) == [] and numbers(bench) == []


def test_without_the_time_of_day_a_message_with_a_start_waits_and_one_with_an_end_stays():
    bench = Bench().booted()
    put(bench, 1, "Later", startDateTime=format_iso(bench.unix_ms - 1000))
    put(bench, 2, "Until", endDateTime=format_iso(bench.unix_ms + 1000))
    bench.power_cycle()
    bench.advance(1000)
    assert screen(bench) == ["Until"]
    bench.connect()
    assert screen(bench) == ["Later"]


# tariff and cost


def tariff(text="0.30 EUR/kWh", **more):
    info = {"status": "Accepted", "personalMessage": {"format": "UTF8", "content": text}}
    info.update(more)
    return {"idTokenInfo": info}


def test_I01_FR_03_and_I04_the_tariff_of_a_driver_and_the_fallback_shown_to_a_driver_without_a_tariff():
    bench = Bench().booted()
    assert bench.set("TariffCostCtrlr", "TariffFallbackMessage", "See the sign") == "Accepted"
    assert screen(bench, 1) == []
    bench.card(1)
    assert screen(bench, 1) == ["See the sign"] and screen(bench, 2) == []
    bench.answers["Authorize"] = tariff()
    bench.card(2, "OTHER")
    assert screen(bench, 2) == ["0.30 EUR/kWh"]
    bench.set("TariffCostCtrlr", "Enabled", "false", "Tariff")
    assert screen(bench, 1) == screen(bench, 2) == []


def test_a_message_always_in_front_hides_tariff_and_cost_and_others_take_turns_with_them():
    bench = Bench().booted()
    bench.answers["Authorize"] = tariff()
    bench.card(1)
    put(bench, 1, "Cycle")
    assert sorted(screen(bench, 1)) == ["0.30 EUR/kWh", "Cycle"]
    put(bench, 2, "In front", "InFront")
    assert sorted(screen(bench, 1)) == ["0.30 EUR/kWh", "In front"]
    put(bench, 3, "Alone", "AlwaysFront")
    assert screen(bench, 1) == ["Alone"]


def test_I06_FR_03_the_answer_to_an_event_changes_the_tariff():
    bench = Bench().booted()
    bench.answers["Authorize"] = tariff()
    bench.plug(1)
    bench.card(1)
    updated = {"updatedPersonalMessage": {"format": "UTF8", "content": "0.40 EUR/kWh"}}
    bench.answers["TransactionEvent"] = lambda payload: updated
    bench.state("Charging")
    assert screen(bench, 1) == ["0.40 EUR/kWh"]


def test_I05_FR_02_a_transaction_that_ends_offline_shows_the_fallback_of_the_cost_for_a_minute():
    bench = Bench().booted()
    bench.set("TariffCostCtrlr", "TotalCostFallbackMessage", "See your invoice")
    bench.charging(1)
    bench.drop()
    bench.card(1)
    assert screen(bench, 1) == ["See your invoice"]
    bench.answers["TransactionEvent"] = lambda payload: {"totalCost": 5} if payload["eventType"] == "Ended" else {}
    bench.connect()
    assert screen(bench, 1) == ["See your invoice"]  # the cost comes too late (I03.FR.03)
    bench.advance(60000)
    assert screen(bench, 1) == []


def test_the_final_cost_is_shown_for_a_minute_or_until_the_next_driver():
    for next_driver in (False, True):
        bench = Bench().booted()
        bench.charging(1)
        bench.answers["TransactionEvent"] = lambda payload: {"totalCost": 4.5} if payload["eventType"] == "Ended" else {}
        bench.card(1)
        assert screen(bench, 1) == ["4.50 EUR"]
        bench.answers["TransactionEvent"] = bench.judge
        bench.advance(59000)
        assert screen(bench, 1) == ["4.50 EUR"]
        if next_driver:
            bench.card(1)
        else:
            bench.advance(1000)
        assert screen(bench, 1) == []


def test_I03_FR_05_no_final_cost_where_a_transaction_ends_when_the_car_has_left():
    bench = Bench().booted()
    bench.set("TxCtrlr", "TxStopPoint", "ParkingBayOccupancy")
    bench.event(1, "bay", {"occupied": True})
    bench.charging(1)
    bench.answers["TransactionEvent"] = lambda payload: {"totalCost": 4.5} if payload["eventType"] == "Ended" else {}
    bench.event(1, "bay", {"occupied": False})
    bench.unplug(1)
    assert payloads(bench.sent, "TransactionEvent")[-1]["eventType"] == "Ended" and screen(bench, 1) == []


def test_the_cost_of_an_unknown_transaction_is_counted_and_not_shown_and_currency_is_as_set():
    bench = Bench().booted()
    assert bench.set("TariffCostCtrlr", "Currency", "CHFR") == "Rejected"
    assert bench.set("TariffCostCtrlr", "Currency", "CHF") == "Accepted"
    assert bench.call("CostUpdated", {"totalCost": 3, "transactionId": "T-1"}) == {}
    assert bench.log.counters["ocpp_costs_unknown"] == 1
    bench.charging(1)
    tx = bench.station.transaction(1)
    for cost in (3, 1e30):  # the latter is no price
        assert bench.call("CostUpdated", {"totalCost": cost, "transactionId": tx}) == {}
        assert screen(bench, 1) == ["3.00 CHF"]
    bench.set("TariffCostCtrlr", "Enabled", "false", "Cost")
    assert screen(bench, 1) == []


def test_texts_for_drivers_are_bounded():
    bench = Bench(evses=1).booted()
    bench.answers["Authorize"] = lambda payload: tariff("for " + payload["idToken"]["idToken"])
    for i in range(30):
        bench.card(1, "T%d" % i)
        assert screen(bench, 1) == ["for T%d" % i]
        bench.event(1, "stop_local")
    assert bench.station.optional.find("tariff").personal("ISO14443 t0") == ""
    bench.answers["Authorize"] = ACCEPTED


def test_an_image_without_the_block_still_authorizes():
    bench = Bench().booted()

    def lacking(name, now_ms):
        raise ImportError(name)

    bench.station.optional.get = lacking
    bench.answers["Authorize"] = tariff()
    bench.card(1)
    assert bench.may_charge(1)


def test_English_is_shown_to_a_driver_whose_language_there_is_not():
    bench = Bench().booted()
    bench.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted", "language1": "fr"}}
    for number, language in enumerate(("de", "en-US", "")):
        content = {"format": "UTF8", "content": language or "none"}
        if language:
            content["language"] = language
        put(bench, number, message=content)
    assert sorted(screen(bench, 1)) == ["de", "en-US", "none"]
    bench.card(1)
    assert sorted(screen(bench, 1)) == ["en-US", "none"]
