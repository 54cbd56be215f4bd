"""Reservations (H01 to H04): for whom an EVSE is kept, and how a reservation ends; beyond the test cases of part 6."""

from station_bench import Bench, events, payloads

from ampacity.base.rng import Rng
from ampacity.base.wallclock import format_iso
from ampacity.ocpp.evse import OcppEvse
from ampacity.ocpp.reservation.places import missing

ABC = {"idToken": "ABC123", "type": "ISO14443"}
OTHER = {"idToken": "OTHER", "type": "ISO14443"}
GROUP = {"idToken": "FLEET", "type": "Central"}


def reserve(bench, number=1, evse=None, token=ABC, seconds=600, **more):
    payload = {"id": number, "expiryDateTime": format_iso(bench.unix_ms + seconds * 1000), "idToken": token}
    payload.update(more)
    if evse is not None:
        payload["evseId"] = evse
    return bench.call("ReserveNow", payload)


def status(bench, number=1, evse=None, token=ABC, seconds=600, **more):
    return reserve(bench, number, evse, token, seconds, **more)["status"]


def shown(bench):
    return [bench.station.availability.status(evse) for evse in bench.station.evses]


def updates(bench):
    return [(p["reservationId"], p["reservationUpdateStatus"]) for p in payloads(bench.sent, "ReservationStatusUpdate")]


def refused(bench):
    return [(a[1], a[4]) for a in bench.actions("authorized") if not a[3]]


def fact(bench, evse, word, settled=True):
    bench.station.evse_status(evse, word, bench.now_ms, settled)
    return bench.pump()


def mixed(types):
    bench = Bench(evses=len(types))
    for i, connector in enumerate(types):
        bench.evses[i]["connector"] = connector
    bench.start()
    return bench.booted()


def test_H01_FR_07_the_last_free_EVSE_is_kept_for_a_reservation_of_any():
    bench = Bench(evses=2).booted()
    assert status(bench) == "Accepted" and shown(bench) == ["Available", "Available"]
    bench.plug(1)
    assert shown(bench) == ["Occupied", "Reserved"]
    bench.plug(2)
    assert shown(bench) == ["Occupied", "Reserved"]
    bench.card(2, "OTHER")
    assert not bench.may_charge(2) and refused(bench) == [(2, "Reserved")]
    bench.card(1, "OTHER")
    assert bench.may_charge(1) and bench.station.evse(1).auth.reservation_id is None
    bench.card(2)
    assert bench.may_charge(2) and shown(bench) == ["Occupied", "Occupied"]
    assert [p.get("reservationId") for p in payloads(bench.sent, "TransactionEvent")] == [None, 1]


def test_a_holder_at_an_open_EVSE_frees_the_one_that_was_kept():
    bench = Bench(evses=2).booted()
    status(bench)
    bench.plug(1)
    bench.card(1)
    assert bench.may_charge(1) and shown(bench) == ["Occupied", "Available"]
    assert bench.station.optional.find("reservation").all == []


def test_H02_FR_05_a_cancelled_reservation_of_any_frees_all():
    bench = Bench(evses=2).booted()
    status(bench, 1)
    status(bench, 2, token=OTHER)
    assert shown(bench) == ["Reserved", "Reserved"]
    assert bench.call("CancelReservation", {"reservationId": 1}) == {"status": "Accepted"}
    assert shown(bench) == ["Available", "Available"]
    bench.call("CancelReservation", {"reservationId": 2})
    assert updates(bench) == [] and bench.station.documents.get("ocpp_reservations") is None


def test_H01_FR_24_the_EVSEs_of_a_type_are_kept_when_all_of_them_are_needed():
    bench = mixed(["cType2", "sType2", "sType2"])
    assert status(bench, 1, connectorType="cType2") == "Accepted"
    assert shown(bench) == ["Reserved", "Available", "Available"]
    assert status(bench, 2, token=OTHER, connectorType="cType2") == "Occupied"
    assert status(bench, 3, token=OTHER) == "Accepted"
    assert shown(bench) == ["Reserved", "Available", "Available"]
    assert status(bench, 4, 2, token=GROUP) == "Accepted"
    assert shown(bench) == ["Reserved", "Reserved", "Reserved"]


