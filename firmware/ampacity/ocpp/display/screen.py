"""What displays show now, as texts. The hardware of a display, and a console, only ask for it.

There is one display for the site (0), and one at each EVSE. A message without `display` is shown on all, one with a `display` only there (O01.FR.20,
O01.FR.23), one of a transaction at its EVSE and on the display of the site. `AlwaysFront` is shown alone. Else the texts take turns of CYCLE_MS:
those `InFront`, or without any the normal cycle; and in both cases the tariff and the cost of the driver at this EVSE.
"""

from ampacity.base.wallclock import parse_iso
from ampacity.ocpp.authorization.cache import key_of

if False:  # for the type checker
    from ampacity.ocpp.evse import OcppEvse
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message

CYCLE_MS = 10000
FRONT = ("AlwaysFront", "InFront", "NormalCycle")
ENGLISH = "en"


def shown(station: "StationFace", evse_id: int, now_ms: int) -> "list[str]":
    """The texts that take turns on the display of an EVSE, 0: of the site. The first is shown now."""
    evse = station.evse(evse_id)
    block = station.optional.find("display")
    messages = []
    if block is not None and station.model.on("DisplayMessageCtrlr", "Enabled"):
        messages = [message for message in block.all if _applies(station, message, evse, now_ms)]
    own = [] if evse is None else _own(station, evse, now_ms)
    for priority in FRONT:
        found = [message["message"] for message in messages if message["priority"] == priority]
        if found:
            texts = [content["content"] for content in _in_language(found, _languages(station, evse))]
            if priority == FRONT[0]:
                return texts
            own = texts + own
            break
    first = now_ms // CYCLE_MS % len(own) if own else 0
    return own[first:] + own[:first]


def _applies(station: "StationFace", message: "Message", evse: "OcppEvse | None", now_ms: int) -> bool:
    """Is this message for this display (evse None: of the site), at this time and in this state (O01.FR.06)?"""
    at_id = 0 if evse is None else evse.id
    if "display" in message and message["display"].get("evse", {"id": 0})["id"] != at_id:
        return False
    if "transactionId" in message and evse is not None and (evse.tx is None or evse.tx.id != message["transactionId"]):
        return False
    unix_ms = station.wallclock.unix_ms(now_ms)
    if "startDateTime" in message and (unix_ms is None or unix_ms < parse_iso(message["startDateTime"])):
        return False
    return "state" not in message or message["state"] in _states(station, evse)


def _states(station: "StationFace", evse: "OcppEvse | None") -> "list[str]":
    """The states of an EVSE, or of the station as a whole: it is in a state if one of its EVSEs is, but Unavailable only as a whole."""
    evses = station.evses if evse is None else [evse]
    status = station.availability.station_status() if evse is None else station.availability.status(evse)
    states = []
    if any([station.availability.status(each) == "Faulted" for each in evses]):
        states.append("Faulted")
    if status == "Unavailable":
        states.append("Unavailable")
    if any([each.tx is not None and each.state == "Charging" for each in evses]):
        states.append("Charging")
    elif status not in ("Faulted", "Unavailable"):
        states.append("Idle")
    return states


def _in_language(contents: "list[Message]", languages: "list[str]") -> "list[Message]":
    """Those in the first of the driver's languages that there is, else in English, and those without a language; where none is there, all
    (O01.FR.08, O01.FR.09, C01.FR.08, C01.FR.09, C01.FR.13)."""
    for wanted in languages + [ENGLISH] if languages else ():
        if any([_language_of(content) == wanted for content in contents]):
            return [content for content in contents if _language_of(content) in ("", wanted)]
    return contents


def _language_of(content: "Message") -> str:
    """The language without its region, as it is compared."""
    return content.get("language", "").lower().split("-")[0]


def _languages(station: "StationFace", evse: "OcppEvse | None") -> "list[str]":
    block = station.optional.find("tariff")
    if block is None or evse is None or evse.auth is None:
        return []
    return [tag.lower().split("-")[0] for tag in block.languages(key_of(evse.auth.token)).split(" ") if tag]


def _own(station: "StationFace", evse: "OcppEvse", now_ms: int) -> "list[str]":
    """Tariff and cost of the driver at this EVSE (I01 to I06)."""
    model, block = station.model, station.optional.find("tariff")
    texts = []
    if evse.auth is not None and model.text("TariffCostCtrlr", "Enabled", "Tariff") == "true":
        texts.append((block.personal(key_of(evse.auth.token)) if block is not None else "") or model.text("TariffCostCtrlr", "TariffFallbackMessage"))
    if block is not None and model.text("TariffCostCtrlr", "Enabled", "Cost") == "true":
        texts.append(block.cost(evse, now_ms))
    return [text for text in texts if text]
