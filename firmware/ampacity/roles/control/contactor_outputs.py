"""What the safety core wants open besides an order: contactors, feeders; and the alarm relay (safety.md, rule 10).

Contactors are asked of the drivers that can (`hold_open`), feeders and the alarm of the output doors. A site
without any of it costs one comparison a tick.
"""

if False:  # for the type checker
    from collections.abc import Sequence

    from ampacity.base.log import Log
    from ampacity.circuit.guard import Guard
    from ampacity.roles.interfaces import Driver, OutputFace, RolePlatform, SiteFacts


class ContactorOutputs:
    """guard, drivers by EVSE index, site facts (`feeder_output` of an EVSE, `alarm_output`), doors, log."""

    def __init__(self, guard: "Guard", drivers: "Sequence[Driver]", site: "SiteFacts", platform: "RolePlatform", log: "Log") -> None:
        self.guard = guard
        self.drivers = drivers
        self.log = log
        self.feeders: "list[tuple[int, OutputFace]]" = []  # (EVSE index, output)
        for i, evse in enumerate(site["evses"]):
            if evse.get("feeder_output"):
                output = self._output(platform, evse["feeder_output"])
                if output is not None:
                    self.feeders.append((i, output))
        self.alarm = self._output(platform, site["alarm_output"]) if site.get("alarm_output") else None
        self._known = 0
        self._failing: "list[OutputFace]" = []
        self._open: "list[int]" = []  # EVSEs whose contactor is to be open

    def _output(self, platform: "RolePlatform", name: str) -> "OutputFace | None":
        output = platform.output(name)
        if output is None:
            self.log.add("error", "output %s: this controller has no such output" % name, platform.clock.now_ms())
        return output

    def step(self, now_ms: int) -> None:
        """After each tick of the guard."""
        if self.guard.switches != self._known:
            self._known = self.guard.switches
            self._switch(now_ms)
        if self._open:
            self._look(now_ms)
        if self.guard.optional.phase_switch is not None:
            for i, driver in enumerate(self.drivers):
                if hasattr(driver, "switch_phases"):
                    driver.switch_phases(self.guard.optional.phases_wanted(i), now_ms)
        if self.alarm is not None:
            self._set(self.alarm, self._alarming(now_ms), now_ms)

    def _switch(self, now_ms: int) -> None:
        self._open = []
        for i, driver in enumerate(self.drivers):
            on = self.guard.open_contactor(i)
            if on:
                self._open.append(i)
            if hasattr(driver, "hold_open"):
                driver.hold_open(on)
            if hasattr(driver, "lock_out"):
                driver.lock_out(self.guard.locked_out(i))
        for i, output in self.feeders:
            self._set(output, self.guard.open_feeder(i), now_ms)

    def _look(self, now_ms: int) -> None:
        """Feedback of the contactors and feeders that were ordered to open."""
        for i in self._open:
            facts = self.drivers[i].facts
            if facts.contactor_closed is not None:
                self.guard.contactor(i, facts.contactor_closed, facts.updated_ms)
        for i, output in self.feeders:
            if output.on and output.seen is not None:
                self.guard.feeder(i, not output.seen, now_ms)

    def _alarming(self, now_ms: int) -> bool:
        if self.guard.mode == "safe" or self.guard.waits_for_journal(now_ms):
            return True
        for i in range(len(self.drivers)):
            if self.guard.fault(i):
                return True
        return False

    def _set(self, output: "OutputFace", on: bool, now_ms: int) -> None:
        try:
            output.set(on)
            if output in self._failing:
                self._failing.remove(output)
        except OSError as e:
            self.log.counter("output_errors")
            if output in self._failing:
                return
            self._failing.append(output)
            self.log.add("error", "output %s: %s" % (output.name, e), now_ms)
