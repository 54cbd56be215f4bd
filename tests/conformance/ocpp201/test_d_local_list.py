"""Part 6, D: the local authorization list and its version."""

import pytest
from ocpp.v201 import call
from scenario import booted

ACCEPTED = {"status": "Accepted"}


async def version(talk):
    return (await talk.call(call.GetLocalListVersion())).version_number


async def with_list(number=5):
    """IdTokenLocalAuthList: a list of this version with one identifier."""
    talk = await booted()
    assert await talk.send_list(number, {"ABC": ACCEPTED}) == "Accepted"
    return talk


async def known_offline(talk, *tokens):
    """Which of these identifiers start a transaction without the CSMS, one after the other at EVSE 1."""
    await talk.drop()
    found = []
    for token in tokens:
        await talk.plug()
        await talk.card(token)
        found += [token] if talk.tx() else []
        await talk.leave()
    await talk.reconnect()
    return found


async def test_TC_D_01_CS_full():
    talk = await booted()
    assert await version(talk) == 0
    assert await talk.send_list(7, {"ABC": ACCEPTED}) == "Accepted"
    assert await version(talk) == 7
    assert await talk.send_list(3, {"DEF": ACCEPTED}) == "Accepted"
    assert await version(talk) == 3
    assert await known_offline(talk, "ABC", "DEF") == ["DEF"]
    await talk.close()


async def test_TC_D_02_CS_differential_update():
    talk = await with_list()
    assert await talk.send_list(6, {"DEF": ACCEPTED}, "Differential") == "Accepted"
    assert await version(talk) == 6
    assert await known_offline(talk, "ABC", "DEF") == ["ABC", "DEF"]
    await talk.close()


async def test_TC_D_03_CS_differential_remove():
    talk = await with_list()
    assert await talk.send_list(6, {"ABC": None}, "Differential") == "Accepted"
    assert await version(talk) == 6
    assert await known_offline(talk, "ABC") == []
    await talk.close()


@pytest.mark.parametrize(
    ("case", "update", "number", "left"), [("TC_D_04_CS", "Full", 5, []), ("TC_D_05_CS", "Differential", 6, ["ABC"])]
)
async def test_an_empty_list(case, update, number, left):
    talk = await with_list()
    assert await talk.send_list(number, {}, update) == "Accepted"
    assert await version(talk) == number
    assert await known_offline(talk, "ABC") == left
    await talk.close()


@pytest.mark.parametrize("number", [4, 5])
async def test_TC_D_06_CS_version_mismatch(number):
    talk = await with_list()
    assert await talk.send_list(number, {"DEF": ACCEPTED}, "Differential") == "VersionMismatch"
    assert await version(talk) == 5
    assert await known_offline(talk, "ABC", "DEF") == ["ABC"]
    await talk.close()


async def test_TC_D_07_CS_the_list_survives_a_reboot():
    talk = await with_list()
    await talk.reboot()
    assert await version(talk) == 5
    assert await known_offline(talk, "ABC") == ["ABC"]
    await talk.close()


async def test_TC_D_08_CS_the_version():
    talk = await with_list(12)
    assert await version(talk) == 12
    await talk.close()


async def test_TC_D_10_CS_no_version_while_the_list_is_disabled():
    talk = await with_list()
    assert await talk.set("LocalAuthListCtrlr.Enabled", "false") == "Accepted"
    assert await version(talk) == 0
    await talk.close()
