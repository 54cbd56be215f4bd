"""What happens at all EVSEs at one time is written for one EVSE in a pass, and what a medium refuses is written later."""

from station_bench import Bench, events, payloads

from ampacity.store.memory_files import MemoryFiles

SCHEDULE = {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6}]}
EACH = 3  # writes for one EVSE: its event, that it is safe, and the document of its transaction


class Medium(MemoryFiles):
    """Refuses writes while `bad`, and after `left` more of them."""

    bad = False
    left = 1 << 30

    def _begin(self):
        self.left -= 1
        if self.bad or self.left < 0:
            raise OSError(5, "EIO")
        return super()._begin()


def profile(number, purpose="TxDefaultProfile", limit=6):
    schedule = dict(SCHEDULE, chargingSchedulePeriod=[{"startPeriod": 0, "limit": limit}])
    return {"id": number, "stackLevel": 0, "chargingProfilePurpose": purpose, "chargingProfileKind": "Relative", "chargingSchedule": [schedule]}


def charging(evses=6):
    bench = Bench(evses=evses, files=Medium(1)).booted()
    for evse in range(1, evses + 1):
        bench.charging(evse)
    bench.advance(2000)
    return bench


def read(bench):
    """Each EVSE shows its energy register."""
    for evse in bench.station.evses:
        bench.station.meter_values(evse.id, {"energy_wh": 1000 * evse.id}, bench.now_ms)


def offline_at_interval(bench, interval_s):
    """Values of the clock are due each so many seconds; the connection is gone, and an interval begins now."""
    bench.set("AlignedDataCtrlr", "Interval", str(interval_s))
    read(bench)
    bench.drop()
    bench.advance_only(1000 * interval_s - bench.unix_ms % (1000 * interval_s))


def passes(bench):
    """Writes of each pass until nothing is left to do, without a connection; the events that are kept are sent later."""
    found = []
    while bench.station.busy or not found:
        before = bench.files.writes
        bench.station.tick(bench.now_ms)
        found.append(bench.files.writes - before)
        bench.advance_only(1)
    return found


def numbers(bench, evse):
    return [(p["transactionInfo"]["transactionId"], p["seqNo"]) for p in payloads(bench.sent, "TransactionEvent") if p["evse"]["id"] == evse]


def test_a_reset_ends_one_transaction_in_a_pass():
    bench = charging()
    bench.sent = []
    assert bench.station.resets.schedule("Immediate", 0, bench.now_ms) == "Accepted"
    bench.drop()
    before = bench.files.writes
    assert max(passes(bench)) <= EACH + 1 and bench.files.writes > before + 6  # at the end the reason of the next start
    assert [evse.tx for evse in bench.station.evses] == [None] * 6
    bench.connect()
    assert events(bench.sent) == [("Ended", "ResetCommand")] * 6
    assert bench.actions("reset") == [("reset", "Immediate", 0)]


def test_a_master_pass_and_values_of_the_clock_are_written_for_one_EVSE_in_a_pass():
    bench = charging()
    bench.set("AlignedDataCtrlr", "Interval", "60")
    read(bench)
    bench.drop()
    bench.advance_only(59000 - (bench.unix_ms - 500) % 60000)
    passes(bench)
    bench.advance_only(1500)
    assert max(passes(bench)) <= EACH
    bench.sent = []
    bench.connect()
    bench.advance(3000)
    clocked = [p for p in payloads(bench.sent, "TransactionEvent") if p["triggerReason"] == "MeterValueClock"]
    assert sorted([p["evse"]["id"] for p in clocked]) == [1, 2, 3, 4, 5, 6]
    assert [p["meterValue"][0]["sampledValue"][0]["value"] for p in clocked] == [1000 * p["evse"]["id"] for p in clocked]
    bench.set("AuthCtrlr", "MasterPassGroupId", "MASTER")
    bench.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted", "groupIdToken": {"idToken": "MASTER", "type": "Central"}}}
    bench.sent = []
    bench.card(3, "BOSS")
    assert not any([bench.may_charge(evse) for evse in range(1, 7)])
    assert len([p for p in payloads(bench.sent, "TransactionEvent") if p["triggerReason"] == "StopAuthorized"]) == 6


