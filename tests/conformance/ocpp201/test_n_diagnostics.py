"""Part 6, N: logs that are uploaded, and customer information. The server of the cases is this test: it carries out the action `upload`."""

from ocpp.v201 import call
from scenario import TOKEN, booted

URL = "http://files.example/logs/"
OTHER = {"id_token": "XYZ", "type": "ISO14443"}


async def get_log(talk, kind, number, url=URL, **more):
    return await talk.call(call.GetLog(log={"remote_location": url}, log_type=kind, request_id=number, **more))


def uploads(talk):
    """The attempts that the station wants carried out."""
    found = [action[1] for action in talk.station.actions if action[0] == "upload"]
    talk.station.actions[:] = []
    return found


def content(upload):
    """What the server gets."""
    while not upload.text.measure():
        pass
    data = b""
    while len(data) < upload.text.size:
        data += upload.text.read(100)
    assert upload.text.read(100) == b""
    return data.decode()


def notices(talk):
    return [(p["status"], p.get("request_id")) for p in talk.heard("LogStatusNotification")]


async def uploaded(kind):
    talk = await booted()
    talk.station.security_event("InvalidMessages", "a test", talk.now_ms)
    response = await get_log(talk, kind, 5)
    assert response.status == "Accepted" and response.filename
    assert notices(talk) == [("Uploading", 5)]
    upload = uploads(talk)[0]
    text = content(upload)
    upload.end("Uploaded", "201 Created")
    await talk.settle()
    assert notices(talk) == [("Uploading", 5), ("Uploaded", 5)]
    await talk.close()
    return text


async def test_TC_N_25_CS_the_diagnostics_log_is_uploaded():
    assert "warning security: InvalidMessages a test\n" in await uploaded("DiagnosticsLog")


async def test_TC_N_35_CS_the_security_log_is_uploaded():
    assert await uploaded("SecurityLog") == "SecurityLog of AMP-1, firmware 1.0\n2026-11-20T12:00:00Z InvalidMessages a test\n"


async def test_TC_N_26_CS_an_upload_fails_after_all_attempts():
    talk = await booted()
    talk.log.add("info", "a line", talk.now_ms)
    response = await get_log(talk, "DiagnosticsLog", 6, retries=3, retry_interval=20)
    assert response.status == "Accepted"
    begin_ms, attempts = talk.now_ms, []
    while talk.now_ms < begin_ms + 100000 and ("UploadFailure", 6) not in notices(talk):
        for upload in uploads(talk):
            attempts.append(talk.now_ms - begin_ms)
            upload.end("UploadFailure", "404 Not Found")
            await talk.settle()
        await talk.advance(1000)
    assert attempts == [0, 20000, 40000, 60000]
    assert notices(talk) == [("Uploading", 6), ("UploadFailure", 6)]
    await talk.advance(100000)
    assert uploads(talk) == [] and len(notices(talk)) == 2
    await talk.close()


async def test_TC_N_34_CS_there_is_nothing_to_upload():
    talk = await booted()
    response = await get_log(talk, "SecurityLog", 7)
    assert response.status == "Rejected" and response.filename is None
    assert notices(talk) == [] and uploads(talk) == []
    await talk.close()


async def test_TC_N_36_CS_a_second_request_cancels_the_first():
    talk = await booted()
    talk.log.add("info", "a line", talk.now_ms)
    assert (await get_log(talk, "DiagnosticsLog", 8)).status == "Accepted"
    assert notices(talk) == [("Uploading", 8)]
    first = uploads(talk)[0]
    assert (await get_log(talk, "DiagnosticsLog", 9)).status == "AcceptedCanceled"
    assert notices(talk)[1:] == [("AcceptedCanceled", 8), ("Uploading", 9)] and not first.wanted
    first.end("Uploaded", "too late")
    uploads(talk)[0].end("Uploaded", "200 OK")
    await talk.settle()
    assert notices(talk)[3:] == [("Uploaded", 9)]
    await talk.close()


async def test_TC_F_16_CS_the_status_that_is_triggered_during_an_upload():
    talk = await booted()
    talk.log.add("info", "a line", talk.now_ms)
    trigger = call.TriggerMessage(requested_message="LogStatusNotification")
    assert (await talk.call(trigger)).status == "Accepted"
    assert (await get_log(talk, "DiagnosticsLog", 4)).status == "Accepted"
    assert (await talk.call(trigger)).status == "Accepted"
    uploads(talk)[0].end("Uploaded", "")
    await talk.settle()
    assert (await talk.call(trigger)).status == "Accepted"
    assert notices(talk) == [("Idle", None), ("Uploading", 4), ("Uploading", 4), ("Uploaded", 4), ("Idle", None)]
    await talk.close()


