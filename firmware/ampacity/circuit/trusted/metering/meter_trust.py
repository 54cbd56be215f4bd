"""Trust in one meter's sign and phases: lost in one frame, earned by steps of our own that it follows (safety.md 3.2).

A phase that failed is trusted again after STEPS_REQUIRED followed steps, each between two rests: one may be a step of other load that
came by chance, two in a row in the same direction and of the same size hardly are. Where the failing step spared another
phase, only one that omits the same phase is evidence: swapped CTs follow an even step correctly.

Failures are counted over a day, not over an hour: a lie that comes and goes with the sun, the heat or a season of
loads would start from zero every hour. A failure that other load alone may have caused (jumps of that size were seen at constant
currents of ours) has a small weight, or a correct meter next to a hob would end there; not zero, because a fault that
comes and goes also looks like jumps. At BLAME_MAX a person must look.
"""

STEPS_REQUIRED = 2
FAILED = 12  # blame for a failure that nothing else explains: the third one is the last
EXPLAINED = 1  # for a failure that jumps of other load explain
BLAME_MAX = 3 * FAILED
BUCKETS = 5  # of six hours: a failure counts for 24 to 30 hours
UNTRIED_MS = 60000  # where none of our EVSEs could ever step: plausible for so long

SIGN = "shows less than the EVSEs draw, or feed-in above the declared generation"
PHASE = "did not follow a step of the EVSEs"


class MeterTrust:
    """The followed steps that one meter still lacks, per supply phase. loaded: does one of our EVSEs load this phase?"""

    def __init__(self, loaded: "list[bool]") -> None:
        self.loaded = loaded
        self.missing_steps = [0] * len(loaded)
        self.against = [0] * len(loaded)  # masks: which other phases a step must spare to count for this one, also while it is only suspected
        self.blame = [0] * BUCKETS
        self.latched = False
        self.failed_ms = -1  # last, where no EVSE of ours could clear it
        self.unsaved_failures = 0  # how often trust fell since that was journalled
        self.reason = ""
        self.unloaded_steps: "list[int] | None" = None  # what it lacked when it last had EVSEs, while it has none

    def is_trusted(self, now_ms: int) -> bool:
        """3.2: False while a phase lacks a followed step, a person has to look, or a failure that no EVSE can clear is younger than UNTRIED_MS."""
        if self.latched or (self.failed_ms >= 0 and now_ms - self.failed_ms < UNTRIED_MS):
            return False
        return not self.has_missing_steps()

    def has_missing_steps(self) -> bool:
        """Is a followed step still missing on some phase?"""
        return sum(self.missing_steps) > 0

    def needs_step(self, p: int) -> bool:
        """Would a step of our EVSEs on this phase help?"""
        return self.missing_steps[p] > 0 and not self.latched

    # what the meter did

    def require_steps(self, p: int, spared: int, now_ms: int) -> None:
        """On this phase it showed what cannot be, or missed a step of ours; spared: mask of the phases where ours hardly did."""
        if self.loaded[p]:
            self.missing_steps[p] = STEPS_REQUIRED
            self.against[p] |= spared
        elif True not in self.loaded:
            self.failed_ms = now_ms
        for q in range(len(self.loaded)):
            if self.loaded[q] and not self.loaded[p]:
                self.missing_steps[q] = STEPS_REQUIRED

    def failed(self, reason: str, explained: bool = False) -> None:
        """One more failure, on however many phases. explained: other load that jumps may have feigned it."""
        if self.latched:
            return
        self.unsaved_failures += 1
        self.reason = reason
        self.blame[0] += EXPLAINED if explained else FAILED
        if sum(self.blame) >= BLAME_MAX:
            self.latched = True

    def followed(self, p: int, spared: int) -> None:
        """It followed a step of ours that spared these phases."""
        if self.missing_steps[p] and not self.against[p] & ~spared:
            self.missing_steps[p] -= 1
            if not self.missing_steps[p]:
                self.against[p] = 0

    # time, people, the journal

    def advance(self) -> None:
        """A quarter of a day is over."""
        self.blame.insert(0, 0)
        self.blame.pop()

    def reset(self) -> None:
        """A person looked at the meter and its CTs: it is what it was when it was commissioned."""
        for p in range(len(self.missing_steps)):
            self.missing_steps[p] = self.against[p] = 0
        for at in range(BUCKETS):
            self.blame[at] = 0
        self.latched = False
        self.failed_ms = -1
        self.reason = ""
        self.unloaded_steps = None

    def text(self) -> str:
        """Why the meter is not valid; "": it is."""
        if self.latched:
            return "%s, third time within 24 h: inspection required" % self.reason
        lines = ["L%d" % (p + 1) for p, missing in enumerate(self.missing_steps) if missing]
        if lines:
            return "%s; trusted again when it follows the steps of the EVSEs on %s" % (self.reason, ", ".join(lines))
        return self.reason if self.failed_ms >= 0 else ""

    def dump(self) -> "dict[str, object] | None":
        """JSON-able; None: nothing counts against it."""
        missing = self.unloaded_steps or self.missing_steps
        if not self.latched and not sum(missing) and not sum(self.blame):
            return None
        return {"owed": list(missing), "against": list(self.against), "blame": list(self.blame),
                "latched": self.latched, "reason": self.reason}  # fmt: skip

    def load(self, kept: object) -> None:
        """What does not have the expected form is left out. May come of several meters: the most of each counts."""
        if not isinstance(kept, dict):
            return
        count = len(self.missing_steps)
        missing, against, blame = ints(kept.get("owed"), count), ints(kept.get("against"), count), ints(kept.get("blame"), BUCKETS)
        if missing is not None and against is not None:
            moved = any([steps and not self.loaded[p] for p, steps in enumerate(missing)])  # the EVSEs are on other lines now
            if True not in self.loaded:
                self.unloaded_steps = [max(each) for each in zip(missing, self.unloaded_steps or missing)]
            for p, steps in enumerate(missing):
                if self.loaded[p]:
                    self.missing_steps[p] = STEPS_REQUIRED if moved else max(self.missing_steps[p], min(STEPS_REQUIRED, steps))
                if self.loaded[p] or self.unloaded_steps:
                    self.against[p] |= against[p] if steps else 0  # a suspicion has no life after a restart
        if blame is not None:
            self.blame = [max(each) for each in zip(self.blame, blame)]
        self.latched = self.latched or bool(kept.get("latched"))
        self.reason = str(kept.get("reason") or "") or self.reason


def ints(values: object, count: int) -> "list[int] | None":
    """A copy of a list of exactly `count` integers, each 0 or more; None: values is anything else. A bool is no integer here."""
    if not isinstance(values, list) or len(values) != count:
        return None
    for value in values:
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            return None
    return list(values)