def test_a_holder_of_any_does_not_take_the_EVSE_that_another_reservation_needs():
    for plugged in (False, True):
        bench = mixed(["cType2", "sType2"])
        status(bench, 1, connectorType="cType2")
        status(bench, 2, token=OTHER)
        if plugged:
            bench.plug(1)
        bench.card(1, "OTHER")
        assert not bench.may_charge(1) and refused(bench) == [(1, "Reserved")]
        bench.card(2, "OTHER")
        assert bench.may_charge(2) and bench.station.evse(2).auth.reservation_id == 2
        bench.card(1)
        assert bench.may_charge(1) and bench.station.evse(1).auth.reservation_id == 1


def test_the_reservation_of_the_type_of_connector_is_used_before_one_of_any():
    bench = mixed(["cType2", "cType2", "sType2"])
    status(bench, 1)
    status(bench, 2, connectorType="cType2")
    bench.card(1)
    assert bench.station.evse(1).auth.reservation_id == 2
    bench.card(2)
    assert bench.station.evse(2).auth.reservation_id == 1


def test_a_reserved_EVSE_does_not_count_for_reservations_of_any():
    bench = Bench(evses=2).booted()
    assert status(bench, 1, 1) == "Accepted" and shown(bench) == ["Reserved", "Available"]
    assert status(bench, 2, token=OTHER) == "Accepted" and shown(bench) == ["Reserved", "Reserved"]
    assert status(bench, 3, token=OTHER) == "Occupied"
    assert status(bench, 3, 2, token=OTHER) == "Occupied"


def test_H01_FR_16_a_fault_ends_the_reservation_of_the_EVSE():
    bench = Bench(evses=2).booted()
    status(bench, 1, 1)
    fact(bench, 1, "Faulted")
    assert updates(bench) == [(1, "Removed")] and shown(bench) == ["Faulted", "Available"]
    fact(bench, 1, "Available")
    assert shown(bench) == ["Available", "Available"]


def test_a_fault_ends_the_newest_reservation_that_has_no_EVSE_any_more():
    bench = Bench(evses=3).booted()
    for number in (1, 2):
        status(bench, number, token={"idToken": "T%d" % number, "type": "ISO14443"})
    fact(bench, 3, "Faulted")
    assert updates(bench) == [] and shown(bench) == ["Reserved", "Reserved", "Faulted"]
    fact(bench, 1, "Unavailable")
    assert updates(bench) == [(2, "Removed")] and shown(bench) == ["Unavailable", "Reserved", "Faulted"]


def test_faulted_and_unavailable_EVSEs_are_named_as_the_cause():
    bench = Bench(evses=2).booted()
    fact(bench, 1, "Faulted")
    assert status(bench, 1, 1) == "Faulted"
    assert status(bench, 1) == "Accepted"
    bench.call("CancelReservation", {"reservationId": 1})
    fact(bench, 2, "Faulted")
    assert status(bench) == "Faulted"
    fact(bench, 2, "Unavailable")
    assert status(bench) == "Unavailable"


def test_reservations_are_kept_over_a_restart_while_the_EVSEs_are_not_heard_yet():
    bench = Bench(evses=2).booted()
    status(bench, 1, 1)
    status(bench, 2, token=OTHER)
    bench.power_cycle()
    for evse in (1, 2):
        fact(bench, evse, "Unavailable", settled=False)
    bench.connect()
    assert payloads(bench.sent, "ReservationStatusUpdate") == []
    fact(bench, 1, "Occupied")
    fact(bench, 2, "Available")
    assert shown(bench) == ["Reserved", "Reserved"] and updates(bench) == []
    bench.card(2)
    assert not bench.may_charge(2)
    bench.card(1)
    assert bench.may_charge(1)


