"""Admission of connections on a public port: their number is bounded, and silent ones do not exclude others.

A connection waits until it has sent data that a client of this port would send; then it has a
place. Silent connections, in any number, therefore replace only each other, never a client in service.
"""

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any

    from ampacity.base.interfaces import Aborter

    Client = list[Any]  # since when, or when it spoke last; its writer; has it spoken; its claim to stay

STRANGER, BUSY, KNOWN = 0, 1, 2  # order of removal: strangers first, known and busy clients last


class Admission:
    """places: clients served at once. waiting: connections that have not yet spoken. platform: has clock and abort(writer).

    report(text, now_ms): called for each removed connection. least_ms: minimum time for which a client keeps its place;
    until then it is the newcomer that goes. `clients`: how many ever came; `turned_away`: how many had to go.
    """

    def __init__(self, platform: "Aborter", places: int, waiting: int, report: "Callable[[str, int], object]", least_ms: int = 0) -> None:
        self.clients = self.turned_away = 0
        self._platform = platform
        self._places = places
        self._waiting = waiting
        self._report = report
        self._least_ms = least_ms
        self._present: "list[Client]" = []  # [since when, or when it spoke last; its writer; has it spoken; its claim to stay]

    @property
    def count(self) -> int:
        """Connections that are here now."""
        return len(self._present)

    def enter(self, writer: "Any", known: bool = False) -> "Client":
        """The client that this connection is; if too many wait, the one that has waited longest is removed, strangers first."""
        self.clients += 1
        client = [self._platform.clock.now_ms(), writer, False, KNOWN if known else STRANGER]
        self._present.append(client)
        waiting = [other for other in self._present if not other[2]]
        if len(waiting) > self._waiting:
            self._turn_away(min(waiting, key=lambda other: other[3]))
        return client

    def heard(self, client: "Client") -> bool:
        """It has spoken. True: it has a place. False: it has none, and its connection is ended."""
        if client not in self._present:
            return False
        now_ms = self._platform.clock.now_ms()
        if not client[2]:
            placed = [other for other in self._present if other[2]]
            if len(placed) >= self._places:
                silent = min(placed, key=lambda other: (other[3], other[0]))
                if silent[3] >= KNOWN > client[3] or now_ms - silent[0] < self._least_ms:
                    self._turn_away(client)
                    return False
                self._turn_away(silent)
            client[2] = True
        elif self._least_ms:
            return True
        client[0] = now_ms
        return True

    def spoke(self, client: "Client") -> bool:
        """Has it, so far?"""
        return client[2]  # type: ignore[no-any-return]

    def has(self, client: "Client") -> bool:
        """Is it still here?"""
        return client in self._present

    def answering(self, client: "Client", on: bool, known: bool = False) -> None:
        """Marks a client as waiting for its answer, so not silent. known: it is authenticated and removed after all others."""
        client[3] = (BUSY if on else STRANGER) + (KNOWN if known else STRANGER)
        client[0] = self._platform.clock.now_ms()

    def leave(self, client: "Client") -> None:
        """It has gone, or goes now."""
        if client in self._present:
            self._present.remove(client)

    def close(self) -> None:
        """The door is shut: all go."""
        clients, self._present = self._present, []
        for client in clients:
            self._platform.abort(client[1])

    def _turn_away(self, client: "Client") -> None:
        now_ms = self._platform.clock.now_ms()
        self.leave(client)
        self.turned_away += 1
        self._platform.abort(client[1])
        self._report(
            "no connection slot free: connection closed, %d so far; %d clients connected, %d more may wait"
            % (self.turned_away, self._places, self._waiting),
            now_ms,
        )