def test_values_of_the_clock_that_a_slow_medium_holds_up_have_the_time_when_they_were_taken():
    bench = charging(3)
    offline_at_interval(bench, 60)
    slot_ms = bench.now_ms
    while bench.station.busy or bench.now_ms < slot_ms + 100:
        bench.station.tick(bench.now_ms)
        bench.advance_only(2000)
    bench.sent = []
    bench.connect()
    bench.advance(1000)
    found = [p["meterValue"][0]["timestamp"][14:19] for p in payloads(bench.sent, "TransactionEvent") if p["triggerReason"] == "MeterValueClock"]
    assert len(found) == 3 and found[0][3:] == "00" and found[-1][3:] in ("04", "06")


def test_time_outs_of_all_EVSEs_take_a_pass_each():
    bench = Bench(evses=5, files=Medium(1)).booted()
    bench.set("TxCtrlr", "TxStartPoint", "Authorized")
    for evse in range(1, 6):
        bench.card(evse, "CARD%d" % evse)
    bench.drop()
    bench.advance_only(121000)
    assert max(passes(bench)) <= EACH
    bench.sent = []
    bench.connect()
    assert [p["evse"]["id"] for p in payloads(bench.sent, "TransactionEvent") if p["triggerReason"] == "EVConnectTimeout"] == [1, 2, 3, 4, 5]


def test_questions_that_the_lost_connection_leaves_are_decided_one_in_a_pass():
    bench = Bench(evses=5, files=Medium(1)).booted()
    bench.set("AuthCtrlr", "OfflineTxForUnknownIdEnabled", "true")
    for evse in range(1, 6):
        bench.plug(evse)
    bench.deaf = ("Authorize",)
    for evse in range(1, 6):
        bench.card(evse, "CARD%d" % evse)
    bench.drop()
    assert max(passes(bench)) <= EACH
    assert [bench.may_charge(evse) for evse in range(1, 6)] == [True] * 5


def test_periodic_samples_of_all_EVSEs_take_turns():
    bench = charging(4)
    read(bench)
    bench.set("SampledDataCtrlr", "TxUpdatedInterval", "60")
    bench.advance(1000)
    bench.drop()
    bench.advance_only(60000)
    assert max(passes(bench)) <= EACH
    bench.sent = []
    bench.connect()
    assert sorted([p["evse"]["id"] for p in payloads(bench.sent, "TransactionEvent")]) == [1, 2, 3, 4]


def test_many_variables_of_one_request_are_one_write_all_or_none():
    bench = Bench(files=Medium(1)).booted()
    wanted = [("TxCtrlr", "EVConnectionTimeOut", "33"), ("AuthCacheCtrlr", "LifeTime", "99"), ("OCPPCommCtrlr", "OfflineThreshold", "x")]
    items = [{"component": {"name": c}, "variable": {"name": v}, "attributeValue": text} for c, v, text in wanted]

    def statuses():
        return [each["attributeStatus"] for each in bench.call("SetVariables", {"setVariableData": items})["setVariableResult"]]

    bench.files.bad = True
    assert statuses() == ["Rejected"] * 3 and bench.actions("variable") == []
    assert bench.get("TxCtrlr", "EVConnectionTimeOut") == "120" and bench.get("AuthCacheCtrlr", "LifeTime") != "99"
    bench.files.bad = False
    before = bench.files.writes
    assert statuses() == ["Accepted", "Accepted", "Rejected"] and bench.files.writes == before + 1
    assert [(action[2], action[4]) for action in bench.actions("variable")] == [("EVConnectionTimeOut", "33"), ("LifeTime", "99")]
    bench.power_cycle()
    assert bench.booted().get("TxCtrlr", "EVConnectionTimeOut") == "33" and bench.get("AuthCacheCtrlr", "LifeTime") == "99"


