"""Signed meter values (J01.FR.21, J02.FR.21): what a meter has signed is passed on with the energy register, and not looked into.

A reading is {"data", "encoding", "method", "key"}: the signed data set as text, the name of its format (OCMF …), how it was signed where the
data set does not say so ("": it does), and the public key in base 16, as it is printed on the meter. Loaded when the first one arrives.
"""

from binascii import b2a_base64

from ampacity.ocpp.handed_texts import check_texts

if False:  # for the type checker
    from typing import Any

    from ampacity.ocpp.evse import OcppEvse
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message, Signed

WORD_BYTES_MAX = 50  # of encoding and method together
TEXTS = (("data", 1, 1000), ("key", 0, 400), ("encoding", 0, WORD_BYTES_MAX), ("method", 0, WORD_BYTES_MAX))
REGISTER = "Energy.Active.Import.Register"
SWITCHES = {"TxStartedMeasurands": "SignStartedReadings", "TxUpdatedMeasurands": "SignUpdatedReadings", "Measurands": "SignUpdatedReadings"}
BEGIN, END = "Transaction.Begin", "Transaction.End"


def look(station: "StationFace", evse: "OcppEvse") -> None:
    """New readings of this EVSE with a signed one: one that is wrong or too long is dropped; the first makes the variables of signing real."""
    reading: Signed = evse.values["signed"]  # type: ignore[assignment]  # the caller has seen it
    wrong = _wrong(reading)
    if wrong:
        evse.values["signed"] = None
        station.log.counter("ocpp_signed_refused")
        if not evse.meter_refused:
            evse.meter_refused = True
            station.log.add("warning", "signed reading at EVSE %d: %s: passed on as unsigned" % (evse.id, wrong), station.now_ms)
    elif evse.meter_key != reading["key"]:
        evse.meter_key = reading["key"]
        station.model.has_signing_meter()
        station.model.fact(evse.id, "FiscalMetering", "PublicKey", _key(reading))


def _wrong(reading: "Signed") -> str:
    """What is wrong with it, "": nothing."""
    try:
        check_texts(reading, TEXTS)
    except ValueError as e:
        return str(e)
    return "" if len((reading["encoding"] + reading["method"]).encode()) <= WORD_BYTES_MAX else "encoding: too long with method"


def sign(station: "StationFace", evse: "OcppEvse", controller: str, variable: str, values: "list[Message]") -> None:
    """Add the signed reading to the energy register of these values, where controller.SignReadings and the switch of `variable` want it."""
    switch = SWITCHES.get(variable)
    if not station.model.on(controller, "SignReadings") or switch is not None and not station.model.on(controller, switch):
        return
    for item in values[0]["sampledValue"]:
        if item["measurand"] == REGISTER:
            item["signedMeterValue"] = _signed(station, evse, item["context"])


def keep_begin(station: "StationFace", evse: "OcppEvse", now_ms: int) -> None:
    """The first reading of a transaction, for its Ended event, also over a restart."""
    if station.model.on("SampledDataCtrlr", "SignReadings") and evse.tx is not None:
        item = {"tx": evse.tx.id, "at": station.stamp(now_ms), "wh": evse.values.get("energy_wh"), "signed": evse.values["signed"]}
        station.documents.try_put(_name(evse), item)


def begun(station: "StationFace", evse: "OcppEvse") -> "list[Message]":
    """The first reading of the transaction that ends, as a MeterValue; []: none was kept."""
    kept = station.documents.get(_name(evse))
    if kept is None:
        return []
    station.documents.remove_later(_name(evse), "")
    if evse.tx is None or kept["tx"] != evse.tx.id or not station.model.on("SampledDataCtrlr", "SignReadings"):
        return []
    return first_reading(station, kept)


def first_reading(station: "StationFace", kept: "dict[str, Any]") -> "list[Message]":
    """What `keep_begin` kept, as a MeterValue."""
    item = {"value": kept["wh"], "context": BEGIN, "measurand": REGISTER, "unitOfMeasure": {"unit": "Wh"}}
    every = station.model.text("OCPPCommCtrlr", "PublicKeyWithSignedMeterValue") == "EveryMeterValue"
    item["signedMeterValue"] = _value(kept["signed"], _key(kept["signed"]) if every else "")
    return [{"timestamp": kept["at"], "sampledValue": [item]}]


def _signed(station: "StationFace", evse: "OcppEvse", context: str) -> "Message":
    """OncePerTransaction: the key is with the first value of the transaction, else with the last."""
    reading: Signed = evse.values["signed"]  # type: ignore[assignment]  # the caller has seen it
    when = station.model.text("OCPPCommCtrlr", "PublicKeyWithSignedMeterValue")
    shown = when == "EveryMeterValue"
    if when == "OncePerTransaction" and evse.tx is not None and context in (BEGIN, END) and not evse.tx.key_sent:
        shown = evse.tx.key_sent = True
    return _value(reading, _key(reading) if shown else "")


def _value(reading: "Signed", key: str) -> "Message":
    return {
        "signedMeterData": _base64(reading["data"]), "signingMethod": reading["method"], "encodingMethod": reading["encoding"], "publicKey": key,
    }


def _key(reading: "Signed") -> str:
    """As the Open Charge Alliance wants it: the key as printed, with what it is, in base 64."""
    return _base64("oca:base16:asn1:" + reading["key"])


def _base64(text: str) -> str:
    return b2a_base64(text.encode()).decode().strip()


def _name(evse: "OcppEvse") -> str:
    return "ocpp_signed_%d" % evse.id
