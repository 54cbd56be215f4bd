"""The limits that are in force: computed when they may have changed, for the roles and for what is reported of them (K02, K11).

A change of more than LimitChangeSignificance in the rate of an EVSE that charges is a TransactionEvent. With ScheduleEndOffline `Hold`
a limit whose schedule ends while there is no connection stays until the CSMS is back.
"""

from ampacity.ocpp.smart_charging.composite import PHASES, Composite, Scene
from ampacity.ocpp.smart_charging.profile import NEVER, PERIODS_MAX, leading, stacked

if False:  # for the type checker
    from typing import Any

    from ampacity.ocpp.evse import OcppEvse
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import LimitRow
    from ampacity.ocpp.smart_charging.composite import GroupFace, Outside
    from ampacity.ocpp.smart_charging.profile import Profile, Term
    from ampacity.ocpp.transactions.transaction import Transaction

SEEN = "ocpp_time"  # unix seconds when what holds last changed: a clock that shows less after a restart is wrong
HELD = "ocpp_held"  # rows that hold though their schedule has ended
PAUSED_DA = 60  # with less no car charges
RATES_PER_TURN = 8  # of so many EVSEs the rate is looked at before other tasks run
RATE_MS = 10000  # least time between two reports of the rate of a transaction
OUTSIDE_BLOCKS = ("external_limits", "ev_schedule")


class Group:
    """EVSEs that stand under the same profiles. counts: a Relative profile counts from the transaction of its one EVSE."""

    def __init__(self, profiles: "list[Profile]", evse: "OcppEvse") -> None:
        tx_id = evse.tx.id if evse.tx is not None else None
        self.evses = [evse]
        self.mine = stacked([p for p in profiles if p.purpose == "TxProfile" and tx_id is not None and p.transaction_id == tx_id])
        self.defaults = stacked([p for p in profiles if p.purpose == "TxDefaultProfile" and p.evse_id in (0, evse.id)])
        self.counts = tx_id is not None and any([p.kind == "Relative" for p in self.mine + self.defaults])

    def takes(self, other: "Group") -> bool:
        """May `other`, of one EVSE, join?"""
        return not (self.counts or other.counts) and self.mine == other.mine and self.defaults == other.defaults

    def terms(self, t: int, tx_start: "int | None", clock: bool) -> "tuple[list[Term], int]":
        """What the TxProfiles, else the TxDefaultProfiles say at t, and until when (K02.FR.04, K02.FR.08)."""
        terms, until = leading(self.mine, t, tx_start, clock)
        if terms:
            return terms, until
        terms, change = leading(self.defaults, t, tx_start, clock)
        return terms, min(until, change)


class NoProfiles:
    """Smart charging is switched off."""

    def terms(self, t: int, tx_start: "int | None", clock: bool) -> "tuple[list[Term], int]":
        """As Group.terms."""
        return [], NEVER


