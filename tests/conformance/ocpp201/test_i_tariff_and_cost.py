"""Part 6, I: tariff and cost. Where the cases let a person look at the display, display/screen.py is asked."""

import pytest
from ocpp.v201 import call, call_result
from scenario import booted, short

from ampacity.ocpp.display.screen import shown

TARIFF = {"format": "UTF8", "content": "0.30 EUR/kWh"}
UPDATED = {"format": "UTF8", "content": "0.35 EUR/kWh"}


def screen(talk, evse=1):
    return set(shown(talk.station, evse, talk.now_ms))


def answer(talk, events=None, **more):
    """Authorize is answered with the tariff; TransactionEvents with `more`, those with a type of `events` only."""
    csms = talk.csms

    def authorize(**payload):
        csms.keep("Authorize", payload)
        return call_result.Authorize(id_token_info={"status": "Accepted", "personal_message": TARIFF})

    def event(**payload):
        csms.keep("TransactionEvent", payload)
        fields = dict(more) if events is None or payload["event_type"] in events else {}
        if "id_token" in payload:
            fields["id_token_info"] = {"status": "Accepted"}
        return call_result.TransactionEvent(**fields)

    csms.route_map["Authorize"]["_on_action"] = authorize
    csms.route_map["TransactionEvent"]["_on_action"] = event


async def with_tariff(start_point, **more):
    """Steps 1 to 5 of TC_I_01 and TC_I_07: from EVConnectedPreSession to EnergyTransferStarted."""
    talk = await booted()
    assert await talk.set("TxCtrlr.TxStartPoint", start_point) == "Accepted"
    answer(talk)
    await talk.plug()
    talk.csms.heard.clear()
    await talk.card()
    assert [payload["id_token"] for payload in talk.heard("Authorize")] == [{"id_token": "ABC", "type": "ISO14443"}]
    event = talk.told()[0]
    assert short(event)[:2] == ("Updated" if start_point == "EVConnected" else "Started", "Authorized")
    assert event["id_token"] == {"id_token": "ABC", "type": "ISO14443"}
    assert screen(talk) == {"0.30 EUR/kWh"}
    answer(talk, **more)
    await talk.state("Charging")
    assert short(talk.told()[-1])[:2] == ("Updated", "ChargingStateChanged")
    return talk


@pytest.mark.parametrize("start_point", ["Authorized", "EVConnected"])
async def test_TC_I_01_CS_the_running_cost_by_CostUpdated(start_point):
    talk = await with_tariff(start_point, updated_personal_message=UPDATED)
    assert screen(talk) == {"0.35 EUR/kWh"}
    for cost, text in ((0.5, "0.50 EUR"), (1, "1.00 EUR"), (12.34, "12.34 EUR")):
        response = await talk.call(call.CostUpdated(total_cost=cost, transaction_id=talk.tx()))
        assert response == call_result.CostUpdated()
        assert screen(talk) == {"0.35 EUR/kWh", text}
    await talk.close()


@pytest.mark.parametrize("stop_point", ["Authorized", "EVConnected"])
async def test_TC_I_02_CS_the_final_cost(stop_point):
    talk = await booted()
    assert await talk.set("TxCtrlr.TxStopPoint", stop_point) == "Accepted"
    await talk.energy_transfer_started()
    answer(talk, ("Ended",), total_cost=7.2)
    await talk.card()
    await talk.leave()
    assert short(talk.told()[-1])[0] == "Ended"
    assert screen(talk) == {"7.20 EUR"}
    await talk.close()


@pytest.mark.parametrize("start_point", ["Authorized", "EVConnected"])
async def test_TC_I_07_CS_the_running_cost_by_responses(start_point):
    talk = await with_tariff(start_point, updated_personal_message=UPDATED)
    for cost, text in ((0.5, "0.50 EUR"), (1.25, "1.25 EUR")):
        answer(talk, updated_personal_message=UPDATED, total_cost=cost)
        await talk.state("SuspendedEV" if cost == 0.5 else "Charging")
        assert screen(talk) == {"0.35 EUR/kWh", text}
    await talk.close()


@pytest.mark.parametrize(
    ("name", "instance", "kind", "mutability", "most"),
    [
        ("Available", "Cost", "boolean", "ReadOnly", None),
        ("Available", "Tariff", "boolean", "ReadOnly", None),
        ("Currency", None, "string", "ReadWrite", 3),
        ("Enabled", "Cost", "boolean", "ReadWrite", None),
        ("Enabled", "Tariff", "boolean", "ReadWrite", None),
        ("TariffFallbackMessage", None, "string", "ReadWrite", 255),
        ("TotalCostFallbackMessage", None, "string", "ReadWrite", 255),
    ],
)
async def test_the_variables_of_tariff_and_cost(name, instance, kind, mutability, most):
    talk = await booted()
    variable = {"name": name} | ({"instance": instance} if instance else {})
    wanted = [{"component": {"name": "TariffCostCtrlr"}, "variable": variable}]
    assert (await talk.call(call.GetReport(request_id=1, component_variable=wanted))).status == "Accepted"
    (row,) = talk.heard("NotifyReport")[0]["report_data"]
    characteristics = row["variable_characteristics"]
    assert (characteristics["data_type"], row["variable_attribute"][0]["mutability"]) == (kind, mutability)
    assert characteristics.get("max_limit") == most
    await talk.close()
