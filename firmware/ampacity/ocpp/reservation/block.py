"""Reservations: which there are, for whom each EVSE is kept, and how they end (H01 to H04).

A reservation is kept over restarts. It ends when its identifier begins to charge, by its date, by CancelReservation, or because no EVSE is left for
it: its EVSE, or one that it would have needed, is Faulted or Unavailable.

An EVSE is kept for others if it is reserved itself, or if the reservations without an EVSE need each EVSE that is still free. A car may be plugged in
there; without an identifier that matches, the EVSE stays Reserved and does not charge (G03.FR.09).
"""

from ampacity.ocpp.errors import refusal
from ampacity.ocpp.evse import same_token
from ampacity.ocpp.optional_blocks import OptionalBlock
from ampacity.ocpp.reservation.places import missing, needed, without

if False:  # for the type checker
    from typing import Any

    from ampacity.ocpp.evse import Authorization, OcppEvse
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Call, Message, Reply, Token

DOC = "ocpp_reservations"
UNSENT_MAX = 32
BROKEN = ("Faulted", "Unavailable")


class Block(OptionalBlock):
    """`all`: [{"id", "evse": id or 0, "type": connector or "", "token": {"idToken", "type"}, "group": "" if any, "until": unix seconds}], the oldest
    first. They cannot be more than there are EVSEs. `_unsent`: [[id, status]] of ReservationStatusUpdates."""

    def __init__(self, station: "StationFace", now_ms: int) -> None:
        self._station = station
        kept = station.documents.get(DOC) or {"all": [], "unsent": []}
        self.all: "list[dict[str, Any]]" = kept["all"]
        self._unsent: "list[list[Any]]" = kept["unsent"]
        self._asked: "list[tuple[str, dict[str, Any]]]" = []  # ReserveNow of EVSEs of which it is not known yet whether they are free
        self._held: "list[OcppEvse]" = []  # kept for reservations without an EVSE
        self._seen: "list[tuple[str, bool, bool, bool, bool]]" = []  # of each EVSE, what `_held` follows from

    # --- for the other blocks

    def holds(self, evse: "OcppEvse") -> bool:
        """Is this EVSE kept for a reservation? Not while an identifier is authorized there."""
        return evse.auth is None and (evse in self._held or self._specific(evse) is not None)

    def standing(self, evse: "OcppEvse", token: "Token", group: str) -> str:
        """What this identifier may do there: "yours" (reserved for it), "open", "kept" (for others), "group" (kept, but for a group to which it could
        belong: `group` is "")."""
        self._settle()
        if self._match(evse, token, group) is not None:
            return "yours"
        if not self.holds(evse):
            return "open"
        may_be = not group and any([item["group"] for item in self.all if _covers(item, evse)])
        return "group" if may_be else "kept"

    def refuses(self, evse: "OcppEvse", token: "Token", group: str) -> bool:
        """Is it kept for others (H03.FR.01 to H03.FR.06)?"""
        return self.standing(evse, token, group) not in ("yours", "open")

    def ranked(self, evses: "list[OcppEvse]", token: "Token", group: str) -> "list[list[OcppEvse]]":
        """These EVSEs as lists: reserved for the identifier, open to all, and those that could be for its group."""
        found = [(self.standing(evse, token, group), evse) for evse in evses]
        return [[evse for standing, evse in found if standing == wanted] for wanted in ("yours", "open", "group")]

    def use(self, evse: "OcppEvse", authorization: "Authorization") -> None:
        """Charging is authorized there: a reservation for it is used up, and is named in the next TransactionEvent (H01.FR.15, H03.FR.09,
        H03.FR.10)."""
        item = self._match(evse, authorization.token, authorization.group)
        if item is not None:
            authorization.reservation_id = item["id"]
            self._end([item])

    # --- for the CSMS

    def ask(self, message_id: str, item: "dict[str, Any]") -> "Message | None":
        """The answer to ReserveNow; None: it comes when the EVSEs in question were seen after the start (H01.FR.03). OSError as of `reserve`."""
        status = self.reserve(item)
        if status != "Accepted" and not all([evse.settled for evse in self._station.evses if _covers(item, evse)]):
            self._asked.append((message_id, item))
            return None
        return {"status": status}

    def _ask_again(self) -> None:
        asked, self._asked = self._asked, []
        for message_id, item in asked:
            try:
                answer = self.ask(message_id, item)
            except OSError:
                answer = refusal("OutOfStorage")
            if answer is not None:
                self._station.exchange.answer(message_id, answer)

    def reserve(self, item: "dict[str, Any]") -> str:
        """The status of ReserveNow; one with the same id is replaced (H01.FR.02). OSError: it could not be kept, and nothing has changed."""
        others = [other for other in self.all if other["id"] != item["id"]]
        evses = [evse for evse in self._station.evses if _covers(item, evse)]
        self._settle(others)
        if not any([self._accepts(evse, item, others) for evse in evses]):
            refusal = self._shown(evses)
            self._settle()
            return refusal
        self._put(others + [item], self._unsent)
        self._settle()
        return "Accepted"

    def cancel(self, reservation_id: int) -> bool:
        """False: there is none with this id (H02.FR.01 to H02.FR.06). OSError: it is still there."""
        others = [item for item in self.all if item["id"] != reservation_id]
        if len(others) == len(self.all):
            return False
        self._put(others, self._unsent)
        self._settle()
        return True

    # --- the station calls

    def tick(self, now_ms: int) -> "int | None":
        """Reservations end by their date (H04.FR.01 to H04.FR.03), or because no EVSE is left for them (H01.FR.16, H01.FR.17)."""
        unix_s = self._station.unix_s(now_ms)
        over = [item for item in self.all if unix_s >= item["until"]]
        if over:
            self._end(over, "Expired")
        seen = [self._facts(evse) for evse in self._station.evses]
        if seen != self._seen:
            self._seen = seen
            lost = self._lost()
            if lost:
                self._end(lost, "Removed")
            self._settle()
            self._ask_again()
        if not self.all or not unix_s:
            return None
        return now_ms + (min([item["until"] for item in self.all]) - unix_s) * 1000

    def pull(self, now_ms: int) -> "Call | None":
        """The next ReservationStatusUpdate, or None; kept until it is answered."""
        if not self._unsent:
            return None
        row = self._unsent[0]

        def done(kind: str, payload: "Reply", now_ms: int) -> None:
            if kind != "lost" and row in self._unsent:
                self._try_put(self.all, without(self._unsent, row))

        return ("ReservationStatusUpdate", {"reservationId": row[0], "reservationUpdateStatus": row[1]}, done)

    def forget_asked(self) -> None:
        """Another CSMS: it does not know the reservations of the former one that have ended; those in force stay in force."""
        if self._unsent:
            self._try_put(self.all, [])

    # --- inside

    def _facts(self, evse: "OcppEvse") -> "tuple[str, bool, bool, bool, bool]":
        return (evse.status, evse.settled, evse.auth is None, evse.tx is None, self._station.availability.operative(evse.id))

    def _specific(self, evse: "OcppEvse") -> "dict[str, Any] | None":
        for item in self.all:
            if item["evse"] == evse.id:
                return item
        return None

    def _match(self, evse: "OcppEvse", token: "Token", group: str) -> "dict[str, Any] | None":
        """The reservation that this identifier would use here, or None: that of the EVSE, else of its connector type, else of any EVSE."""
        specific = self._specific(evse)
        if specific is not None:
            return specific if _is_for(specific, token, group) else None
        for typed in (True, False):
            for item in self.all:
                if bool(item["type"]) == typed and _covers(item, evse) and _is_for(item, token, group) and self._spares(evse, item):
                    return item
        return None

    def _spares(self, evse: "OcppEvse", item: "dict[str, Any]") -> bool:
        """Do the other reservations still have their EVSEs, if this one uses `evse`?"""
        wanted, usable = self._wanted(self.all), self._usable(self.all)
        return missing(without(usable, evse), without(wanted, item)) <= missing(usable, wanted)

    def _accepts(self, evse: "OcppEvse", item: "dict[str, Any]", others: "list[dict[str, Any]]") -> bool:
        """May `item` have this EVSE, with the other reservations kept? Only a free EVSE counts (H01.FR.04, H01.FR.06, H01.FR.23)."""
        free = self._free(others)
        if evse not in free:
            return False
        if item["evse"]:
            return missing(without(free, evse), self._wanted(others)) == 0
        return missing(free, self._wanted(others + [item])) == 0

    def _shown(self, evses: "list[OcppEvse]") -> str:
        """Why none of them can be reserved (H01.FR.11, H01.FR.12, H01.FR.14)."""
        shown = [self._station.availability.status(evse) for evse in evses]
        for status in ("Unavailable", "Faulted"):
            if status in shown and not any([other not in BROKEN for other in shown]):
                return status
        return "Occupied"

    def _wanted(self, items: "list[dict[str, Any]]") -> "list[dict[str, Any]]":
        return [item for item in items if not item["evse"]]

    def _free(self, items: "list[dict[str, Any]]") -> "list[OcppEvse]":
        """EVSEs for reservations without one: without a car or an authorization, not reserved themselves, not broken."""
        taken = [item["evse"] for item in items]
        idle = [evse for evse in self._station.evses if evse.id not in taken and self._is_idle(evse)]
        return [evse for evse in idle if evse.status == "Available" and evse.settled]

    def _waiting(self, items: "list[dict[str, Any]]") -> "list[OcppEvse]":
        """EVSEs with a car, or not heard yet, and without an authorization; those that were kept before come first."""
        taken, free = [item["evse"] for item in items], self._free(items)
        found = [evse for evse in self._station.evses if evse.id not in taken and evse.auth is None and self._works(evse) and evse not in free]
        return [evse for evse in found if evse in self._held] + [evse for evse in found if evse not in self._held]

    def _is_idle(self, evse: "OcppEvse") -> bool:
        return evse.auth is None and evse.tx is None and self._station.availability.operative(evse.id)

    def _works(self, evse: "OcppEvse") -> bool:
        return (evse.status not in BROKEN or not evse.settled) and self._station.availability.operative(evse.id)

    def _usable(self, items: "list[dict[str, Any]]") -> "list[OcppEvse]":
        """The free EVSEs and, only as many as are missing, those at which a car waits without authorization."""
        wanted, usable = self._wanted(items), self._free(items)
        for evse in self._waiting(items):
            if missing(usable + [evse], wanted) < missing(usable, wanted):
                usable.append(evse)
        return usable

    def _settle(self, items: "list[dict[str, Any]] | None" = None) -> None:
        """Which EVSEs are kept for reservations without an EVSE (H01.FR.20, H01.FR.24)."""
        items = self.all if items is None else items
        self._held = needed(self._usable(items), self._wanted(items))

    def _lost(self) -> "list[dict[str, Any]]":
        """Reservations for which no EVSE is left: of a broken EVSE; else the newest of those that need more than there are."""
        lost = []
        for item in self.all:
            evse = self._station.evse(item["evse"])
            if item["evse"] and (evse is None or not self._works(evse)):
                lost.append(item)
        left = [item for item in self.all if item not in lost]
        for item in reversed(self._wanted(left)):
            usable = self._usable(left)
            lacking = missing(usable, self._wanted(left))
            if not lacking:
                break
            fewer = without(left, item)
            if lacking > missing(usable, self._wanted(fewer)):
                lost.append(item)
                left = fewer
        return lost

    def _end(self, items: "list[dict[str, Any]]", status: str = "") -> None:
        """These are over; status: of the ReservationStatusUpdate, "": none."""
        unsent = self._unsent + [[item["id"], status] for item in items if status]
        self._try_put([item for item in self.all if item not in items], unsent[-UNSENT_MAX:])
        self._settle()

    def _put(self, items: "list[dict[str, Any]]", unsent: "list[list[Any]]") -> None:
        self._station.documents.put(DOC, {"all": items, "unsent": unsent})
        self._try_put(items, unsent)

    def _try_put(self, items: "list[dict[str, Any]]", unsent: "list[list[Any]]") -> None:
        """Without a document the block is not loaded at the next start."""
        self.all, self._unsent = items, unsent
        if items or unsent:
            self._station.documents.try_put(DOC, {"all": items, "unsent": unsent})
        else:
            self._station.documents.try_remove(DOC)


def _covers(item: "dict[str, Any]", evse: "OcppEvse") -> bool:
    """Is the reservation one for this EVSE, for its connector type, or for any?"""
    if item["evse"]:
        return bool(item["evse"] == evse.id)
    return item["type"] in ("", evse.connector)


def _is_for(item: "dict[str, Any]", token: "Token", group: str) -> bool:
    """Is the identifier, or its group, the one of the reservation (H03.FR.04 to H03.FR.06)?"""
    return same_token(item["token"], token) or bool(group) and item["group"].lower() == group.lower()
