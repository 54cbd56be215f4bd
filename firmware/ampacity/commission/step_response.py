"""The experiment that steps one EVSE up and down: lines, rounding, latency, and whether it obeys at all.

Each plateau is an order in force until the device shows it and the car has followed; then the readings of the meters and of the device
readings are averaged. Two neighbours make a step. Levels differ a little each time and the plateaus' lengths vary, so
that neither a rounding nor a regular load passes unseen. Six steps are a round; up to five rounds until it is clear.
"""

from ampacity.base.quantities import amps
from ampacity.bus.device_facts import DRAWS_DA
from ampacity.commission import findings
from ampacity.commission.experiments import Experiment, Plateau
from ampacity.commission.phase_mapping import STEP_DA_MIN, LineShares, PhaseMapping, median

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any

    from ampacity.base.rng import Rng
    from ampacity.commission.experiments import Observation
    from ampacity.commission.interfaces import Claims, Loaded

    Latency = dict[str, int | None]

STEPS_A_ROUND = 6
ROUNDS_MAX = 5
ROOM_MS = 12000  # how long an order that does not come is waited for before others make more room
STEADY_MS = 2000
SETTLE_MS_MIN = 3000
MEASURE_MS = 1500
MEASURE_MS_MAX = 12000
JITTER_MS = 1500
NEAR_DA = 10
MORE_DA = 5  # drawn above the order by more than this, and by more than 3 %: it rounds up
RESOLUTION_MS = 1000
DRY_MAX = 3  # plateaus at which nothing was drawn


def levels(claims: "Claims") -> "tuple[int, int]":
    """(low, high) in da: from its minimum up, at most 16 A."""
    return claims["min_da"], min(claims["limit_da"], max(160, claims["min_da"]))


