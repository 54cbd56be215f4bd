"""Part 6, O: display messages; with the errata of 2025-09. Where the cases let a person look at the display, display/screen.py is asked."""

from datetime import UTC, datetime

import pytest
from ocpp.v201 import call, call_result
from scenario import booted

from ampacity.ocpp.display.screen import shown

TEXT = "Welcome"


def at(talk, seconds):
    return datetime.fromtimestamp(talk.unix_ms / 1000 + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def put(talk, number=1, content=TEXT, priority="NormalCycle", **more):
    """The status of a SetDisplayMessage."""
    info = {"id": number, "priority": priority, "message": {"format": "UTF8", "content": content}} | more
    return (await talk.call(call.SetDisplayMessage(message=info))).status


async def asked(talk, **criteria):
    """(status of GetDisplayMessages, the messages of all NotifyDisplayMessages that follow), the latter checked for requestId and tbc."""
    talk.csms.heard.clear()
    status = (await talk.call(call.GetDisplayMessages(request_id=55, **criteria))).status
    parts = talk.heard("NotifyDisplayMessages")
    assert all(part["request_id"] == 55 for part in parts)
    assert [part.get("tbc", False) for part in parts] == [True] * (len(parts) - 1) + [False] * bool(parts)
    assert bool(parts) == (status == "Accepted")
    return status, [info for part in parts for info in part["message_info"]]


def screen(talk, evse=0):
    return shown(talk.station, evse, talk.now_ms)


async def with_message(**more):
    """The memory state SetDisplayMessage."""
    talk = await booted()
    assert await put(talk, **more) == "Accepted"
    return talk


async def test_TC_O_01_CS_a_message_is_set():
    talk = await with_message()
    assert screen(talk) == [TEXT]
    status, found = await asked(talk, id=[1])
    assert status == "Accepted"
    assert found == [{"id": 1, "priority": "NormalCycle", "message": {"format": "UTF8", "content": TEXT}}]
    await talk.close()


async def test_TC_O_02_CS_all_messages():
    talk = await with_message()
    assert await put(talk, 2, "Second", "InFront", state="Charging") == "Accepted"
    assert await put(talk, 3, "Third") == "Accepted"
    status, found = await asked(talk)
    assert (status, [info["id"] for info in found]) == ("Accepted", [1, 2, 3])
    await talk.close()


async def test_TC_O_03_and_33_CS_no_message():
    talk = await booted()
    assert await asked(talk) == ("Unknown", [])
    assert await asked(talk, id=[1]) == ("Unknown", [])
    await talk.close()


async def test_TC_O_04_CS_a_message_is_cleared():
    talk = await with_message()
    assert (await talk.call(call.ClearDisplayMessage(id=1))).status == "Accepted"
    assert await asked(talk, id=[1]) == ("Unknown", [])
    assert screen(talk) == []
    await talk.close()


async def test_TC_O_05_CS_a_message_that_is_not_there_is_cleared():
    talk = await booted()
    assert (await talk.call(call.ClearDisplayMessage(id=1))).status == "Unknown"
    await talk.close()


async def left(talk):
    """The reusable states StopAuthorized, EVConnectedPostSession, EVDisconnected."""
    await talk.card()
    await talk.leave()
    assert talk.tx() is None


async def test_TC_O_06_CS_a_message_of_a_transaction():
    talk = await booted()
    await talk.energy_transfer_started()
    assert await put(talk, transactionId=talk.tx()) == "Accepted"
    assert screen(talk) == screen(talk, 1) == [TEXT] and screen(talk, 2) == []
    await left(talk)
    assert screen(talk) == screen(talk, 1) == []
    assert await asked(talk, id=[1]) == ("Unknown", [])
    await talk.close()


@pytest.mark.parametrize(
    ("case", "criteria"),
    [("TC_O_07_CS", {"id": [1]}), ("TC_O_08_CS", {"priority": "InFront"}), ("TC_O_09_CS", {"state": "Charging"})],
)
async def test_messages_by_criterion(case, criteria):
    talk = await with_message(priority="InFront", state="Charging")
    assert await put(talk, 2, state="Idle") == "Accepted"
    assert await put(talk, 3) == "Accepted"
    status, found = await asked(talk, **criteria)
    assert (status, [info["id"] for info in found]) == ("Accepted", [1])
    await talk.close()


async def test_TC_O_10_CS_a_message_of_an_unknown_transaction():
    talk = await booted()
    assert await put(talk, transactionId="T-1") == "UnknownTransaction"
    assert await asked(talk) == ("Unknown", [])
    await talk.close()


@pytest.mark.parametrize(
    ("case", "criteria"),
    [
        ("TC_O_11_CS", {"id": [2]}),
        ("TC_O_34_CS", {"id": [1], "state": "Idle"}),
        ("TC_O_35_CS", {"id": [1], "priority": "AlwaysFront"}),
    ],
)
async def test_no_message_meets_the_criteria(case, criteria):
    talk = await with_message(state="Charging")
    assert await asked(talk, **criteria) == ("Unknown", [])
    await talk.close()


async def test_TC_O_12_CS_a_message_is_replaced():
    talk = await with_message(priority="InFront", state="Idle")
    assert await put(talk, content="Replaced") == "Accepted"
    assert screen(talk) == ["Replaced"]
    assert (await asked(talk))[1] == [{"id": 1, "priority": "NormalCycle", "message": {"format": "UTF8", "content": "Replaced"}}]
    await talk.close()


async def test_TC_O_13_CS_a_message_with_a_start():
    talk = await booted()
    assert await put(talk, startDateTime=at(talk, 60)) == "Accepted"
    status, found = await asked(talk, id=[1])
    assert status == "Accepted" and found[0]["start_date_time"] == at(talk, 60)
    await talk.advance(59000)
    assert screen(talk) == []
    await talk.advance(1000)
    assert screen(talk) == [TEXT]
    await talk.close()


async def test_TC_O_14_CS_a_message_with_an_end():
    talk = await booted()
    assert await put(talk, endDateTime=at(talk, 60)) == "Accepted"
    status, found = await asked(talk, id=[1])
    assert status == "Accepted" and found[0]["end_date_time"] == at(talk, 60)
    await talk.advance(59000)
    assert screen(talk) == [TEXT]
    await talk.advance(1000)
    assert screen(talk) == []
    assert await asked(talk, id=[1]) == ("Unknown", [])
    await talk.close()


async def test_TC_O_15_CS_the_language_of_the_driver():
    """The errata remove this case; what it asks for is done all the same."""
    talk = await booted()
    csms = talk.csms

    def authorize(**payload):
        csms.keep("Authorize", payload)
        return call_result.Authorize(id_token_info={"status": "Accepted", "language1": "de"})

    csms.route_map["Authorize"]["_on_action"] = authorize
    await talk.plug()
    await talk.card()
    assert [payload["id_token"] for payload in talk.heard("Authorize")] == [{"id_token": "ABC", "type": "ISO14443"}]
    await talk.state("Charging")
    for number, language, text in ((1, "en-GB", TEXT), (2, "de-DE", "Willkommen")):
        assert await put(talk, number, message={"format": "UTF8", "language": language, "content": text}) == "Accepted"
    assert screen(talk, 1) == ["Willkommen"]
    assert set(screen(talk, 2)) == {TEXT, "Willkommen"}  # nobody is there
    await talk.close()


async def test_TC_O_19_CS_a_format_that_is_not_supported():
    talk = await booted()
    assert (await talk.get("DisplayMessageCtrlr.SupportedFormats"))["attribute_value"] == "ASCII,UTF8"
    for unsupported in ("HTML", "URI"):
        assert await put(talk, message={"format": unsupported, "content": TEXT}) == "NotSupportedMessageFormat"
    assert await asked(talk) == ("Unknown", [])
    await talk.close()


async def test_TC_O_20_CS_a_message_is_kept_over_a_reboot():
    talk = await with_message(priority="InFront")
    await talk.reboot()
    assert screen(talk) == [TEXT]
    status, found = await asked(talk, id=[1])
    assert status == "Accepted"
    assert found == [{"id": 1, "priority": "InFront", "message": {"format": "UTF8", "content": TEXT}}]
    await talk.close()


async def taken_turns(talk, evse=0):
    """The texts that are shown one after the other."""
    seen = []
    for _ in range(6):
        seen.append(screen(talk, evse)[0])
        await talk.advance(10000)
    return seen


async def test_TC_O_22_CS_messages_in_front_take_turns():
    talk = await booted()
    assert await put(talk, 9, "Cycle") == "Accepted"
    assert await put(talk, 1, "One", "InFront") == "Accepted"
    assert await put(talk, 2, "Two", "InFront") == "Accepted"
    for number, text in ((1, "One"), (2, "Two")):
        status, found = await asked(talk, id=[number])
        assert (status, found[0]["id"], found[0]["message"]["content"]) == ("Accepted", number, text)
    seen = await taken_turns(talk)
    assert set(seen) == {"One", "Two"} and all(a != b for a, b in zip(seen, seen[1:], strict=False))
    await talk.close()


async def test_TC_O_24_CS_a_second_message_always_in_front():
    talk = await with_message(priority="AlwaysFront")
    assert await put(talk, 2, "Second", "AlwaysFront") == "Accepted"
    assert await asked(talk, id=[1]) == ("Unknown", [])
    assert (await asked(talk, id=[2]))[0] == "Accepted"
    assert screen(talk) == ["Second"]
    await talk.close()


async def test_TC_O_27_CS_a_message_of_a_transaction_with_a_start():
    talk = await booted()
    await talk.energy_transfer_started()
    assert await put(talk, transactionId=talk.tx(), startDateTime=at(talk, 60)) == "Accepted"
    await talk.advance(59000)
    assert screen(talk) == []
    await talk.advance(1000)
    assert screen(talk) == [TEXT]
    await left(talk)
    assert screen(talk) == []
    assert await asked(talk, id=[1]) == ("Unknown", [])
    await talk.close()


async def test_TC_O_28_CS_a_message_of_a_transaction_with_an_end():
    talk = await booted()
    await talk.energy_transfer_started()
    assert await put(talk, transactionId=talk.tx(), endDateTime=at(talk, 60)) == "Accepted"
    assert screen(talk) == [TEXT]
    await talk.advance(60000)
    assert talk.tx() and screen(talk) == []
    assert await asked(talk, id=[1]) == ("Unknown", [])
    await talk.close()


async def test_TC_O_30_CS_messages_of_a_transaction_in_front():
    talk = await booted()
    await talk.energy_transfer_started()
    tx = talk.tx()
    for number, text in ((1, "One"), (2, "One 2")):
        assert await put(talk, number, text, "InFront", transactionId=tx) == "Accepted"
    for number, text in ((1, "One"), (2, "One 2")):
        status, found = await asked(talk, id=[number])
        assert status == "Accepted"
        assert (found[0]["transaction_id"], found[0]["priority"], found[0]["message"]["content"]) == (tx, "InFront", text)
    assert set(await taken_turns(talk, 1)) == {"One", "One 2"}
    await left(talk)
    assert screen(talk) == []
    assert await asked(talk, id=[1]) == await asked(talk, id=[2]) == ("Unknown", [])
    await talk.close()


async def test_TC_O_32_CS_a_second_message_of_a_transaction_always_in_front():
    talk = await booted()
    await talk.energy_transfer_started()
    tx = talk.tx()
    assert await put(talk, 1, "One", "AlwaysFront", transactionId=tx) == "Accepted"
    assert screen(talk) == ["One"]
    assert await put(talk, 2, "One 2", "AlwaysFront", transactionId=tx) == "Accepted"
    assert screen(talk) == ["One 2"]
    assert await asked(talk, id=[1]) == ("Unknown", [])
    status, (info,) = await asked(talk, id=[2])
    assert (status, info["transaction_id"], info["priority"], info["message"]["content"]) == ("Accepted", tx, "AlwaysFront", "One 2")
    await left(talk)
    assert screen(talk) == []
    assert await asked(talk, id=[2]) == ("Unknown", [])
    await talk.close()


async def still_there(talk, state):
    status, (info,) = await asked(talk, id=[1])
    assert (status, info["state"]) == ("Accepted", state)


async def test_TC_O_36_CS_a_message_for_the_state_Charging():
    talk = await with_message(state="Charging")
    assert screen(talk) == []
    await talk.energy_transfer_started()
    assert screen(talk) == [TEXT]
    await left(talk)
    assert screen(talk) == []
    await still_there(talk, "Charging")
    await talk.close()


async def test_TC_O_37_CS_a_message_for_the_state_Idle():
    talk = await with_message(state="Idle")
    assert screen(talk) == [TEXT]
    await talk.energy_transfer_started()
    assert screen(talk) == []
    await left(talk)
    assert screen(talk) == [TEXT]
    await still_there(talk, "Idle")
    await talk.close()


async def test_TC_O_38_CS_a_message_for_the_state_Unavailable():
    talk = await with_message(state="Unavailable")
    assert screen(talk) == []
    await talk.call(call.ChangeAvailability(operational_status="Inoperative"))
    assert screen(talk) == [TEXT]
    talk.csms.heard.clear()
    assert (await talk.call(call.ChangeAvailability(operational_status="Operative"))).status == "Accepted"
    assert talk.statuses() == [(1, "Available"), (2, "Available")]
    assert screen(talk) == []
    await still_there(talk, "Unavailable")
    await talk.close()


async def test_TC_O_39_CS_a_message_for_the_state_Faulted():
    talk = await with_message(state="Faulted")
    assert screen(talk) == []
    for status, texts in (("Faulted", [TEXT]), ("Available", [])):
        talk.csms.heard.clear()
        talk.station.evse_status(1, status, talk.now_ms)
        await talk.settle()
        assert talk.statuses() == [(1, status)]
        assert screen(talk) == texts
    await still_there(talk, "Faulted")
    await talk.close()


@pytest.mark.parametrize(
    ("name", "kind", "mutability", "value"),
    [
        ("Available", "boolean", "ReadOnly", "true"),
        ("DisplayMessages", "integer", "ReadOnly", "1"),
        ("Enabled", "boolean", "ReadWrite", "true"),
        ("SupportedFormats", "MemberList", "ReadOnly", "ASCII,UTF8"),
        ("SupportedPriorities", "MemberList", "ReadOnly", "AlwaysFront,InFront,NormalCycle"),
    ],
)
async def test_the_variables_of_display_messages(name, kind, mutability, value):
    talk = await with_message()
    wanted = [{"component": {"name": "DisplayMessageCtrlr"}, "variable": {"name": name}}]
    assert (await talk.call(call.GetReport(request_id=1, component_variable=wanted))).status == "Accepted"
    (row,) = talk.heard("NotifyReport")[0]["report_data"]
    assert (row["variable_characteristics"]["data_type"], row["variable_attribute"][0]["mutability"]) == (kind, mutability)
    assert row["variable_attribute"][0]["value"] == value
    assert name != "DisplayMessages" or row["variable_characteristics"]["max_limit"] == 8
    await talk.close()