def test_profiles_that_were_cleared_leave_the_medium_one_in_a_pass_and_do_not_return():
    bench = Bench(evses=6, files=Medium(1)).booted()
    for evse in range(1, 7):
        assert bench.call("SetChargingProfile", {"evseId": evse, "chargingProfile": profile(evse)})["status"] == "Accepted"
    before = bench.files.writes
    bench.station.receive('[2,"x","ClearChargingProfile",{"chargingProfileCriteria":{"chargingProfilePurpose":"TxDefaultProfile"}}]', bench.now_ms)
    assert bench.files.writes == before + 1 and bench.station.profiles.all == []
    bench.station.tick(bench.now_ms)
    assert bench.call("SetChargingProfile", {"evseId": 5, "chargingProfile": profile(5, limit=8)})["status"] == "Accepted"
    bench.power_cycle()
    assert [p.id for p in bench.station.profiles.all] == [5] and bench.station.profiles.unread == []
    bench.booted().advance(1000)
    assert [name for name in bench.station.documents.names() if name.startswith("ocpp_profile_")] == ["ocpp_profile_5"]
    assert bench.station.limits(bench.now_ms) == [(5, None, 80, None)]


def test_a_clear_that_cannot_be_kept_is_refused_and_the_limit_holds():
    bench = Bench(files=Medium(1)).booted()
    bench.call("SetChargingProfile", {"evseId": 1, "chargingProfile": profile(1)})
    bench.files.bad = True
    assert bench.call("ClearChargingProfile", {"chargingProfileId": 1}) == "InternalError"
    assert bench.station.limits(bench.now_ms) == [(1, None, 60, None)]
    bench.files.bad = False
    assert bench.call("ClearChargingProfile", {"chargingProfileId": 1})["status"] == "Accepted"
    bench.power_cycle()
    assert bench.station.profiles.all == [] and bench.station.limits(bench.now_ms) == []


def test_a_profile_in_place_of_one_that_cannot_be_read_holds_from_its_one_write_of_the_index_on():
    bench = Bench(files=Medium(1)).booted()
    bench.call("SetChargingProfile", {"evseId": 1, "chargingProfile": profile(1)})
    bench.files.replace("ocpp_profile_1.set", b"rubbish")
    bench.power_cycle()
    assert bench.station.profiles.unread == [[1, 1]]
    bench.booted()
    before = bench.files.writes
    assert bench.call("SetChargingProfile", {"evseId": 1, "chargingProfile": profile(1)})["status"] == "Accepted"
    assert bench.files.writes <= before + 3 and bench.station.profiles.unread == []  # with the time that was seen
    bench.power_cycle()
    assert bench.station.profiles.unread == [] and bench.station.limits(bench.now_ms) == [(1, None, 60, None)]


def test_what_a_medium_refused_for_a_while_is_written_later():
    bench = charging(2)
    bench.files.bad = True
    bench.unplug(1)
    bench.advance(5000, 100)
    assert bench.log.counters["ocpp_not_kept"] > 0 and bench.store.documents.get("ocpp_tx_1") is not None
    bench.files.bad = False
    bench.advance(5000, 100)
    assert bench.store.documents.get("ocpp_tx_1") is None
    bench.power_cycle()
    assert bench.station.evses[0].tx is None and bench.station.evses[1].tx is not None


def test_what_was_written_again_is_not_overwritten_by_what_a_medium_refused_before():
    bench = charging(2)
    first = bench.station.evses[0].tx.id
    bench.files.bad = True
    bench.unplug(1)
    bench.files.bad = False
    bench.charging(1)
    second = bench.station.evses[0].tx.id
    bench.advance(10000, 100)
    assert first != second and bench.station.documents.get("ocpp_tx_1")["id"] == second


