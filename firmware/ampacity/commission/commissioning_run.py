"""A commissioning run: EVSE after EVSE, experiment after experiment, with its findings and its open question.

Pure: `step(observed, now_ms)` a few times a second with the readings of the EVSE under test (`claims`, None: over); its requests
are in `experiment`. `command(word)` is the answer of the installer: next, no, skip, abort. An EVSE whose steps are over is put into
`ended` as (claims, "passed" | "failed" | "not done", counts).

Claims of an EVSE (a dict): name, unit, where, kind, terminals, min_da, max_da, limit_da, step_da, settle_ms, watchdog_ms (0: none),
tolerance_ms, fallback_da, power_on_da, power_on_source, holds, meters (names of those above it, nearest first); tellable: the site
file may say what it shows while it is paused.
"""

from collections import OrderedDict

from ampacity.base.errors import Rejected
from ampacity.commission import findings
from ampacity.commission.experiments import IdentifyByBlinking, LoadCheck
from ampacity.commission.failsafe import FailsafeCheck
from ampacity.commission.paused_readback import PausedReadback
from ampacity.commission.phase_mapping import swapped_at
from ampacity.commission.power_on import PowerOn
from ampacity.commission.report import add_finding
from ampacity.commission.setpoint_hold import SetpointHold, keeps
from ampacity.commission.step_response import StepResponse
from ampacity.commission.trace import Trace

if False:  # for the type checker
    from typing import Any

    from ampacity.base.rng import Rng
    from ampacity.commission.experiments import Experiment, Observation
    from ampacity.commission.interfaces import Claims, Document, Finding, Loaded

ANSWER_MS = 1800000  # validity of a question
WORDS = ("next", "no", "skip", "abort")
ORDER = ("pause", "load", "identity", "steps", "silence", "power-on")


def needless(step: str, claims: "Claims") -> "str | None":
    """Why this EVSE needs no such step, None: it does."""
    if step == "silence" and claims["kind"] == "local":
        return "its watchdog is that of the controller: the hardware opens its contactor"
    if step == "silence" and not claims["watchdog_ms"] and claims["holds"]:
        return keeps(claims)
    if step == "power-on" and claims["power_on_source"] not in ("declared", "unknown"):
        return "its power-on value is documented or read back"
    return None


