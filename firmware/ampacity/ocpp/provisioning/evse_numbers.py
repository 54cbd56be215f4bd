"""Which EVSE had which number, and what happens to that which is kept by number when the site file gives it another.

An EVSE's number is its place in the site file. What the CSMS set for a number belongs to the device that had it: it moves with the device, found by
its address, else by its line and unit, its name, or its number. EVSEs that left have numbers behind those of the site, for they may return. An open
transaction ends (transactions/ended_elsewhere.py): a car that may charge there authorizes again.

Loaded only at a start at which the numbers differ. All new documents are in one (`ocpp_moved`) before the first of them is written, one in each pass:
a start after a power cut between them begins from there, whatever its site is.
"""

from ampacity.ocpp.documents import NUMBERS
from ampacity.ocpp.transactions.ended_elsewhere import GONE

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any

    from ampacity.base.log import Log
    from ampacity.ocpp.documents import StationDocuments
    from ampacity.ocpp.messages import Kept

    Places = list[list[str]]
    Contents = dict[str, dict[str, Any]]

# NUMBERS: {"here": [address, name] of each EVSE in the order of the numbers, "gone": those whose numbers follow}
MOVED = "ocpp_moved"  # {"from", "to": as NUMBERS, "puts": [[document, {"is": its content, None: it goes, "id": only that of this transaction}]]}
GONE_MAX = 250
_SAID_MAX = 8
UNSENT_MAX = 32  # as reservation/block.py
PRECONFIGURED_ID, CUSTOM_ID = 2, 1000  # of monitors (monitoring/monitors.py): the station's, those of the EVSEs follow


def renumber(documents: "StationDocuments", kept: "Kept", places: "Places", log: "Log", now_ms: int) -> None:
    """Give everything that is kept by EVSE number the numbers of this site. places: [address, name] of each EVSE. kept: the queue at the start."""
    before, moved = documents.get(NUMBERS), documents.get(MOVED)
    if moved is None or moved["from"] != before:
        moved = {"to": before, "puts": []}  # none, or one that is over
    known, contents = moved["to"], {name: content for name, content in moved["puts"] if name.startswith("ocpp_")}
    if known is None or moved["to"] is before and [row[0] for row in known["here"]] == [row[0] for row in places]:
        to = {"here": places, "gone": [] if known is None else known["gone"]}
        steps: "list[list[Any]]" = [[NUMBERS, {"is": to}]]
    else:
        move = Move(documents, kept, contents, known, places)
        to = {"here": places, "gone": move.gone}
        names = sorted(move.contents, key=lambda name: ("id" not in move.contents[name] and name != GONE, name))  # transactions first
        steps = [[name, move.contents[name]] for name in names]
        steps = [[MOVED, {"is": {"from": before, "to": to, "puts": steps}}]] + steps + [[NUMBERS, {"is": to}]]
        if move.moved:
            log.add("warning", "ocpp: what the CSMS set for EVSEs moves to their new numbers: %s" % ", ".join(move.moved[:_SAID_MAX]), now_ms)
        if move.lost:
            log.add("error", "ocpp: what the CSMS set for EVSEs that left is forgotten: %s" % ", ".join(move.lost), now_ms)
    waits = ""
    for name, content in steps:
        if "id" in content and (documents.get(name) or content)["id"] != content["id"]:
            continue  # another transaction began there since
        if waits:
            documents.put_later(name, content.get("is"), waits)
        else:
            documents.try_put(name, content.get("is"))
        waits = name
    if not documents.waits(MOVED):
        documents.remove_later(MOVED, NUMBERS)