def test_two_power_cuts_in_a_row_repeat_no_number_and_keep_the_transaction():
    for written in range(EACH + 1):
        bench = charging(2)
        tx = bench.station.evses[0].tx.id
        bench.drop()
        bench.files.left = written  # of the writes of this event, then the power fails
        bench.event(1, "charging", {"state": "SuspendedEV"})
        bench.files.left = 1 << 30
        bench.power_cycle()
        bench.connect()
        bench.advance(1000)  # what was kept is delivered
        bench.power_cycle()
        assert bench.station.evses[0].tx.id == tx
        bench.connect()
        bench.plug(1)
        bench.state("Charging")
        bench.unplug(1)
        found = numbers(bench, 1)
        assert found == [(tx, i) for i in range(len(found))], written


def test_the_newest_transaction_of_an_EVSE_is_the_one_that_continues():
    bench = charging(1)
    old = bench.station.evses[0].tx.id
    bench.drop()
    bench.state("SuspendedEV")  # kept, and not delivered
    bench.files.bad = True
    bench.unplug(1)  # its end is lost
    bench.files.bad = False
    bench.station.model.set(bench.station.model.find(0, "AuthCtrlr", "OfflineTxForUnknownIdEnabled"), "true")
    bench.charging(1)
    new = bench.station.evses[0].tx.id
    bench.power_cycle()
    assert old != new and bench.station.evses[0].tx.id == new and bench.station.evses[0].auth.token["idToken"] == "ABC123"


def test_a_master_pass_does_not_stop_who_begins_before_its_turn():
    bench = Bench(evses=3, files=Medium(1)).booted()
    bench.set("AuthCtrlr", "MasterPassGroupId", "MASTER")
    bench.set("AuthCtrlr", "OfflineTxForUnknownIdEnabled", "true")
    master = {"idTokenInfo": {"status": "Accepted", "groupIdToken": {"idToken": "MASTER", "type": "Central"}}}
    bench.answers["Authorize"] = lambda payload: master if payload["idToken"]["idToken"] == "BOSS" else {"idTokenInfo": {"status": "Accepted"}}
    bench.card(3, "BOSS")  # into the cache; it starts nothing
    for evse in (1, 2, 3):
        bench.charging(evse)
    bench.drop()
    passes(bench)
    bench.event(3, "token", {"token": "BOSS", "type": "ISO14443"})
    bench.event(3, "unplugged")
    bench.event(3, "plugged")
    bench.event(3, "token", {"token": "NEXT", "type": "ISO14443"})
    passes(bench)
    assert [bench.may_charge(evse) for evse in (1, 2, 3)] == [False, False, True]


def test_an_index_that_names_an_unknown_profile_does_not_stop_the_start():
    bench = Bench(files=Medium(1)).booted()
    bench.call("SetChargingProfile", {"evseId": 1, "chargingProfile": profile(1)})
    bench.station.documents.put("ocpp_profiles", [[1, 1], [None, 0]])
    bench.power_cycle()
    assert sorted([row[0] for row in bench.station.limits(bench.now_ms)]) == [0, 1]
    bench.booted()
    assert bench.call("ClearChargingProfile", {"chargingProfileCriteria": {"stackLevel": 0}})["status"] == "Accepted"
    assert bench.station.limits(bench.now_ms) == []


def test_a_profile_that_is_unreadable_at_one_EVSE_and_set_at_another_one_holds_there_only():
    bench = Bench(files=Medium(1)).booted()
    bench.call("SetChargingProfile", {"evseId": 1, "chargingProfile": profile(5)})
    bench.files.replace("ocpp_profile_5.set", b"rubbish")
    bench.power_cycle()
    bench.booted()
    assert bench.call("SetChargingProfile", {"evseId": 2, "chargingProfile": profile(5, limit=7)})["status"] == "Accepted"
    bench.power_cycle()
    assert bench.station.limits(bench.now_ms) == [(2, None, 70, None)]


def test_a_profile_whose_index_is_refused_leaves_the_former_one_also_after_a_restart():
    bench = Bench(files=Medium(1)).booted()
    bench.call("SetChargingProfile", {"evseId": 1, "chargingProfile": profile(5, limit=8)})
    bench.files.left = 1  # the document, not the index
    assert bench.call("SetChargingProfile", {"evseId": 2, "chargingProfile": profile(5, limit=32)}) == "InternalError"
    bench.files.left = 1 << 30
    bench.advance(5000)
    assert bench.station.limits(bench.now_ms) == [(1, None, 80, None)]
    bench.power_cycle()
    assert bench.station.limits(bench.now_ms) == [(1, None, 80, None)]


