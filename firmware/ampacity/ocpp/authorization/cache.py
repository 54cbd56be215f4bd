"""The last answers of the CSMS about identifiers: the authorization cache (C10).

The least recently used goes when a new one needs its place. It is written to the store when an answer changed
something, not when one was merely used. Identifiers are compared without regard to case.
"""

from ampacity.base.wallclock import format_iso, parse_iso

if False:  # for the type checker
    from typing import Any

    from ampacity.ocpp.documents import StationDocuments
    from ampacity.ocpp.messages import Message, Token

LAPSED = "Lapsed"  # in the local list: accepted until a date that has passed (C14.FR.05)
DOC = "ocpp_cache"
NOT_CACHED = ("Central", "NoAuthorization")
STATUS, GROUP, EXPIRY_S, USED_S, EVSES = 0, 1, 2, 3, 4
EVSES_MAX = 32  # of those an identifier is restricted to; what is beyond needs the CSMS


def key_of(token: "Token") -> str:
    """The identifier of {"idToken","type"} as a key."""
    return token["type"] + " " + token["idToken"].lower()


def is_about(key: str, token: "Token | None", identifier: str) -> bool:
    """Does a key belong to this customer: the token, or without one the identifier, of whatever type?"""
    return key == key_of(token) if token is not None else identifier != "" and key.partition(" ")[2] == identifier.lower()


def entry_text(where: str, key: str, entry: "list[Any]") -> str:
    """An entry [status, group, expiry_s or None …] of the cache or the list, for a report about a customer."""
    status, group, expires_s = entry[:3]
    more = (", group %s" % group if group else "") + ("" if expires_s is None else ", until " + format_iso(expires_s * 1000))
    return "%s: %s, %s%s" % (where, key, status, more)


def expiry_s(info: "Message") -> "int | None":
    """cacheExpiryDateTime as unix seconds, or None."""
    text = info.get("cacheExpiryDateTime")
    return None if text is None else parse_iso(text) // 1000


def group_of(info: "Message") -> str:
    """The group's identifier, or ""."""
    group = info.get("groupIdToken")
    return group["idToken"] if group else ""


def evses_of(info: "Message") -> "list[list[int]]":
    """The last part of an entry: nothing, or the EVSEs to which the identifier is restricted (C01.FR.21)."""
    evses = info.get("evseId")
    return [[n for n in evses if 0 < n < 2**31][:EVSES_MAX] or [0]] if evses else []  # 0: none that there could be


def status_at(entry: "list[Any]", place: int, evse_id: int) -> str:
    """status of an entry for this EVSE (0: any); the EVSEs it is restricted to, if it is, are its element `place`."""
    if evse_id and entry[STATUS] == "Accepted" and len(entry) > place and evse_id not in entry[place]:
        return "NotAtThisLocation"
    return entry[STATUS]


class Cache:
    """Entries [status, group, expiry_s or None, used_s, EVSEs if restricted], the least recently used first in `_order`."""

    def __init__(self, documents: "StationDocuments", entries_max: int) -> None:
        self._documents = documents
        self._max = entries_max
        kept = documents.get(DOC) or []
        self._order: "list[str]" = []
        self._entries: "dict[str, list[Any]]" = {}
        for row in kept:
            self._entries[row[0]] = row[1:]
            self._touch(row[0])

    def size_bytes(self) -> int:
        """About what the entries take in the store."""
        return sum(len(k) + 40 for k in self._order)

    def put(self, token: "Token", info: "Message", now_s: int) -> None:
        """Take over an idTokenInfo."""
        if token["type"] in NOT_CACHED:
            return
        key = key_of(token)
        entry = [info["status"], group_of(info), expiry_s(info), now_s] + evses_of(info)
        before = self._entries.get(key)
        self._entries[key] = entry
        self._touch(key)
        if before is None or before[:USED_S] + before[EVSES:] != entry[:USED_S] + entry[EVSES:]:
            self._save()

    def find(self, token: "Token", now_s: int, life_s: int, evse_id: int = 0) -> "tuple[str, str] | None":
        """(status at this EVSE, group) of an entry that still holds, or None. life_s: AuthCacheCtrlr.LifeTime, 0: no end. evse_id 0: any."""
        key = key_of(token)
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry[EXPIRY_S] is not None:
            over = now_s >= entry[EXPIRY_S]
        else:
            over = life_s > 0 and now_s >= entry[USED_S] + life_s
        if over:
            return ("Expired", entry[GROUP])
        entry[USED_S] = now_s
        self._touch(key)
        return (status_at(entry, EVSES, evse_id), entry[GROUP])

    def clear(self) -> None:
        """Forget all entries (C11). OSError: they are all still there."""
        self._documents.put(DOC, [])
        self._order, self._entries = [], {}

    def about(self, token: "Token | None", identifier: str) -> "list[str]":
        """What is kept about a customer, one text for each entry (N09)."""
        return [entry_text("authorization cache", key, self._entries[key]) for key in self._order if is_about(key, token, identifier)]

    def forget(self, token: "Token | None", identifier: str) -> None:
        """Remove a customer's entries (N10). OSError: they are all still there."""
        order = [key for key in self._order if not is_about(key, token, identifier)]
        if len(order) < len(self._order):
            entries = {key: self._entries[key] for key in order}
            self._documents.put(DOC, [[key] + entries[key] for key in order])
            self._order, self._entries = order, entries

    def _touch(self, key: str) -> None:
        if key in self._order:
            self._order.remove(key)
        self._order.append(key)
        if len(self._order) > self._max:
            del self._entries[self._order.pop(0)]

    def _save(self) -> None:
        self._documents.try_put(DOC, [[key] + self._entries[key] for key in self._order])
