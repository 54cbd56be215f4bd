"""One EVSE as the CSMS sees it: its facts in OCPP terms, and its authorisation, which has no other owner."""

if False:  # for the type checker
    from typing import Any

    from ampacity.ocpp.messages import Token, Values
    from ampacity.ocpp.transactions.transaction import Transaction

# terms of a session (evse/session.py) and of OCPP: chargingState, stoppedReason
CHARGING_STATES = {
    "no car": "Idle",
    "connected": "EVConnected",
    "charging": "Charging",
    "paused by EV": "SuspendedEV",
    "paused by EVSE": "SuspendedEVSE",
}
STOPPED_REASONS = {
    "stop button": "Local",
    "emergency stop": "EmergencyStop",
    "reset": "ImmediateReset",
    "residual current": "GroundFault",
    "fault": "Other",
}


def connector_status(fault: bool, lost: bool, occupied: bool) -> str:
    """connectorStatus of these facts; what the CSMS made inoperative is added by availability/connectors.py."""
    if fault:
        return "Faulted"
    if lost:
        return "Unavailable"
    return "Occupied" if occupied else "Available"


class Authorization:
    """Who may charge at an EVSE.

    token: {"idToken", "type"}; group: str or ""; trigger: how it came about, until an event has reported it (then None);
    remote_id: remoteStartId or None; invalid: the CSMS took it back, but the transaction continues.
    """

    invalid = False
    reservation_id: "int | None" = None  # of the reservation that it used, until an event has reported it

    def __init__(self, token: "Token", group: str, trigger: "str | None", remote_id: "int | None" = None) -> None:
        self.token = token
        self.group = group
        self.trigger = trigger
        self.remote_id = remote_id


class OcppEvse:
    """facts: {"id", "name", "phases", "max_da", "connector", "tethered", "phase_names"}; all but id have defaults."""

    phases = 3
    phase_names: "list[str] | tuple[str, ...]" = ("L1", "L2", "L3")
    max_da = 160
    connector = "cType2"
    tethered = True
    bay = False
    connect_by_ms: "int | None" = None
    settled = True
    last_tx: "str | None" = None  # id of the transaction that ended last
    meter_refused = False  # a signed reading was wrong, as the log has it
    meter_key = ""  # public key of a meter that signs its readings
    ended_by = ""  # stoppedReason with which the last authorisation was over

    def __init__(self, facts: "dict[str, Any]") -> None:
        self.id: int = facts["id"]
        self.name: str = facts.get("name", "evse-%d" % self.id)
        for key in ("phases", "max_da", "connector"):
            if facts.get(key, getattr(self, key)) != getattr(self, key):
                setattr(self, key, facts[key])
        if not facts.get("tethered", False):
            self.tethered = False
        names = facts.get("phase_names") or self.phase_names[: self.phases]
        if tuple(names) != self.phase_names:
            self.phase_names = names
        self.status = "Available"
        self.plugged = False
        self.state = "Idle"
        self.auth: "Authorization | None" = None
        self.tx: "Transaction | None" = None
        self.values: "Values" = {}

    def may_charge(self) -> bool:
        """May energy flow here now, or as soon as a car is plugged in? After a restart not before the car is seen again."""
        return self.auth is not None and not self.auth.invalid and not (self.tx is not None and self.tx.restored)


def same_token(a: "Token", b: "Token") -> bool:
    """Identifiers do not differ by case (OCPP 2.0.1, identifierString)."""
    return a["idToken"].lower() == b["idToken"].lower() and a["type"] == b["type"]
