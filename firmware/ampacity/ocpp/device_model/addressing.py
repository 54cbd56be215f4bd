"""From a component and a variable as the CSMS writes them to a row of the table, and back."""

if False:  # for the type checker
    from typing import Any

    from ampacity.ocpp.device_model.model import DeviceModel, Scope
    from ampacity.ocpp.messages import Message, Named


def resolve(model: "DeviceModel", item: "Message") -> "tuple[str | None, Any, Any]":
    """(None, scope, Row), or (status, None, None) with the attributeStatus that says what is unknown."""
    component, variable = item["component"], item["variable"]
    scope = scope_of(component)
    if scope is not None:
        scope = model.place(scope, component["name"])
    if scope is None:
        return "UnknownComponent", None, None
    row = model.find(scope, component["name"], variable["name"], variable.get("instance", ""))
    if row is None:
        return "UnknownVariable", None, None
    if item.get("attributeType", "Actual") != "Actual":
        return "NotSupportedAttributeType", None, None
    return None, scope, row


def scope_of(component: "Message") -> "Scope | None":
    """0 station, id EVSE, -id its connector, an instance as text; None for a connector other than 1 and for an instance of an EVSE."""
    evse = component.get("evse")
    instance = component.get("instance")
    if instance:
        return None if evse else instance
    if evse is None:
        return 0
    connector = evse.get("connectorId")
    if connector is None:
        return evse["id"]
    return -evse["id"] if connector == 1 and evse["id"] > 0 else None


def component_of(scope: "Scope", row: "Named") -> "Message":
    """The component as it goes into a message."""
    component: "Message" = {"name": row.component}
    if isinstance(scope, str):
        component["instance"] = scope
    elif scope:
        component["evse"] = {"id": abs(scope)}
        if scope < 0:
            component["evse"]["connectorId"] = 1
    return component


def variable_of(row: "Named") -> "Message":
    """The variable as it goes into a message."""
    variable = {"name": row.variable}
    if row.instance:
        variable["instance"] = row.instance
    return variable