def test_a_profile_that_was_not_kept_leaves_no_row_in_the_index():
    bench = Bench(files=Medium(1)).booted()
    document = dict(profile(6, "TxProfile"), chargingProfileKind="Relative")
    request = {"idToken": {"idToken": "APP", "type": "Central"}, "remoteStartId": 1, "evseId": 1, "chargingProfile": document}
    assert bench.call("RequestStartTransaction", request)["status"] == "Accepted"
    bench.files.bad = True
    bench.plug(1)
    bench.files.bad = False
    assert bench.station.limits(bench.now_ms) == [(1, None, 60, None)]
    assert bench.call("SetChargingProfile", {"evseId": 2, "chargingProfile": profile(7)})["status"] == "Accepted"
    bench.power_cycle()
    assert bench.station.profiles.unread == [] and bench.station.limits(bench.now_ms) == [(2, None, 60, None)]


def test_what_is_refused_is_not_done_later():
    bench = Bench(files=Medium(1)).booted()
    data = {"ocppVersion": "OCPP20", "ocppTransport": "JSON", "ocppCsmsUrl": "wss://other.example/", "messageTimeout": 30, "securityProfile": 1,
            "ocppInterface": "Wired0"}
    message = {"id": 7, "priority": "NormalCycle", "message": {"format": "UTF8", "content": "hello"}}
    assert bench.call("SetDisplayMessage", {"message": message})["status"] == "Accepted"
    bench.files.bad = True
    assert bench.call("SetNetworkProfile", {"configurationSlot": 1, "connectionData": data})["status"] in ("Failed", "Rejected")
    assert bench.call("ClearDisplayMessage", {"id": 7}) == "InternalError"
    bench.files.bad = False
    bench.advance(10000)
    bench.power_cycle()
    assert bench.station.network_slots.ordered()[0]["url"] != "wss://other.example/"
    assert [message["id"] for message in bench.station.optional.find("display").all] == [7]


def test_a_master_pass_also_stops_who_plugs_in_before_its_turn():
    bench = Bench(evses=3, files=Medium(1)).booted()
    bench.set("AuthCtrlr", "MasterPassGroupId", "MASTER")
    master = {"idTokenInfo": {"status": "Accepted", "groupIdToken": {"idToken": "MASTER", "type": "Central"}}}
    bench.answers["Authorize"] = lambda payload: master if payload["idToken"]["idToken"] == "BOSS" else {"idTokenInfo": {"status": "Accepted"}}
    bench.card(2, "BOSS")  # into the cache
    bench.charging(1)
    bench.card(3, "EARLY")  # before its car
    bench.drop()
    passes(bench)
    bench.event(1, "token", {"token": "BOSS", "type": "ISO14443"})
    bench.event(3, "plugged")
    passes(bench)
    assert not bench.may_charge(1) and not bench.may_charge(3)


def test_an_immediate_reset_also_ends_what_begins_before_its_turn():
    bench = charging(3)
    bench.station.resets.schedule("Immediate", 0, bench.now_ms)
    bench.drop()
    bench.event(3, "unplugged")
    bench.event(3, "plugged")
    passes(bench)
    bench.advance_only(1000)
    passes(bench)
    assert bench.actions("reset") == [("reset", "Immediate", 0)]


def test_a_reset_waits_for_what_the_medium_refused():
    bench = charging(1)
    bench.station.resets.schedule("Immediate", 0, bench.now_ms)
    bench.files.left = 2  # the event, not the document
    bench.pump()
    bench.files.bad, bench.files.left = True, 1 << 30
    bench.advance(1500, 100)
    assert bench.actions("reset") == []
    bench.files.bad = False
    bench.advance(3000, 100)
    assert bench.actions("reset") == [("reset", "Immediate", 0)]
    bench.power_cycle()
    assert bench.station.evses[0].tx is None