async def ask(talk, report, clear, **customer):
    """The status of CustomerInformation, and the whole data of its notifications (None: there is none)."""
    talk.csms.heard.clear()
    response = await talk.call(call.CustomerInformation(request_id=11, report=report, clear=clear, **customer))
    parts = talk.heard("NotifyCustomerInformation")
    assert [part["seq_no"] for part in parts] == list(range(len(parts))) and all(part["request_id"] == 11 for part in parts)
    assert [part.get("tbc", False) for part in parts] == [True] * (len(parts) - 1) + [False] * bool(parts)
    return response.status, "".join([part["data"] for part in parts]) if parts else None


async def known_customer():
    """A station whose cache and list have the token ABC; its car has left."""
    talk = await booted()
    for name in ("LocalAuthListCtrlr.Enabled", "AuthCtrlr.LocalPreAuthorize", "AuthCacheCtrlr.Enabled"):
        assert await talk.set(name, "true") == "Accepted"
    entry = {"id_token": TOKEN, "id_token_info": {"status": "Accepted"}}
    await talk.call(call.SendLocalList(version_number=1, update_type="Full", local_authorization_list=[entry]))
    await talk.charge()
    await talk.leave()
    return talk


async def test_TC_N_27_CS_a_known_customer_is_reported():
    talk = await known_customer()
    status, data = await ask(talk, True, False, id_token=TOKEN)
    assert status == "Accepted" and "local authorization list: ISO14443 abc, Accepted" in data
    await talk.close()


async def test_TC_N_28_CS_an_unknown_customer_is_reported():
    talk = await booted()
    assert await ask(talk, False, True, id_token=TOKEN) == ("Accepted", "The data of the customer was cleared.")
    assert await ask(talk, True, False, id_token=TOKEN) == ("Accepted", "")
    await talk.close()


async def test_TC_N_30_CS_a_known_customer_is_reported_and_cleared():
    talk = await known_customer()
    status, data = await ask(talk, True, True, id_token=TOKEN)
    assert status == "Accepted" and "authorization cache: ISO14443 abc, Accepted" in data and "local authorization list" in data
    status, data = await ask(talk, True, False, id_token=TOKEN)
    assert status == "Accepted" and data == "local authorization list: ISO14443 abc, Accepted"
    await talk.close()


async def test_N10_FR_02_an_entry_of_the_local_list_stays():
    talk = await known_customer()
    assert "local authorization list" in (await ask(talk, True, True, id_token=TOKEN))[1]
    assert "local authorization list" in (await ask(talk, True, False, id_token=TOKEN))[1]
    await talk.close()


async def test_TC_N_31_CS_an_unknown_customer_is_reported_and_cleared():
    talk = await known_customer()
    assert await ask(talk, True, True, id_token=OTHER) == ("Accepted", "")
    await talk.close()


async def test_TC_N_32_CS_a_customer_is_cleared_without_a_report():
    talk = await booted()
    await talk.charge()
    await talk.leave()
    assert await ask(talk, False, True, id_token=TOKEN) == ("Accepted", "The data of the customer was cleared.")
    assert await ask(talk, True, False, id_token=TOKEN) == ("Accepted", "")
    await talk.close()


async def test_TC_N_62_CS_a_customer_by_its_identifier():
    talk = await booted()
    await talk.charge()
    await talk.leave()
    status, data = await ask(talk, True, True, customer_identifier="abc")
    assert status == "Accepted" and data
    assert await ask(talk, True, False, customer_identifier="abc") == ("Accepted", "")
    await talk.close()


async def test_TC_N_29_and_33_CS_a_request_that_names_no_customer_or_two():
    talk = await booted()
    for report, clear in ((True, False), (True, True), (False, True)):
        assert await ask(talk, report, clear) == ("Invalid", None)
        assert await ask(talk, report, clear, id_token=TOKEN, customer_identifier="abc") == ("Invalid", None)
    assert await ask(talk, False, False, id_token=TOKEN) == ("Rejected", None)
    await talk.close()
