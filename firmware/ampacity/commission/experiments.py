"""What every experiment on one EVSE shares, and the simple ones: is there a load, and is it the right EVSE?

An experiment is asked `step(observed, now_ms)` a few times a second until it is over. Its requests
are attributes; the run turns them into limits, which can only lower, so the ledger decides:

- `wish_da`: what the EVSE under test should be limited to, None: to what it has;
- `holds_others`, `room`: 0 the others keep their currents; 1 they may go to their minimum, 2 to a pause, so that the request fits;
- `traffic`: ALL_TRAFFIC, READS_ONLY or NO_TRAFFIC toward this EVSE (a test of its fail-safe);
- `ask`: the question to the person, None: none. `answer("next" | "no")` is the reply.

After the end: `outcome`, `text`, `figures` (for the report), `findings`, and `counts`: what the ledger is to count.
"""

from collections import OrderedDict

from ampacity.bus.device_facts import ALL_TRAFFIC, DRAWS_DA
from ampacity.commission import findings

if False:  # for the type checker
    from collections.abc import Sequence
    from typing import Any

    from ampacity.commission.interfaces import Claims, Document, Finding, Lines, Off

ANSWER_MS = 60000  # wait for an EVSE without a reply
LOOK_MS = 3000
WAKES_MS = 15000
BLINKS = 3
DARK_MS, LIGHT_MS = 7000, 10000


# the guard's words for an EVSE that it does not let charge, and the console's word that ends it
LOCKS = {"swapped": "replace %s", "disobeyed": "unlock %s", "disobeys": "unlock %s", "isolated": "isolate %s off"}


class Observation:
    """What is seen of one EVSE and of the meters above it, now.

    state: the guard's word ("ok", "silent", …). online, plugged, charging: the driver's. order_da: the last order sent,
    None: none. limit_da: what the device reports in force. amps_da: per terminal, None: it does not measure; amps_ms: when that
    was read. fed_ms: when the last frame left that may keep its order alive, None: not known. pressed: the site needs back the
    current that a silence under test holds. line_trouble: report of the bus on its address, "": none.
    off: what it shows while it is paused, None: it is not, or was not read. meters: [(current per
    supply line or None, when)], one for each meter above it, nearest first.
    """

    def __init__(self, **facts: "Any") -> None:
        self.state = "ok"
        self.online = True
        self.plugged: "bool | None" = None
        self.charging = False
        self.order_da: "int | None" = None
        self.limit_da: "int | None" = None
        self.amps_da: "Lines | None" = None
        self.amps_ms = -1
        self.fed_ms: "int | None" = None
        self.pressed: object = False
        self.line_trouble = ""
        self.off: "Off | None" = None
        self.meters: "Sequence[tuple[Lines | None, int]]" = []
        for name in facts:
            setattr(self, name, facts[name])

    def drawn_da(self) -> "int | None":
        """The fullest terminal's current by the device itself, None: unknown."""
        return max(self.amps_da) if self.amps_da else None

    def draws(self) -> bool:
        """True if the car draws current; without a measurement by the state of the device."""
        drawn_da = self.drawn_da()
        return self.charging if drawn_da is None else drawn_da >= DRAWS_DA


class Experiment:
    """claims: facts of this EVSE from site file and profile (see commissioning_run.py)."""

    name = ""
    holds_others = True  # do the others have to stay where they are?

    def __init__(self, claims: "Claims") -> None:
        self.claims = claims
        self.wish_da: int = None  # type: ignore[assignment]  # what the EVSE has
        self.room = 0
        self.traffic = ALL_TRAFFIC
        self.ask: "str | None" = None
        self.outcome = findings.NOT_DONE
        self.text = ""
        self.figures: "Document" = OrderedDict()
        self.findings: "list[Finding]" = []
        self.counts: "Document" = {}
        self.began_ms: int = None  # type: ignore[assignment]  # until its first step
        self._word: "str | None" = None

    def answer(self, word: str) -> None:
        """The reply of the person, next or no; the next step takes it."""
        self._word = word

    def step(self, observed: "Observation", now_ms: int) -> bool:
        """True: it is over."""
        if self.began_ms is None:
            self.began_ms = now_ms
            self.begin(observed, now_ms)
        return self.proceed(observed, now_ms)

    def begin(self, observed: "Observation", now_ms: int) -> None:
        """The first step."""

    def proceed(self, observed: "Observation", now_ms: int) -> bool:
        """Each step; True: it is over."""
        return True

    def progress(self) -> str:
        """How far it is, for people; "": that cannot be said."""
        return ""

    def leave(self, why: str) -> bool:
        """Skipped, by the installer or without an answer."""
        return self.end(findings.NOT_DONE, why)

    def end(self, outcome: str, text: str) -> bool:
        """Over, with this verdict."""
        self.outcome, self.text, self.ask = outcome, text, None
        return True

    def fail(self, finding: "Finding") -> bool:
        """Over, with this finding: the device did not pass."""
        self.findings.append(finding)
        return self.end(findings.FAILED, finding["text"])


