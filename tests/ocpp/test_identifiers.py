"""Requirements of C and D that no test case of part 6 verifies: types of identifiers, expiry dates, what is kept and what is not."""

from station_bench import ACCEPTED, CARD, Bench, events, names, payloads

from ampacity.base.wallclock import format_iso

GROUP = {"idToken": "GROUP1", "type": "Central"}
MINUTE_MS = 60000


def start(bench, kind="Central", evse=1):
    token = {"idToken": "APP", "type": kind}
    return bench.call("RequestStartTransaction", {"idToken": token, "remoteStartId": 7, "evseId": evse})["status"]


def send(bench, version, info, update="Full"):
    item = {"idToken": {"idToken": CARD["token"], "type": CARD["type"]}, "idTokenInfo": info}
    return bench.call("SendLocalList", {"versionNumber": version, "updateType": update, "localAuthorizationList": [item]})["status"]


def until(bench, ms):
    return {"status": "Accepted", "cacheExpiryDateTime": format_iso(bench.unix_ms + ms)}


def test_C03_FR_01_and_C05_FR_01_a_Central_token_is_not_asked_for():
    bench = Bench().booted()
    bench.set("AuthCtrlr", "AuthorizeRemoteStart", "true")
    assert start(bench) == "Accepted"
    bench.plug()
    assert payloads(bench.sent, "Authorize") == [] and bench.may_charge()
    (event,) = payloads(bench.sent, "TransactionEvent")
    assert event["idToken"] == {"idToken": "APP", "type": "Central"} and event["transactionInfo"]["remoteStartId"] == 7  # C05.FR.03, C05.FR.05


def test_C02_FR_03_and_C03_FR_02_and_C05_FR_02_tokens_of_no_reader_are_not_cached():
    bench = Bench().booted()
    for kind in ("Central", "NoAuthorization"):
        start(bench, kind)
        bench.plug()
        bench.unplug()
        bench.drop()
        bench.plug()
        bench.event(1, "token", {"token": "APP", "type": kind})
        assert not bench.may_charge()
        bench.unplug()
        bench.connect()


def test_C01_FR_25_a_token_of_another_type_is_another_token():
    bench = Bench().booted()
    bench.charging()
    bench.event(1, "token", {"token": CARD["token"], "type": "ISO15693"})
    assert names(bench.pump()) == ["Authorize"] and bench.may_charge()
    bench.event(1, "token", {"token": CARD["token"].lower(), "type": CARD["type"]})
    assert events(bench.pump()) == [("Ended", "StopAuthorized")]


def test_C01_FR_26_an_authorization_without_a_car_ends():
    bench = Bench().booted()
    bench.set("TxCtrlr", "EVConnectionTimeOut", "30")
    bench.card()
    bench.advance(29000)
    assert bench.may_charge()
    bench.advance(1000)
    assert bench.ended_by() == "Timeout"


def test_C10_FR_01_and_10_and_13_an_entry_is_expired_after_its_date():
    bench = Bench().booted()
    bench.answers["Authorize"] = {"idTokenInfo": until(bench, MINUTE_MS)}
    bench.answers["TransactionEvent"] = {}
    bench.set("AuthCacheCtrlr", "LifeTime", "10")
    for wait_ms, asks in ((0, True), (MINUTE_MS - 1000, False), (1000, True)):
        bench.advance(wait_ms)
        bench.plug()
        assert ("Authorize" in names(bench.card())) == asks
        bench.unplug()
    bench.answers["Authorize"] = {"idTokenInfo": {"status": "Blocked"}}
    bench.plug(2)
    bench.card(2, "OTHER")
    bench.set("AuthCtrlr", "OfflineTxForUnknownIdEnabled", "true")
    bench.drop()
    bench.card(2, "OTHER")  # is kept, refused as it was
    assert not bench.may_charge(2)


def test_C13_FR_05_and_06_a_list_entry_whose_date_has_passed_is_refused_while_offline():
    for unknown in ("false", "true"):
        bench = Bench().booted()
        bench.set("AuthCtrlr", "OfflineTxForUnknownIdEnabled", unknown)
        send(bench, 1, until(bench, MINUTE_MS))
        bench.drop()
        bench.plug()
        bench.card()
        assert bench.may_charge()
        bench.card()
        bench.unplug()
        bench.advance(MINUTE_MS)
        bench.plug()
        bench.card()
        assert not bench.may_charge()
        bench.card(token="NEVER-SEEN")
        assert bench.may_charge() == (unknown == "true")


def test_C14_FR_04_and_05_a_list_entry_whose_date_has_passed_is_asked_for():
    bench = Bench().booted()
    bench.set("LocalAuthListCtrlr", "DisablePostAuthorize", "true")
    bench.set("AuthCacheCtrlr", "Enabled", "false")
    send(bench, 1, until(bench, MINUTE_MS))
    for wait_ms, asks in ((0, False), (MINUTE_MS, True)):
        bench.advance(wait_ms)
        bench.plug()
        assert ("Authorize" in names(bench.card())) == asks and bench.may_charge()
        bench.unplug()
    bench.plug()
    send(bench, 2, {"status": "Expired"})
    assert bench.card() == []


def test_C15_FR_01_an_unknown_token_that_starts_offline_is_not_cached():
    bench = Bench().booted()
    bench.set("AuthCtrlr", "OfflineTxForUnknownIdEnabled", "true")
    bench.answers["TransactionEvent"] = {}
    bench.drop()
    bench.charging()
    bench.unplug()
    bench.connect()
    bench.plug()
    assert names(bench.card())[0] == "Authorize"