def test_H01_FR_03_right_after_a_start_the_answer_waits_until_it_is_known_whether_the_EVSE_is_free():
    for word, answer in (("Available", "Accepted"), ("Occupied", "Occupied"), ("Faulted", "Faulted"), ("Unavailable", "Unavailable")):
        bench = Bench(evses=1).booted()
        for unknown in ("Unavailable", "Available"):
            fact(bench, 1, unknown, settled=False)
            assert reserve(bench, 1, 1) is None
            assert shown(bench) == [unknown]
        fact(bench, 1, word)
        assert bench.reply("c2") == bench.reply("c1") == {"status": answer}
        assert shown(bench) == ["Reserved" if answer == "Accepted" else answer]


def test_a_reservation_of_any_EVSE_waits_only_while_none_is_known_to_be_free():
    bench = Bench(evses=2).booted()
    fact(bench, 1, "Occupied")
    fact(bench, 2, "Unavailable", settled=False)
    assert reserve(bench) is None
    assert status(bench, 2, 1) == "Occupied"
    fact(bench, 2, "Available")
    assert bench.reply("c1") == {"status": "Accepted"} and shown(bench) == ["Occupied", "Reserved"]


def test_what_waits_for_the_EVSEs_and_cannot_be_kept_is_refused():
    bench = Bench(evses=1).booted()
    fact(bench, 1, "Unavailable", settled=False)
    assert reserve(bench, 1, 1) is None
    files, bench.files.replace = bench.files.replace, full
    fact(bench, 1, "Available")
    bench.files.replace = files
    assert bench.reply("c1") == {"status": "Rejected", "statusInfo": {"reasonCode": "OutOfStorage"}}
    assert shown(bench) == ["Available"]


def full(name, data):
    raise OSError(28)


def test_reservations_of_an_EVSE_that_left_the_site_end():
    bench = Bench(evses=2).booted()
    status(bench, 1, 2)
    status(bench, 2, 1)
    del bench.evses[1]
    bench.power_cycle()
    bench.connect()
    assert updates(bench) == [(1, "Removed")] and shown(bench) == ["Reserved"]


def test_no_reservation_expires_while_the_time_of_day_is_unknown():
    bench = Bench().booted()
    status(bench, 5, 1, seconds=60)
    bench.power_cycle(down_ms=100000)
    bench.advance(100000)
    assert shown(bench) == ["Reserved", "Available"]


def test_a_reservation_that_expired_while_the_controller_was_off_is_reported():
    bench = Bench().booted()
    status(bench, 5, 1, seconds=60)
    bench.power_cycle(down_ms=100000)
    bench.connect()
    assert updates(bench) == [(5, "Expired")]
    assert shown(bench) == ["Available", "Available"]


def test_an_update_that_was_lost_with_the_link_is_sent_again_also_after_a_restart():
    bench = Bench().booted()
    status(bench, 5, 1, seconds=60)
    bench.drop()
    bench.advance(61000)
    assert updates(bench) == []
    bench.power_cycle()
    bench.deaf = ("ReservationStatusUpdate",)
    bench.connect()
    assert updates(bench) == [(5, "Expired")]
    bench.drop()
    bench.deaf = ()
    bench.connect()
    assert updates(bench) == [(5, "Expired"), (5, "Expired")]
    bench.power_cycle()
    bench.connect()
    assert updates(bench) == [(5, "Expired"), (5, "Expired")]
    assert bench.station.optional.find("reservation") is None  # nothing is left, nothing is loaded


