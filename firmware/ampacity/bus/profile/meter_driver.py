"""One meter behind a register map: a whole sample as often as the bus allows, as signed deci-amperes.

The sign of a phase comes from its power where the profile says so: many meters show current without one. Only a power that
fits the current counts: while a meter follows a step, its current is still there and its power already noise around 0. A value
that is no number makes the whole sample None; a sample whose bytes are the last one's, voltages included, keeps its
mark, so that the guard can distinguish a frozen meter from a constant load.
"""

from ampacity.base.compat import const
from ampacity.bus.client.request import OVERDUE, ROUTINE, Request
from ampacity.bus.device_facts import DeviceFacts
from ampacity.bus.profile.registers.codec import NAME
from ampacity.bus.profile.registers.read_cycle import ReadCycle
from ampacity.bus.profile.registers.readings import Readings

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any

    from ampacity.bus.device_facts import DriverGuard

_OVERDUE_MS = const(500)
_RETRY_MS = const(1000)
_FAILURES_MAX = const(3)
_IDENTITY_MS = const(3600000)
_BESIDE_MS = const(10000)
W_PER_DA, FED_IN = 23, 4  # a phase is fed in only by more than a fourth of what its current is at 230 V; else it counts as drawn


class MeterDriver:
    """facts: the meter's entry of the site facts; index: its place there; on_reading(index, reading, now_ms) may be None.

    `reply` calls `on_reading` for each whole sample, before it returns; in a controller that call runs the safety pass. So neither waits
    for anything, and the next frame is sent only after the pass.

    A reading is {"amps_da": [..] | None, "volts_dv", "power_w", "energy_wh", "export_wh"}, None where not shown, and
    `{"beside": {name: value}}` where other models of the device show something (the charge of a battery).
    """

    def __init__(
        self, meter_facts: "dict[str, Any]", compiled: "dict[str, Any]", index: int, guard: "DriverGuard",
        on_reading: "Callable[[int, dict[str, Any], int], None] | None" = None,
    ) -> None:  # fmt: skip
        self.unit = meter_facts["unit"]
        self.poll_feeds = False
        self.facts = DeviceFacts()
        self._inputs = len(meter_facts["phases"])
        self._index = index
        self._guard = guard
        self._on_reading = on_reading
        self._layouts = compiled["chain"]
        self._chain: Any = None
        if compiled["chain"]:
            from ampacity.bus.profile.registers.model_chain import ModelChain
            self._chain = ModelChain(compiled["chain"][0])
        self.beside: dict[str, Any] = {}
        self._use_layout(compiled)
        self._failures = self._refusals = 0
        self._hold_ms = -1
        self._mark = 0
        self._last = ()

    def _use_layout(self, table: "dict[str, Any]", base: int = 0) -> None:
        """From now on its registers are read as this table says, counted from base."""
        self._table = table
        self._readings = Readings(table)
        self._readings.begin_at(base)
        reads: dict[str, Any] = table["reads"]
        periods = {"live": table["live_ms"], "slow": table["slow_ms"], "identity": _IDENTITY_MS}
        self._cycles = [ReadCycle(group, len(reads[group]), periods[group], self._readings) for group in periods if group in reads]
        self._live = [cycle for cycle in self._cycles if cycle.group == "live"][0]

    def _choose_layout(self, now_ms: int) -> None:
        """The chain is known: the first layout that one of its models has, and what else the device shows."""
        for models, table in self._layouts[1]:
            base = self._base_of(models)
            if base >= 0:
                self._use_layout(table or self._table, base)
                self._read_beside()
                return
        self.facts.fault = "it has no SunSpec model that measures"
        self._hold_ms = now_ms + _RETRY_MS
        self._chain.restart()

    def _base_of(self, models: "list[Any]") -> int:
        for model, base in self._chain.found:
            if model in models:
                return base
        return -1

    def _read_beside(self) -> None:
        for models, table in self._layouts[2]:
            base = self._base_of(models)
            if base >= 0:
                group = "beside" + str(base)
                readings = Readings({"fields": table["fields"], "reads": {group: table["reads"]["live"]}})
                readings.begin_at(base)
                self._cycles.append(ReadCycle(group, len(table["reads"]["live"]), _BESIDE_MS, readings))

    def _show_beside(self, cycle: ReadCycle) -> None:
        readings = cycle.readings
        for field in readings.fields:
            if field[NAME][-6:] != "_scale":
                self.beside[field[NAME]] = readings.named(field[NAME])
        self.facts.serial = self.beside.get("serial", self.facts.serial)

    def await_stale_reply(self, now_ms: int) -> None:
        """A controller has just started: for as long as a reply may take this one may answer what was asked before that.

        A serial line does not show which: the voltages of the last request would pass for the currents of the first.
        """
        self._hold_ms = now_ms + self._table["reply_ms"]

    def want(self, limit_da: int, now_ms: int) -> None:
        """Meters take no orders."""

    def show_energy(self, since_ms: int) -> None:
        """The energy of since_ms or later is requested, where it is read rarely. To be called again until it is there: a read may fail."""
        cycle = self._cycle("slow")
        if cycle is not None:
            cycle.ask(since_ms)

    def urgency(self, now_ms: int) -> "tuple[int, int]":
        """(class, due): routine, overdue when the last sample is old."""
        cycle = self._next(now_ms)
        late = cycle is self._live and now_ms - max(cycle.done_ms, 0) > _OVERDUE_MS + cycle.period_ms
        return (OVERDUE if late and self._failures < _FAILURES_MAX else ROUTINE, max(cycle.due_ms(), self._hold_ms))

    def _next(self, now_ms: int) -> ReadCycle:
        """A sample that is begun is finished first; else the group that is due longest, live before the rest."""
        if self._live.at or self._live.done_ms < 0:
            return self._live
        best = self._live
        for cycle in self._cycles:
            if cycle.due_ms() <= now_ms and cycle.due_ms() < best.due_ms():
                best = cycle
        return best

    def take(self, now_ms: int) -> "Request | None":
        """Takes the read that is due off its cycle, for the bus to send now; None when none is due."""
        cycle = self._next(now_ms)
        priority, due_ms = self.urgency(now_ms)
        if due_ms > now_ms:
            return None
        if self._chain is not None and not self._chain.done:
            return self._chain.request(self.unit, self._table["reply_ms"], self._table["gap_ms"])
        return cycle.readings.request(self.unit, cycle.group, cycle.begin(now_ms), priority, self._table["reply_ms"], self._table["gap_ms"])

    def reply(self, request: Request, pdu: bytes, now_ms: int) -> None:
        """The meter's answer; with the last part of a sample, the guard and `on_reading` get it in this call. One that may belong to an
        older request is not used.
        """
        if request.tag[0] == "chain":
            self._chain_reply(request, pdu, now_ms)
            return
        _, group, at = request.tag
        cycle = self._cycle(group)
        if cycle is None:
            return  # of a chain that is no more
        if not request.certain or not cycle.readings.take(group, at, pdu, now_ms):
            self.failed(request, "unexpected", now_ms)
            return
        self._failures = self._refusals = 0
        self._hold_ms = -1
        self.facts.online = True
        self.facts.fault = None
        if cycle.step(now_ms):
            if group == "live":
                self._sample(now_ms)
            elif group[:6] == "beside":
                self._show_beside(cycle)

    def _chain_reply(self, request: Request, pdu: bytes, now_ms: int) -> None:
        if not request.certain:
            self.failed(request, "unexpected", now_ms)
            return
        self._failures = 0
        self._hold_ms = -1
        self._chain.reply(pdu)
        if self._chain.done:
            self._choose_layout(now_ms)

    def failed(self, request: Request, reason: str, now_ms: int) -> None:
        """No answer that counts; a sample in parts begins again, other groups are left for this round."""
        cycle = (self._live if request.tag[0] == "chain" else self._cycle(request.tag[1])) or self._live
        if request.tag[0] == "chain" and (reason.startswith("exception") or self._chain.at_marker()):
            self._chain.elsewhere()  # some units do not answer at all for what they have not
            self._hold_ms = now_ms + _RETRY_MS
        if reason.startswith("exception"):
            self.facts.fault = self.facts.fault if request.tag[0] == "chain" else reason
            if cycle is not self._live:
                cycle.step(now_ms)
                return
            self._refusals += 1
            if self._refusals >= _FAILURES_MAX:  # before that the same part is asked for again
                self._refusals = 0
                cycle.fail(now_ms)
                self._hold_ms = now_ms + _RETRY_MS
            elif now_ms - cycle.started_ms > _RETRY_MS:
                cycle.fail(now_ms)  # its first part is too old
            return
        self._failures += 1
        cycle.fail(now_ms)
        if self._failures >= _FAILURES_MAX:
            self.facts.online = False
            self._hold_ms = now_ms + _RETRY_MS
            if self._chain is not None and not self._chain.at_marker():
                self._chain.restart()

    def disconnected(self, now_ms: int) -> None:
        """What it showed before is no part of a sample that ends later."""
        self._live.at = 0

    def _cycle(self, group: str) -> "ReadCycle | None":
        for cycle in self._cycles:
            if cycle.group == group:
                return cycle
        return None

    def _sample(self, now_ms: int) -> None:
        shown = self._readings.mark("live")
        if shown != self._last:
            self._last = shown
            self._mark += 1
        amps_da = self._amps()
        self._guard.meter(self._index, amps_da, now_ms, self._mark)
        self._keep(amps_da, now_ms)
        if self._on_reading:
            facts = self.facts
            reading: dict[str, Any] = {"amps_da": amps_da, "volts_dv": facts.volts_dv, "power_w": facts.power_w, "energy_wh": facts.energy_wh}
            reading["export_wh"] = self._readings.named("energy_export")
            if self.beside:
                reading["beside"] = self.beside
            self._on_reading(self._index, reading, now_ms)

    def _keep(self, amps_da: "list[Any] | None", now_ms: int) -> None:
        facts = self.facts
        facts.amps_da = amps_da
        facts.volts_dv = self._readings.phases("voltage")
        facts.power_w = self._power_of_now_w()
        facts.energy_wh = self._readings.named("energy_import")
        facts.updated_ms = now_ms

    def _power_of_now_w(self) -> "int | None":
        """What is read with the currents: its total, or the sum of its phases. A total that is read rarely is shown with its age."""
        self.facts.power_asked_ms = None
        if self._is_live("power"):
            return self._power_w()
        phases_w = self._readings.phases("power") if self._is_live("power_l1") else None
        if phases_w:
            return sum(phases_w) * (-1 if self._table["sign"] == "generator" else 1)
        index = self._readings.index("power")
        if index >= 0:
            self.facts.power_asked_ms = self._readings.asked_ms[index]
        return self._power_w()

    def _is_live(self, name: str) -> bool:
        """Is this field read with the currents?"""
        index = self._readings.index(name)
        for span in self._readings.reads["live"]:
            for field, _ in span[3]:
                if field == index:
                    return True
        return False

    def _power_w(self) -> "int | None":
        """Its total, or the sum of its phases where it shows no total."""
        power_w = self._readings.named("power")
        phases_w = self._readings.phases("power") if power_w is None else None
        power_w = sum(phases_w) if phases_w else power_w
        return -power_w if power_w and self._table["sign"] == "generator" else power_w

    def _unmet_requirement(self) -> "str | None":
        """Why its readings cannot be used as it is set up; None when they can."""
        for index, least, most, why in self._table["require"]:
            value = self._readings.values[index]
            if value is None or not least <= value <= most:
                return why
        return None

    def _amps(self) -> "list[Any] | None":
        """Signed currents of the inputs that the site uses, da; None when one is no number."""
        amps_da = self._readings.phases("current", self._inputs)
        if amps_da is None or len(amps_da) < self._inputs:
            return None
        unfit = self._unmet_requirement()
        if unfit:
            self.facts.fault = unfit
            return None
        if self._table["sign"] == "none":
            amps_da = [abs(da) for da in amps_da]
        if self._table["sign"] == "generator":
            power_w = self._power_w()
            return None if power_w is None else [-abs(da) if power_w < 0 else abs(da) for da in amps_da[: self._inputs]]
        if self._table["sign"] == "power":
            phases_w = self._readings.phases("power", self._inputs)
            if phases_w is None or len(phases_w) < len(amps_da):
                return None
            amps_da = [-abs(da) if -w * FED_IN >= abs(da) * W_PER_DA else abs(da) for da, w in zip(amps_da, phases_w)]
        return amps_da[: self._inputs]
