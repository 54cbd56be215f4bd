"""Part 6, B: base reports and custom reports of the device model."""

import json

from ocpp.v201 import call
from required_variables import REQUIRED
from scenario import booted

STATES = {"Available", "Occupied", "Reserved", "Unavailable", "Faulted"}


async def parts(talk, request):
    """The items that the station reports for a request that it accepts; each message is checked."""
    talk.csms.heard.clear()
    response = await talk.call(request)
    assert response.status == "Accepted" and response.status_info is None
    messages = talk.heard("NotifyReport")
    assert [p["seq_no"] for p in messages] == list(range(len(messages)))
    assert [p["tbc"] for p in messages] == [True] * (len(messages) - 1) + [False]
    for p in messages:
        assert p["request_id"] == request.request_id and p["generated_at"].startswith("2026-11-20T12:")
    return [item for p in messages for item in p["report_data"]]


def check_characteristics(items):
    """Each variable has its characteristics, a list names its values, and a value that is reported is one of them."""
    for item in items:
        kind = item["variable_characteristics"]["data_type"]
        attribute = item["variable_attribute"][0]
        assert ("value" in attribute) == (attribute["mutability"] != "WriteOnly"), item["variable"]
        if kind.endswith("List"):
            allowed = [word.strip() for word in item["variable_characteristics"]["values_list"].split(",")]
            assert allowed and all(word in allowed for word in attribute["value"].split(",") if word), item["variable"]


def key(item):
    return (json.dumps(item["component"], sort_keys=True), item["variable"]["name"], item["variable"].get("instance", ""))


async def base(talk, name):
    found = await parts(talk, call.GetBaseReport(request_id=77, report_base=name))
    assert len({key(item) for item in found}) == len(found)
    check_characteristics(found)
    return found


def required_of(found, writable_only):
    """Every required variable is there, with its access and its type."""
    known = {}
    for item in found:
        name = (item["component"]["name"], item["variable"]["name"], item["variable"].get("instance", ""))
        known[name] = (item["variable_attribute"][0]["mutability"], item["variable_characteristics"]["data_type"])
    for component, variable, instance, access, kind in REQUIRED:
        if writable_only and "ReadOnly" in access:
            continue
        mutability, data_type = known[(component, variable, instance)]
        assert mutability in access.split("|"), variable
        assert data_type == kind, variable


async def test_TC_B_12_CS_configuration_inventory():
    talk = await booted()
    found = await base(talk, "ConfigurationInventory")
    assert {item["variable_attribute"][0]["mutability"] for item in found} == {"ReadWrite", "WriteOnly"}
    required_of(found, writable_only=True)
    await talk.close()


async def test_TC_B_13_and_53_CS_full_inventory_holds_the_required_variables():
    talk = await booted()
    found = await base(talk, "FullInventory")
    required_of(found, writable_only=False)
    await talk.close()


async def test_TC_B_14_CS_summary_inventory():
    talk = await booted()
    talk.station.device_fact(2, "EVSE", "Problem", True, talk.now_ms)
    await talk.settle()
    found = await base(talk, "SummaryInventory")
    shown = {(i["component"]["name"], i["component"].get("evse", {}).get("id"), i["variable"]["name"]) for i in found}
    for component, evse in (("ChargingStation", None), ("EVSE", 1), ("EVSE", 2), ("Connector", 1), ("Connector", 2)):
        assert (component, evse, "AvailabilityState") in shown
    assert ("EVSE", 2, "Problem") in shown
    await talk.close()


async def custom(talk, **criteria):
    return await parts(talk, call.GetReport(request_id=5, **criteria))


async def value(talk, item):
    data = [{"component": item["component"], "variable": item["variable"]}]
    return (await talk.call(call.GetVariables(get_variable_data=data))).get_variable_result[0]


async def test_TC_B_16_CS_with_a_component_criterion():
    """B08.FR.09: whole components, also those without the variable; each that has it has it at true."""
    talk = await booted()
    await talk.set("SmartChargingCtrlr.Enabled", "false")
    full = await base(talk, "FullInventory")
    found = await custom(talk, component_criteria=["Enabled"])
    check_characteristics(found)
    enabled = [i for i in full if i["variable"]["name"] == "Enabled"]
    on = {key(i) for i in enabled if i["variable_attribute"][0]["value"] == "true"}
    assert 0 < len(on) < len(enabled)
    assert {key(i) for i in found if i["variable"]["name"] == "Enabled"} == on
    assert not any(i["component"]["name"] == "SmartChargingCtrlr" for i in found)
    for item in found:
        result = await value(talk, item)
        if item["variable_attribute"][0]["mutability"] == "WriteOnly":
            assert result["attribute_status"] == "Rejected" and "attribute_value" not in result
        else:
            assert result["attribute_status"] == "Accepted"
            assert item["variable"]["name"] != "Enabled" or result["attribute_value"] == "true"
    await talk.close()


def is_state(item, evse):
    attribute, kind = item["variable_attribute"][0], item["variable_characteristics"]
    assert (item["component"]["name"], item["variable"]["name"]) == ("EVSE", "AvailabilityState")
    assert item["component"]["evse"]["id"] == evse
    assert kind["data_type"] == "OptionList" and {w.strip() for w in kind["values_list"].split(",")} == STATES
    assert attribute["mutability"] == "ReadOnly" and attribute.get("type", "Actual") == "Actual"
    return True


def of_evse(evse=None):
    component = {"name": "EVSE"} | ({"evse": {"id": evse}} if evse else {})
    return [{"component": component, "variable": {"name": "AvailabilityState"}}]


async def test_TC_B_17_CS_with_a_component_and_a_variable():
    talk = await booted()
    (item,) = await custom(talk, component_variable=of_evse(1))
    assert is_state(item, 1)
    await talk.close()


async def test_TC_B_18_CS_with_a_criterion_and_a_variable():
    talk = await booted()
    (item,) = await custom(talk, component_criteria=["Available"], component_variable=of_evse(1))
    assert is_state(item, 1)
    talk.csms.heard.clear()
    request = call.GetReport(request_id=6, component_criteria=["Problem"], component_variable=of_evse(1))
    response = await talk.call(request)
    assert response.status == "EmptyResultSet" and talk.heard("NotifyReport") == []
    await talk.close()


async def test_TC_B_54_CS_without_an_instance():
    talk = await booted()
    wanted = [{"component": {"name": "DeviceDataCtrlr"}, "variable": {"name": "ItemsPerMessage"}}]
    found = await custom(talk, component_variable=wanted)
    assert {(i["component"]["name"], i["variable"]["name"]) for i in found} == {("DeviceDataCtrlr", "ItemsPerMessage")}
    assert {"GetReport", "GetVariables"} <= {i["variable"]["instance"] for i in found}
    await talk.close()


async def test_TC_B_55_CS_with_an_instance():
    talk = await booted()
    wanted = [{"component": {"name": "DeviceDataCtrlr"}, "variable": {"name": "ItemsPerMessage", "instance": "GetReport"}}]
    (item,) = await custom(talk, component_variable=wanted)
    assert (item["component"]["name"], item["variable"]) == ("DeviceDataCtrlr", {"name": "ItemsPerMessage", "instance": "GetReport"})
    await talk.close()


async def test_TC_B_56_CS_without_an_EVSE():
    talk = await booted(evses=3)
    found = await custom(talk, component_variable=of_evse())
    assert len(found) == 3 and all(is_state(item, evse) for item, evse in zip(found, (1, 2, 3), strict=True))
    await talk.close()