class CommissioningRun:
    """plan: claims in the order of the test. rng: base/rng. lines: of the supply. `undone`: [[EVSE, steps left out]] of one that was `aborted`."""

    aborted = False
    undone: "list[list[Any]] | tuple[()]" = ()

    def __init__(self, plan: "list[Claims]", rng: "Rng", lines: int, now_ms: int) -> None:
        self.plan = list(plan)
        self.rng = rng
        self.lines = lines
        self.start_ms = now_ms
        self.results: "OrderedDict[str, Any]" = OrderedDict()
        self.findings: "list[Finding]" = []
        self.ended: "list[tuple[Claims, str, Document]]" = []
        self.experiment: "Experiment" = None  # type: ignore[assignment]  # when it is over, too
        self.at = -1
        self._steps: "list[str]" = []
        self._loaded: "Loaded" = []
        self._pairs: "list[tuple[str, tuple[int, int]]]" = []
        self._record: "Trace" = None  # type: ignore[assignment]  # until the first EVSE begins
        self._asked: "str | None" = None
        self._asked_ms = now_ms
        self._next_evse(now_ms)

    @property
    def over(self) -> bool:
        """Is every EVSE of the plan done, or the run aborted?"""
        return self.at >= len(self.plan)

    @property
    def claims(self) -> "Claims":
        """Of the EVSE under test; None: it is over."""
        return None if self.over else self.plan[self.at]  # type: ignore[return-value]

    def step(self, observed: "Observation", now_ms: int) -> None:
        """One look at the EVSE under test, a few times a second."""
        if self.over:
            return
        self._record.take(observed, now_ms)
        if observed.off is not None:
            self.results[self.claims["name"]]["off"] = dict(observed.off)
        experiment = self.experiment
        over = experiment.step(observed, now_ms)
        if self._nobody_answers(experiment, now_ms):
            over = experiment.leave("no answer within %d min" % (ANSWER_MS // 60000))
        if over:
            self._close(experiment, now_ms)
            self._next_step(now_ms)

    def command(self, word: str, now_ms: int) -> None:
        """Raises Rejected for a word that fits nothing now."""
        if self.over or word not in WORDS:
            raise Rejected("commission", word, "start, status, lines, report, sign" if self.over else "status, " + ", ".join(WORDS))
        if word == "abort":
            self._abort(now_ms)
        elif word == "skip":
            self.experiment.leave("skipped by the installer")
            self._close(self.experiment, now_ms)
            self._next_step(now_ms)
        elif self.experiment.ask is None:
            raise Rejected("commission", word, "skip or abort: no question is open")
        else:
            self.experiment.answer(word)

    def _nobody_answers(self, experiment: "Experiment", now_ms: int) -> bool:
        """A question without an answer must not block a site permanently."""
        if experiment.ask is None or experiment.ask != self._asked:
            self._asked, self._asked_ms = experiment.ask, now_ms
        return experiment.ask is not None and now_ms - self._asked_ms > ANSWER_MS

    # the sequence

    def _next_evse(self, now_ms: int) -> None:
        self.at += 1
        self.experiment = None  # type: ignore[assignment]
        if self.over:
            self._conclude()
            return
        self._steps = [step for step in ORDER if step != "pause" or self.claims.get("tellable")]
        self._loaded = []
        self._record = Trace(self.start_ms)
        result: "OrderedDict[str, Any]" = OrderedDict()
        for key, value in (("outcome", None), ("began_ms", now_ms - self.start_ms), ("ended_ms", None), ("steps", []), ("samples", [])):
            result[key] = value
        self.results[self.claims["name"]] = result
        self._next_step(now_ms)

    def _next_step(self, now_ms: int) -> None:
        while self._steps:
            name = self._steps.pop(0)
            why = needless(name, self.claims) or self._hopeless(name)
            if why is None:
                self.experiment = self._make(name)
                return
            done = "not needed" if needless(name, self.claims) else findings.NOT_DONE
            self._write(name, done, why, OrderedDict(), now_ms, now_ms)
        self._end_evse(now_ms)

    def _hopeless(self, name: str) -> "str | None":
        """What the step before it did not show."""
        for row in self.results[self.claims["name"]]["steps"]:
            if row["step"] == "load" and row["outcome"] != findings.PASSED:
                return "no load: %s" % row["text"]
        return None

    def _make(self, name: str) -> "Experiment":
        claims, meters = self.claims, self.claims["meters"]
        if name == "load":
            return LoadCheck(claims)
        if name == "pause":
            return PausedReadback(claims)
        if name == "identity":
            return IdentifyByBlinking(claims)
        if name == "steps":
            return StepResponse(claims, self.rng, meters, self.lines)
        kind = PowerOn if name == "power-on" else FailsafeCheck if claims["watchdog_ms"] else SetpointHold
        return kind(claims, self._loaded, len(meters))

    def _close(self, experiment: "Experiment", now_ms: int) -> None:
        """An experiment is over: into the results."""
        if isinstance(experiment, StepResponse):
            self._loaded = experiment.loaded()
            self._pairs += [(mapping.meter, mapping.pair) for mapping in experiment.mappings if mapping.pair]
        for found in experiment.findings:
            add_finding(self.findings, found)
        began_ms = now_ms if experiment.began_ms is None else experiment.began_ms
        row = self._write(experiment.name, experiment.outcome, experiment.text, experiment.figures, began_ms, now_ms)
        row["findings"] = list(experiment.findings)
        row["counts"] = dict(experiment.counts)

    def _write(self, name: str, outcome: str, text: str, figures: "Document", began_ms: int, ended_ms: int) -> "OrderedDict[str, Any]":
        row = OrderedDict()
        for key, value in (("step", name), ("outcome", outcome), ("text", text), ("began_ms", began_ms - self.start_ms),
                           ("ended_ms", ended_ms - self.start_ms), ("figures", figures)):
            row[key] = value
        self.results[self.claims["name"]]["steps"].append(row)
        return row

    def _end_evse(self, now_ms: int) -> None:
        claims = self.claims
        result = self.results[claims["name"]]
        outcomes = [row["outcome"] for row in result["steps"] if row["step"] != "identity" or row["outcome"] == findings.FAILED]
        if findings.FAILED in outcomes:
            result["outcome"] = findings.FAILED
        else:
            result["outcome"] = findings.NOT_DONE if findings.NOT_DONE in outcomes else findings.PASSED
        result["ended_ms"] = now_ms - self.start_ms
        result["samples"] = self._record.rows
        counts: "Document" = {}
        for row in result["steps"]:
            counts.update(row.get("counts", {}))
        self.ended.append((claims, result["outcome"], counts))
        self._next_evse(now_ms)

    def _abort(self, now_ms: int) -> None:
        self.aborted = True
        first = [self.claims["name"], [self.experiment.name] + self._steps]
        self.undone = [first] + [[claims["name"], []] for claims in self.plan[self.at + 1 :]]
        self.experiment.end(findings.NOT_DONE, "the run was aborted")
        self._close(self.experiment, now_ms)
        result = self.results[self.claims["name"]]
        result["outcome"] = findings.FAILED if findings.FAILED in [row["outcome"] for row in result["steps"]] else findings.NOT_DONE
        result["ended_ms"] = now_ms - self.start_ms
        result["samples"] = self._record.rows
        self.at = len(self.plan)
        self.experiment = None  # type: ignore[assignment]
        self._conclude()

    def _conclude(self) -> None:
        """What several EVSEs show together: exchanged CTs look like exchanged wires at every one of them."""
        for meter in sorted({meter: 1 for meter, _ in self._pairs}):
            found = swapped_at(meter, [pair for name, pair in self._pairs if name == meter])
            if found is not None:
                add_finding(self.findings, found)

    # what people see

    def status(self, now_ms: int, since: int = 0) -> "OrderedDict[str, Any]":
        """Progress: {"running", "evse", "step", "ask", "done", "left", …}; of what is done, the rows from `since` on."""
        status: "OrderedDict[str, Any]" = OrderedDict()
        status["running"] = not self.over
        status["evse"] = None if self.over else self.claims["name"]
        status["step"] = None if self.over else self.experiment.name
        status["ask"] = None if self.over else self.experiment.ask
        status["progress"] = "" if self.over else self.experiment.progress()
        status["seconds"] = (now_ms - self.start_ms) // 1000
        done = [(name, row) for name in self.results for row in self.results[name]["steps"]]
        status["done"] = [[name, row["step"], row["outcome"], row["text"]] for name, row in done[since:]]
        status["left"] = [claims["name"] for claims in self.plan[self.at + 1 :]]
        status["findings"] = list(self.findings)
        return status
