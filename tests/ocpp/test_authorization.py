"""Who may charge (C01 to C16, D01, D02)."""

from station_bench import Bench, events, names

GROUP = {"idToken": "FAMILY", "type": "Central"}


def said(bench):
    return [(a[3], a[4]) for a in bench.actions("authorized")]


def test_C02_a_refused_token_starts_no_transaction():
    for status in ("Invalid", "Blocked", "Expired", "Unknown"):
        bench = Bench().booted()
        bench.answers["Authorize"] = {"idTokenInfo": {"status": status}}
        bench.plug()
        assert names(bench.card()) == ["Authorize"]
        assert said(bench) == [(False, status)]


def test_C12_a_cached_token_starts_without_an_authorize_request():
    bench = Bench().booted()
    bench.charging()
    bench.unplug()
    bench.plug()
    assert names(bench.card()) == ["TransactionEvent"]


def test_C12_FR_05_a_token_cached_as_refused_is_authorized_again():
    bench = Bench().booted()
    bench.answers["Authorize"] = {"idTokenInfo": {"status": "Invalid"}}
    bench.plug()
    bench.card()
    assert names(bench.card()) == ["Authorize"]
    bench.set("AuthCacheCtrlr", "DisablePostAuthorize", "true")
    assert names(bench.card()) == []
    assert said(bench)[-1] == (False, "Invalid")


def test_without_LocalPreAuthorize_every_token_is_authorized_by_the_csms():
    bench = Bench().booted()
    bench.charging()
    bench.unplug()
    bench.set("AuthCtrlr", "LocalPreAuthorize", "false")
    bench.plug()
    assert names(bench.card())[0] == "Authorize"


def test_C10_the_cache_survives_a_restart_expires_and_can_be_cleared():
    bench = Bench().booted()
    bench.charging()
    bench.unplug()
    bench.power_cycle()
    bench.booted()
    bench.plug()
    assert names(bench.card()) == ["TransactionEvent"]
    bench.unplug()
    bench.set("AuthCacheCtrlr", "LifeTime", "60")
    bench.advance(61000)
    bench.plug()
    assert names(bench.card())[0] == "Authorize"
    bench.unplug()
    assert bench.call("ClearCache", {}) == {"status": "Accepted"}
    bench.plug()
    assert names(bench.card())[0] == "Authorize"
    bench.set("AuthCacheCtrlr", "Enabled", "false")
    assert bench.call("ClearCache", {})["status"] == "Rejected"


def test_C10_FR_07_a_full_cache_drops_the_least_used_entry():
    bench = Bench(config={"cache_max": 2}).booted()
    bench.plug()
    for token in ("A", "B", "A", "C"):
        bench.card(token=token)
        bench.card(token=token)
    bench.drop()
    bench.actions()
    bench.card(token="B")
    bench.card(token="A")
    assert said(bench) == [(False, "Unknown"), (True, "Accepted")]


def test_C15_unknown_tokens_while_offline():
    bench = Bench().booted()
    bench.plug()
    bench.drop()
    bench.card()
    assert said(bench) == [(False, "Unknown")]
    bench.station.model.set(bench.station.model.find(0, "AuthCtrlr", "OfflineTxForUnknownIdEnabled"), "true")
    bench.card()
    assert said(bench) == [(True, "Accepted")]
    bench.answers["TransactionEvent"] = lambda p: {"idTokenInfo": {"status": "Invalid"}} if "idToken" in p else {}
    assert events(bench.connect()) == [("Started", "Authorized"), ("Ended", "Deauthorized")]


def test_an_authorize_request_lost_with_the_connection_is_decided_as_offline():
    bench = Bench().booted()
    bench.plug()
    bench.silent = True
    bench.card()
    bench.drop()
    assert said(bench) == [(False, "Unknown")]


def test_C09_a_token_of_the_same_group_may_stop():
    bench = Bench().booted()
    bench.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted", "groupIdToken": GROUP}}
    bench.charging()
    assert names(bench.card(token="OTHER")) == ["Authorize", "TransactionEvent"]
    assert events(bench.sent)[-1] == ("Ended", "StopAuthorized")


def test_C09_a_token_of_no_group_may_not_stop():
    bench = Bench().booted()
    bench.charging()
    assert names(bench.card(token="OTHER")) == ["Authorize"]
    assert said(bench)[-1] == (False, "ConcurrentTx")
    assert bench.station.transaction(1)


