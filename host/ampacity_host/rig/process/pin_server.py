"""The connection between the rig and a controller's pins: JSON lines over loopback, the protocol of the firmware's ports/sim.py."""

import asyncio
import json

from ampacity_host.rig.base.hardware_watchdog import HardwareWatchdog

REPEAT_S = 0.1
LINE_BYTES_MAX = 2**16
FLAGS = {"residual_current": "rcm", "overtemperature": "overtemp", "lock_failed": "lock_failed", "pe_lost": "pe_lost"}


class Pins:
    """One controller's hardware: its charging points, its watchdog, its connection while it is connected."""

    def __init__(self, time, name, points, hw_watchdog_ms):
        self.name = name
        self.points = {point.name: point for point in points}
        self.watchdog = HardwareWatchdog(time, hw_watchdog_ms, self._fall)
        self.watchdog.on_return = self._apply
        self.pid = None
        self.powered = True
        self.on_output = None            # (name, on) → the state of its feedback
        self._outputs = {}
        self._writer = None
        self._last = {}
        for point in points:
            point.listeners.append(self._changed)

    @property
    def wired(self):
        """Is its controller connected?"""
        return self._writer is not None

    # ---- from the controller

    def connected(self, writer, pid):
        self._writer, self.pid = writer, pid
        self._last.clear()
        self.repeat()

    def disconnected(self, writer):
        if self._writer is writer:
            self._writer = None

    def heard(self, message):
        """One line from the controller."""
        if "wd" in message:
            self.watchdog.feed()
        elif "output" in message and self.on_output is not None:
            self.send({"output": message["output"], "seen": self.on_output(message["output"], bool(message["on"]))})
        elif "ev_answer" in message:
            self.points[message["evse"]].ev_answers.append(message["ev_answer"])
        elif message.get("evse") in self.points:
            kind, permille = message["pilot"]
            self._outputs[message["evse"]] = (kind, permille, bool(message["contactor"]), bool(message.get("lock")))
            if self.powered and self.watchdog.state != "expired":
                self._drive(message["evse"])

    def _drive(self, name):
        self.points[name].drive(*self._outputs[name])

    def _apply(self):
        for name in self._outputs:
            self._drive(name)

    def _fall(self):
        for point in self.points.values():
            point.cut_off()

    def power_off(self):
        """No supply: no pilot, everything open, at once."""
        self.powered = False
        self._outputs.clear()
        for point in self.points.values():
            point.cut_off("f")

    def power_on(self):
        self.powered = True
        self._fall()

    # ---- to the controller

    def send(self, message):
        if self._writer is not None:
            self._writer.write((json.dumps(message, separators=(",", ":")) + "\n").encode())

    def repeat(self):
        """Every point's inputs, whether they changed or not."""
        for point in self.points.values():
            self.send(inputs(point))

    def _changed(self, point):
        seen = (point.cp_mv(), point.closed, point.amps_da, frozenset(point.faults))
        if self._last.get(point.name) != seen:
            self._last[point.name] = seen
            self.send(inputs(point))


def inputs(point):
    """States of the pins of a charging point."""
    amps = point.stale_amps_da if "stale_reading" in point.faults else (point.terminal_amps_da() + [0, 0, 0])[:3]
    return {"evse": point.name, "cp": list(point.cp_mv()), "pp": 220 if point.car is not None else None, "amps": amps,
            "volts": (list(point.terminal_dv) + [0, 0, 0])[:3], "wh": point.energy_wh, "closed": point.closed,
            "faults": sorted(FLAGS[kind] for kind in point.faults if kind in FLAGS)}


class PinServer:
    """The server to which every controller process connects. pins: name -> Pins."""

    def __init__(self):
        self.pins = {}
        self.address = None
        self._server = None
        self._tasks = set()
        self._repeat = None

    async def start(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=LINE_BYTES_MAX)
        self.address = "127.0.0.1:%d" % self._server.sockets[0].getsockname()[1]
        self._repeat = asyncio.create_task(self._repeat_all())

    async def _repeat_all(self):
        while True:
            await asyncio.sleep(REPEAT_S)
            for pins in self.pins.values():
                pins.repeat()

    async def _serve(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        pins = None
        try:
            hello = json.loads(await reader.readline())
            pins = self.pins[hello["hello"]]
            pins.connected(writer, hello.get("pid"))
            while line := await reader.readline():
                pins.heard(json.loads(line))
        except (OSError, ValueError, KeyError, TypeError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            if pins is not None:
                pins.disconnected(writer)
            writer.close()

    async def close(self):
        if self._repeat is not None:
            self._repeat.cancel()
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
