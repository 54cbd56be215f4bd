"""One EVSE as the CSMS sees it: the facts that the station was told, and who is authorised there."""

if False:  # for the type checker
    from typing import Any

    from ampacity.ocpp.messages import Token, Values
    from ampacity.ocpp.transactions.transaction import Transaction

LETTERS = {
    "Preparing": "Occupied",
    "Charging": "Occupied",
    "Suspended": "Occupied",
    "Finishing": "Occupied",
}


class Authorization:
    """Who may charge at an EVSE.

    token: {"idToken", "type"}; group: str or ""; trigger: how it came about, until an event has told it (then None);
    remote_id: remoteStartId or None; invalid: the CSMS took it back, but the transaction goes on.
    """

    invalid = False

    def __init__(self, token: "Token", group: str, trigger: "str | None", remote_id: "int | None" = None) -> None:
        self.token = token
        self.group = group
        self.trigger = trigger
        self.remote_id = remote_id


class OcppEvse:
    """facts: {"id", "name", "phases", "max_da", "connector", "tethered", "phase_names"}; all but id have defaults."""

    phases = 3
    max_da = 160
    connector = "cType2"
    tethered = False
    bay = False
    connect_by_ms: "int | None" = None
    settled = True
    last_tx: "str | None" = None  # id of the transaction that ended last

    def __init__(self, facts: "dict[str, Any]") -> None:
        self.id: int = facts["id"]
        self.name: str = facts.get("name", "evse-%d" % self.id)
        for key in ("phases", "max_da", "connector", "tethered"):
            if facts.get(key, getattr(self, key)) != getattr(self, key):
                setattr(self, key, facts[key])
        self.phase_names: "list[str]" = facts.get("phase_names") or ["L1", "L2", "L3"][: self.phases]
        self.status = "Available"
        self.plugged = False
        self.state = "Idle"
        self.auth: "Authorization | None" = None
        self.tx: "Transaction | None" = None
        self.values: "Values" = {}

    def take_status(self, status: str, settled: bool) -> None:
        """A connector status of OCPP, or a session's word for one; settled False: it is not to be told yet."""
        self.settled = settled
        self.status = LETTERS.get(status, status)


def same_token(a: "Token", b: "Token") -> bool:
    """Identifiers do not differ by case (OCPP 2.0.1, identifierString)."""
    return a["idToken"].lower() == b["idToken"].lower() and a["type"] == b["type"]
