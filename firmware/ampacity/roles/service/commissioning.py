"""Commissioning at a primary: the run (ampacity.commission) gets what is seen, and its wishes become limits that only lower.

Made when an installer first asks for it. While an EVSE is under test the others stay where they are, or give way; its
own current is a limit of the source "commission" that ends by itself. Nothing here sends a frame or passes the guard.
"""


from ampacity import __version__
from ampacity.base import strict_json
from ampacity.base.compat import format_exception
from ampacity.base.errors import NotNow, Rejected
from ampacity.base.printable import is_digits
from ampacity.bus.device_facts import ALL_TRAFFIC
from ampacity.bus.profile.pause_evidence import can_declare_off_shows, pause_view
from ampacity.commission import report
from ampacity.commission.commissioning_run import CommissioningRun
from ampacity.commission.experiments import Observation
from ampacity.console.error_texts import UsageError
from ampacity.roles.optional.part import OptionalPart

if False:  # for the type checker
    from typing import Any

    from ampacity.circuit.trusted.site.tree import Evse
    from ampacity.commission.experiments import Experiment
    from ampacity.roles.interfaces import SiteFacts, View
    from ampacity.roles.primary_face import PrimaryFace

SOURCE = "commission"
HOLDS_MS = 6000  # of a limit; it is put again in time
AGAIN_MS = 2000
WHO_MAX = 60


