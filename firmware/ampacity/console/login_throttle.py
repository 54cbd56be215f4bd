"""Limit of password attempts: each address has its own wait, so that guessing blocks only the guessing address.

Strangers together have an allowance besides, for an address costs them little. The machine's own console and addresses that
have shown the password before do not share it, and wait for seconds only: they always come to their try.
"""

if False:  # for the type checker
    from typing import Any

    Row = list[Any]  # peer, its next wait in ms, until when it waits in ms

LOCAL = "local"  # a door that is no network's: a serial line, standard input
LOCALS = (LOCAL, "127.0.0.1", "::1", "::ffff:127.0.0.1")
WAIT_MS_MIN, WAIT_MS_MAX, KNOWN_WAIT_MS_MAX = 1000, 300000, 10000
STRANGERS_EACH_MS, STRANGERS_AT_ONCE = 30000, 20  # of all strangers: 2,880 tries a day
STRANGERS_KEPT, KNOWN_KEPT = 16, 6


class LoginThrottle:
    """Peers are addresses as text. `begin` before each try, then `wrong` or `right`."""

    def __init__(self) -> None:
        self._strangers: "list[Row]" = []  # [peer, its next wait, end of its wait], the latest attempt last
        self._known: "list[Row]" = []
        self._spent_ms = 0  # until when the strangers' allowance is used up, could it be used one by one

    def wait_ms(self, peer: str, now_ms: int) -> int:
        """For how long this peer has to wait before its next try."""
        wait_ms: int = self._row(peer)[2] - now_ms
        if not self.knows(peer):
            wait_ms = max(wait_ms, self._spent_ms - now_ms - (STRANGERS_AT_ONCE - 1) * STRANGERS_EACH_MS)
        return max(wait_ms, 0)

    def begin(self, peer: str, now_ms: int) -> None:
        """Counts an attempt of an unknown address against the allowance, whatever its result."""
        if not self.knows(peer):
            self._spent_ms = max(self._spent_ms, now_ms) + STRANGERS_EACH_MS

    def wrong(self, peer: str, now_ms: int) -> None:
        """Its password was wrong: it waits, twice as long each time, at most 300 s (a known peer 10 s)."""
        known, row = self.knows(peer), self._row(peer)
        row[2] = now_ms + row[1]
        row[1] = min(2 * row[1], KNOWN_WAIT_MS_MAX if known else WAIT_MS_MAX)
        self._keep(row, self._known if known else self._strangers)

    def right(self, peer: str) -> None:
        """It has shown the password: its waits are forgotten, and it is known."""
        self._strangers = [row for row in self._strangers if row[0] != peer]
        self._keep([peer, WAIT_MS_MIN, 0], self._known)

    def _row(self, peer: str) -> "Row":
        for row in self._strangers + self._known:
            if row[0] == peer:
                return row
        return [peer, WAIT_MS_MIN, 0]

    def knows(self, peer: str) -> bool:
        """Does it come to its try whatever strangers do?"""
        return peer in LOCALS or any([row[0] == peer for row in self._known])

    def _keep(self, row: "Row", rows: "list[Row]") -> None:
        """At the end of the rows; where there are too many the first goes."""
        rows[:] = [other for other in rows if other[0] != row[0]] + [row]
        while len(rows) > (KNOWN_KEPT if rows is self._known else STRANGERS_KEPT):
            rows.pop(0)
