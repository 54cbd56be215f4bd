"""Requirements of authorization and of the local list (C, D) that no test case of part 6 verifies."""

from station_bench import ACCEPTED, Bench, events, names, payloads

from ampacity.ocpp.display.screen import shown

REFUSED = {"idTokenInfo": {"status": "Invalid"}}


def present(bench, token, kind="ISO14443", evse=1):
    """The station's requests after an identifier was presented."""
    bench.event(evse, "token", {"token": token, "type": kind})
    return bench.pump()


def asked(bench):
    return [p["idToken"] for p in payloads(bench.sent, "Authorize")]


def told(bench):
    """[(identifier, accepted, why)] since last asked."""
    return [tuple(action[2:]) for action in bench.actions("authorized")]


def put(bench, number, text, language=None):
    content = {"format": "UTF8", "content": text}
    if language:
        content["language"] = language
    info = {"id": number, "priority": "NormalCycle", "message": content}
    assert bench.call("SetDisplayMessage", {"message": info}) == {"status": "Accepted"}


def test_C01_FR_01_and_C06_FR_01_no_energy_without_authorization():
    for kind in ("ISO14443", "Local"):
        bench = Bench().booted()
        bench.plug()
        assert not bench.may_charge()
        bench.answers["Authorize"] = REFUSED
        present(bench, "ABC123", kind)
        assert not bench.may_charge() and bench.station.transaction(1) is None
        bench.answers["Authorize"] = ACCEPTED
        present(bench, "ABC123", kind)
        assert bench.may_charge()
        bench.unplug()
        assert not bench.may_charge()
        bench.plug()
        assert not bench.may_charge()


def test_C01_FR_04_and_C06_FR_03_only_an_identifier_that_is_presented_causes_an_Authorize_request():
    bench = Bench().booted()
    bench.set("AuthCacheCtrlr", "Enabled", "false")
    bench.plug()
    bench.unplug()
    assert asked(bench) == []
    bench.plug()
    for _ in range(2):  # it starts and stops, which needs no second request (C01.FR.03)
        present(bench, "ABC123", "Local")
        bench.state("Charging")
    bench.unplug()
    start = {"idToken": {"idToken": "CENTRAL", "type": "Central"}, "remoteStartId": 1, "evseId": 1}
    assert bench.call("RequestStartTransaction", start)["status"] == "Accepted"
    bench.plug()
    assert bench.may_charge()
    assert asked(bench) == [{"idToken": "ABC123", "type": "Local"}]


def test_C01_FR_08_and_09_and_13_messages_are_in_the_first_language_of_the_driver_that_there_is_else_in_English():
    for languages, text in ((("de", "nl"), "Hallo"), (("fr", "nl"), "Welkom"), (("fr", "es"), "Hello"), (("de-AT", "nl"), "Hallo")):
        bench = Bench().booted()
        for number, language, content in ((1, "en-GB", "Hello"), (2, "de-DE", "Hallo"), (3, "nl", "Welkom")):
            put(bench, number, content, language)
        info = {"status": "Accepted", "language1": languages[0], "language2": languages[1]}
        bench.answers["Authorize"] = {"idTokenInfo": info}
        bench.card()
        assert shown(bench.station, 1, bench.now_ms) == [text], languages
        assert len(shown(bench.station, 2, bench.now_ms)) == 3  # nobody is authorized there


def test_C01_FR_12_and_O02_FR_09_a_driver_whose_language_is_unknown_to_the_messages_reads_English():
    bench = Bench().booted()
    put(bench, 1, "Hello", "en")
    put(bench, 2, "Hallo", "de")
    bench.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted", "language1": "fi"}}
    bench.charging()
    info = {"id": 3, "priority": "NormalCycle", "transactionId": bench.station.transaction(1)}
    for number, language, text in ((3, "en", "Bye"), (4, "de", "Ade")):
        content = {"format": "UTF8", "language": language, "content": text}
        assert bench.call("SetDisplayMessage", {"message": dict(info, id=number, message=content)})["status"] == "Accepted"
    assert shown(bench.station, 1, bench.now_ms) == ["Hello", "Bye"]