class InForce:
    """`changes`: counts `again` and `changed`. `fresh`: computed since the roles took them. `due_ms`: when they are computed again, 0: now."""

    def __init__(self, station: "StationFace") -> None:
        self._station = station
        self._documents = station.documents
        self.fresh = True
        self.due_ms = 0
        self.changes = 0  # how often what holds may have become other than it was foreseen
        self._rate_next, self._rates_left = 0, len(station.evses)  # the EVSE whose rate is looked at next, and how many are still to be looked at
        self._groups: "list[Group] | None" = None
        self._whole: "list[Profile]" = []
        self._rows: "list[LimitRow]" = []
        self._computed: "list[LimitRow] | None" = None
        self._seen_s: int = self._documents.get(SEEN) or 0
        self._held: "list[LimitRow]" = [tuple(row) for row in self._documents.get(HELD) or ()]

    @property
    def change_at_ms(self) -> int:
        """When `limits` may say something else than last time; 0: it does now."""
        return 0 if self.fresh else self.due_ms

    @property
    def wake_ms(self) -> int:
        """When `refresh` is to be called again."""
        return 0 if self._rates_left else self.due_ms

    def changed(self) -> None:
        """Profiles, transactions or limits from outside are others now."""
        self._groups = None
        self.again()

    def again(self) -> None:
        """The same profiles may say something else: the clock or a variable is another."""
        self.due_ms, self.fresh = 0, True
        self.changes += 1

    def released(self, evse_id: int) -> None:
        """Another transaction there, or none: nothing of the former one is held."""
        self._rows = [row for row in self._rows if row[0] != evse_id]
        self._keep_held([row for row in self._held if row[0] != evse_id])

    def limits(self, now_ms: int) -> "list[LimitRow]":
        """[(EVSE or 0, watts or None, da per phase or None, phases or None)] in force; an EVSE that is missing there has none."""
        self.refresh(now_ms)
        self.fresh = False
        return self._rows

    def refresh(self, now_ms: int) -> None:
        """Compute them if they may have changed, and look at the rates of the next few EVSEs."""
        if now_ms >= self.due_ms:
            self.fresh = True
            self.due_ms = now_ms + NEVER
            self._rates_left = len(self._station.evses)
            rows: "list[LimitRow]" = []
            profiles = self._station.profiles
            if self._enabled() and (profiles.all or profiles.unread):
                rows = self._compute(now_ms)
            self._rows = self._with_held(rows)
        if self._rates_left:
            self._report_rates(now_ms)

    def _compute(self, now_ms: int) -> "list[LimitRow]":
        station = self._station
        t, clock = self.now_s(now_ms)
        found, left_s = self._limits_at(t, 0, clock)
        for unix_ms in station.wallclock.others_ms(now_ms) if clock else ():
            more, more_s = self._limits_at(unix_ms // 1000, unix_ms // 1000 - t, True)
            found, left_s = lowest(found, more), min(left_s, more_s)
        for _, evse_id in station.profiles.unread:
            found = lowest(found, [(evse_id, None, 0, None)])
        self.due_ms = now_ms + max(1, left_s * 1000 - self._fraction_ms(clock, now_ms))
        if found != self._computed:
            self._computed = found
            if clock:
                self._seen_s = t
                self._documents.try_put(SEEN, t)
        return found

    def _limits_at(self, t: int, shift_s: int, clock: bool) -> "tuple[list[LimitRow], int]":
        """(rows of the profiles at t, seconds until that may change); shift_s: t less the present time."""
        groups = self._grouped()
        terms, until = leading(self._whole, t, None, clock)
        found = self._row(0, terms)
        for group in groups:
            terms, change = group.terms(t, self._start_s(group, clock, shift_s), clock)
            until = min(until, change)
            for evse in group.evses:
                found += self._row(evse.id, terms)
        return found, until - t

    def _row(self, evse_id: int, terms: "list[Term]") -> "list[LimitRow]":
        """The row of one target, [] without a limit. Watts of an EVSE are amperes per phase, too (K01.FR.50)."""
        watts = limit_da = number = None
        voltage_v = self._station.config.get("voltage_v", 230)
        for limit, phases, unit in terms:
            amps = limit if unit == "A" else None
            if unit == "W":
                if watts is None or limit // 10 < watts:
                    watts, number = limit // 10, phases
                amps = limit // (voltage_v * (phases or PHASES)) if evse_id else None
            elif watts is None:
                number = phases
            if amps is not None and (limit_da is None or amps < limit_da):
                limit_da = amps
        return [] if watts is None and limit_da is None else [(evse_id, watts, limit_da, number)]

    # what holds after the end of a schedule

    def _with_held(self, rows: "list[LimitRow]") -> "list[LimitRow]":
        station = self._station
        if station.accepted() or not self._enabled() or station.model.text("SmartChargingCtrlr", "ScheduleEndOffline") != "Hold":
            self._keep_held([])
            return rows
        known = [row[0] for row in rows]
        held = [row for row in self._rows + self._held if row[0] not in known]
        self._keep_held([row for i, row in enumerate(held) if row[0] not in [other[0] for other in held[:i]]])
        return rows + self._held

    def _keep_held(self, held: "list[LimitRow]") -> None:
        if held != self._held:
            self._held = held
            self._documents.try_put(HELD, [list(row) for row in held])

    # what is reported to the CSMS

    def _report_rates(self, now_ms: int) -> None:
        """K11.FR.04, K13.FR.03: rates of transactions that changed by more than LimitChangeSignificance."""
        station = self._station
        if not self._enabled():
            self._rates_left = 0
            return
        t, clock = self.now_s(now_ms)
        outside = self._outside(now_ms)
        told = (0, now_ms - RATE_MS)  # one tuple for all whose rate is the same
        for _ in range(min(RATES_PER_TURN, self._rates_left)):
            evse = station.evses[self._rate_next]
            self._rate_next = (self._rate_next + 1) % len(station.evses)
            self._rates_left -= 1
            tx = evse.tx
            if tx is None or tx.ending is not None or tx.restored:
                continue
            rate = self.scene(evse.id, t, clock, now_ms, outside).at(t, "A")
            self.due_ms = min(self.due_ms, now_ms + (rate[2] - t) * 1000)
            if tx.rate is None or evse.state != "Charging" or rate[0] < PAUSED_DA:  # a pause is reported as a state
                if told[0] != rate[0]:
                    told = (rate[0], told[1])
                tx.rate = told
            elif is_significant(station, tx.rate[0], rate[0]):
                if now_ms - tx.rate[1] < RATE_MS:
                    self.due_ms = min(self.due_ms, tx.rate[1] + RATE_MS)
                    continue
                tx.rate = (rate[0], now_ms)
                station.transactions.events.send(evse, "Updated", "ChargingRateChanged", now_ms)
                break  # it has written: the others in the next pass

    # schedules

    def scene(self, evse_id: int, t: int, clock: bool, now_ms: int, outside: "list[Outside] | None" = None) -> "Scene":
        """What applies to this EVSE, or (0) to all of them together, from t on. outside: of `_outside`, where it is known."""
        enabled, config = self._enabled(), self._station.config
        groups: "list[tuple[GroupFace, list[OcppEvse], int]]" = []
        wanted = self._station.evse(evse_id)
        for group in self._grouped():
            if wanted is None or wanted in group.evses:
                evses = group.evses if wanted is None else [wanted]
                groups.append((group if enabled else NoProfiles(), evses, self._start_s(group, clock, 0, t)))  # type: ignore[arg-type]
        whole = self._whole if enabled else ()
        if outside is None:
            outside = self._outside(now_ms)
        return Scene(evse_id, groups, whole, outside, config.get("voltage_v", 230), config.get("max_da"), clock)

    def composite(self, evse_id: int, duration_s: int, unit: str, now_ms: int) -> "Composite":
        """GetCompositeSchedule, to be computed (K08). Without a transaction as if one began now (K08.FR.06)."""
        t, clock = self.now_s(now_ms)
        scene = self.scene(evse_id, t, clock, now_ms)
        return Composite(lambda at: scene.at(at, unit), t, duration_s, PERIODS_MAX)

    def offered(self, evse_id: int, place: int, duration_s: int, now_ms: int) -> "Composite":
        """What the schedules at this place (K15.FR.22) leave the car at an EVSE, in amperes, to be computed; its own plan does not count."""
        station, enabled = self._station, self._enabled()
        evse: "OcppEvse" = station.evse(evse_id)  # type: ignore[assignment]  # of those that there are
        t, clock = self.now_s(now_ms)
        self._grouped()
        group = Group(station.profiles.at_place(evse_id, place), evse)
        start_s = self._start_s(group, clock, 0, t)
        whole = self._whole if enabled else ()
        outside = self._outside(now_ms, OUTSIDE_BLOCKS[:1])
        groups: "Any" = [(group if enabled else NoProfiles(), [evse], start_s)]
        scene = Scene(evse_id, groups, whole, outside, station.config.get("voltage_v", 230), station.config.get("max_da"), clock)
        return Composite(lambda at: scene.at(at, "A"), t, duration_s, PERIODS_MAX)

    def _outside(self, now_ms: int, blocks: "tuple[str, ...]" = OUTSIDE_BLOCKS) -> "list[Outside]":
        """Limits that no CSMS has set, on the time line in use."""
        t, found = self.now_s(now_ms)[0], []
        for name in blocks:
            block = self._station.optional.find(name)
            for evse_id, profile, start_ms in block.profiles() if block is not None else ():
                found.append((evse_id, profile, t - (now_ms - start_ms) // 1000))
        return found

    def _grouped(self) -> "list[Group]":
        """EVSEs under the same profiles, found again after a change: in a garage mostly one group."""
        if self._groups is None:
            self._groups = []
            profiles = self._station.profiles.all
            self._whole = stacked([p for p in profiles if p.purpose == "ChargingStationMaxProfile"])
            for evse in self._station.evses:
                new = Group(profiles, evse)
                for group in self._groups:
                    if group.takes(new):
                        group.evses.append(evse)
                        break
                else:
                    self._groups.append(new)
        return self._groups

    def _start_s(self, group: "Group", clock: bool, shift_s: int, otherwise: "int | None" = None) -> "int | None":
        """Where its Relative profiles begin; otherwise: where no transaction runs."""
        return self._begun_s(group.evses[0].tx, clock) + shift_s if group.counts else otherwise  # type: ignore[arg-type]  # what counts is open

    def _begun_s(self, tx: "Transaction", clock: bool) -> int:
        """When the transaction was ready to deliver, on the time line in use. Counted on the monotonic clock: the wall's may jump."""
        now_ms = self._station.now_ms
        now_s = self.now_s(now_ms)[0]
        if tx.start_ms is None:  # before a restart, or not ready yet
            if not clock or tx.start_unix_s is None:
                return now_s
            tx.start_ms = now_ms - (now_s - tx.start_unix_s) * 1000
        return now_s - (now_ms - tx.start_ms) // 1000

    def now_s(self, now_ms: int) -> "tuple[int, bool]":
        """Of the hardware's own clock only what can be true: the time of day is unknown where it went back."""
        wallclock = self._station.wallclock
        unix_ms = wallclock.unix_ms(now_ms)
        if unix_ms is None or wallclock.source == "rtc" and unix_ms // 1000 < self._seen_s:
            return now_ms // 1000, False
        return unix_ms // 1000, True

    def _fraction_ms(self, clock: bool, now_ms: int) -> int:
        """How much of the present second is over, by the clock that is ahead: a transaction has one of its own. So no change comes late;
        one that is looked for too early is looked for again."""
        fraction_ms = (self._station.wallclock.unix_ms(now_ms) if clock else now_ms) % 1000  # type: ignore[operator]
        for group in self._grouped():
            tx = group.evses[0].tx
            if group.counts and tx is not None and tx.start_ms is not None:
                fraction_ms = max(fraction_ms, (now_ms - tx.start_ms) % 1000)
        return fraction_ms

    def _enabled(self) -> bool:
        return self._station.model.on("SmartChargingCtrlr", "Enabled")


def is_significant(station: "StationFace", before: int, after: int) -> bool:
    """Is the change of a limit more than LimitChangeSignificance, in per cent of what it was?"""
    percent = float(station.model.text("SmartChargingCtrlr", "LimitChangeSignificance"))
    return abs(after - before) * 100 > percent * before


def lowest(rows: "list[LimitRow]", others: "list[LimitRow]") -> "list[LimitRow]":
    """Rows of two times that may both be true: of each target the lowest of each unit."""
    merged = list(rows)
    for row in others:
        for i, known in enumerate(merged):
            if known[0] == row[0]:
                merged[i] = _lower(known, row)
                break
        else:
            merged.append(row)
    return merged


def _lower(a: "LimitRow", b: "LimitRow") -> "LimitRow":
    watts = a if b[1] is None or a[1] is not None and a[1] <= b[1] else b
    amps = a if b[2] is None or a[2] is not None and a[2] <= b[2] else b
    return (a[0], watts[1], amps[2], watts[3] if watts[1] is not None else amps[3])