class Move:
    """From numbers as they were to those of this site. `contents`: of each document that changes; `gone`: [address, name] behind the site's; `lost`:
    names of those for whom nothing is kept any more; `moved`: each new number or name, as a text.

    contents: those of a move that was interrupted, known: the numbers that it ends with.
    """

    def __init__(self, documents: "Any", kept: "Kept", contents: "Contents", known: "dict[str, Places]", places: "Places") -> None:
        self._documents = documents
        self.contents = contents
        self._count = len(places)
        self.gone: "Places" = []
        self.lost: "list[str]" = []
        self._number = self._match(known, places)
        rows = known["here"] + known["gone"]
        found = [(rows[i][1], places[n - 1][1], i + 1, n) for i, n in enumerate(self._number) if 0 < n <= len(places)]
        self.moved = ["%s %d to %s %d" % (old, was, new, n) for old, new, was, n in found if (old, was) != (new, n)]
        for name, change in (
            ("ocpp_available", self._switches), ("ocpp_profiles", self._profiles), ("ocpp_held", self._held), ("ocpp_list", self._list),
            ("ocpp_reservations", self._reservations), ("ocpp_monitors", self._monitors), ("ocpp_cache", self._cache),
        ):  # fmt: skip
            value = self._get(name)
            if value is not None and change(value) != self._get(name):
                self._put(name, value if name != "ocpp_available" else change(value))
        self._messages()
        self._transactions(kept, known["here"], places)

    def _match(self, known: "dict[str, Places]", places: "Places") -> "list[int]":
        """Of each former number the present one; 0: it has none any more."""
        old = known["here"] + known["gone"]
        found, free = [0] * len(old), list(range(len(places), 0, -1))
        keys: "tuple[Callable[[list[str]], str], ...]" = (lambda row: row[0], lambda row: row[0].rsplit(" ", 1)[0], lambda row: row[1])
        for key in keys:
            numbers: "dict[str, list[int]]" = {}
            for n in free:
                numbers.setdefault(key(places[n - 1]), []).append(n)
            for i, row in enumerate(old):
                if not found[i] and numbers.get(key(row)):
                    found[i] = numbers[key(row)].pop()
            free = [n for n in free if n not in found]
        for n in free:
            if n <= len(known["here"]) and not found[n - 1]:
                found[n - 1] = n
        for i, row in enumerate(old):
            if not found[i] and len(self.gone) < GONE_MAX:
                self.gone.append(row)
                found[i] = len(places) + len(self.gone)
            elif not found[i]:
                self.lost.append(row[1])
        return found

    def _now(self, number: int) -> int:
        return self._number[number - 1] if 0 < number <= len(self._number) else 0

    def _here(self, number: int) -> int:
        """0: there is no such EVSE now."""
        return self._now(number) if self._now(number) <= self._count else 0

    def _get(self, name: str) -> "Any":
        content, value = self.contents.get(name), self._documents.get(name)
        if content is None:
            return value
        return (None if value is None or value["id"] == content["id"] else value) if "id" in content else content.get("is")

    def _put(self, name: str, value: "Any") -> None:
        self.contents[name] = {"is": value}

    def _switches(self, off: "list[str]") -> "list[str]":
        found = []
        for name in off:
            digits = name.split(".")[0].split("?")[0]
            number = self._now(int(digits)) if digits in [str(n) for n in range(1, len(self._number) + 1)] else 0
            if digits == "0" or number:
                found.append((digits if digits == "0" else str(number)) + name[len(digits) :])
        return found

    def _profiles(self, rows: "list[list[Any]]") -> "list[list[Any]]":
        rows[:] = [[row[0], self._now(row[1])] for row in rows if not row[1] or self._now(row[1])]
        return rows

    def _held(self, rows: "list[list[Any]]") -> "list[list[Any]]":
        rows[:] = [[self._here(row[0])] + row[1:] for row in rows if not row[0] or self._here(row[0])]
        return rows

    def _reservations(self, document: "dict[str, Any]") -> "dict[str, Any]":
        """Those of an EVSE that is gone end, and the CSMS learns it."""
        for item in document["all"]:
            if item["evse"] and not self._here(item["evse"]):
                document["unsent"] = document["unsent"][1 - UNSENT_MAX :] + [[item["id"], "Removed"]]
        document["all"] = [item for item in document["all"] if not item["evse"] or self._here(item["evse"])]
        for item in document["all"]:
            item["evse"] = self._here(item["evse"])
        return document

    def _monitors(self, document: "dict[str, Any]") -> "dict[str, Any]":
        custom = []
        for row in document["custom"]:
            if isinstance(row[1], int) and row[1]:
                number = self._now(abs(row[1]))
                if not number:
                    continue
                row[1] = number if row[1] > 0 else -number
            custom.append(row)
        document["custom"] = custom
        for name in ("off", "exceeded"):
            ids = [self._now(n - PRECONFIGURED_ID) + PRECONFIGURED_ID if PRECONFIGURED_ID < n < CUSTOM_ID else -n for n in document[name]]
            document[name] = [abs(n) for n in ids if n != PRECONFIGURED_ID]
        return document

    def _allowed(self, numbers: "list[int]") -> "list[int]":
        """Those of EVSEs that there were move with them, others are still to come; 0: none."""
        found = [self._now(n) if 0 < n <= len(self._number) else n for n in numbers]
        return [n for n in found if n] or [0]

    def _list(self, document: "dict[str, Any]") -> "dict[str, Any]":
        for entry in document["entries"].values():
            if isinstance(entry[-1], list):  # the EVSEs to which the identifier is restricted
                entry[-1] = self._allowed(entry[-1])
        return document

    def _cache(self, rows: "list[list[Any]]") -> "list[list[Any]]":
        for row in rows:
            if isinstance(row[-1], list):
                row[-1] = self._allowed(row[-1])
        return rows

    def _messages(self) -> None:
        for slot in self._get("ocpp_messages") or ():
            name = "ocpp_message_%d" % slot
            message = self._get(name) or {}
            number = ((message.get("display") or {}).get("evse") or {}).get("id", 0)
            if number and self._now(number) != number:
                message["display"]["evse"]["id"] = self._now(number) or number
                self._put(name, message)

    def _transactions(self, kept: "Kept", here: "Places", places: "Places") -> None:
        """Those of EVSEs that have another number, or that are others, end."""
        rows = list(self._get(GONE) or ())
        behind = [i for i in range(len(here), max(len(here), len(places))) if self._get("ocpp_tx_%d" % (i + 1)) is not None]
        for i in list(range(len(here))) + behind:  # behind: of numbers that were not known
            if i < len(here) and self._number[i] == i + 1 <= len(places) and places[i][0] == here[i][0]:
                continue
            name, signed = "ocpp_tx_%d" % (i + 1), "ocpp_signed_%d" % (i + 1)
            document, reading = self._get(name), self._get(signed)
            ids = [tx for tx in sorted(kept.last) if kept.last[tx][0] == i + 1 and kept.last[tx][2] != "Ended"]
            if document is not None:
                ids = [tx for tx in ids if tx != document["id"]] + [document["id"]]
                self.contents[name] = {"is": None, "id": document["id"]}
            if reading is not None:
                self._put(signed, None)
            for tx in ids:
                if tx in [row[0] for row in rows]:
                    continue
                facts: "dict[str, Any]" = {"trigger": "AbnormalCondition", "reason": "Other"}
                seq_no = kept.last[tx][1] + 1 if tx in kept.last else document["seq"]
                if document is not None and document["id"] == tx:
                    trigger, reason, token = document.get("end") or (facts["trigger"], document["reason"] or facts["reason"], None)
                    facts = {"trigger": trigger, "reason": reason, "token": token}
                if reading is not None and reading["tx"] == tx:
                    facts["signed"] = reading
                rows.append([tx, seq_no, i + 1, facts])
        if rows:
            self._put(GONE, rows)