def test_C01_FR_17_and_C04_FR_05_and_C05_FR_04_a_language_is_a_tag_of_RFC_5646_whatever_its_subtags_and_case():
    for kind in ("ISO14443", "KeyCode", "Central"):
        for tag in ("de", "DE", "de-DE", "de-1996", "de-Latn"):
            bench = Bench().booted()
            put(bench, 1, "Hello", "en-US")
            put(bench, 2, "Hallo", tag)
            answer = {"idTokenInfo": {"status": "Accepted", "language1": "de-CH"}}
            bench.answers["Authorize"] = bench.answers["TransactionEvent"] = answer
            if kind == "Central":
                bench.plug()
                bench.call("RequestStartTransaction", {"idToken": {"idToken": "A1", "type": kind}, "remoteStartId": 1, "evseId": 1})
            else:
                present(bench, "A1", kind)
            assert shown(bench.station, 1, bench.now_ms) == ["Hallo"], (kind, tag)


def test_C04_FR_03_a_key_code_is_kept_in_the_cache():
    bench = Bench().booted()
    present(bench, "1234", "KeyCode")
    present(bench, "1234", "KeyCode")
    bench.drop()
    bench.power_cycle()
    present(bench, "1234", "KeyCode")
    assert bench.may_charge()
    present(bench, "1234", "ISO14443", 2)  # another identifier with the same text
    assert not bench.may_charge(2)


def test_C04_FR_06_after_wrong_key_codes_the_next_ones_wait_longer_and_longer():
    bench = Bench().booted()
    bench.answers["Authorize"] = REFUSED
    for code in ("0001", "0002", "0003"):
        present(bench, code, "KeyCode")
    assert told(bench) == [(code, False, "Invalid") for code in ("0001", "0002", "0003")]
    bench.answers["Authorize"] = ACCEPTED
    for pause_s in (10, 20, 40):
        bench.advance(pause_s * 1000 - 1000)
        assert present(bench, "1234", "KeyCode") == [] and told(bench) == [("1234", False, "TooManyAttempts")]
        bench.advance(1000)
        bench.answers["Authorize"] = REFUSED
        present(bench, "0004", "KeyCode")
        assert told(bench) == [("0004", False, "Invalid")]
        bench.answers["Authorize"] = ACCEPTED
    present(bench, "CARD")  # a card is no key code
    assert bench.may_charge()
    present(bench, "CARD")
    present(bench, "1234", "KeyCode", 2)  # nor does another EVSE wait
    assert bench.may_charge(2)
    bench.advance(300000)
    present(bench, "1234", "KeyCode")
    assert bench.may_charge()
    present(bench, "1234", "KeyCode")
    bench.answers["Authorize"] = REFUSED
    present(bench, "0005", "KeyCode")
    bench.answers["Authorize"] = ACCEPTED
    present(bench, "1234", "KeyCode")  # the right one has ended the count
    assert bench.may_charge()


def test_C04_FR_06_the_pause_ends_after_5_min_at_the_latest():
    bench = Bench().booted()
    bench.answers["Authorize"] = REFUSED
    for _ in range(12):
        present(bench, "0001", "KeyCode")
        bench.advance(301000)
    told(bench)
    bench.answers["Authorize"] = ACCEPTED
    present(bench, "1234", "KeyCode")
    assert bench.may_charge()


def running(code="1234"):
    """A transaction that this key code has started at EVSE 1."""
    bench = Bench().booted()
    bench.plug()
    present(bench, code, "KeyCode")
    assert bench.may_charge()
    told(bench)
    return bench