class StepResponse(Experiment):
    """rng: chance for the lengths. meters: names of the meters above it, nearest first. lines: of the supply."""

    name = "steps"

    def __init__(self, claims: "Claims", rng: "Rng", meters: "list[str]", lines: int) -> None:
        Experiment.__init__(self, claims)
        self.rng = rng
        self.meters = meters
        self.lines = [LineShares(lines) for _ in meters]
        self.mappings: "list[PhaseMapping]" = []
        self._plateaus: "list[tuple[int | None, int | None, Plateau]]" = []  # closed: (order, reported, Plateau)
        self._now: "Plateau" = None  # type: ignore[assignment]  # until its first order is out
        self._phase = "order"
        self._since_ms = 0
        self._last_da = -1
        self._last_ms = 0
        self._length_ms = 0
        self._dry = 0
        self._latencies: "dict[str, list[Latency]]" = {"up": [], "down": []}

    def begin(self, observed: "Observation", now_ms: int) -> None:
        """Sends the first order if the range is large enough to be measured."""
        low, high = levels(self.claims)
        if high - low < STEP_DA_MIN:
            self._short: "str | None" = "%s: its range allows steps of only %s" % (self.claims["name"], amps(high - low))
        else:
            self._short = None
            self._order(observed, now_ms)

    def proceed(self, observed: "Observation", now_ms: int) -> bool:
        """One look at the phase that it is in. True: it is over."""
        if self._short:
            return self.end(findings.NOT_DONE, self._short)
        if not observed.online:
            return now_ms - self._since_ms > 30000 and self.end(findings.NOT_DONE, "%s: communication was lost during the test" % self.claims["name"])
        return bool(getattr(self, "_" + self._phase + "_phase")(observed, now_ms))

    # one plateau

    def _order(self, observed: "Observation", now_ms: int) -> None:
        low, high = levels(self.claims)
        n = len(self._plateaus)
        vary = 7 * ((n // 2) % 4)  # 0.7 A finer each time: a device that rounds shows it
        self.wish_da = min(low + vary, high) if n % 2 == 0 else max(high - vary, low)
        self._phase = "order"
        self._since_ms = now_ms

    def _order_phase(self, observed: "Observation", now_ms: int) -> bool:
        """Until the order is sent. It may be less than requested if capacity is short."""
        order_da = observed.order_da
        reached = order_da is not None and abs(order_da - self.wish_da) <= max(NEAR_DA, self.claims["step_da"])
        if not reached and now_ms - self._since_ms > ROOM_MS and self._plateaus:
            before_da = self._plateaus[-1][0]
            reached = order_da is not None and before_da is not None and abs(order_da - before_da) >= STEP_DA_MIN and self.room == 2
            if not reached and self.room == 2:
                text = "%s: no order above %s was possible: too little capacity, see `why %s`"
                return self.end(findings.NOT_DONE, text % (self.claims["name"], amps(order_da or 0), self.claims["name"]))
        if not reached:
            self._make_room(now_ms)
            return False
        self._now = Plateau(now_ms, len(self.meters))
        self._phase, self._since_ms = "settle", now_ms
        self._last_da, self._last_ms = -1, now_ms
        return False

    def _make_room(self, now_ms: int) -> None:
        if now_ms - self._since_ms > ROOM_MS and self.room < 2:
            self.room += 1
            self._since_ms = now_ms

    def _settle_phase(self, observed: "Observation", now_ms: int) -> bool:
        self._now.watch(observed, now_ms)
        drawn_da = observed.drawn_da()
        if drawn_da is not None and abs(drawn_da - self._last_da) > 3:
            self._last_da, self._last_ms = drawn_da, now_ms
        after_ms = now_ms - self._since_ms
        steady = drawn_da is not None and now_ms - self._last_ms >= STEADY_MS and after_ms >= SETTLE_MS_MIN and self._moved(drawn_da)
        if steady or after_ms >= self.claims["settle_ms"] + SETTLE_MS_MIN:
            self._phase, self._since_ms = "measure", now_ms
            self._length_ms = MEASURE_MS + self.rng.below(JITTER_MS)
        return False

    def _moved(self, drawn_da: int) -> bool:
        """Has it left the plateau before?"""
        before = self._plateaus[-1][2].amps_da() if self._plateaus else None
        return drawn_da >= DRAWS_DA if before is None else abs(drawn_da - max(before)) >= 20

    def _measure_phase(self, observed: "Observation", now_ms: int) -> bool:
        self._now.take(observed)
        long_ms = now_ms - self._since_ms
        if long_ms < self._length_ms or not (self._now.enough(3) or long_ms >= MEASURE_MS_MAX):
            return False
        if self._draws_nothing():
            self._dry += 1
            if self._dry > DRY_MAX:
                return self.end(findings.NOT_DONE, "%s: the load draws no current, or stopped" % self.claims["name"])
            self._order(observed, now_ms)  # it may have been lost for a moment: the same plateau again
            return False
        self._plateaus.append((observed.order_da, observed.limit_da, self._now))
        if len(self._plateaus) > 1:
            self._add_step()
        steps = len(self._plateaus) - 1
        if steps and steps % STEPS_A_ROUND == 0 and (self._clear() or steps >= STEPS_A_ROUND * ROUNDS_MAX):
            return self._judge()
        self._order(observed, now_ms)
        return False

    def _draws_nothing(self) -> bool:
        amps = self._now.amps_da()
        return amps is not None and max(amps) < DRAWS_DA

    # steps

    def _add_step(self) -> None:
        (before_da, _, before), (after_da, _, after) = self._plateaus[-2:]
        up = (after_da or 0) > (before_da or 0)
        a, b = before.amps_da(), after.amps_da()
        step_da = None if a is None or b is None else max([abs(y - x) for x, y in zip(a, b)])
        for m in range(len(self.meters)):
            x, y = before.lines_da(m), after.lines_da(m)
            if x is not None and y is not None:
                self.lines[m].add(1 if up else -1, step_da, [q - p for p, q in zip(x, y)])
        self._latencies["up" if up else "down"].append(latency(before, after))

    def _clear(self) -> bool:
        for lines in self.lines:
            if lines.shares(0) and not lines.clear():
                return False
        return True

    # the verdict

    def _judge(self) -> bool:
        claims = self.claims
        for m, meter in enumerate(self.meters):
            if self.lines[m].shares(0):
                self.mappings.append(PhaseMapping(claims["name"], meter, claims["terminals"], self._active(), self.lines[m], self._step_da()))
        for mapping in self.mappings:
            self.findings += mapping.findings
        self._judge_rounding()
        self._judge_latency()
        self._report()
        texts = [mapping.text() for mapping in self.mappings] or ["%s follows its orders; no meter above it shows its lines" % claims["name"]]
        own = [found["text"] for found in self.findings if found["where"] == claims["name"]]  # what a meter does wrong is no fault of its
        if own:
            outcome, texts = findings.FAILED, own
        else:
            outcome = findings.PASSED if self._shown() else findings.NOT_DONE
        return self.end(outcome, "; ".join(texts))

    def _shown(self) -> bool:
        """With a meter: clear on each. Without one the lines are simply not known."""
        return len([mapping for mapping in self.mappings if mapping.clear]) == len(self.mappings)

    def _active(self) -> "list[int] | None":
        """Terminals that drew on the high plateaus, None: it does not measure."""
        highs = [amps for amps in [row[2].amps_da() for n, row in enumerate(self._plateaus) if n % 2] if amps is not None]
        if not highs:
            return None
        return [index for index in range(len(highs[0])) if median([amps[index] for amps in highs]) >= DRAWS_DA]

    def _step_da(self) -> int:
        low, high = levels(self.claims)
        return high - low

    def loaded(self) -> "Loaded":
        """[(meter index, line, 1 or -1)] by the nearest meter that showed it clearly; empty: unknown."""
        for m, lines in enumerate(self.lines):
            if lines.clear() and lines.loaded():
                return [(m, line, sign) for line, sign in lines.loaded()]
        return []

    def _judge_rounding(self) -> None:
        worst: "tuple[int, int] | None" = None
        above = 0
        for order_da, _, plateau in self._plateaus:
            amps = plateau.amps_da()
            if amps is None or order_da is None:
                continue
            more_da = max(amps) - order_da
            if more_da > max(MORE_DA, order_da * 3 // 100):
                above += 1
                if worst is None or more_da > worst[1] - worst[0]:
                    worst = (order_da, max(amps))
        if above >= 2 and worst is not None:
            self.findings.append(findings.draws_more(self.claims["name"], worst[0], worst[1], self.claims["step_da"]))

    def _judge_latency(self) -> None:
        downs = [ms for ms in [row["drawn_ms"] for row in self._latencies["down"]] if ms is not None]
        if len(downs) >= 2 and median(downs) > self.claims["settle_ms"] + RESOLUTION_MS:
            self.findings.append(findings.too_slow(self.claims["name"], median(downs), self.claims["settle_ms"]))

    def _report(self) -> None:
        rows = []
        for order_da, limit_da, plateau in self._plateaus:
            rows.append([order_da, limit_da, plateau.amps_da(), [plateau.lines_da(m) for m in range(len(self.meters))]])
        self.figures["plateaus"] = rows  # [order, reported, drawn per terminal, [per line of each meter]], all da
        self.figures["claimed_settle_ms"] = self.claims["settle_ms"]
        self.figures["claimed_step_da"] = self.claims["step_da"]
        self.figures["latency"] = {way: [[r["limit_ms"], r["drawn_ms"], r["meter_ms"]] for r in rows] for way, rows in self._latencies.items()}
        self.figures["meters"] = [[meter, self.lines[m].table()] for m, meter in enumerate(self.meters)]
        self.figures["confidence_percent"] = min([lines.confidence() for lines in self.lines]) if self.lines else None


def latency(before: "Plateau", after: "Plateau") -> "Latency":
    """After the order, in ms or None: {"limit_ms": its report shows it, "drawn_ms": its own reading is nine tenths of the way,
    "meter_ms": so is the line of the nearest meter that moved most}."""
    a, b = before.amps_da(), after.amps_da()
    drawn = None if a is None or b is None else arrival(after.track, lambda row: row[1], max(a), max(b))
    x, y = before.lines_da(0), after.lines_da(0)
    shown = None
    if x is not None and y is not None:
        line = most_moved(x, y)
        shown = arrival(after.track, lambda row: None if row[2] is None else row[2][line], x[line], y[line])
    return {"limit_ms": after.limit_ms, "drawn_ms": drawn, "meter_ms": shown}


def most_moved(x: "list[int]", y: "list[int]") -> int:
    """The index at which the two differ most."""
    moves = [abs(q - p) for p, q in zip(x, y)]
    return moves.index(max(moves))


def arrival(track: "list[list[Any]]", value_of: "Callable[[list[Any]], int | None]", start: int, end: int) -> "int | None":
    """When it had gone nine tenths of the way from start to end, None: never, or the way is too short."""
    way = end - start
    if abs(way) < STEP_DA_MIN:
        return None
    for row in track:
        value = value_of(row)
        if value is not None and (value - start) * (1 if way > 0 else -1) * 10 >= abs(way) * 9:
            return int(row[0])
    return None