def test_intervals_of_the_clock_are_seen_while_others_have_their_turn():
    bench = charging(6)
    offline_at_interval(bench, 20)
    began_ms = bench.now_ms
    while bench.now_ms < began_ms + 61000:
        bench.station.tick(bench.now_ms)
        bench.advance_only(2500)  # a pass that writes takes so long: six of them 15 s
    bench.sent = []
    bench.connect()
    bench.advance(1000)
    found = [p["evse"]["id"] for p in payloads(bench.sent, "TransactionEvent") if p["triggerReason"] == "MeterValueClock"]
    assert [found.count(evse) >= 3 for evse in range(1, 7)] == [True] * 6


def test_a_profile_that_is_refused_twice_does_not_hold_after_a_restart():
    bench = Bench(files=Medium(1)).booted()
    bench.call("SetChargingProfile", {"evseId": 1, "chargingProfile": profile(5, limit=8)})
    bench.files.left = 1  # the document, nothing after it
    for _ in range(2):
        assert bench.call("SetChargingProfile", {"evseId": 2, "chargingProfile": profile(5, limit=32)}) == "InternalError"
    bench.files.left = 1 << 30
    bench.advance(5000)
    bench.power_cycle()
    assert bench.station.limits(bench.now_ms) == [(1, None, 80, None)]


def test_a_document_that_can_never_be_written_keeps_no_other_one_waiting():
    bench = Bench(files=Medium(1)).booted()
    documents = bench.station.documents
    assert not documents.try_put("ocpp_long", "x" * 70000) and not documents.is_owed()
    bench.store.documents.unread.append("ocpp_tx_9")
    assert not documents.try_put("ocpp_tx_9", {"id": "x"}) and documents.is_owed()
    bench.call("SetChargingProfile", {"evseId": 1, "chargingProfile": profile(5)})
    assert bench.call("ClearChargingProfile", {"chargingProfileId": 5})["status"] == "Accepted"
    bench.advance(10000, 100)
    assert "ocpp_profile_5" not in documents.names()


def test_changed_rates_are_reported_of_all_EVSEs_while_limits_change_again_and_again():
    bench = charging(6)
    bench.set("SmartChargingCtrlr", "LimitChangeSignificance", "1")
    bench.sent = []
    for change in range(12):
        document = dict(profile(1, "ChargingStationMaxProfile", 8 + change % 2 * 8), chargingProfileKind="Absolute")
        document["chargingSchedule"][0]["startSchedule"] = "2026-11-20T00:00:00Z"
        bench.station.profiles.install(0, document)
        for _ in range(3):  # a few passes, then the next change
            bench.station.tick(bench.now_ms)
        bench.advance_only(12000)
    bench.pump()
    found = {p["evse"]["id"] for p in payloads(bench.sent, "TransactionEvent") if p["triggerReason"] == "ChargingRateChanged"}
    assert found == {1, 2, 3, 4, 5, 6}


def test_values_of_the_clock_without_end_leave_a_turn_to_refused_documents_and_samples():
    bench = charging(6)
    bench.set("AlignedDataCtrlr", "Interval", "10")
    bench.set("SampledDataCtrlr", "TxUpdatedInterval", "30")
    read(bench)
    bench.files.bad = True
    bench.station.documents.try_put("ocpp_note", {"n": 1})
    bench.files.bad = False
    bench.drop()
    for _ in range(60):
        bench.station.tick(bench.now_ms)
        bench.advance_only(2500)  # six turns take longer than the interval
    assert bench.store.documents.get("ocpp_note") == {"n": 1}
    bench.sent = []
    bench.connect()
    bench.advance(1000)
    periodic = {p["evse"]["id"] for p in payloads(bench.sent, "TransactionEvent") if p["triggerReason"] == "MeterValuePeriodic"}
    clocked = {p["evse"]["id"] for p in payloads(bench.sent, "TransactionEvent") if p["triggerReason"] == "MeterValueClock"}
    assert periodic == clocked == {1, 2, 3, 4, 5, 6}