def test_the_key_code_of_a_running_transaction_is_not_guessed_faster_than_any_other():
    bench = running("0099")
    bench.answers["Authorize"] = REFUSED
    tried = 0
    for _ in range(1200):
        present(bench, "%04d" % (tried + 1), "KeyCode")
        tried += [word for _, _, word in told(bench)] == ["Invalid"]
        bench.advance(1000)
    assert bench.may_charge() and 20 <= tried <= 26, tried
    present(bench, "0099", "KeyCode")
    assert [word for _, _, word in told(bench)] in (["TooManyAttempts"], ["Stopped"])


def test_the_driver_ends_his_own_transaction_after_a_minute_at_the_latest_whatever_others_try():
    bench = running()
    bench.answers["Authorize"] = REFUSED
    for _ in range(12):
        present(bench, "0001", "KeyCode")
        bench.advance(61000)
    present(bench, "0001", "KeyCode")
    for _ in range(59):
        present(bench, "1234", "KeyCode")  # what is tried in the pause makes it no longer
        assert bench.may_charge()
        bench.advance(1000)
    bench.advance(1000)
    present(bench, "1234", "KeyCode")
    assert not bench.may_charge()


def test_offline_a_key_code_that_is_not_the_running_one_is_a_wrong_one():
    bench = running()
    bench.drop()
    for code in ("0001", "0002", "0003"):
        present(bench, code, "KeyCode")
    assert [word for _, _, word in told(bench)] == ["ConcurrentTx"] * 3
    present(bench, "1234", "KeyCode")
    assert [word for _, _, word in told(bench)] == ["TooManyAttempts"] and bench.may_charge()
    bench.advance(10000)
    present(bench, "1234", "KeyCode")
    assert not bench.may_charge()


def test_a_reader_of_the_station_is_no_way_around_the_pause():
    for others in (False, True):
        bench = running()
        if others:  # no EVSE is left for a further code
            bench.plug(2)
            present(bench, "CARD", evse=2)
            told(bench)
        bench.answers["Authorize"] = REFUSED
        for code in ("0001", "0002", "0003"):
            present(bench, code, "KeyCode", 0)
        assert [word for _, _, word in told(bench)] == ["NoEvse" if others else "Invalid"] * 3
        present(bench, "1234", "KeyCode", 0)
        assert [word for _, _, word in told(bench)] == ["TooManyAttempts"] and bench.may_charge()
        bench.advance(10000)
        present(bench, "1234", "KeyCode", 0)
        assert not bench.may_charge()


def test_wrong_key_codes_are_forgotten_after_an_hour_without_one():
    bench = Bench().booted()
    bench.answers["Authorize"] = REFUSED
    for pause_ms, word in ((3600000, "Invalid"), (3599000, "TooManyAttempts")):
        for _ in range(2):
            present(bench, "0001", "KeyCode")
        bench.advance(pause_ms)
        present(bench, "0001", "KeyCode")
        told(bench)
        present(bench, "0001", "KeyCode")
        assert told(bench) == [("0001", False, word)]
        bench.advance(3600000)


def test_C08_FR_01_and_02_a_car_that_talks_ISO_15118_charges_with_a_card_also_long_after_it_was_plugged_in():
    bench = Bench().booted()
    bench.plug()
    bench.station.charging_needs(1, 20000, None, bench.now_ms)
    bench.advance(3600000)
    assert asked(bench) == [] and not bench.may_charge()
    bench.card()
    assert asked(bench) == [{"idToken": "ABC123", "type": "ISO14443"}] and bench.may_charge()


def test_C10_FR_09_the_tariff_is_not_kept_with_the_identifier():
    bench = Bench().booted()
    secret = "0.31 EUR per kWh"
    info = {"status": "Accepted", "personalMessage": {"format": "UTF8", "content": secret}, "groupIdToken": {"idToken": "G", "type": "Central"}}
    bench.answers["Authorize"] = {"idTokenInfo": info}
    bench.card()
    assert shown(bench.station, 1, bench.now_ms) == [secret]
    assert secret not in str(bench.station.documents.get("ocpp_cache")) and "abc123" in str(bench.station.documents.get("ocpp_cache"))
    bench.power_cycle()
    bench.connect()
    bench.card()
    assert bench.may_charge() and shown(bench.station, 1, bench.now_ms) == []  # by the cache


