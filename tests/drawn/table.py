"""A site on the rig's virtual clock with the judge beside it: what is done to the site is told to both."""

import contextlib
import re
import tempfile
from pathlib import Path

from tests.drawn.desk import Desk
from tests.drawn.judge import Judge
from tests.drawn.printed import LEAST_DA, checked

STEP_MS = 500
TROUBLED_MS = 30_000
CHARGES_DA = 45
PERSON = re.compile(r"\b(unlock|accept|replace|commission|confirm|isolate|person|installer|gone|disobeyed|authorize|unplug)\b")
MOST_PERCENT, MOST_DA = 10, 10
ABOVE = ("factor", "over_a", "leak_a")
ROUNDED_DA = 2
SEEN_OUT_MS = 3_000  # a plug that was out for less may not have been seen (safety.md, rule 10: 1 s, and a round of a bus)


class Table:
    """rig: the Desk; judge. `go(ms)` moves time in small steps, each judged. charged: EVSEs whose car drew since `forget()`."""

    def __init__(self, rig, judge):
        self.rig, self.judge = rig, judge
        self.evses, self.circuits = rig.evses, rig.circuits
        self.charged, self.on, self._troubled_until_ms = set(), set(), 0
        self.state = rig.state()
        judge.see(self.state)
        self.listeners = []
        self._out_ms = {}  # EVSE → when its plug was pulled last
        self.needs_da = {}  # EVSE → the least order at which its car draws, where that is more than the usual one

    def go(self, ms, step_ms=STEP_MS):
        """Runs that long; time stands in `state` after it."""
        while ms > 0:
            self.rig.advance(ms=min(ms, step_ms))
            ms -= step_ms
            self.state = self.rig.state()
            self.judge.see(self.state)
            self.charged |= {name for name, drawn in self.judge.drawn_da.items() if max(drawn, default=0) >= CHARGES_DA}
            for listener in self.listeners:
                listener(self)

    def skip(self, ms):
        """Runs that long without looking."""
        self.rig.advance(ms=ms)
        self.state = self.rig.state()
        self.judge.t_ms = self.state["t_ms"]
        self.judge.see(self.state)

    # ---- what is done to it

    def plug(self, *names, **car):
        for name in names or self.evses:
            if self.blind(name):
                car = {key: value for key, value in car.items() if key not in ABOVE}
            self.rig.plug(evse=name, car={"battery_kwh": 9_000, **car})
            needs_da = least_da(car, self._above_da(car, name))
            unseen = self.judge.t_ms - self._out_ms.get(name, -SEEN_OUT_MS) < SEEN_OUT_MS  # then what the car before it drew counts on
            self.needs_da[name] = max(needs_da, self.needs_da[name]) if unseen else needs_da
            self.judge.plugged(name, int(car.get("phases", 3)))
            if car.get("then_phases"):
                self.judge.uses_more(name, int(car["phases"]), int(car["then_phases"]), self.judge.t_ms + car["then_ms"])
            above_da = self._above_da(car, name)
            if above_da:
                self.judge.strays(name, above_da)

    def unplug(self, *names):
        for name in names or self.evses:
            self.rig.unplug(evse=name)
            self._out_ms[name] = self.judge.t_ms
            self.judge.plugged(name, None)

    def blind(self, name):
        """On one of its circuits neither the EVSE nor a meter would show that its car draws above its order (safety.md, assumption C2)."""
        geometry = self.judge.geometry
        lines = geometry.lines_of(name)
        return name in self.judge.unmeasured and not all(geometry.sees(one, lines) for one in geometry.above[geometry.circuit_of[name]])

    def _above_da(self, how, name):
        """How far a car or a fault with these options is above its order at most; 0: never."""
        if how.get("obeys") is False:
            return 10**6
        small = how.get("factor", 1) <= 1 + MOST_PERCENT / 100 and how.get("over_a", 0) == 0
        by_factor_da = max(0, int((how.get("factor", 1) - 1) * 10 * self.judge.geometry.tables[name]["max_a"]))
        return (min(by_factor_da, MOST_DA) if small else by_factor_da) + int(how.get("over_a", 0) * 10) + int(how.get("leak_a", 0) * 10)

    def background(self, circuit, *amps):
        self.rig.background(circuit=circuit, **{"l%d" % (line + 1): value for line, value in enumerate(amps)})
        self.judge.step(circuit, amps, self.troubled)

    @property
    def troubled(self):
        return bool(self.on) or self.judge.t_ms < self._troubled_until_ms

    def fault(self, kind, target, on=True, **options):
        """The rig's answer, ok or not; the judge is told what it may excuse. Refused: an excess above the order that no meter would show (C2)."""
        if kind == "disobeys" and on and self.blind(target):
            return {"ok": False}
        answer = self.rig.answer("fault", kind=kind, target=target, on=on, **options)
        if answer["ok"] and on:
            self._tell(kind, target, options)
        if answer["ok"]:
            (self.on.add if on else self.on.discard)((kind, target))
            self._troubled_until_ms = self.judge.t_ms + TROUBLED_MS
        return answer

    def _tell(self, kind, target, options):
        judge = self.judge
        judge.prolong()
        if target in judge.geometry.meters:
            judge.lies(target)
        elif kind in ("foreign_client", "second_primary"):
            judge.foreign([name for name in self.evses if judge.geometry.tables[name].get("bus") == target or self._reached(name, target)])
        elif kind in ("disobeys", "ignore_writes", "round_up"):
            judge.strays(target, 10 if kind == "round_up" else self._above_da(options, target) or None)

    def _reached(self, name, target):
        """Is that it, or a primary or a bus through which its current is ordered?"""
        while name and name != target and self.judge.geometry.parents.get(name) != target:
            name = name.rpartition(".")[0]
        return bool(name)

    def primary(self, action, of="", **more):
        """Its death or start. of: a primary below, "" the one at the top."""
        self.judge.prolong()
        dead = ("dead", of or "primary")
        (self.on.discard if action == "start" else self.on.add)(dead)
        if action in ("power_cycle", "power_cut_at_write"):
            self.on.discard(dead)
        (self.judge.stopped.add if dead in self.on else self.judge.stopped.discard)(of)
        self._troubled_until_ms = self.judge.t_ms + TROUBLED_MS
        return self.rig.primary(action=action, **more, **({"of": of} if of else {}))

    def view(self, of=""):
        """What that primary shows of itself; {}: nothing, for it or the one at the top is down."""
        top = self.state["primary"] or {}
        return (top.get("below", {}).get(of) if of else top) or {}

    # ---- what is there

    def forget(self):
        self.charged = set()

    def hungry(self):
        return {name for name, evse in self.state["truth"]["evses"].items() if evse["hungry"]}

    def why(self, name):
        view = self.state["primary"] or {}
        for prefix, one in [("", view), *((below + ".", seen) for below, seen in (view.get("below") or {}).items())]:
            for evse, row in ((one or {}).get("evses") or {}).items():
                if name in (evse, prefix + evse):
                    return row["why"]
        return "no primary says"

    def left(self):
        """{EVSE: why} of those that want to charge and have not since `forget()`."""
        return {name: self.why(name) for name in sorted(self.hungry() - self.charged)}

    def stranded(self):
        """Those of them for whom no person is asked."""
        return {name: why for name, why in self.left().items() if not PERSON.search(why)}

    def awaiting(self):
        """Those of them for whom a person must do something."""
        return {name: why for name, why in self.left().items() if PERSON.search(why)}

    def energy_wh(self):
        return {name: evse["energy_wh"] for name, evse in self.state["truth"]["evses"].items()}


def least_da(car, above_da):
    """What a circuit must carry for the least order at which this car draws: what it takes more of that counts, and a duty cycle is rounded
    down."""
    picky_da = int(car.get("min_a", 0) * 10)
    return max(LEAST_DA, picky_da + ROUNDED_DA if picky_da > LEAST_DA else 0) + min(above_da, MOST_DA)


@contextlib.contextmanager
def table(text, seed=1, report=None, beside=(), csms=False):
    """A Table of that site file's text. beside: (name, text) of the files that it names."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "site.toml"
        path.write_text(text)
        for name, other in beside:
            (Path(folder) / name).write_text(other)
        report = report or checked(path)
        assert report["ok"], report
        judge = Judge(text, report, folder)
        desk = Desk(path, seed, csms)
        try:
            yield Table(desk, judge)
        finally:
            desk.close()
