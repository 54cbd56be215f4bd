"""Who is right: the cars' currents, summed here, against the ratings of the site file. Not one figure comes from the controller.

What a rating may be exceeded by, and how long, stands in EXCUSES and nowhere else, and in the safety case with the same words
(test_judge.py). Every excuse belongs to one attack, is spent once, and is then gone; the times come from `ampacity check --json`
of the site. What an EVSE was told is read where it is held: in its registers, or at the output of its controller for the pilot.

One detection is 3 x (settle time + one round of its bus) + 2 s; the settle time is `car_ms` + `device_ms`. A step where no meter sees
it must be within what was declared: there is no excuse for it. Nothing else is excused: no death of the primary, no silence, no
restart, no change of the site, no time after a trouble.
"""

from ampacity_host.rig.fault_injection.rogue_client import WRITTEN_A
from tests.drawn.geometry import LINES, Geometry, da

METER_MS, METER_LOST_MS, SWITCHED_MS = 300, 5_000, 2_000
SETTLE_MS = 5_000
SUSPECTED_MS = 60_000  # safety.md 3.2: a suspicion that was urgent for so long is a failure
SMALL_DA = 10
DETECTIONS = 3
GROWS_DA, RAISED_MS = 5, 30_000
STEP, LATE, SMALL, LARGE, FOREIGN, AGAIN, LIE, GROWS = "step", "late", "small", "large", "foreign", "again", "lie", "grows"
DETECTION = "%d x (settle time + one round of its bus) + %g s" % (DETECTIONS, SWITCHED_MS / 1000)
EXCUSES = {  # (attack, amperes at most, for at most)
    STEP: ("other load steps up where a meter sees it", "the step", "`total_ms` of the circuit + %g s of the meter itself" % (METER_MS / 1000)),
    LATE: ("the same while a meter, a bus or the primary is in trouble", "the step",
           "`total_ms` + `exposure_ms` + %g s" % ((METER_MS + METER_LOST_MS) / 1000)),
    SMALL: ("a car or a device above its order by at most %g A, once" % (SMALL_DA / 10), "what it is above",
            "one detection, without the time in which its primary is stopped: " + DETECTION),
    LARGE: ("a car or a device above its order by more", "what it is above", "%d detections: the last locks it out" % DETECTIONS),
    FOREIGN: ("somebody else writes to devices of a bus", "the %g A that it writes, where they hold no more" % WRITTEN_A, "one detection"),
    AGAIN: ("a car uses phases that it, or the car before it, had not used", "what it draws on these",
            "`again_ms` of the circuit, from the first use on"),
    LIE: ("a meter lies or is silent", "the other load that it should show",
          "`total_ms` + %g s + one settle time, from the first use on" % ((METER_MS + METER_LOST_MS + SUSPECTED_MS) / 1000)),
    GROWS: ("a car on an EVSE without current measurement takes more of an order that is older than %g s" % (RAISED_MS / 1000), "what it takes more",
            "`total_ms` of the circuit, where it has a meter, + %g s of the meter itself; with `exposure_ms` + %g s in such a trouble"
            % (METER_MS / 1000, METER_LOST_MS / 1000)),
}  # fmt: skip