def test_C16_a_master_pass_stops_all_transactions_and_starts_none():
    bench = Bench().booted()
    bench.set("AuthCtrlr", "MasterPassGroupId", "FAMILY")
    bench.charging(1)
    bench.charging(2)
    bench.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted", "groupIdToken": GROUP}}
    bench.answers["TransactionEvent"] = bench.answers["Authorize"]
    sent = bench.card(token="MASTER")
    assert events(sent) == [("Ended", "StopAuthorized")] * 2
    assert events(bench.card(token="MASTER")) == []


def test_C01_FR_21_only_the_EVSEs_that_the_csms_names():
    bench = Bench().booted()
    bench.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted", "evseId": [2]}}
    bench.plug()
    bench.card()
    assert said(bench) == [(False, "NotAtThisLocation")]


def test_C01_FR_21_the_EVSEs_that_the_csms_named_are_kept_in_the_cache():
    bench = Bench().booted()
    bench.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted", "evseId": [2]}}
    bench.answers["TransactionEvent"] = {}
    bench.charging(2)
    bench.unplug(2)
    for _ in range(2):
        bench.plug(2)
        assert names(bench.card(2)) == ["TransactionEvent"]
        bench.unplug(2)
        bench.plug(1)
        assert names(bench.card(1)) == ["Authorize"]
        bench.drop()
        bench.card(1)
        assert not bench.may_charge(1) and said(bench)[-1] == (False, "NotAtThisLocation")
        bench.power_cycle()
        bench.booted()
    bench.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted"}}
    bench.plug(1)
    assert names(bench.card(1)) == ["Authorize", "TransactionEvent"]
    bench.unplug(1)
    bench.plug(1)
    assert names(bench.card(1)) == ["TransactionEvent"]


def test_C01_FR_21_a_list_entry_counts_at_its_EVSEs_only():
    bench = Bench().booted()
    info = {"status": "Accepted", "evseId": [2]}
    item = {"idToken": {"idToken": "abc123", "type": "ISO14443"}, "idTokenInfo": info}
    assert bench.call("SendLocalList", {"versionNumber": 1, "updateType": "Full", "localAuthorizationList": [item]})["status"] == "Accepted"
    bench.power_cycle()
    bench.booted()
    bench.drop()
    for evse in (1, 2):
        bench.plug(evse)
        bench.card(evse)
    assert said(bench) == [(False, "NotAtThisLocation"), (True, "Accepted")]


def test_C01_FR_23_no_other_token_continues_a_transaction_that_is_no_longer_authorized():
    bench = Bench().booted()
    bench.set("TxCtrlr", "TxStopPoint", "EVConnected")
    bench.charging()
    bench.card()
    assert bench.station.transaction(1) and not bench.may_charge()
    assert events(bench.card(token="OTHER")) == [] and not bench.may_charge()
    assert said(bench)[-1] == (False, "ConcurrentTx")
    bench.card()
    assert bench.may_charge()


def test_DisableRemoteAuthorization_no_token_is_asked_for_and_an_unknown_one_is_refused():
    bench = Bench().booted()
    bench.charging()
    bench.set("AuthCtrlr", "DisableRemoteAuthorization", "true")
    bench.set("AuthCtrlr", "OfflineTxForUnknownIdEnabled", "true")
    assert bench.card(token="OTHER") == [] and said(bench)[-1] == (False, "ConcurrentTx")
    bench.plug(2)
    assert bench.card(2, token="OTHER") == [] and said(bench)[-1] == (False, "Unknown")
    assert events(bench.card()) == [("Ended", "StopAuthorized")]
    bench.unplug()
    bench.plug()
    assert names(bench.card()) == ["TransactionEvent"]
    bench.drop()
    bench.card(2, token="OTHER")
    assert bench.may_charge(2)


def test_DisablePostAuthorize_a_refused_token_of_the_list_does_not_ask_whether_it_may_stop():
    bench = Bench().booted()
    item = {"idToken": {"idToken": "OTHER", "type": "ISO14443"}, "idTokenInfo": {"status": "Blocked"}}
    bench.call("SendLocalList", {"versionNumber": 1, "updateType": "Full", "localAuthorizationList": [item]})
    bench.charging()
    assert names(bench.card(token="OTHER")) == ["Authorize"]
    bench.set("LocalAuthListCtrlr", "DisablePostAuthorize", "true")
    assert bench.card(token="OTHER") == []