def test_C13_FR_03_while_offline_an_identifier_of_the_list_starts_and_another_does_not():
    bench = Bench().booted()
    bench.set("AuthCacheCtrlr", "Enabled", "false")
    entry = {"idToken": {"idToken": "ABC123", "type": "ISO14443"}, "idTokenInfo": {"status": "Accepted"}}
    bench.call("SendLocalList", {"versionNumber": 1, "updateType": "Full", "localAuthorizationList": [entry]})
    bench.drop()
    bench.plug()
    present(bench, "OTHER")
    assert not bench.may_charge()
    bench.card()
    assert bench.may_charge()
    assert "TransactionEvent" in names(bench.connect()) and asked(bench) == []


def test_C15_FR_07_energy_is_delivered_until_MaxEnergyOnInvalidId_is_reached():
    bench = Bench().booted()
    bench.set("AuthCtrlr", "OfflineTxForUnknownIdEnabled", "true")
    bench.set("TxCtrlr", "StopTxOnInvalidId", "false")
    bench.set("TxCtrlr", "MaxEnergyOnInvalidId", "500")
    meter(bench, 1000)
    bench.drop()
    bench.charging()
    assert bench.may_charge()
    bench.advance(60000)
    meter(bench, 3000)
    bench.answers["TransactionEvent"] = lambda payload: REFUSED if "idToken" in payload else {}
    bench.connect()
    assert bench.may_charge()
    meter(bench, 3499)
    bench.advance(1000)
    assert bench.may_charge() and events(bench.sent)[-1][1] != "EnergyLimitReached"
    meter(bench, 3500)
    bench.advance(1000)
    assert not bench.may_charge()


def meter(bench, energy_wh):
    bench.station.meter_values(1, {"energy_wh": energy_wh, "power_w": 3680}, bench.now_ms)


def test_C16_FR_04_a_master_pass_of_the_cache_stops_all_also_while_offline():
    for online in (True, False):
        bench = Bench().booted()
        bench.set("AuthCtrlr", "MasterPassGroupId", "MASTER")
        bench.answers["Authorize"] = lambda payload: {
            "idTokenInfo": {"status": "Accepted", "groupIdToken": {"idToken": "MASTER", "type": "Central"}}
            if payload["idToken"]["idToken"] == "BOSS" else {"status": "Accepted"}
        }
        present(bench, "BOSS", "ISO14443", 2)  # into the cache; it starts nothing
        assert not bench.may_charge(2)
        bench.charging(1)
        bench.charging(2)
        bench.sent = []
        if not online:
            bench.drop()
        present(bench, "BOSS", "ISO14443", 1)
        assert not bench.may_charge(1) and not bench.may_charge(2)
        assert asked(bench) == []


def test_D01_FR_01_the_list_has_the_version_of_the_update_that_was_accepted():
    bench = Bench().booted()
    entry = {"idToken": {"idToken": "ABC123", "type": "ISO14443"}, "idTokenInfo": {"status": "Accepted"}}

    def send(version, kind, **more):
        return bench.call("SendLocalList", dict({"versionNumber": version, "updateType": kind, "localAuthorizationList": [entry]}, **more))["status"]

    for version, kind, status, kept in (
        (7, "Full", "Accepted", 7), (9, "Differential", "Accepted", 9), (9, "Differential", "VersionMismatch", 9), (4, "Full", "Accepted", 4),
        (0, "Full", "Failed", 4),
    ):
        assert send(version, kind) == status
        assert bench.call("GetLocalListVersion", {}) == {"versionNumber": kept}
    bench.power_cycle()
    bench.connect()
    assert bench.call("GetLocalListVersion", {}) == {"versionNumber": 4}
    assert bench.call("SendLocalList", {"updateType": "Full"}) == bench.call("SendLocalList", {"versionNumber": 5}) == "OccurrenceConstraintViolation"