class Excuse:
    """One attack's. kind: of EXCUSES; circuits, lines: where it counts; until_ms: a moment; left_ms: time above a rating that it has
    left; span_ms: from its first use on. One of the three bounds it, for what cars draw and once more for what they may draw (`may`).
    latest_ms: the moment up to which troubles may prolong until_ms. waits: says whether that time stands still, for nothing could
    detect it."""

    def __init__(self, kind, circuits, amount, until_ms=None, left_ms=None, span_ms=None, waits=None, latest_ms=None):
        if kind not in EXCUSES or until_ms is left_ms is span_ms is None:
            raise ValueError("an excuse without a bound: %s" % kind)
        self.kind, self.circuits, self.amount, self.waits = kind, circuits, amount, waits
        self.until_ms, self.left_ms, self.span_ms = until_ms, left_ms, span_ms
        self.latest_ms = until_ms if latest_ms is None else latest_ms
        self._used_ms, self._first_ms = {}, {}  # may → how long it was used; from when on

    def worth(self, circuit, line, t_ms, may=False):
        """How many deci-amperes it excuses there now."""
        spent = self.until_ms is not None and t_ms > self.until_ms
        spent |= self.left_ms is not None and self._used_ms.get(may, 0) >= self.left_ms
        spent |= self.span_ms is not None and t_ms > self._first_ms.get(may, t_ms) + self.span_ms
        return 0 if spent or circuit not in self.circuits else self.amount(circuit, line)

    def spend(self, t_ms, span_ms, may=False):
        """It was used for so long until now."""
        if self.waits and self.waits():
            return
        self._used_ms[may] = self._used_ms.get(may, 0) + span_ms
        self._first_ms.setdefault(may, t_ms - span_ms)


class Times:
    """What `ampacity check --json` prints of times."""

    def __init__(self, report, geometry):
        self._budgets = {row["circuit"]: row for row in report["budgets"]}
        self._cycles = {row["bus"]: row["cycle_ms"] for row in report["buses"]}
        self._geometry = geometry
        self._reserves = {(row["circuit"], row["phase"]): da(row["reserves_a"]) for row in report["circuits"]} if "circuits" in report else {}

    def reserves_da(self, circuit, line):
        """What EVSEs may draw there without being asked; everything, where the check does not say."""
        return self._reserves.get((circuit, LINES[line]), 10**6)

    def _row(self, circuit):
        rows = [self._budgets[name] for name in self._geometry.above[circuit] if name in self._budgets]
        return max(rows, key=lambda row: row["total_ms"]) if rows else max(self._budgets.values(), key=lambda row: row["total_ms"])

    def total_ms(self, circuit):
        return max(row["total_ms"] for row in (self._row(circuit), *self._below(circuit)))

    def _below(self, circuit):
        return [row for name, row in self._budgets.items() if circuit in self._geometry.above.get(name, ())]

    def again_ms(self, circuit):
        return self._budgets[circuit]["again_ms"] if circuit in self._budgets else 0

    def exposure_ms(self):
        """Without a watchdog there is no such time (None), and none is needed: what may stand for ever must fit (rule 7)."""
        return max(row["exposure_ms"] or 0 for row in self._budgets.values())

    def settle_ms(self, circuit):
        row = self._row(circuit)
        return row["car_ms"] + row["device_ms"]

    def detection_ms(self, evse):
        cycle_ms = self._cycles.get(self._geometry.tables[evse].get("bus"), max(self._cycles.values(), default=0))
        return DETECTIONS * (self.settle_ms(self._geometry.circuit_of[evse]) + cycle_ms) + SWITCHED_MS