def test_with_AuthCtrlr_off_a_car_charges_at_once():
    bench = Bench().booted()
    bench.set("AuthCtrlr", "Enabled", "false")
    sent = bench.plug()
    assert events(sent) == [("Started", "CablePluggedIn")]
    assert sent[-1][1]["idToken"] == {"idToken": "", "type": "NoAuthorization"}
    assert bench.may_charge(1)


def test_with_AuthCtrlr_off_no_card_is_asked_for_and_a_shown_one_is_in_the_transaction():
    bench = Bench(evses=2).booted()
    bench.set("AuthCtrlr", "Enabled", "false")
    bench.plug()
    bench.actions()
    assert bench.card(token="STRANGER") == []
    assert bench.actions("authorized") == [("authorized", 1, "STRANGER", False, "ConcurrentTx")] and bench.may_charge(1)
    assert "Authorize" not in names(bench.card(2, "STRANGER"))
    sent = bench.plug(2)
    assert "Authorize" not in names(sent) and bench.may_charge(2)
    assert [payload["idToken"]["idToken"] for action, payload in sent if action == "TransactionEvent" and "idToken" in payload] == ["STRANGER"]


def test_an_identifier_of_more_than_36_characters_is_refused_and_never_sent():
    bench = Bench().booted()
    assert names(bench.card(token="x" * 36))[:1] == ["Authorize"]
    bench = Bench().booted()
    for reader in (1, 0):
        assert bench.card(reader, "x" * 37) == []
        assert bench.actions("authorized") == [("authorized", reader, "x" * 37, False, "Invalid")]


def test_a_common_reader_means_the_waiting_car_and_then_the_charging_one():
    bench = Bench(evses=3).booted()
    bench.plug(2)
    bench.card(evse=0)
    assert bench.station.transaction(2)
    bench.card(evse=0)
    assert bench.station.transaction(2) is None


def entry(token, status):
    return {"idToken": {"idToken": token, "type": "ISO14443"}, "idTokenInfo": {"status": status}}


def test_D01_the_local_list_comes_before_the_cache_and_survives_a_restart():
    bench = Bench().booted()
    update = {"versionNumber": 3, "updateType": "Full", "localAuthorizationList": [entry("ABC123", "Accepted")]}
    assert bench.call("SendLocalList", update) == {"status": "Accepted"}
    bench.power_cycle()
    bench.booted()
    assert bench.call("GetLocalListVersion", {}) == {"versionNumber": 3}
    bench.plug()
    assert names(bench.card()) == ["TransactionEvent"]
    update = {"versionNumber": 3, "updateType": "Differential", "localAuthorizationList": [entry("B", "Accepted")]}
    assert bench.call("SendLocalList", update)["status"] == "VersionMismatch"
    gone = {"idToken": {"idToken": "ABC123", "type": "ISO14443"}}
    update = {"versionNumber": 4, "updateType": "Differential", "localAuthorizationList": [gone]}
    assert bench.call("SendLocalList", update)["status"] == "Accepted"
    assert bench.get("LocalAuthListCtrlr", "Entries") == "0"


def test_D01_FR_11_more_entries_than_ItemsPerMessage_are_refused_as_too_many_and_change_nothing():
    bench = Bench().booted()
    most = int(bench.get("LocalAuthListCtrlr", "ItemsPerMessage"))
    update = {"versionNumber": 1, "updateType": "Full", "localAuthorizationList": [entry("T%d" % n, "Accepted") for n in range(most)]}
    assert bench.call("SendLocalList", update) == {"status": "Accepted"}
    more = {"versionNumber": 2, "updateType": "Differential", "localAuthorizationList": [entry("U%d" % n, "Accepted") for n in range(most + 1)]}
    assert bench.call("SendLocalList", more) == {"status": "Failed", "statusInfo": {"reasonCode": "TooManyElements"}}
    assert bench.call("GetLocalListVersion", {}) == {"versionNumber": 1}


def test_D01_a_list_that_is_longer_than_the_store_keeps_is_answered_and_the_old_one_stays():
    bench = Bench().booted()
    name = "\u0001" * 33  # six bytes each where it is kept
    group = {"idToken": name, "type": "Central"}
    answers = []
    for part in range(5):
        entries = [entry(name + "%03d" % (40 * part + n), "Accepted") for n in range(40)]
        for each in entries:
            each["idTokenInfo"]["groupIdToken"] = group
        update = {"versionNumber": part + 1, "updateType": "Differential", "localAuthorizationList": entries}
        answers.append(bench.call("SendLocalList", update))
    assert answers[:3] == [{"status": "Accepted"}] * 3
    assert answers[4] == {"status": "Failed", "statusInfo": {"reasonCode": "OutOfStorage"}}
    assert bench.get("LocalAuthListCtrlr", "Entries") == str(40 * answers.count({"status": "Accepted"}))


