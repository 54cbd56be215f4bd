"""The safety loop: facts in, one pass of the guard, orders out. It alone permits feeding frames and feeds the watchdog.

The pass runs in four places: each 100 ms in `run`; inside the reply callback of a meter's driver (`on_reading`), so that no frame
waits for the next 100 ms; after a parent's grant, before the reply to it leaves; and when the limits of the CSMS have changed. Only
`run` permits the feeding of watchdogs.

Bounded work, no await but the pace itself; nothing of OCPP, disk or network is called from here. A share among many EVSEs is
interrupted after STRETCH_MS so that other tasks run, and continues before the next tick.
"""

if False:  # for the type checker
    from collections.abc import Sequence

    from ampacity.base.log import Log
    from ampacity.circuit.guard import Guard
    from ampacity.evse.local_driver import LocalDriver
    from ampacity.roles.control.buses import Buses
    from ampacity.roles.control.contactor_outputs import ContactorOutputs
    from ampacity.roles.interfaces import ParentFace, Reading, RolePlatform
    from ampacity.roles.optional.part import OptionalPart

TICK_MS = 100
STRETCH_MS = 12  # of a share in one piece; what follows it in the tick takes a few more
PERMIT_MS = 250  # how long one checked tick lets frames leave that may feed a watchdog: two ticks and a late one


class SafetyLoop:
    """guard: the safety core. readings: by meter index, kept here for others. parts: those that look at each reading.

    `attach` sets the buses and outputs before the first pass: the buses are made with `on_reading`, thus after this object.
    """

    def __init__(
        self, guard: "Guard", platform: "RolePlatform", log: "Log", readings: "list[Reading | None]", parts: "Sequence[OptionalPart]",
    ) -> None:
        self.guard = guard
        self.platform = platform
        self.log = log
        self.readings = readings
        self.parts = parts
        self.stall_ms = 0
        self.checked_ms = -(1 << 30)  # the last pass of the loop that found the sums within the ratings
        self._last_ms: "int | None" = None

    def attach(
        self, buses: "Buses", locals_: "list[LocalDriver]",
        contactor_outputs: "ContactorOutputs | None" = None, parent_link: "ParentFace | None" = None,
    ) -> None:
        """buses: wires with their drivers. locals_: the local charging points. parent_link: to a parent."""
        self.buses = buses
        self.locals = locals_
        self.contactor_outputs = contactor_outputs
        self.parent_link = parent_link
        self._wanted: "list[int | None]" = [None] * len(buses.drivers)

    def on_reading(self, meter: int, reading: "Reading | None", now_ms: int) -> None:
        """A meter's frame is complete and its currents are in the guard: one pass at once.

        This is the callback that the meter's driver makes from its `reply`, that is from within the engine's `receive` of the frame's
        last bytes: the whole pass runs inside that call, and the next frame of the wire may be an order of it. So nothing in this call waits.
        """
        self.readings[meter] = reading
        for part in self.parts:
            part.reading(meter, now_ms)
        self.tick(now_ms, permit=False)

    def tick(self, now_ms: int, permit: bool = True) -> None:
        """One pass: decide, give each driver its target, and permit frames that feed.

        permit False: called from within a driver's reply, for a parent's grant or for limits of the CSMS; lowers leave at once, but only
        the loop's own pass permits feeding (rule 11: drivers continue to run when it hangs).
        """
        guard, began_us = self.guard, self.platform.clock.now_us()
        if self.parent_link is not None:
            self.parent_link.before(now_ms)
        guard.tick(now_ms, False)
        self._share_on(began_us)
        if self.parent_link is not None:
            self.parent_link.after(now_ms, permit)
        if self.contactor_outputs is not None:
            self.contactor_outputs.step(now_ms)
        if permit and guard.feed_ok:
            self.checked_ms = now_ms
            self.buses.permit(now_ms + PERMIT_MS)
        for index, driver in enumerate(self.buses.drivers):
            want_da = guard.want_da[index]
            driver.want(want_da, now_ms)
            if want_da != self._wanted[index]:
                self._wanted[index] = want_da
                wire = self.buses.wire_of[index]
                if wire is not None:
                    wire.wake()

    def _share_on(self, began_us: int) -> None:
        """Continues the share until it is complete, or until STRETCH_MS after began_us."""
        guard, clock = self.guard, self.platform.clock
        while guard.sharing and clock.now_us() - began_us < 1000 * STRETCH_MS:
            guard.share_on()

    def step_locals(self, now_ms: int) -> None:
        """The local pilots: at least each tick, so that an order or a fault reaches the pins at once."""
        for driver in self.locals:
            driver.step(now_ms)

    async def run(self) -> None:
        """Tick until cancelled. The watchdog is fed only here and only after a checked invariant."""
        clock = self.platform.clock
        due_ms = clock.now_ms()
        while True:
            now_ms = clock.now_ms()
            self._measure(now_ms)
            self.step_locals(now_ms)
            self.tick(now_ms)
            self.step_locals(now_ms)
            if self.guard.feed_ok or self.guard.safe_by_decision:
                self.platform.watchdog.feed()
            due_ms = max(due_ms + TICK_MS, now_ms + 1)
            while self.guard.sharing:
                await self.platform.pace(1)
                self._share_on(clock.now_us())
                if clock.now_ms() >= due_ms:
                    break
            await self.platform.pace(due_ms - clock.now_ms() if due_ms > clock.now_ms() else 1)

    def _measure(self, now_ms: int) -> None:
        if self._last_ms is not None and now_ms - self._last_ms > self.stall_ms:
            self.stall_ms = now_ms - self._last_ms
        self._last_ms = now_ms
