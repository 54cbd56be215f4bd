"""`ampacity rig --ui`: the live view inside the rig's process, fed by the same operations that clients use."""

import asyncio
import contextlib
import sys

from rich.console import Console
from rich.live import Live

from ampacity_host.rig.control_channel.fields import Fields
from ampacity_host.rig.ui.key_actions import Actions, HelpKeys, requests
from ampacity_host.rig.ui.keyboard import Keys
from ampacity_host.rig.ui.labels import clock, status_line
from ampacity_host.rig.ui.render import screen
from ampacity_host.rig.ui.view_model import ViewModel

PERIOD_S = 0.25
KEYS_EACH = 5           # reads of the keys per read of `state`
WORST_EACH = 4          # one read of `worst` per so many reads of `state`
LINE_EACH = 20
ROUTINE = ("StatusNotification", "NotifyEvent", "NotifyReport", "MeterValues")   # on the screen only


async def show(bench, address, control):
    """Draws until it is cancelled; on standard error if standard output is not a terminal, as lines if neither is one."""
    from ampacity_host.rig.control_channel.operations import Ops

    ops = Ops(bench)
    model = ViewModel(bench.facts["name"], kinds_of(bench.facts), bench.runtime, address)
    console = Console(stderr=not sys.stdout.isatty())
    painter = Screen(model, console) if console.is_terminal else Lines(model, console)
    with painter:
        if model.asks:
            root = min(bench.plant.circuits, key=lambda each: each.parent)
            painter.actions = Actions(model, requests(control), bench.fault_injector, root.name, bench.clock == "virtual")
        try:
            for number in range(10**12):
                await a_round(model, ops, number % WORST_EACH == 0, painter)
        finally:
            if model.actions is not None:
                await model.actions.close()


async def a_round(model, ops, with_worst, painter):
    """One read of the site, and the keys until the next; the effect of an operation is read before the key after it is handled."""
    over = model.actions is not None and model.actions.over
    await feed(model, ops, with_worst)
    if over:
        model.actions.release()
    painter.paint()
    for _ in range(KEYS_EACH):
        await asyncio.sleep(PERIOD_S / KEYS_EACH)
        if painter.listen():
            painter.draw()
        if model.actions is not None and model.actions.over:
            return


async def feed(model, ops, with_worst):
    """One round of requests."""
    state = await ops.run("state", Fields({}))
    worst = await ops.run("worst", Fields({})) if with_worst else None
    frames = []
    if "csms_log" in ops.names():
        frames = model.unknown((await ops.run("csms_log", Fields({"since": model.frames_since})))["frames"])
    model.take(state, worst, frames)


def is_routine(frame):
    """Prints little that the events do not contain."""
    return frame.startswith(ROUTINE) or " Updated " in frame


def kinds_of(facts):
    """EVSE name → local, ampacity or its profile's name. facts: the compiled site."""
    return {one["name"]: one["profile"] or one["kind"] for one in facts["evses"]}


class Screen:
    """A ViewModel on a whole terminal, drawn on request; `?` explains its words. actions: the effects of the keys, by default only this."""

    def __init__(self, model, console, keys=None):
        self._look, self._console, self._keys = model, console, keys or Keys()
        self.actions = HelpKeys(model)
        self._live = Live(console=console, screen=True, auto_refresh=False, transient=True)

    def __enter__(self):
        self._live.__enter__()
        self._keys.__enter__()
        self._look.asks = self._keys.there
        return self

    def listen(self):
        """Handles the typed keys; True if there is something new to draw."""
        return self._look.state is not None and self.actions.press(self._keys.typed())

    def draw(self):
        width, height = self._console.size
        self._live.update(screen(self._look, width, height), refresh=True)

    def paint(self):
        self.listen()
        self.draw()

    def __exit__(self, *error):
        self._keys.__exit__(*error)
        with contextlib.suppress(OSError):
            self._live.__exit__(*error)


class Lines:
    """A ViewModel as lines: each event and OCPP frame when it occurs, the state every few seconds."""

    def __init__(self, model, console, each=LINE_EACH):
        self._look, self._console, self._each = model, console, each
        self._seen = self._frames_seen = self._paints = 0

    def __enter__(self):
        return self

    def listen(self):
        return False

    def paint(self):
        model = self._look
        said = [(t_ms, ("== %s" if kind == "story" else "   %s") % text) for t_ms, kind, text in model.new_events(self._seen)]
        said += [(t_ms, "   ocpp %s %s" % ("from the site:" if direction == "in" else "to the site:", text))
                 for t_ms, direction, text in model.new_frames(self._frames_seen) if not is_routine(text)]
        for t_ms, text in sorted(said, key=lambda one: one[0]):
            self._print(t_ms, text)
        self._seen, self._frames_seen = model.seen, model.frames_seen
        if self._paints % self._each == 0:
            self._print(model.t_ms, "-- " + status_line(model))
        self._paints += 1

    def _print(self, t_ms, text):
        self._console.file.write("%s %s\n" % (clock(t_ms), text))
        self._console.file.flush()

    def __exit__(self, *error):
        return None
