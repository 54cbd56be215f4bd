"""Updates of a secondary: its bundles come over the bus or its own console, and are tried only on an order (docs/updates.md)."""

from ampacity.base.errors import NotNow, Rejected
from ampacity.bus.leases import update_window as window
from ampacity.roles.updates.found import find_places, inbox_of
from ampacity.roles.updates.updater import UPDATE, Updater
from ampacity.update.delivery import CHECKING, KEYS, READY, RECEIVING, REFUSED
from ampacity.update.slot_state import NONE
from ampacity.update.trial import BUS, SAFETY_LOOP

if False:  # for the type checker
    from ampacity.base.clock import Clock
    from ampacity.base.log import Log
    from ampacity.bus.leases.update_window import Facts
    from ampacity.console.interfaces import Command
    from ampacity.console.transfer import Open
    from ampacity.roles.interfaces import Loop, RolePlatform, SecondaryFace, View
    from ampacity.roles.updates.places import Places

STEP_MS = 200
SOURCE = "bus"
TICK_LATE_MS = 1000  # a pass of the safety loop is so recent
STATES = {RECEIVING: window.RECEIVING, CHECKING: window.CHECKING, REFUSED: window.REFUSED}


class SecondaryUpdates:
    """secondary: whose facts these are; places: its slots; inbox: folder of a stick."""

    about = {
        "transfer": "For programs: takes a file in pieces, such as a bundle or a configuration.",
        "update": "Shows what becomes of an update; `show update` has more. `activate` and `roll-back` restart this secondary.",
    }

    def __init__(self, secondary: "SecondaryFace", places: "Places", inbox: str, log: "Log", clock: "Clock") -> None:
        self._secondary = secondary
        self._clock = clock
        self.updater = Updater(places, log, clock, (SAFETY_LOOP, BUS), inbox, True)
        self._requests = 0
        secondary.map.update_window = window.UpdateWindow(self)

    @property
    def commands(self) -> "dict[str, Command]":
        """For the console."""
        return {
            "update": (UPDATE, self.updater.command, "this EVSE restarts with it.", lambda words: words in (["activate"], ["roll-back"])),
        }

    @property
    def sinks(self) -> "dict[str, Open]":
        """What takes files that come over the console."""
        return {"bundle": self.updater.open_sink}

    def view(self, now_ms: int) -> "View":
        """For `show update`."""
        return self.updater.view(now_ms)

    def step(self, now_ms: int) -> bool:
        """Each 200 ms; True: the controller has to restart."""
        self.updater.step(self._seen(now_ms), self._hindrance(), now_ms)
        self.updater.reports = []
        return bool(self.updater.wants_restart)

    def _seen(self, now_ms: int) -> "list[str]":
        """The facts that are true now."""
        secondary, facts = self._secondary, []
        if now_ms - secondary.ticked_ms <= TICK_LATE_MS:
            facts.append(SAFETY_LOOP)
        requests = 0 if secondary.engine is None else secondary.engine.counters["requests"] + secondary.engine.counters["broadcasts"]
        if requests != self._requests:
            self._requests = requests
            facts.append(BUS)
        return facts

    def _hindrance(self) -> str:
        return "a car charges" if self._secondary.evse.charging else ""

    # the target of the window

    def facts(self) -> "Facts":
        """As in the rows of the window."""
        updater, delivery = self.updater, self.updater.delivery
        state, slot = self.updater.slots.state, updater.places.slot
        shown = STATES.get(delivery.state, window.IDLE)
        ready = updater.ready_sequence()
        if state.trial != NONE:
            shown = window.ON_TRIAL
        elif ready and delivery.state not in (RECEIVING, CHECKING, REFUSED):
            shown = window.READY
        size = delivery.size if delivery.state in (RECEIVING, CHECKING, READY, KEYS) else 0
        field = getattr(delivery.error, "field", "storage") if delivery.error is not None else ""
        running = state.slots[slot].sequence if slot != NONE else 0
        return (shown, delivery.offset if delivery.busy() else 0, size, running, ready, state.minutes if state.trial != NONE else 0, field)

    def order(self, kind: int, at: int, data: bytes) -> bool:
        """An order of the primary; False: it is refused."""
        delivery = self.updater.delivery
        try:
            if kind == window.BEGIN:
                return self._begin(at)
            if kind == window.ACTIVATE:
                return self._activate(at)
            if delivery.source != SOURCE:
                return False
            if kind == window.ABORT:
                delivery.abort()
            elif at <= delivery.offset:
                delivery.write(at, data)
        except (Rejected, OSError):
            return kind == window.DATA  # what was refused is in the state
        return True

    def _begin(self, size: int) -> bool:
        delivery = self.updater.delivery
        if delivery.busy() and delivery.source == SOURCE:
            if delivery.size == size:
                return True
            delivery.abort()
        self.updater.begin(SOURCE, size)
        return True

    def _activate(self, sequence: int) -> bool:
        if self._hindrance() or self.updater.ready_sequence() != sequence:
            raise NotNow("update", sequence, "what is ready has another sequence, or a car charges")
        self.updater.command(["activate"], self._clock.now_ms())
        return True


async def run(updates: SecondaryUpdates, platform: "RolePlatform", log: "Log") -> None:
    """Bundles in small slices, and the trial of one, until the controller restarts."""
    while True:
        await platform.clock.sleep_ms(STEP_MS)
        now_ms = platform.clock.now_ms()
        try:
            if updates.step(now_ms):
                platform.reset("update")
        except (Rejected, OSError) as error:
            log.add("error", "update: %s" % error, now_ms)


def loops(secondary: "SecondaryFace", platform: "RolePlatform", log: "Log") -> "list[Loop]":
    """The loop of the updates; none where the slots cannot be used."""
    places = find_places(platform, log)
    if places is None:
        return []
    updates = secondary.updates = SecondaryUpdates(secondary, places, inbox_of(platform), log, platform.clock)
    return [("update", lambda: run(updates, platform, log))]
