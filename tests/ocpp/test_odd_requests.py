"""Requests at the edge of what the schema permits: each is answered, and what was accepted survives a restart."""

from station_bench import NOON_MS, Bench

from ampacity.base.wallclock import format_iso


def profile(limit=16, **more):
    result = {
        "id": 1, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile", "chargingProfileKind": "Absolute",
        "chargingSchedule": [{"id": 1, "chargingRateUnit": "A", "startSchedule": format_iso(NOON_MS),
                              "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}]}],
    }  # fmt: skip
    result.update(more)
    return result


def put(bench, document, evse=1):
    response = bench.call("SetChargingProfile", {"evseId": evse, "chargingProfile": document})
    return response if isinstance(response, str) else response["status"]


def test_the_highest_limit_may_have_a_fraction():
    bench = Bench().booted()
    for limit in (1000000, 1000000.0, 999999.5):
        assert put(bench, profile(limit)) == "Accepted", limit
    assert put(bench, profile(1000000.1)) == "Rejected"


def test_an_integer_of_more_than_32_bits_is_refused_with_its_place():
    bench = Bench().booted()
    for number in (2**31, -(2**31) - 1, 10**30):
        assert put(bench, profile(id=number)) == "PropertyConstraintViolation", number
        request = {"logType": "SecurityLog", "requestId": number, "log": {"remoteLocation": "http://a/"}}
        assert bench.call("GetLog", request) == "PropertyConstraintViolation", number
    assert put(bench, profile(id=2**31 - 1)) == "Accepted"
    bench.power_cycle()
    bench.connect()
    assert (1, None, 160, None) in bench.station.limits(bench.now_ms)


def test_a_time_that_cannot_be_kept_is_refused():
    bench = Bench().booted()
    for text in ("2026-11-20T12:00:00.%sZ" % ("1" * 30), "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"):
        assert put(bench, profile(validTo=text)) == "PropertyConstraintViolation", text
        request = {"id": 1, "expiryDateTime": text, "idToken": {"idToken": "A", "type": "ISO14443"}}
        assert bench.call("ReserveNow", request) == "PropertyConstraintViolation", text


def test_an_identifier_for_an_evse_that_there_cannot_be_is_kept_as_for_none():
    bench = Bench().booted()
    bench.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted", "evseId": [2**31]}}
    bench.plug()
    bench.card()
    bench.power_cycle()
    assert not bench.station.documents.damaged("ocpp_cache")
    assert not bench.may_charge()


def test_a_csms_that_answers_nothing_and_asks_for_many_logs_stops_nothing():
    bench = Bench().booted()
    bench.silent = True
    log = {"logType": "DiagnosticsLog", "log": {"remoteLocation": "http://10.0.0.1/logs/"}}
    for number in range(300):
        bench.call("GetLog", dict(log, requestId=number))
    bench.advance(1000)
    bench.drop()
    bench.advance_only(60000)
    assert bench.station.tick(bench.now_ms) > bench.now_ms
    assert bench.station.limits(bench.now_ms) == []


def test_requests_whose_answers_wait_are_bounded():
    bench = Bench().booted()
    bench.evses = bench.station.evses
    for evse in bench.station.evses:
        evse.tethered = False
    found = [bench.call("UnlockConnector", {"evseId": 1, "connectorId": 1}) for _ in range(80)]
    assert found.count(None) == 64 and found.count("InternalError") == 16


def test_numbers_are_read_as_the_official_schemas_have_them():
    bench = Bench().booted()
    plain = '[2,"%s","SetChargingProfile",{"evseId":%s,"chargingProfile":{"id":%s,"stackLevel":0,"chargingProfilePurpose":"TxDefaultProfile",' \
        '"chargingProfileKind":"Relative","chargingSchedule":[{"id":1,"chargingRateUnit":"A","chargingSchedulePeriod":[{"startPeriod":%s,"limit":%s}]}]}}]'
    for number, (evse, profile_id, start, limit, answer) in enumerate((
        ("1", "1", "0", "16.1000000000000014210854715202003717422485", "Accepted"), ("1.0", "2e0", "0.0", "16", "DuplicateProfile"),
        ("1", "10e-1", "0E5", "6e0", "Accepted"), ("1", "1.5", "0", "16", "TypeConstraintViolation"),
        ("1", "1", "0", "0." + "1" * 63, "FormatViolation"), ("1", "3e9", "0", "16", "PropertyConstraintViolation"),
        ("1", "1e300", "0", "16", "PropertyConstraintViolation"), ("true", "1", "0", "16", "TypeConstraintViolation"),
    )):
        bench.station.receive(plain % ("n%d" % number, evse, profile_id, start, limit), bench.now_ms)
        found = bench.reply("n%d" % number)
        if not isinstance(found, str):
            found = found["statusInfo"]["reasonCode"] if "statusInfo" in found else found["status"]
        assert found == answer, (profile_id, start, limit, found)
    assert [(p.id, type(p.id)) for p in bench.station.profiles.all] == [(1, int)]
    kept = bench.station.profiles.document(bench.station.profiles.all[0])
    assert type(kept["id"]) is int and type(kept["chargingSchedule"][0]["chargingSchedulePeriod"][0]["startPeriod"]) is int
    bench.station.receive('[2,"l","GetChargingProfiles",{"requestId":1,"chargingProfile":{"chargingProfileId":[1.0,2e0]}}]', bench.now_ms)
    assert bench.reply("l") == {"status": "Accepted"}


def test_customData_may_be_nested_until_a_message_has_16_levels():
    bench = Bench().booted()
    for levels, answer in ((13, {"status": "Accepted"}), (15, "FormatViolation")):
        data = '{"vendorId":"x","more":%s1%s}' % ("[" * levels, "]" * levels)
        bench.station.receive('[2,"d%d","ClearCache",{"customData":%s}]' % (levels, data), bench.now_ms)
        assert bench.reply("d%d" % levels) == answer
