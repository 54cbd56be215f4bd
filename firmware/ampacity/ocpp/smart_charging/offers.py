"""What a car is offered (K15, K16): up to three schedules, and again when what they come to has changed (K16.FR.02, K16.FR.03).

A device that talks with its car (ISO 15118) asks for the schedules; from then on, or from the first choice of the car on, its EVSE is watched
until the transaction ends. Each schedule is a composite one: all profiles and limits from outside, without the plan of the car itself.
Computed a few steps at a time.
"""

from ampacity.ocpp.smart_charging.in_force import is_significant

if False:  # for the type checker
    from collections.abc import Iterator

    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message
    from ampacity.ocpp.smart_charging.composite import Piece

    Line = tuple[list[Piece], int]  # periods, their starts in seconds of the uptime, and the second at which they end

DURATION_S = 86400
STEPS_PER_TURN = 2
AGAIN_MS = 10000  # least time between two requests to negotiate again, as between two NotifyChargingLimit
JITTER_S = 2  # a period of a transaction begins so exactly only: its clock is not the wall's


class Offers:
    """EVSEs whose cars were offered schedules."""

    def __init__(self, station: "StationFace") -> None:
        self._station = station
        self._known: "dict[int, list[Line] | None]" = {}  # what the car was offered; None: what holds now, once it is computed
        self._told_ms: "dict[int, int]" = {}
        self._seen = station.in_force.changes
        self._waiting: "list[int]" = []
        self._job: "tuple[int, Iterator[list[Line] | None]] | None" = None

    def watch(self, evse_id: int) -> None:
        """The car of this EVSE knows what holds now."""
        self._known[evse_id] = None
        self._drop_job(evse_id)
        if evse_id not in self._waiting:
            self._waiting.append(evse_id)

    def forget(self, evse_id: int) -> None:
        """Its transaction is over."""
        self._known.pop(evse_id, None)
        self._told_ms.pop(evse_id, None)
        self._drop_job(evse_id)

    def answer(self, evse_id: int) -> "Iterator[Message | None]":
        """Yields None while there is more to do, then the schedules for the car; `status` None without a transaction."""
        evse = self._station.evse(evse_id)
        if evse is None or evse.tx is None:
            yield {"kind": "schedules", "status": "None"}
            return
        ids = self._station.profiles.offered_ids(evse.tx.id)
        lines: "list[Line] | None" = None
        for lines in self._lines(evse_id):
            if lines is None:
                yield None
        if evse.tx is not None:
            self._known[evse_id] = lines
        schedules = []
        for number, (pieces, end_s) in zip(ids, lines or ()):
            start_s = pieces[0][0]
            periods = [[at - start_s, limit, phases] for at, limit, phases in pieces]
            schedules.append({"id": number, "unit": "A", "duration": end_s - start_s, "periods": periods})
        yield {"kind": "schedules", "schedules": schedules}

    def tick(self, now_ms: int) -> "int | None":
        """A few steps of what is compared; when to come again, or None."""
        if self._seen != self._station.in_force.changes:
            self._seen = self._station.in_force.changes
            self._waiting = sorted(self._known)
        if self._job is None:
            due = [(self._told_ms.get(each, now_ms - AGAIN_MS) + AGAIN_MS, each) for each in self._waiting if each in self._known]
            if not due:
                return None
            due_ms, evse_id = min(due)
            if due_ms > now_ms:
                return due_ms
            self._waiting.remove(evse_id)
            self._job = (evse_id, self._lines(evse_id))
        evse_id, work = self._job
        lines = next(work)
        if lines is not None:
            self._job = None
            self._compare(evse_id, lines, now_ms)
        return now_ms

    def _drop_job(self, evse_id: int) -> None:
        if self._job is not None and self._job[0] == evse_id:
            self._job = None

    def _compare(self, evse_id: int, lines: "list[Line]", now_ms: int) -> None:
        known = self._known.get(evse_id)
        if known is None:
            self._known[evse_id] = lines
        elif len(known) != len(lines) or any([differs(self._station, known[i], lines[i]) for i in range(len(lines))]):
            self._known[evse_id] = lines
            self._told_ms[evse_id] = now_ms
            self._station.actions.append(("renegotiate", evse_id))

    def _lines(self, evse_id: int) -> "Iterator[list[Line] | None]":
        """Yields None while there is more to do, then the schedules that the car may choose from, in the order of their profile."""
        station = self._station
        evse = station.evse(evse_id)
        lines: "list[Line]" = []
        profile = None if evse is None or evse.tx is None else station.profiles.offered(evse.tx.id)
        for place in range(1 if profile is None else profile.schedules):
            start_s = station.now_ms // 1000
            composite = station.in_force.offered(evse_id, place, DURATION_S, station.now_ms)
            while not composite.done:
                for _ in range(STEPS_PER_TURN):
                    if not composite.done:
                        composite.step()
                yield None
            lines.append(([(start_s + at, limit, phases) for at, limit, phases in composite.pieces], start_s + composite.covered_s()))
        yield lines


def differs(station: "StationFace", old: "Line", new: "Line") -> bool:
    """Is the later one, where both say something, another one by more than LimitChangeSignificance?"""
    begin_s, end_s = new[0][0][0], min(old[1], new[1])
    starts = sorted(set([begin_s] + [piece[0] for piece in old[0] + new[0] if begin_s < piece[0] < end_s]))
    for i, at in enumerate(starts):
        until = starts[i + 1] if i + 1 < len(starts) else end_s
        before, after = _at(old[0], at), _at(new[0], at)
        if until - at > JITTER_S and (before[2] != after[2] or is_significant(station, before[1], after[1])):
            return True
    return False


def _at(pieces: "list[Piece]", second: int) -> "Piece":
    return [piece for piece in pieces if piece[0] <= second][-1]