def test_C15_FR_03_a_transaction_that_does_not_end_with_its_authorization_is_deauthorized():
    bench = Bench().booted()
    bench.set("TxCtrlr", "TxStopPoint", "EVConnected")
    bench.set("AuthCtrlr", "OfflineTxForUnknownIdEnabled", "true")
    bench.drop()
    bench.charging()
    bench.answers["TransactionEvent"] = lambda payload: {"idTokenInfo": {"status": "Invalid"}} if "idToken" in payload else {}
    sent = bench.connect()
    assert events(sent)[-1] == ("Updated", "Deauthorized")
    assert not bench.may_charge() and bench.station.transaction(1)


def test_C16_FR_03_and_05_the_master_pass_of_the_list_stops_and_starts_nothing_while_offline():
    bench = Bench().booted()
    bench.set("AuthCtrlr", "MasterPassGroupId", "GROUP1")
    bench.charging()
    item = {"idToken": {"idToken": "MASTER", "type": "ISO14443"}, "idTokenInfo": {"status": "Accepted", "groupIdToken": GROUP}}
    bench.call("SendLocalList", {"versionNumber": 1, "updateType": "Full", "localAuthorizationList": [item]})
    bench.drop()
    bench.card(token="MASTER")
    assert bench.ended_by() == "MasterPass"
    bench.plug(2)
    bench.card(2, "MASTER")
    assert not bench.may_charge(2)
    ended = payloads(bench.connect(), "TransactionEvent")[-1]
    assert ended["transactionInfo"]["stoppedReason"] == "MasterPass" and ended["eventType"] == "Ended"  # C16.FR.07


def test_C09_FR_04_both_tokens_of_a_group_are_known_and_the_csms_is_not_asked():
    bench = Bench().booted()
    bench.answers["Authorize"] = bench.answers["TransactionEvent"] = {"idTokenInfo": dict(ACCEPTED["idTokenInfo"], groupIdToken=GROUP)}
    for token in ("ABC123", "OTHER"):
        bench.plug()
        bench.card(token=token)
        bench.unplug()
    bench.charging()
    assert names(bench.card(token="OTHER")) == ["TransactionEvent"]


def test_D01_FR_06_and_18_a_list_with_a_token_twice_or_of_version_0_is_refused():
    bench = Bench().booted()
    assert send(bench, 0, {"status": "Accepted"}) == "Failed"
    items = [{"idToken": {"idToken": name, "type": "ISO14443"}, "idTokenInfo": {"status": "Accepted"}} for name in ("ABC123", "abc123")]
    answer = bench.call("SendLocalList", {"versionNumber": 1, "updateType": "Full", "localAuthorizationList": items})
    assert answer == {"status": "Failed", "statusInfo": {"reasonCode": "InvalidValue"}}
    assert bench.call("GetLocalListVersion", {}) == {"versionNumber": 0}  # D02.FR.02


def test_D01_FR_09_and_12_only_the_csms_changes_the_list_whose_size_it_can_read():
    bench = Bench().booted()
    send(bench, 1, {"status": "Accepted"})
    bench.answers["TransactionEvent"] = lambda payload: {"idTokenInfo": {"status": "Blocked"}} if "idToken" in payload else {}
    bench.charging()
    bench.unplug()
    bench.drop()
    bench.plug()
    bench.card()
    assert bench.may_charge()
    bench.connect()
    assert bench.get("LocalAuthListCtrlr", "Entries") == "1"


def test_D01_FR_13_a_disabled_list_is_not_used_and_not_written():
    bench = Bench().booted()
    send(bench, 1, {"status": "Accepted"})
    bench.set("LocalAuthListCtrlr", "Enabled", "false")
    assert send(bench, 2, {"status": "Accepted"}) == "Failed"
    bench.drop()
    bench.plug()
    bench.card()
    assert not bench.may_charge()


def test_a_transaction_is_found_whatever_the_case_of_its_id():
    bench = Bench().booted()
    bench.charging()
    own = bench.station.transaction(1)
    other = own.upper()
    assert own != other and own == own.lower()
    assert bench.call("GetTransactionStatus", {"transactionId": other}) == {"ongoingIndicator": True, "messagesInQueue": False}
    schedule = {"id": 1, "startSchedule": "2025-01-01T00:00:00Z", "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 8}]}
    profile = {"id": 1, "stackLevel": 0, "chargingProfilePurpose": "TxProfile", "chargingProfileKind": "Absolute", "chargingSchedule": [schedule]}
    assert bench.call("SetChargingProfile", {"evseId": 1, "chargingProfile": dict(profile, transactionId=other)})["status"] == "Accepted"
    assert [row[2] for row in bench.station.limits(bench.now_ms)] == [80]
    message = {"id": 1, "priority": "InFront", "message": {"format": "UTF8", "content": "Hello"}, "transactionId": other}
    assert bench.call("SetDisplayMessage", {"message": message})["status"] == "Accepted"
    assert bench.call("CostUpdated", {"totalCost": 1, "transactionId": other}) == {} and not bench.log.counters.get("ocpp_costs_unknown")
    assert bench.call("RequestStopTransaction", {"transactionId": other})["status"] == "Accepted"
    assert bench.station.transaction(1) is None
