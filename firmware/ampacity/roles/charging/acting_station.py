"""The station as its link sees it: what the CSMS ordered is carried out before anything else is sent, and a slow medium leaves others their turn."""

if False:  # for the type checker
    from collections.abc import Callable

    from ampacity.ocpp.station import Station
    from ampacity.roles.charging.network_profiles import NetworkProfiles
    from ampacity.roles.control.slow_work import SlowWork


class ActingStation:
    """The station as its link sees it (`_station` of net/link.py and net/connection.py): `next` also carries out what the CSMS ordered and
    hands its limits to the guard, as soon as the station has nothing more to send; no housekeeping pass is needed.

    act(now_ms) does both. `network_profiles` is set before the first connection. `waits`: `next` had nothing because others have their turn.
    """

    waits = False

    network_profiles: "NetworkProfiles"

    def __init__(self, station: "Station", slow_work: "SlowWork", act: "Callable[[int], None]") -> None:
        self._station = station
        self._slow_work = slow_work
        self._act = act
        self._heard = self._works = False  # on this connection: did the CSMS send anything; does the network profile count as working
        self._asked_ms: "int | None" = None  # since then `next` waits for its turn

    def connected(self, now_ms: int) -> None:
        """As Station.connected."""
        self._heard = self._works = False
        self.network_profiles.opened(now_ms)
        self._station.connected(now_ms)

    def disconnected(self, now_ms: int) -> None:
        """As Station.disconnected."""
        self._station.disconnected(now_ms)
        self.network_profiles.closed(now_ms)

    def receive(self, text: str, now_ms: int) -> None:
        """As Station.receive."""
        self._heard = True
        self._slow_work.began()
        self._station.receive(text, now_ms)
        self._slow_work.is_long()

    def oversized(self, head: bytes, size: int, now_ms: int) -> None:
        """As Station.oversized."""
        self._heard = True
        self._station.oversized(head, size, now_ms)

    def next(self, now_ms: int) -> "tuple[str | None, int]":
        """As Station.next, with the station's actions done before it has nothing left to send. The network profile in use works once its server
        was heard and has accepted the station: a socket that opens is no CSMS yet (B10, A05.FR.06)."""
        station, slow_work = self._station, self._slow_work
        if self._asked_ms is None:
            self._asked_ms = now_ms
        wait_ms = slow_work.wait_ms(self._asked_ms)
        self.waits = wait_ms > 0
        if wait_ms:
            return None, now_ms + wait_ms
        self._asked_ms = None
        slow_work.began()
        found = station.next(now_ms)
        if found[0] is None and (station.actions or station.limits_change_at_ms == 0):
            self._act(now_ms)
            self.waits = slow_work.is_long()
            found = (None, now_ms + 1) if self.waits else station.next(now_ms)
        slow_work.is_long()
        if self._heard and not self._works and station.accepted():
            self._works = True
            self.network_profiles.connected(now_ms)
        return found