class LoadCheck(Experiment):
    """Is it there, and does a car or a test load draw? Nothing else can be measured without."""

    name = "load"
    holds_others = False

    _since_ms = None  # a car is plugged in and does not draw
    _plugged_ms = 0

    def begin(self, observed: "Observation", now_ms: int) -> None:
        """Requests its minimum."""
        self.wish_da = self.claims["min_da"]

    def proceed(self, observed: "Observation", now_ms: int) -> bool:
        """True: a load draws, or it does not answer, or it is locked."""
        name, waited_ms = self.claims["name"], now_ms - self.began_ms
        if not observed.online:
            if observed.line_trouble:
                return self._wait_for_one(observed)
            return waited_ms >= ANSWER_MS and not self.findings and self.fail(findings.no_answer(name, self.claims["where"]))
        for found in self.findings:
            if found["level"] == "error":
                found["level"], found["text"] = "warning", found["text"] + "; corrected"
        if observed.state in LOCKS:
            return self.fail(findings.locked(name, observed.state, LOCKS[observed.state]))
        if observed.draws():
            return self.end(findings.PASSED, "%s: a load draws current" % name)
        self._since_ms = now_ms if not observed.plugged or self._since_ms is None else self._since_ms
        self._plugged_ms = now_ms - self._since_ms
        if waited_ms >= LOOK_MS:
            self._ask(observed)
        if self._plugged_ms >= WAKES_MS:
            self.room = 1 if self._plugged_ms < 2 * WAKES_MS else 2
        return False

    def _wait_for_one(self, observed: "Observation") -> bool:
        """Two devices have its address: the run continues when this is corrected."""
        if not self.findings:
            self.findings.append(findings.same_unit(self.claims["name"], self.claims["where"], observed.line_trouble))
        self.ask = "%s; %s" % (self.findings[0]["text"], self.findings[0]["fix"])
        return False

    def _ask(self, observed: "Observation") -> None:
        name = self.claims["name"]
        if observed.plugged:
            self.ask = "%s: its car draws no current; switch the load on" % name if self._plugged_ms > WAKES_MS else None
        else:
            self.ask = "plug a car or a test load into %s (a single-phase load identifies the lines)" % name


class IdentifyByBlinking(Experiment):
    """Paused and released three times: the installer confirms that it is the EVSE with this name."""

    name = "identity"
    holds_others = False

    def begin(self, observed: "Observation", now_ms: int) -> None:
        """A person is asked to look."""
        name = self.claims["name"]
        self.ask = "%s stops and starts %d times; is it the EVSE with this name?" % (name, BLINKS)

    def proceed(self, observed: "Observation", now_ms: int) -> bool:
        """Pauses of 7 s, releases of 10 s. True: a person has answered."""
        at_ms = now_ms - self.began_ms
        dark = at_ms % (DARK_MS + LIGHT_MS) < DARK_MS
        self.wish_da = 0 if dark and at_ms < BLINKS * (DARK_MS + LIGHT_MS) else self.claims["min_da"]
        if self._word == "next":
            return self.end(findings.PASSED, "%s stopped and started as ordered" % self.claims["name"])
        if self._word == "no":
            return self.fail(findings.other_unit(self.claims["name"], self.claims["unit"]))
        return False


class Plateau:
    """Mean readings at a constant current, and the time at which it was reached."""

    def __init__(self, ordered_ms: int, meters: int) -> None:
        self.ordered_ms = ordered_ms
        self.limit_ms: "int | None" = None  # after the order: its report shows it
        self.track: "list[list[Any]]" = []  # [after the order in ms, drawn_da or None, fullest line per meter …]
        self.count = 0
        self._amps: "list[int] | None" = None
        self._amps_ms = -1
        self._sums: "list[list[int] | None]" = [None] * meters
        self._counts = [0] * meters
        self._at_ms = [-1] * meters
        self._amps_count = 0

    def watch(self, observed: "Observation", now_ms: int) -> None:
        """Before the plateau: notes when each reading shows the change."""
        limit_da, order_da = observed.limit_da, observed.order_da
        if self.limit_ms is None and limit_da is not None and order_da is not None and abs(limit_da - order_da) <= 2:
            self.limit_ms = now_ms - self.ordered_ms
        lines = observed.meters[0][0] if observed.meters else None
        row = [now_ms - self.ordered_ms, observed.drawn_da(), None if lines is None else list(lines)]
        if not self.track or row[1:] != self.track[-1][1:]:
            self.track.append(row)

    def take(self, observed: "Observation") -> None:
        """One look at the plateau; each reading counts once."""
        if observed.amps_da is not None and observed.amps_ms != self._amps_ms:
            self._amps_ms = observed.amps_ms
            self._amps = add(self._amps, observed.amps_da)
            self._amps_count += 1
        for m, (lines, at_ms) in enumerate(observed.meters):
            if lines is not None and at_ms != self._at_ms[m]:
                self._at_ms[m] = at_ms
                self._sums[m] = add(self._sums[m], lines)
                self._counts[m] += 1

    def enough(self, least: int) -> bool:
        """So many readings of every meter that shows anything, and of the device where it measures."""
        seen = [n for n in self._counts if n] + ([self._amps_count] if self._amps_count else [])
        return bool(seen) and min(seen) >= least

    def amps_da(self) -> "list[int] | None":
        """Mean per terminal, None: it does not measure."""
        return mean(self._amps, self._amps_count)

    def lines_da(self, meter: int) -> "list[int] | None":
        """Mean per supply line of that meter, None: it showed nothing, or there is no such meter."""
        return mean(self._sums[meter], self._counts[meter]) if meter < len(self._sums) else None


def add(sums: "list[int] | None", values: "Lines") -> "list[int]":
    """Sums per line; None: no sums until now."""
    return list(values) if sums is None else [a + b for a, b in zip(sums, values)]


def mean(sums: "list[int] | None", count: int) -> "list[int] | None":
    """Rounded to the nearest, also below 0."""
    return [(2 * total + count) // (2 * count) for total in sums] if count and sums is not None else None