def test_a_token_at_an_inoperative_EVSE_is_refused():
    bench = Bench().booted()
    bench.call("ChangeAvailability", {"operationalStatus": "Inoperative", "evse": {"id": 1}})
    bench.card()
    assert said(bench) == [(False, "Unavailable")]


def test_C10_FR_13_an_expiry_date_replaces_the_life_time():
    bench = Bench().booted()
    info = {"idTokenInfo": {"status": "Accepted", "cacheExpiryDateTime": "2026-11-20T12:01:00Z"}}
    bench.answers["Authorize"] = info
    bench.answers["TransactionEvent"] = lambda p: info if "idToken" in p else {}
    bench.charging()
    bench.unplug()
    bench.advance(59000)
    bench.plug()
    assert names(bench.card()) == ["TransactionEvent"]
    bench.unplug()
    bench.advance(1000)
    bench.plug()
    assert names(bench.card())[0] == "Authorize"


def test_a_token_presented_twice_is_authorized_once():
    bench = Bench().booted()
    bench.plug()
    bench.silent = True
    bench.card()
    bench.card()
    bench.silent = False
    assert names(bench.advance(100000)).count("Authorize") == 0


def test_a_remote_start_during_an_authorize_request_has_priority():
    bench = Bench().booted()
    bench.plug()
    bench.silent = True
    asked = bench.card()
    assert names(asked) == ["Authorize"]
    bench.silent = False
    token = {"idToken": "APP", "type": "Central"}
    bench.call("RequestStartTransaction", {"idToken": token, "remoteStartId": 1, "evseId": 1})
    from ampacity.base.strict_json import dumps

    authorize = [frame for frame in bench.raw if frame[0] == 2 and frame[2] == "Authorize"][0]
    bench.station.receive(dumps([3, authorize[1], {"idTokenInfo": {"status": "Accepted"}}]), bench.now_ms)
    bench.pump()
    assert bench.may_charge(1) and bench.station.evse(1).auth.token == token


def test_without_LocalAuthorizeOffline_a_cached_card_is_refused_while_offline():
    bench = Bench().booted()
    bench.charging()
    bench.unplug()
    bench.set("AuthCtrlr", "LocalAuthorizeOffline", "false")
    bench.plug()
    bench.drop()
    bench.actions()
    bench.card()
    assert said(bench) == [(False, "Accepted")]
    assert bench.station.transaction(1) is None


def charging_for_the_family():
    """(a bench whose EVSE charges for one token of a group, as the answer to its transaction said; what says that of a token)."""
    bench = Bench().booted()
    bench.set("AuthCacheCtrlr", "Enabled", "false")
    family = {"idTokenInfo": {"status": "Accepted", "groupIdToken": {"idToken": "FAMILY", "type": "Central"}}}
    bench.answers["TransactionEvent"] = lambda p: family if "idToken" in p else {}
    bench.plug()
    bench.card(token="FATHER")
    return bench, family


def test_C09_FR_12_the_group_in_the_answer_to_a_transaction_event_counts():
    bench, family = charging_for_the_family()
    bench.answers["Authorize"] = family
    assert events(bench.card(token="MOTHER")) == [("Ended", "StopAuthorized")]


def test_C09_FR_12_the_group_outlives_a_power_cut():
    bench, family = charging_for_the_family()
    bench.power_cycle()
    bench.connect()
    bench.plug()
    bench.answers["Authorize"] = family
    assert events(bench.card(token="MOTHER")) == [("Ended", "StopAuthorized")]


def test_a_group_of_another_token_changes_nothing():
    bench = Bench().booted()
    bench.plug()
    bench.card(token="FATHER")
    bench.answers["TransactionEvent"] = lambda p: {"idTokenInfo": {"status": "Accepted"}} if "idToken" in p else {}
    bench.state("Charging")
    bench.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted", "groupIdToken": {"idToken": "OTHERS", "type": "Central"}}}
    assert events(bench.card(token="STRANGER")) == []