def test_another_CSMS_gets_no_update_of_the_former_one_and_finds_its_EVSE_still_reserved():
    bench = Bench(evses=3).booted()
    status(bench, 4, 2, seconds=1000)
    status(bench, 5, 1, seconds=60)
    bench.drop()
    bench.advance(61000)
    bench.station.change_csms(bench.now_ms)
    bench.connect()
    assert updates(bench) == [] and shown(bench) == ["Available", "Reserved", "Available"]


def test_what_can_never_be_reserved_is_rejected_with_a_reason_and_changes_nothing():
    bench = Bench(evses=2).booted()
    status(bench, 7, 1)
    kept = list(bench.station.optional.find("reservation").all)
    for reason, payload in (
        ("UnknownEvse", {"evse": 3}),
        ("UnknownEvse", {"evse": 0}),
        ("UnknownConnectorType", {"connectorType": "sType3"}),
        ("UnknownConnectorType", {"evse": 2, "connectorType": "cCCS2"}),
        ("InvalidValue", {"seconds": 0}),
    ):
        parameters = {"number": 7}
        parameters.update(payload)
        assert reserve(bench, **parameters) == {"status": "Rejected", "statusInfo": {"reasonCode": reason}}, reason
    assert bench.station.optional.find("reservation").all == kept


def test_a_replacement_that_is_refused_leaves_the_reservation_as_it_was():
    bench = Bench(evses=2).booted()
    status(bench, 7, 1)
    bench.plug(2)
    assert status(bench, 7, 2) == "Occupied"
    assert shown(bench) == ["Reserved", "Occupied"]
    bench.card(1)
    assert bench.may_charge(1)


def test_a_reservation_that_cannot_be_kept_is_not_made():
    bench = Bench().booted()
    bench.station.documents.put = no_room
    assert reserve(bench, 1, 1) == "InternalError"
    assert shown(bench) == ["Available", "Available"]


def no_room(name, value):
    raise OSError(28, "no room")


def test_an_EVSE_with_an_authorization_and_without_a_car_is_not_reserved():
    bench = Bench(evses=1).booted()
    bench.card(1, "OTHER")
    assert shown(bench) == ["Available"]
    assert status(bench, 1, 1) == status(bench) == "Occupied"


def test_H03_FR_07_the_group_may_come_from_the_cache_and_another_group_is_refused():
    bench = Bench(evses=1).booted()
    bench.answers["Authorize"] = lambda payload: {
        "idTokenInfo": {"status": "Accepted", "groupIdToken": GROUP if payload["idToken"]["idToken"] != "OTHER" else ABC}
    }
    bench.card(1, "SECOND")
    bench.station.session_event(1, "stop_local", {}, bench.now_ms)
    status(bench, 1, 1, groupIdToken=GROUP)
    bench.card(1, "OTHER")
    assert not bench.may_charge()
    bench.drop()
    bench.card(1, "SECOND")
    assert bench.may_charge() and bench.station.evse(1).auth.reservation_id == 1


def test_a_common_reader_means_the_reserved_EVSE_and_never_that_of_another():
    bench = Bench(evses=3).booted()
    status(bench, 1, 2)
    bench.plug(1)
    bench.card(0)
    assert bench.may_charge(2) and not bench.may_charge(1)
    bench = Bench(evses=2).booted()
    status(bench, 1, 1)
    bench.card(0, "OTHER")
    assert bench.may_charge(2)
    bench.card(0, "THIRD")
    assert not bench.may_charge(1) and refused(bench)[-1] == (0, "NoEvse")


def test_a_common_reader_asks_the_CSMS_for_the_group_when_nothing_else_is_open():
    bench = Bench(evses=1).booted()
    status(bench, 1, 1, groupIdToken=GROUP)
    bench.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted", "groupIdToken": GROUP}}
    bench.card(0, "SECOND")
    assert bench.may_charge(1)


def start(bench, token=ABC, **more):
    payload = {"idToken": token, "remoteStartId": 9}
    payload.update(more)
    return bench.call("RequestStartTransaction", payload)["status"]


