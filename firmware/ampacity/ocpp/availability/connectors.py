"""What each connector shows: the facts, overruled by what the CSMS made inoperative (G01, G03, G04).

Three switches are in series: station, EVSE, connector; each is kept over restarts, also while it waits. A switch to Inoperative waits
for the transactions it would hurt; an EVSE below it without one is Inoperative at once. A status is sent when it differs from the one sent last.
"""

if False:  # for the type checker
    from ampacity.ocpp.evse import OcppEvse
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Call, Reply

DOC = "ocpp_available"
WAITS = "?"  # behind the name of a switch that is kept, but not thrown yet


class Availability:
    """`_off`: names of switches that are off: "0" the station, "3" an EVSE, "3.1" a connector."""

    def __init__(self, station: "StationFace") -> None:
        self._station = station
        self.closing = False  # an update waits: no EVSE begins a transaction (L01.FR.07)
        kept: "list[str]" = station.documents.get(DOC) or []
        self._off = [name for name in kept if not name.endswith(WAITS)]
        self._later = [name[:-1] for name in kept if name.endswith(WAITS)]
        self._reported: "dict[int, str | None]" = {}
        self._forced: "list[OcppEvse]" = []
        self._unsure: "list[OcppEvse]" = []  # sent without an answer: sent again with the next connection

    def status(self, evse: "OcppEvse") -> str:
        """connectorStatus of the EVSE's one connector."""
        if evse.status == "Faulted" or self.operative(evse.id):
            reservations = self._station.optional.find("reservation") if evse.status in ("Available", "Occupied") else None
            return evse.status if reservations is None or not reservations.holds(evse) else "Reserved"
        return "Unavailable"

    def operative(self, evse_id: int) -> bool:
        """False if a switch above this EVSE is off, or it is idle before an update or while such a switch waits for others (G04); evse_id 0:
        the station's own."""
        if evse_id and (self.closing or self._later and any([name in _above(evse_id) for name in self._later])):
            evse: OcppEvse = self._station.evse(evse_id)  # type: ignore[assignment]  # it is one
            if evse.tx is None and evse.auth is None:
                return False
        return not self._off or not any(name in self._off for name in _above(evse_id))

    def station_status(self) -> str:
        """The station as a whole: the best that one of its connectors offers."""
        shown = [self.status(evse) for evse in self._station.evses]
        for status in ("Available", "Occupied", "Reserved", "Faulted"):
            if status in shown:
                return status
        return "Unavailable"

    def change(self, name: str, operative: bool, now_ms: int) -> str:
        """Throw a switch; "Accepted" or "Scheduled". OSError: it cannot be kept, and nothing has changed."""
        later = [other for other in self._later if other != name]
        off = [other for other in self._off if other != name]
        waits = not operative and name not in self._off and self._held(name)
        if waits:
            later.append(name)
        elif not operative:
            off.append(name)
        is_so = not waits and (name in self._off) != operative and name not in self._later
        self._keep(off, later)
        if is_so and self._station.accepted():  # the CSMS reads it again (part 6, TC_G_13 and TC_G_18)
            self.force_all()
        return "Scheduled" if waits else "Accepted"

    def transaction_ended(self) -> None:
        """Throw the switches that waited."""
        due = [name for name in self._later if not self._held(name)]
        if not due:
            return
        try:
            self._keep([name for name in self._off if name not in due] + due, [name for name in self._later if name not in due])
        except OSError:  # tried again after the next transaction
            self._station.log.counter("ocpp_not_kept")

    def force(self, evses: "list[OcppEvse]") -> None:
        """Send the status of these EVSEs, changed or not."""
        self._forced += [evse for evse in evses if evse not in self._forced]

    def force_all(self) -> None:
        """Send the status of every connector, changed or not."""
        self.force(self._station.evses)

    def connected(self) -> None:
        """A new connection: what the last one left open is sent again."""
        unsure, self._unsure = self._unsure, []
        self.force(unsure)
        self.transaction_ended()  # what waited may have ended with the power

    def pull(self, now_ms: int) -> "Call | None":
        """The next StatusNotification, or None."""
        for evse in self._station.evses:
            status = self.status(evse)
            if not evse.settled and self.operative(evse.id) or status == "Available" and self._unreported_end(evse):
                continue
            if evse in self._forced or self._reported.get(evse.id) != status:
                return self._notification(evse, status, now_ms)
        return None

    def _unreported_end(self, evse: "OcppEvse") -> bool:
        """The transaction before has yet to be reported as ended, and nothing but this keeps its messages."""
        queue = self._station.queue
        return self._station.transactions.ending(evse) or evse.last_tx in queue.waiting and queue.wake_ms() is None

    def pull_forced(self, now_ms: int) -> "Call | None":
        """Only what was asked for."""
        return self.pull(now_ms) if self._forced else None

    def _notification(self, evse: "OcppEvse", status: str, now_ms: int) -> "Call":
        asked = evse in self._forced
        if asked:
            self._forced.remove(evse)
        self._reported[evse.id] = status

        def done(kind: str, payload: "Reply", now_ms: int) -> None:
            if evse in self._unsure:
                self._unsure.remove(evse)
            if kind == "timeout":
                self._unsure.append(evse)
            elif kind == "lost":  # whether it arrived is unknown
                self._reported[evse.id] = None
                if asked:
                    self.force([evse])

        payload = {"timestamp": self._station.iso(now_ms), "connectorStatus": status, "evseId": evse.id, "connectorId": 1}
        return ("StatusNotification", payload, done)

    def _held(self, name: str) -> bool:
        evse_id = int(name.split(".")[0])
        return any(p.tx is not None for p in self._station.evses if evse_id in (0, p.id))

    def _keep(self, off: "list[str]", later: "list[str]") -> None:
        if off != self._off or later != self._later:
            self._station.documents.put(DOC, off + [name + WAITS for name in later])
            self._off, self._later = off, later


def _above(evse_id: int) -> "tuple[str, ...]":
    return ("0", "%d" % evse_id, "%d.1" % evse_id) if evse_id else ("0",)
