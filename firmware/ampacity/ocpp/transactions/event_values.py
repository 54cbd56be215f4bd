"""Meter values as an event or a MeterValues request carries them: of the measurands in a variable, signed where the CSMS wants that."""

from ampacity.ocpp.transactions.meter_values import meter_value

if False:  # for the type checker
    from ampacity.ocpp.evse import OcppEvse
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message

REGISTER = "Energy.Active.Import.Register"


def wanted(station: "StationFace", controller: str, variable: str) -> "list[str]":
    """The measurands of a variable; none while sampled values are switched off. What is aligned to the clock is not asked for then."""
    model = station.model
    return model.words(controller, variable) if controller[0] == "A" or model.on(controller, "Enabled") else []


def taken(station: "StationFace", evse: "OcppEvse", controller: str, variable: str, context: str, stamp: "int | str") -> "list[Message]":
    """[one MeterValue] with `stamp` as its time, or []."""
    values = meter_value(evse, wanted(station, controller, variable), context, stamp)
    if values and evse.values.get("signed") is not None:
        from ampacity.ocpp.transactions.signed_values import sign

        sign(station, evse, controller, variable, values)
    return values


def collected(station: "StationFace", evse: "OcppEvse") -> "list[Message]":
    """The samples that the Ended event reports: of what is switched on when it is made."""
    found: "list[Message]" = []
    for value in evse.tx.samples:  # type: ignore[union-attr]  # it is open
        aligned = value["sampledValue"][0]["context"] == "Sample.Clock"
        if station.model.on("AlignedDataCtrlr" if aligned else "SampledDataCtrlr", "Enabled"):
            found.append(value)
    return found


def keep_begin(station: "StationFace", evse: "OcppEvse", now_ms: int) -> None:
    """The signed reading of the beginning, if there is one, is kept for the Ended event."""
    if evse.values.get("signed") is not None and evse.values.get("energy_wh") is not None:
        from ampacity.ocpp.transactions import signed_values

        signed_values.keep_begin(station, evse, now_ms)


def begun(station: "StationFace", evse: "OcppEvse") -> "list[Message]":
    """[the signed reading of the beginning], or []; it is no longer kept."""
    if not evse.meter_key or REGISTER not in wanted(station, "SampledDataCtrlr", "TxEndedMeasurands"):
        return []
    from ampacity.ocpp.transactions import signed_values

    return signed_values.begun(station, evse)