def test_F01_FR_21_and_22_a_remote_start_needs_the_identifier_or_the_group_of_the_reservation():
    bench = Bench(evses=1).booted()
    status(bench, 1, 1)
    assert start(bench, OTHER, evseId=1) == start(bench, OTHER) == "Rejected"
    assert start(bench, OTHER, evseId=1, groupIdToken=GROUP) == "Rejected"
    assert status(bench, 1, 1, groupIdToken=GROUP) == "Accepted"
    assert start(bench, OTHER, evseId=1) == "Rejected"
    assert start(bench, OTHER, evseId=1, groupIdToken=GROUP) == "Accepted"
    bench.plug(1)
    event = payloads(bench.sent, "TransactionEvent")[0]
    assert event["reservationId"] == 1 and event["triggerReason"] == "RemoteStart"


def test_F01_FR_20_a_remote_start_without_an_EVSE_chooses_the_reserved_one():
    bench = Bench(evses=3).booted()
    status(bench, 1, 3)
    assert start(bench) == "Accepted"
    assert bench.may_charge(3)


def test_with_authorization_switched_off_a_reserved_EVSE_still_waits_for_its_identifier():
    bench = Bench(evses=2).booted()
    bench.set("AuthCtrlr", "Enabled", "false")
    status(bench, 1, 1)
    bench.plug(1)
    bench.plug(2)
    assert not bench.may_charge(1) and bench.may_charge(2)
    bench.card(1)
    assert bench.may_charge(1)


def test_the_reservation_id_is_reported_once_with_a_transaction_that_runs_already():
    bench = Bench(evses=1).booted()
    bench.set("TxCtrlr", "TxStartPoint", "EVConnected")
    status(bench, 3, 1)
    bench.plug(1)
    assert shown(bench) == ["Reserved"]
    bench.card(1)
    bench.state("Charging")
    assert shown(bench) == ["Occupied"]
    assert events(bench.sent) == [("Started", "CablePluggedIn"), ("Updated", "Authorized"), ("Updated", "ChargingStateChanged")]
    assert [p.get("reservationId") for p in payloads(bench.sent, "TransactionEvent")] == [None, 3, None]


def test_a_token_that_the_CSMS_refuses_does_not_use_the_reservation():
    bench = Bench(evses=1).booted()
    status(bench, 3, 1)
    bench.answers["Authorize"] = {"idTokenInfo": {"status": "Blocked"}}
    bench.card(1)
    assert shown(bench) == ["Reserved"]


def test_reservations_stay_in_force_when_new_ones_are_switched_off():
    bench = Bench().booted()
    status(bench, 1, 1)
    bench.set("ReservationCtrlr", "Enabled", "false")
    assert reserve(bench, 2, 2) == {"status": "Rejected", "statusInfo": {"reasonCode": "NotEnabled"}}
    assert shown(bench) == ["Reserved", "Available"]
    assert bench.get("ChargingStation", "AvailabilityState") == "Available"
    assert bench.get("EVSE", "AvailabilityState", 1) == "Reserved"


def most_kept(evses, wanted):
    """How many of the reservations can have an EVSE, by trying all."""
    if not wanted:
        return 0
    best = most_kept(evses, wanted[1:])
    for i, evse in enumerate(evses):
        if wanted[0]["type"] in ("", evse.connector):
            best = max(best, 1 + most_kept(evses[:i] + evses[i + 1 :], wanted[1:]))
    return best


def test_the_number_of_missing_EVSEs_is_that_of_the_best_assignment():
    rng = Rng(11)
    for _ in range(300):
        evses = [OcppEvse({"id": i, "connector": ("cType2", "sType2")[rng.below(2)]}) for i in range(rng.below(5))]
        wanted = [{"type": ("", "cType2", "sType2", "cCCS2")[rng.below(4)]} for _ in range(rng.below(5))]
        assert missing(evses, wanted) == len(wanted) - most_kept(evses, wanted)