class Judge:
    """Told of every attack by who plays it, and of every sample.

    over_ms, worst: circuit → time above its rating, and the most amperes of it (excused or not); wrong_ms: that nothing
    excuses; may_ms: the same for what cars may draw at once, were they all plugged in and as quick as a contactor.
    """

    def __init__(self, text, report, folder=None):
        self.geometry = Geometry(text, folder)
        self.times = Times(report, self.geometry)
        self.other_da = {name: [0] * self.geometry.count for name in self.geometry.ratings}
        self.excuses, self.told = [], []
        self.over_ms, self.wrong_ms, self.may_ms, self.worst = {}, {}, {}, {}
        self.t_ms, self.drawn_da, self.wrong, self.crossed = 0, {}, [], None
        self._obeyed, self._told, self._raised = {}, {}, {}
        self.unmeasured = {row["where"] for row in report.get("findings", ()) if row["code"] == "unmeasured"}
        self.could = {}                  # circuit → when cars could first have drawn too much, and how much at most
        self._car_lines, self._later = {}, []
        self.stopped = set()  # primaries that do not run, by name; "": the one at the top
        self._may = None  # {EVSE: currents that it may draw}, while these are judged

    # ---- attacks

    def step(self, circuit, amps, troubled):
        """Other load of that circuit is so much from now on, per line."""
        geometry, before = self.geometry, self.other_da[circuit]
        after = [da(one) for one in amps] + [0] * (geometry.count - len(amps))
        self.other_da[circuit] = after
        seen = [name for name in geometry.above[circuit] if name in geometry.seen]
        rise = [max(0, new - old) if any(geometry.sees(name, [line]) for name in seen) else 0
                for line, (new, old) in enumerate(zip(after, before, strict=True))]
        if not any(rise) or not seen:
            return
        reach = [name for name in geometry.ratings if any(one in geometry.above[name] or name in geometry.above[one] for one in seen)]
        until_ms = self.t_ms + max(self.times.total_ms(name) for name in seen) + METER_MS
        latest_ms = until_ms + self.times.exposure_ms() + METER_LOST_MS
        places = [name for name in geometry.above[circuit] if name in reach]
        kind, until_ms = (LATE, latest_ms) if troubled else (STEP, until_ms)
        self.excuses.append(Excuse(kind, places, lambda _, line: rise[line], until_ms=until_ms, latest_ms=latest_ms))

    def prolong(self):
        """A trouble has begun: a step whose time is running may last for the exposure from now on, and however many troubles
        follow each other no longer than one that steps in such a trouble."""
        for excuse in self.excuses:
            if excuse.until_ms is not None and excuse.until_ms > self.t_ms:
                excuse.kind = LATE if excuse.kind == STEP else excuse.kind
                lasts_ms = max(excuse.until_ms, self.t_ms + self.times.exposure_ms() + METER_LOST_MS)
                excuse.until_ms = min(lasts_ms, excuse.latest_ms)

    def strays(self, evse, most_da=None):
        """Its car or its device is above its order from now on; most_da: by so much at most, None: by any."""
        small = most_da is not None and most_da <= SMALL_DA
        waits = lambda: evse.rpartition(".")[0] in self.stopped  # noqa: E731
        self._pool(SMALL if small else LARGE, [evse], (1 if small else DETECTIONS) * self.times.detection_ms(evse), waits=waits if small else None)

    def foreign(self, evses):
        """Somebody else writes to them."""
        for evse in evses:
            self._pool(FOREIGN, [evse], self.times.detection_ms(evse), self._written)

    def lies(self, meter):
        """It shows something else than the truth, or nothing."""
        geometry, circuit = self.geometry, self.geometry.meters[meter]
        span_ms = self.times.total_ms(circuit) + METER_MS + METER_LOST_MS + SUSPECTED_MS + self.times.settle_ms(circuit)
        places = [name for name in geometry.ratings if circuit in geometry.above[name] or name in geometry.above[circuit]]
        hidden = lambda _, line: geometry.sums({}, self.other_da)[circuit][line]  # noqa: E731
        self.excuses.append(Excuse(LIE, places, hidden, span_ms=span_ms))

    def _pool(self, kind, evses, left_ms, by=None, waits=None):
        circuits = {name for evse in evses for name in self.geometry.above[self.geometry.circuit_of[evse]]}
        amount = lambda circuit, line: sum((by or self._beyond)(evse)[line] for evse in evses)  # noqa: E731
        self.excuses.append(Excuse(kind, circuits, amount, left_ms=left_ms, waits=waits))

    def _beyond(self, evse):
        """What it draws above the lower of what it offered and what it was told, per line; while `_may` is counted, what it may
        draw above what it was told: a device that rounds up is seen only once its car draws."""
        allowed_da = min(most(values) for values in (self._obeyed[evse], self._told[evse]) if values)
        return self.geometry.loads(evse, [max(0, one - allowed_da) for one in self._currents_da(evse)])

    def _written(self, evse):
        """What it draws where it may hold what somebody else has written, per line."""
        if most(self._told[evse]) > WRITTEN_A * 10:
            return [0] * self.geometry.count
        return self.geometry.loads(evse, [min(one, WRITTEN_A * 10) for one in self._currents_da(evse)])

    def _currents_da(self, evse):
        return self.drawn_da[evse] if self._may is None else self._may[evse]

    def plugged(self, evse, phases):
        """A car with so many phases hangs there; None: nothing any more, and until the next one what the last car could draw counts. What a
        device offered as it came from its factory, before the first car, no car could have drawn."""
        before = self._car_lines.get(evse)
        if evse not in self._car_lines:
            self._obeyed.pop(evse, None)
        if phases is None:
            return
        self._car_lines[evse] = phases
        if before and phases > before:
            self._further(evse, before, self.t_ms)

    def uses_more(self, evse, before, phases, at_ms):
        """From that moment on its car uses so many phases, and before that moment fewer."""
        self._later.append((at_ms, evse, phases))
        self._further(evse, before, at_ms)

    def _further(self, evse, before, at_ms):
        """From that moment on more than `before` phases may be used there."""
        for circuit in self.geometry.above[self.geometry.circuit_of[evse]]:
            amount = lambda _, line: self._on_further(evse, before)[line] if self.t_ms >= at_ms else 0  # noqa: E731
            if self.times.again_ms(circuit):
                self.excuses.append(Excuse(AGAIN, [circuit], amount, span_ms=self.times.again_ms(circuit)))

    def _on_further(self, evse, before):
        offered_da = most(self._obeyed[evse])
        return self.geometry.loads(evse, [0 if at < before else max(one, offered_da) for at, one in enumerate(self.drawn_da[evse])])

    def _grows(self, evse, before, offered_da):
        """Its current is a part of what the meter shows as other load: more of it is a step of that."""
        last_da, since_ms = self._raised.get(evse, (0, self.t_ms))
        self._raised[evse] = (offered_da, self.t_ms if offered_da > last_da else since_ms)
        rise = [max(0, new - old) for new, old in zip(self.drawn_da[evse], before, strict=True)]
        if evse not in self.unmeasured or max(rise) < GROWS_DA or self.t_ms - self._raised[evse][1] < RAISED_MS:
            return
        loads, meters = self.geometry.loads(evse, rise), self.geometry.meters.values()
        for circuit in self.geometry.above[self.geometry.circuit_of[evse]]:
            if circuit in meters:
                until_ms = self.t_ms + self.times.total_ms(circuit) + METER_MS
                latest_ms = until_ms + self.times.exposure_ms() + METER_LOST_MS
                self.excuses.append(Excuse(GROWS, [circuit], lambda _, line: loads[line], until_ms=until_ms, latest_ms=latest_ms))

    # ---- samples

    def see(self, state):
        """The answer to `state`; what flowed since the last one is judged by it."""
        t_ms, truth = state["t_ms"], state["truth"]
        span_ms, self.t_ms = t_ms - self.t_ms, t_ms
        for change in [one for one in self._later if one[0] <= t_ms]:
            self._later.remove(change)
            self._car_lines[change[1]] = change[2]
        before, self.drawn_da = self.drawn_da, {name: [da(one) for one in evse["terminals"]] for name, evse in truth["evses"].items()}
        for name, evse in truth["evses"].items():
            self._grows(name, before.get(name, self.drawn_da[name]), da(evse["order_a"]))
        for name, evse in truth["evses"].items():
            remember(self._obeyed.setdefault(name, []), t_ms, da(evse["order_a"]))
            remember(self._told.setdefault(name, []), t_ms, da(evse["told_a"]))
        sums = self.geometry.sums(self.drawn_da, self.other_da)
        self._compare(sums, truth["circuits"])
        self._count(sums, span_ms)
        self._count_may(span_ms)

    def _compare(self, sums, circuits):
        """The rig's own tree must be this one; told once where it is not."""
        for name, per_line in sums.items():
            if self.crossed is None and per_line != [da(one) for one in circuits[name]["amps"]]:
                self.crossed = "%s: %s here, %s on the rig" % (name, per_line, circuits[name]["amps"])

    def _count(self, sums, span_ms):
        used = set()
        for name, per_line in sums.items():
            over = [(value_da - self.geometry.ratings[name][line], line) for line, value_da in enumerate(per_line)]
            if max(over)[0] <= 0:
                continue
            self.over_ms[name] = self.over_ms.get(name, 0) + span_ms
            self.worst[name] = max(self.worst.get(name, 0), max(per_line))
            unexcused = [(beyond, line) for beyond, line in over if beyond > 0 and not self._excused(name, line, beyond, used)]
            if unexcused:
                self.wrong_ms[name] = self.wrong_ms.get(name, 0) + span_ms
                self.wrong.append((self.t_ms, name, max(unexcused)[0] + self.geometry.ratings[name][max(unexcused)[1]]))
        for excuse in used:
            excuse.spend(self.t_ms, span_ms)

    def _excused(self, circuit, line, beyond_da, used):
        for excuse in self.excuses:
            worth_da = excuse.worth(circuit, line, self.t_ms, self._may is not None)
            if worth_da > 0:
                used.add(excuse)
                beyond_da -= worth_da
            if beyond_da <= 0:
                return True
        return False

    def _count_may(self, span_ms):
        """The same for what each car may draw until its deadline: the most that its EVSE has offered in the last five seconds.

        Where a circuit has a meter, what an unmeasured EVSE draws less than its order is no matter of this: see GROWS.
        """
        may, known = {}, {}
        for name, drawn in self.drawn_da.items():
            offered_da, phases = most(self._obeyed[name]), self._car_lines.get(name) or len(drawn)
            may[name] = [max(one, offered_da if at < phases else 0) for at, one in enumerate(drawn)]
            known[name] = drawn if name in self.unmeasured else may[name]
        self._may = may
        used = set()
        metered, sums = self.geometry.sums(known, self.other_da), self.geometry.sums(may, self.other_da)
        for name in sums:
            for line, value_da in enumerate((metered if name in self.geometry.meters.values() else sums)[name]):
                beyond_da = value_da - self.geometry.ratings[name][line]
                if beyond_da > 0 and not self._excused(name, line, beyond_da, used):
                    self.may_ms[name] = self.may_ms.get(name, 0) + span_ms
                    first_ms, most_da = self.could.get(name, (self.t_ms, 0))
                    self.could[name] = (first_ms, max(most_da, value_da))
                    break
        for excuse in used:
            excuse.spend(self.t_ms, span_ms, may=True)
        self._may = None

    # ---- the verdict

    def verdict(self):
        """In amperes and seconds, for people: {"over_s", "wrong_s", "may_s", "worst_a"}, each by circuit."""
        seconds = lambda table: {name: ms / 1000 for name, ms in table.items()}  # noqa: E731
        return {"over_s": seconds(self.over_ms), "wrong_s": seconds(self.wrong_ms), "may_s": seconds(self.may_ms),
                "worst_a": {name: value / 10 for name, value in self.worst.items()}}


def remember(values, t_ms, value_da):
    """[(when, value)] of the settle time, the newest last; one older that held at its begin stays. What was seen so long ago that
    nothing tells when it ended counts no longer: then others may have taken its place before now."""
    if values and t_ms - values[-1][0] > SETTLE_MS:
        values.clear()
    values.append((t_ms, value_da))
    while len(values) > 1 and values[1][0] <= t_ms - SETTLE_MS:
        values.pop(0)


def most(values):
    return max(value for _, value in values)
