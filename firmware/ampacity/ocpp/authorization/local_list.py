"""The local authorization list and its two actions (D01, D02)."""

from ampacity.ocpp.authorization.cache import LAPSED, entry_text, evses_of, expiry_s, group_of, is_about, key_of, status_at

if False:  # for the type checker
    from typing import Any

    from ampacity.ocpp.documents import StationDocuments
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message, Token

DOC = "ocpp_list"


class LocalList:
    """version 0: no list. Entries: key → [status, group, expiry_s or None, EVSEs if restricted]."""

    def __init__(self, documents: "StationDocuments", entries_max: int) -> None:
        self._documents = documents
        self._max = entries_max
        kept = documents.get(DOC) or {"version": 0, "entries": {}}
        self.version: int = kept["version"]
        self._entries: "dict[str, list[Any]]" = kept["entries"]

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, token: "Token", now_s: int, evse_id: int = 0) -> "tuple[str, str] | None":
        """(status at this EVSE, group) or None; one that was accepted until a date that has passed is Lapsed. evse_id 0: any."""
        entry = self._entries.get(key_of(token))
        if entry is None:
            return None
        if entry[2] is not None and now_s >= entry[2]:
            return (LAPSED if entry[0] == "Accepted" else entry[0], entry[1])
        return (status_at(entry, 3, evse_id), entry[1])

    def about(self, token: "Token | None", identifier: str) -> "list[str]":
        """What is kept about a customer, one text for each entry (N09). Only the CSMS removes entries (N10.FR.02)."""
        entries = self._entries
        return [entry_text("local authorization list", key, entries[key]) for key in sorted(entries) if is_about(key, token, identifier)]

    def update(self, version: int, full: bool, items: "list[Message]") -> str:
        """status of SendLocalList. OSError: not all of the new one fits, or it cannot be stored; the old list stays."""
        if not full and version <= self.version:
            return "VersionMismatch"
        entries = {} if full else dict(self._entries)
        for item in items:
            key, info = key_of(item["idToken"]), item.get("idTokenInfo")
            if info is None:
                entries.pop(key, None)
            else:
                entries[key] = [info["status"], group_of(info), expiry_s(info)] + evses_of(info)
        if len(entries) > self._max:
            raise OSError("too many entries")
        self._documents.put(DOC, {"version": version, "entries": entries})
        self.version, self._entries = version, entries
        return "Accepted"


def get_local_list_version(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """GetLocalListVersion; 0 also when the list is disabled (D02.FR.03)."""
    enabled = station.model.on("LocalAuthListCtrlr", "Enabled")
    return {"versionNumber": station.local_list.version if enabled else 0}


def send_local_list(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """SendLocalList."""
    items = request.get("localAuthorizationList") or []
    full = request["updateType"] == "Full"
    if not station.model.on("LocalAuthListCtrlr", "Enabled"):
        reason = "NotEnabled"
    elif len(items) > station.model.number("LocalAuthListCtrlr", "ItemsPerMessage"):
        reason = "TooManyElements"
    elif (
        request["versionNumber"] < 1
        or full and any("idTokenInfo" not in item for item in items)
        or len({key_of(item["idToken"]) for item in items}) < len(items)
    ):
        reason = "InvalidValue"
    else:
        try:
            return {"status": station.local_list.update(request["versionNumber"], full, items)}
        except OSError:
            reason = "OutOfStorage"
    return {"status": "Failed", "statusInfo": {"reasonCode": reason}}
