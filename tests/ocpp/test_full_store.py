"""A medium that takes nothing more: what happens at an EVSE goes on, what the CSMS wants kept is refused."""

from station_bench import Bench, events


def full():
    bench = Bench().booted()
    bench.charging(1)
    bench.files.bytes_max = 0
    return bench


def test_sessions_continue_and_the_loss_is_counted():
    bench = full()
    bench.unplug(1)
    assert bench.ended_by(1) == "EVDisconnected"
    bench.charging(2)
    assert bench.may_charge(2)
    assert bench.log.counters["ocpp_events_lost"] > 0 and bench.log.counters["ocpp_not_kept"] > 0


def test_events_are_stored_again_when_there_is_space():
    bench = full()
    bench.state("SuspendedEV")
    bench.files.bytes_max = None
    assert events(bench.unplug(1)) == [("Ended", "EVCommunicationLost")]


def test_a_change_that_cannot_be_stored_is_refused():
    bench = full()
    assert bench.set("TxCtrlr", "EVConnectionTimeOut", "5") == "Rejected"
    assert bench.set("SecurityCtrlr", "BasicAuthPassword", "0123456789abcdef") == "Rejected"
    assert bench.station.password() is None
    assert bench.get("TxCtrlr", "EVConnectionTimeOut") == "120"
    assert bench.call("ChangeAvailability", {"operationalStatus": "Inoperative", "evse": {"id": 2}}) == "InternalError"
    assert bench.station.availability.operative(2)
    schedule = {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6}]}
    document = {
        "id": 1, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile", "chargingProfileKind": "Relative",
        "chargingSchedule": [schedule],
    }
    assert bench.call("SetChargingProfile", {"evseId": 0, "chargingProfile": document}) == "InternalError"
    assert bench.station.limits(bench.now_ms) == []


def test_C11_FR_05_a_cache_that_cannot_be_cleared_is_kept():
    bench = full()
    assert bench.call("ClearCache", {})["status"] == "Rejected"
    bench.unplug(1)
    bench.plug(1)
    assert [name for name, _ in bench.card(1)] == []  # known, and its event is lost
    assert bench.may_charge(1)
    bench.files.bytes_max = None
    assert bench.call("ClearCache", {})["status"] == "Accepted"


def test_a_profile_of_a_remote_start_is_in_force_even_if_it_cannot_be_stored():
    bench = Bench().booted()
    schedule = {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6}]}
    document = {
        "id": 1, "stackLevel": 0, "chargingProfilePurpose": "TxProfile", "chargingProfileKind": "Relative",
        "chargingSchedule": [schedule],
    }
    token = {"idToken": "APP", "type": "Central"}
    request = {"idToken": token, "remoteStartId": 1, "evseId": 1, "chargingProfile": document}
    assert bench.call("RequestStartTransaction", request)["status"] == "Accepted"
    bench.files.bytes_max = 0
    bench.plug()
    assert bench.station.limits(bench.now_ms) == [(1, None, 60, None)]


def test_a_scheduled_switch_holds_even_if_it_cannot_be_stored_when_its_time_comes():
    bench = Bench().booted()
    bench.charging(1)
    assert bench.call("ChangeAvailability", {"operationalStatus": "Inoperative", "evse": {"id": 1}})["status"] == "Scheduled"
    bench.files.bytes_max = 0
    bench.unplug(1)
    assert not bench.station.availability.operative(1) and bench.station.documents.get("ocpp_available") == ["1?"]
    bench.files.bytes_max = None
    bench.charging(2)
    bench.unplug(2)
    assert not bench.station.availability.operative(1) and bench.station.documents.get("ocpp_available") == ["1"]


def test_a_document_that_is_refused_twice_keeps_its_turn_before_those_that_wait_for_it():
    """A removal would be taken by a full medium: the list of profiles goes first."""
    bench = Bench().booted()
    documents = bench.station.documents
    documents.put("ocpp_profile_7", {"id": 7})
    bench.files.bytes_max = 0
    assert not documents.try_put("ocpp_profiles", [[8, 1], [9, 2]])
    documents.remove_later("ocpp_profile_7", "ocpp_profiles")
    assert not documents.try_put("ocpp_profiles", [[8, 1]])
    bench.advance(60000)
    assert documents.get("ocpp_profiles") == [[8, 1]] and "ocpp_profile_7" in documents.names()
    bench.files.bytes_max = None
    bench.advance(60000)
    assert "ocpp_profile_7" not in documents.names() and not documents.is_owed()