class Commissioning(OptionalPart):
    """primary: roles/primary.py. `serves(index)`: is a car to be charged there because it is under test?"""

    def __init__(self, primary: "PrimaryFace") -> None:
        self.primary = primary
        self.guard = primary.guard
        self.run: "CommissioningRun" = None  # type: ignore[assignment]  # until the first one
        self._readings: "list[tuple[list[int] | None, int]]" = [(None, -1)] * len(primary.site["meters"])
        self._under_test: "dict[str, Any]" = None  # type: ignore[assignment]  # no EVSE
        self._silenced: "int | None" = None
        self._frozen: "dict[int, int]" = {}
        self._puts: "dict[int, tuple[int | None, int]]" = {}
        self._attend_ms = 0
        self._wish_da: "int | None" = None
        self._counted = False
        self._began: "str | None" = None  # when the run began, as a date
        primary.parts.append(self)

    @property
    def running(self) -> bool:
        """Is a run in progress?"""
        return self.run is not None and not self.run.over

    # a part of the primary

    def reading(self, meter: int, now_ms: int) -> None:
        """A meter's frame: its currents per supply phase, for the EVSE under test."""
        reading = self.primary.readings[meter]
        amps_da = None if reading is None else reading.get("amps_da")
        lines = None
        if amps_da is not None:
            lines = [0] * self.primary.site["phases"]
            for index, line in enumerate(self.primary.site["meters"][meter]["phases"]):
                if index < len(amps_da):
                    lines[line] = amps_da[index]
        self._readings[meter] = (lines, now_ms)

    def step(self, now_ms: int) -> None:
        """A defect here must not take the site with it: the run ends, and everything is let go."""
        try:
            self._step(now_ms)
        except Exception as e:
            self.primary.log.add("error", "commission: " + format_exception(e), now_ms)
            self.primary.log.counter("commission_failures")
            self.run = None  # type: ignore[assignment]
            self._release(now_ms)

    def _step(self, now_ms: int) -> None:
        run = self.run
        if run is None or run.over or self.guard.mode == "quarantine":
            return
        if self.guard.mode == "safe":
            self.command(["abort"], now_ms)
            return
        if run.claims is not self._under_test:
            self._begin(run.claims, now_ms)  # type: ignore[arg-type]
        experiment = run.experiment
        run.step(self._observe(run.claims), now_ms)  # type: ignore[arg-type]
        self._declare_off_shows(experiment, now_ms)
        self._take_ended(now_ms)
        if run.over:
            self._finish(now_ms)
        elif run.claims is self._under_test:
            self._count_at_once(run.experiment, now_ms)
            self._apply(self._under_test["index"], run.experiment, now_ms)  # type: ignore[typeddict-item]

    def close(self, now_ms: int) -> None:
        """About to restart: every limit of the run is withdrawn."""
        self._release(now_ms)

    def serves(self, index: int) -> bool:
        """Is its car to be charged without being asked who it belongs to, because it is under test?"""
        return self._under_test is not None and self._under_test["index"] == index

    # what is seen

    def _observe(self, claims: "dict[str, Any]") -> "Observation":
        index, guard = claims["index"], self.guard
        facts = self.primary.evses.facts(index)
        return Observation(
            state=guard.state(index), online=facts.online, plugged=facts.plugged, charging=facts.charging, order_da=guard.last_order_da(index),
            limit_da=facts.limit_da, amps_da=facts.amps_da, amps_ms=facts.updated_ms,
            fed_ms=guard.ledger.evse_states[index].last_feed_ms, pressed=self._silenced == index and guard.optional.lacks_test_room(index),
            line_trouble=self._line_trouble(claims), off=self._off(index),
            meters=[self._readings[m] for m in claims["meter_indexes"]],
        )  # fmt: skip

    def _off(self, index: int) -> object:
        """What it shows while it is paused, where its driver reads registers."""
        driver = self.primary.buses.drivers[index]
        return pause_view(driver) if hasattr(driver, "declare_off_shows") else None

    def _line_trouble(self, claims: "dict[str, Any]") -> str:
        """What the bus says of this address: two devices have it."""
        wire = self.primary.buses.wire_of[claims["index"]]
        duplicate_addresses = getattr(wire.engine, "duplicate_addresses", None) if wire is not None else None
        return duplicate_addresses.text(claims["unit"]) if duplicate_addresses is not None else ""

    # what is wished

    def _begin(self, claims: "dict[str, Any]", now_ms: int) -> None:
        """The next EVSE."""
        self._release(now_ms)
        self._under_test = claims
        self._counted = False

    def _apply(self, index: int, experiment: "Experiment", now_ms: int) -> None:
        self._apply_traffic(index, experiment, now_ms)
        wish_da = self._careful(index, experiment)
        if wish_da != self._wish_da or now_ms - self._attend_ms >= AGAIN_MS:
            self._wish_da, self._attend_ms = wish_da, now_ms
            self.guard.optional.under_test(index)
        self._limit(index, wish_da, now_ms)
        self._hold_others(index, experiment, now_ms)

    def _hold_others(self, index: int, experiment: "Experiment", now_ms: int) -> None:
        """While it is measured the others stay where they are, or give way; while people are waited for they are free."""
        if not experiment.holds_others and not experiment.room:
            for other in sorted(self._frozen):
                self._limit(other, None, now_ms)
            self._frozen = {}
            return
        if not self._frozen:
            self._frozen = {other: self.guard.want_da[other] for other in range(len(self.primary.site["evses"])) if other != index}
        for other in sorted(self._frozen):
            room_da = self._frozen[other]
            if experiment.room:
                room_da = min(room_da, self.guard.site.evses[other].min_da) if experiment.room == 1 else 0
            self._limit(other, room_da, now_ms)

    def _careful(self, index: int, experiment: "Experiment") -> "int | None":
        """Until its lines are known it gets no more than what every line of the circuits above has room for."""
        wish_da, ledger, site = experiment.wish_da, self.guard.ledger, self.guard.site
        if wish_da is None or experiment.name not in ("load", "identity", "steps"):
            return wish_da
        s = ledger.evse_states[index]
        for circuit in site.paths[s.evse.circuit]:
            for key in range(circuit * site.phases, (circuit + 1) * site.phases):
                if key not in s.on_keys:
                    wish_da = min(wish_da, max(0, ledger.margin.free_da(key)))
        return wish_da

    def _limit(self, index: int, value_da: "int | None", now_ms: int) -> None:
        put = self._puts.get(index)
        if put is not None and put[0] == value_da and now_ms - put[1] < AGAIN_MS:
            return
        self._puts[index] = (value_da, now_ms)
        self.guard.limit(SOURCE, ("evse", index), value_da, now_ms + HOLDS_MS, "release")

    def _apply_traffic(self, index: int, experiment: "Experiment", now_ms: int) -> None:
        driver = self.primary.buses.drivers[index]
        if experiment.traffic == ALL_TRAFFIC:
            self._resume_traffic(now_ms)
            return
        if not hasattr(driver, "set_traffic"):
            self.run.command("skip", now_ms)  # orders that are no frames cannot be kept back
            return
        if self._silenced is None:
            try:
                self.guard.optional.watchdog_test(index, True, now_ms)
            except Rejected:
                self.run.command("skip", now_ms)
                return
            self._silenced = index
            self.primary.log.add("warning", "commission: communication with %s stops to test its fallback" % self._under_test["name"], now_ms)
        if driver.traffic != experiment.traffic:  # type: ignore[attr-defined]
            driver.set_traffic(experiment.traffic, now_ms)

    def _resume_traffic(self, now_ms: int) -> None:
        if self._silenced is not None:
            self.primary.buses.drivers[self._silenced].set_traffic(ALL_TRAFFIC, now_ms)  # type: ignore[attr-defined]
            self.guard.optional.watchdog_test(self._silenced, False, now_ms)
            self._silenced = None

    def _release(self, now_ms: int) -> None:
        """No EVSE is under test: every wish is withdrawn."""
        if self._under_test is not None and self._under_test["tellable"]:
            self.primary.off_shows().declare(self._under_test["index"], None)
        self._resume_traffic(now_ms)
        for index in sorted(self._puts):
            self.guard.limit(SOURCE, ("evse", index), None, None, "release")
        self._puts, self._frozen = {}, {}
        self._under_test = self._wish_da = None  # type: ignore[assignment]
        self.guard.optional.under_test(None)

    # what is counted and kept

    def _declare_off_shows(self, experiment: "Experiment", now_ms: int) -> None:
        """What the device is assumed to show in a pause: until the test ends, or permanently where a load has shown it."""
        if not hasattr(experiment, "declares") or self._under_test is None:
            return
        index = self._under_test["index"]
        off = self.primary.off_shows()
        off.declare(index, experiment.declares)
        if "off_shows" in experiment.counts:
            off.keep(index, experiment.counts["off_shows"], now_ms)

    def _count_at_once(self, experiment: "Experiment", now_ms: int) -> None:
        """A watchdog that did not act counts before anything is sent to its device again."""
        if experiment.counts.get("distrusted") and not self._counted:
            self._counted = True
            self._put_evidence(self._under_test, False, experiment.counts, now_ms)

    def _put_evidence(self, claims: "dict[str, Any]", tested: bool, counts: "dict[str, Any]", now_ms: int) -> None:
        """What a step has shown replaces what was known; what no step has looked at stays as it was."""
        evidence = self.guard.ledger.evse_states[claims["index"]].evidence
        passed = [row["step"] for row in self.run.results[claims["name"]]["steps"] if row["outcome"] == "passed"]
        seen = {}
        for key in evidence.seen:
            if ("power-on" if key == "power_on_da" else "silence") not in passed:
                seen[key] = evidence.seen[key]
        seen.update(counts)
        distrusted = bool(counts.get("distrusted")) or (evidence.distrusted and "silence" not in passed)
        self.guard.optional.commissioned(claims["index"], tested, distrusted, seen, now_ms)
        self.primary.persistence.save(self.guard, now_ms, at_once=True)

    def _take_ended(self, now_ms: int) -> None:
        ended: "list[tuple[dict[str, Any], str, dict[str, Any]]]" = self.run.ended  # type: ignore[assignment]
        self.run.ended = []
        for claims, outcome, counts in ended:
            if not self._counted and (outcome != "not done" or counts):
                standing = self.guard.ledger.evse_states[claims["index"]]
                tested = outcome == "passed" or (outcome == "not done" and standing.evidence.tested)
                self._put_evidence(claims, tested, counts, now_ms)
            self._write(claims, now_ms)
            self.primary.log.add("info", "commission: %s %s" % (claims["name"], outcome), now_ms)

    def _write(self, claims: "dict[str, Any]", now_ms: int) -> None:
        """The EVSE's own document, and its line in the head."""
        facts, name = self.primary.evses.facts(claims["index"]), claims["name"]
        result = dict(self.run.results[name])
        evse = self.primary.site["evses"][claims["index"]]
        result.update({"name": name, "serial": facts.serial or self._fingerprint(claims["index"]), "device_firmware": facts.firmware,
                       "kind": evse["profile"] or evse["kind"], "where": claims["where"], "run": self._began,
                       "ended": self.primary.wallclock.iso(now_ms)})
        head = self._head()
        number = self._number(head["evses"], name)
        self._put(report.document_of(number), result, now_ms)
        head["evses"][name] = {"index": number, "outcome": result["outcome"], "serial": result["serial"]}
        head["together"] = [row for row in self.run.findings if row["code"] == "ct-swapped"]
        self._put(report.HEAD, head, now_ms)

    def _finish(self, now_ms: int) -> None:
        head = self._head()
        head["ended"], head["finished"] = self.primary.wallclock.iso(now_ms), not self.run.aborted
        if self.run.aborted:
            head["aborted"] = self.run.undone
        head["together"] = [row for row in self.run.findings if row["code"] == "ct-swapped"]
        self._put(report.HEAD, head, now_ms)
        self._release(now_ms)
        self.primary.log.add("info", "commission: run finished, %d findings" % len(self.run.findings), now_ms)

    def _put(self, name: str, value: object, now_ms: int) -> None:
        self.primary.persistence.put(name, value, now_ms)

    def _fingerprint(self, index: int) -> "str | None":
        if self.primary.site["evses"][index]["kind"] == "local":
            return self._identity()
        return self.guard.ledger.evse_states[index].evidence.known_fingerprint

    def _identity(self) -> str:
        """This controller's own, as its secondaries know it."""
        return "%08x" % (self.primary.documents.get("identity") or {}).get("identity", 0)

    # claims

    def _claims(self, index: int) -> "dict[str, Any]":
        evse, facts = self.guard.site.evses[index], self.primary.site["evses"][index]
        meters = self._meters_above(evse)
        names = self.primary.site["meters"]
        return {
            "index": index, "name": evse.name, "kind": evse.kind, "unit": facts["unit"], "where": self._where(facts),
            "terminals": evse.terminals, "min_da": evse.min_da, "max_da": evse.max_da, "limit_da": evse.limit_da,
            "step_da": facts.get("step_da") or 1, "settle_ms": evse.settle_ms, "watchdog_ms": evse.watchdog_ms,
            "tolerance_ms": evse.tolerance_ms, "fallback_da": evse.fallback_da, "power_on_da": evse.power_on_da,
            "power_on_source": evse.power_on_source if evse.kind == "profile" else "documented", "holds": evse.holds,
            "meter_indexes": meters, "meters": [names[m]["name"] for m in meters], "tellable": self._can_declare_off_shows(index),
        }  # fmt: skip

    def _can_declare_off_shows(self, index: int) -> bool:
        driver = self.primary.buses.drivers[index]
        return hasattr(driver, "declare_off_shows") and can_declare_off_shows(driver)

    def _where(self, facts: "SiteFacts") -> str:
        if facts["bus"] < 0:
            return "the pins of this controller"
        return "unit %d on %s" % (facts["unit"], self.primary.site["buses"][facts["bus"]]["name"])

    def _meters_above(self, evse: "Evse") -> "list[int]":
        """Meters of the circuits above it, nearest first, that measure every line it may load."""
        found = []
        for circuit in self.guard.site.paths[evse.circuit]:
            meter = self.guard.site.circuits[circuit].meter
            if 0 <= meter < len(self._readings) and meter not in found and self._covers(meter, evse):
                found.append(meter)
        return found

    def _covers(self, meter: int, evse: "Evse") -> bool:
        lines = self.primary.site["meters"][meter]["phases"]
        for terminal in evse.terminals:
            for line in terminal:
                if line not in lines:
                    return False
        return True

    # the console

    def command(self, words: "list[str]", now_ms: int) -> str:
        """One line of the console, without its first word."""
        words = list(words)
        as_json = "--json" in words
        words = [word for word in words if word != "--json"]
        verb = words[0] if words else "status"
        if verb == "start":
            return self._start(words[1:], now_ms)
        if verb == "status":
            return self._status(words[1:], as_json, now_ms)
        if verb == "report":
            return self._report(words[1:], as_json)
        if verb == "lines":
            return strict_json.dumps(self._lines(self._chosen(words[1:])))
        if verb == "sign":
            return self._sign(" ".join(words[1:]), now_ms)
        if len(words) > 1:
            raise UsageError("commission " + verb, words[1:])
        if self.run is None:
            raise NotNow("commission", verb, "no run is in progress; `commission start` starts one")
        experiment = self.run.experiment
        self.run.command(verb, now_ms)
        self._declare_off_shows(experiment, now_ms)
        self._take_ended(now_ms)
        if self.run.over:
            self._finish(now_ms)
        return "ok"

    def _start(self, names: "list[str]", now_ms: int) -> str:
        if self.running:
            raise NotNow("commission", "start", "a run is in progress; `commission abort` ends it")
        if self.primary.scanning is not None and self.primary.scanning.running:
            raise NotNow("commission", "start", "a scan is in progress; wait, or `scan stop` ends it")
        if self.guard.mode == "safe":
            raise NotNow("commission", "start", "the controller is in its safe state: " + self.guard.failure)
        site, chosen = self.primary.site, self._chosen(names)
        self._open_report(chosen if names else None, now_ms)
        self.run = CommissioningRun([self._claims(index) for index in chosen], self.primary.platform.rng(), site["phases"], now_ms)  # type: ignore[misc]
        self.primary.log.add("warning", "commission: started for %s" % (", ".join(names) or "the whole site"), now_ms)
        return "started: %s; `commission status`" % ", ".join([site["evses"][i]["name"] for i in chosen])

    def _chosen(self, names: "list[str]") -> "list[int]":
        """The indexes of the EVSEs of these names, without names all that are tested here. Rejected."""
        evses = self.primary.site["evses"]
        own = [i for i, evse in enumerate(evses) if not evse.get("primary")]
        chosen = []
        for name in names:
            index = self.primary.evses.index(name)
            if index not in own or index in chosen:
                raise Rejected("commission", name, ", ".join([evses[i]["name"] for i in own]) + ", each once")
            chosen.append(index)
        return chosen if names else own

    def _lines(self, chosen: "list[int]") -> "list[str]":
        """The lines that these EVSEs are on: what a scan before their run looks at."""
        wires = [self.primary.buses.wire_of[index] for index in chosen]
        return sorted({wire.name: 1 for wire in wires if wire is not None})

    def _open_report(self, chosen: "list[int] | None", now_ms: int) -> None:
        """A run of all EVSEs begins a new report; a run of some replaces their sheets."""
        head = self._head() if chosen is not None else {}
        self._began = self.primary.wallclock.iso(now_ms)
        head.update({"format": report.FORMAT, "kind": "commissioning", "firmware": __version__, "site": self.primary.site["name"],
                     "site_sha256": report.site_sha256(self.primary.site), "began": head.get("began", self._began),
                     "ended": None, "finished": False, "controller": self._identity(),
                     "signed": None})
        head["evses"] = head.get("evses", {}) if chosen is not None else {}
        head.pop("aborted", None)
        head["together"] = []
        self._put(report.HEAD, head, now_ms)

    def _status(self, words: "list[str]", as_json: bool, now_ms: int) -> str:
        """words: a number: the finished steps are reported from this row on, for a program that asks for what is new."""
        if words and (len(words) > 1 or not is_digits(words[0])):
            raise Rejected("commission status", " ".join(words), "nothing, or the number of rows that are known already")
        if self.run is None:
            status: "View" = {"running": False, "evse": None, "step": None, "ask": None, "progress": "", "seconds": 0}
            status.update({"done": [], "left": [], "findings": []})
        else:
            status = self.run.status(now_ms, int(words[0]) if words else 0)
            if self.guard.mode == "quarantine":
                status["step"] = "waiting for the end of quarantine before"
        return strict_json.dumps(status) if as_json else "\n".join(report.status_lines(status))

    def _head(self) -> "dict[str, Any]":
        return self.primary.documents.get(report.HEAD) or {"evses": {}}

    def _number(self, tested: "dict[str, Any]", name: str) -> int:
        """Of the document of this EVSE, wherever it is in the site file. Those of EVSEs that are not there any more are free."""
        names = [evse["name"] for evse in self.primary.site["evses"]]
        for other in list(tested):
            if other not in names:
                del tested[other]
        taken = [tested[other]["index"] for other in tested if other != name]
        own: int = tested[name]["index"] if name in tested else -1
        return own if own >= 0 and own not in taken else [n for n in range(len(names)) if n not in taken][0]

    def _sheets(self, head: "dict[str, Any]") -> "list[dict[str, Any]]":
        """The documents of the EVSEs that were tested, in the order of their numbers."""
        rows = sorted([head["evses"][name]["index"] for name in head["evses"]])
        sheets = [self.primary.documents.get(report.document_of(index)) for index in rows]
        return [sheet for sheet in sheets if sheet is not None]

    def _report(self, names: "list[str]", as_json: bool) -> str:
        head = self._head()
        if "format" not in head:
            raise NotNow("commission", "report", "no commissioning so far; `commission start` starts a run")
        if names:
            if names[0] not in head["evses"]:
                raise Rejected("commission report", names[0], ", ".join(sorted(head["evses"])) or "an EVSE that was tested")
            sheet = self.primary.documents.get(report.document_of(head["evses"][names[0]]["index"]))
            return strict_json.dumps(sheet)
        if as_json:
            return strict_json.dumps(head)
        return "\n".join(report.report_lines(head, self._sheets(head)))

    def _sign(self, who: str, now_ms: int) -> str:
        """Who has seen the report; the seal tells whether it was changed afterwards."""
        head = self._head()
        if "format" not in head or (self.run is not None and not self.run.over):
            raise NotNow("commission", "sign", "the run is not finished")
        if not 2 <= len(who) <= WHO_MAX:
            raise Rejected("commission sign", who, "a name of 2..%d characters" % WHO_MAX)
        if not self.primary.access.is_set():
            raise NotNow("commission", "sign", "no password is set, and a site in service needs one: `password NEW`, then `login NEW`")
        seal = report.seal(head, self._sheets(head))
        head["signed"] = {"by": who, "at": self.primary.wallclock.iso(now_ms), "seal": seal}
        self._put(report.HEAD, head, now_ms)
        self.primary.log.add("info", "commission: signed by %s, seal %s" % (who, seal[:16]), now_ms)
        return "signed by %s, seal %s" % (who, seal)
