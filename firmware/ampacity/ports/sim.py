"""The bench's end of a controller: charging-point hardware, tokens, buttons and faults over one loopback connection.

One JSON object a line. From here: {"hello": name}; {"evse", "pilot": [kind, permille], "contactor", "lock"} at each
change and at least every 200 ms; {"wd": 1} for each feed of the watchdog; {"output": name, "on"}. To here: {"evse", "cp": [high_mv, low_mv],
"pp", "amps", "volts", "wh", "closed", "faults"}; {"token": [id, type], "evse"}; {"button", "evse"}; {"bay", "evse", …};
{"fault", "on", …};
{"ev_message", "evse"}: of a device that talks ISO 15118, answered by {"ev_answer", "evse"};
{"output", "seen"}: feedback of a relay;
{"safety_load", "on"}. What is not understood is counted and otherwise ignored: the bench may be newer than the firmware.
"""

import asyncio
import sys

from ampacity.base import strict_json
from ampacity.base.address import parse_address
from ampacity.base.compat import format_exception
from ampacity.ports.evse_hardware import EvseHardware

if False:  # for the type checker
    from collections.abc import Callable, Coroutine
    from typing import Any

    from ampacity.ports.interfaces import BenchPlatform, Facts, Sleeper
    from ampacity.ports.output import Output

    State = tuple[tuple[str, int], bool, bool]  # pilot, contactor, lock

REPEAT_MS = 200
ANSWERS_MAX = 16  # to a bench that does not read
FEED_MS_MIN = 50
CONNECT_TRIES = 50
CONNECT_PAUSE_MS = 100
FLAGS = {
    "rcm": "rcm",
    "residual_current": "rcm",
    "overtemp": "overtemp",
    "overtemperature": "overtemp",
    "lock_failed": "lock_failed",
    "pe_lost": "pe_lost",
}


class SimWatchdog:
    """The bench's watchdog: it bites, from outside, when no feed came for its time."""

    armed = True

    def __init__(self) -> None:
        self.fed = False
        self.on_feed: "Callable[[], object] | None" = None

    def feed(self) -> None:
        """Only the safety loop calls this; the bench is informed at most every 50 ms."""
        self.fed = True
        if self.on_feed is not None:
            self.on_feed()


class SimLink:
    """Pure core: lines and `now_ms` in, lines out. events, faults: the lists of the Platform it serves."""

    tasks: "list[asyncio.Task[None]]"  # that serve it, once run_link has connected

    def __init__(self, name: str, events: "list[tuple[Any, ...]]", faults: "dict[str, Facts]") -> None:
        self.name = name
        self.watchdog = SimWatchdog()
        self.on_change: "Callable[[], object] | None" = None
        self.refused = 0
        self._events = events
        self._faults = faults
        self._ports: "dict[str, EvseHardware]" = {}
        self._outputs: "dict[str, Output]" = {}
        self._sent: "dict[str, Any]" = {}
        self._fed_ms: "int | None" = None
        self._answers: "list[str]" = []

    def output(self, name: str) -> "Output":
        """The relay of that name; the bench wires what it knows by it."""
        from ampacity.ports.output import Output

        if name not in self._outputs:
            self._outputs[name] = Output(name, lambda on: self._changed())
        return self._outputs[name]

    def evse_hardware(self, evse: str) -> "EvseHardware":
        """The charging point of that name; the bench provides those that a controller asks for."""
        if evse not in self._ports:
            self._ports[evse] = port = EvseHardware(evse)
            port.on_change = self._changed
            port.ev_answer = lambda answer: self._answer(evse, answer)
        return self._ports[evse]

    def _answer(self, evse: str, answer: "Facts") -> None:
        if len(self._answers) < ANSWERS_MAX:
            self._answers.append(strict_json.dumps({"ev_answer": answer, "evse": evse}))
            self._changed()

    def hello(self, pid: int = 0) -> str:
        """The first line to the bench; pid: this process's number, 0 where the runtime does not say."""
        return strict_json.dumps({"hello": self.name, "pid": pid})

    def receive(self, line: "str | bytes", now_ms: int) -> None:
        """One line from the bench."""
        try:
            message = strict_json.loads(line)
            kind = [word for word in ("cp", "bay", "token", "button", "ev_message", "fault", "output", "safety_load") if word in message][0]
            getattr(self, "_on_" + kind)(message, now_ms)
        except (ValueError, KeyError, IndexError, TypeError, AttributeError):
            self.refused += 1

    def due(self, now_ms: int) -> "list[str]":
        """The lines that should go out now."""
        lines, self._answers = self._answers, []
        for name in sorted(self._ports):
            port = self._ports[name]
            state = (port.pilot, port.contactor, port.lock)
            last_state, last_ms = self._sent.get(name, (None, 0))
            if state != last_state or now_ms - last_ms >= REPEAT_MS:
                self._sent[name] = (state, now_ms)
                lines.append(output_line(name, state))
        for name in sorted(self._outputs):
            output = self._outputs[name]
            if self._sent.get("output " + name) != output.on:
                self._sent["output " + name] = output.on
                lines.append(strict_json.dumps({"output": name, "on": output.on}))
        if self.watchdog.fed and (self._fed_ms is None or now_ms - self._fed_ms >= FEED_MS_MIN):
            self.watchdog.fed = False
            self._fed_ms = now_ms
            lines.append('{"wd":1}')
        return lines

    def _changed(self) -> None:
        if self.on_change is not None:
            self.on_change()

    def _on_cp(self, message: "Facts", now_ms: int) -> None:
        port = self.evse_hardware(message["evse"])
        before = seen(port)
        high_mv, low_mv = message["cp"]
        port.cp_high_mv, port.cp_low_mv = int(high_mv), int(low_mv)
        port.pp_ohm = message.get("pp")
        port.amps_da = [int(amps) for amps in message.get("amps", (0, 0, 0))]
        port.volts_dv = [int(volts) for volts in message.get("volts", (0, 0, 0))]
        port.energy_wh = message.get("wh")
        port.temperature_c = message.get("temp")
        port.signed = message.get("signed")
        port.contactor_closed = bool(message.get("closed"))
        on = [FLAGS.get(fault) for fault in message.get("faults", ())]
        for flag in ("rcm", "overtemp", "lock_failed", "pe_lost"):
            setattr(port, flag, flag in on)
        port.updated_ms = now_ms
        if port.on_input is not None and seen(port) != before and "hang" not in self._faults:
            port.on_input(now_ms)

    def _on_token(self, message: "Facts", now_ms: int) -> None:
        token, kind = message["token"]
        self._to_owner(message.get("evse"), ("token", token, kind))

    def _on_button(self, message: "Facts", now_ms: int) -> None:
        self._to_owner(message.get("evse"), ("button", message["button"]))

    def _on_ev_message(self, message: "Facts", now_ms: int) -> None:
        self._to_owner(message["evse"], ("ev_message", message["ev_message"]))

    def _on_bay(self, message: "Facts", now_ms: int) -> None:
        self._events.append(("bay", message.get("evse"), bool(message["bay"]), message.get("token")))

    def _on_safety_load(self, message: "Facts", now_ms: int) -> None:
        self._events.append(("safety_load", message["safety_load"], bool(message["on"])))

    def _on_output(self, message: "Facts", now_ms: int) -> None:
        self.output(message["output"]).seen = message["seen"]

    def _on_fault(self, message: "Facts", now_ms: int) -> None:
        kind, on = message["fault"], bool(message.get("on", True))
        if on:
            self._faults[kind] = message
        else:
            self._faults.pop(kind, None)
        self._events.append(("fault", kind, on, message))

    def _to_owner(self, evse: "str | None", event: "tuple[Any, ...]") -> None:
        if evse in self._ports:
            self._ports[evse].events.append(event)
        else:
            self._events.append((event[0], evse) + event[1:])


def seen(port: "EvseHardware") -> "tuple[int, int, bool | None, bool, bool, bool, bool]":
    """What a contactor may have to be opened for."""
    return port.cp_high_mv, port.cp_low_mv, port.contactor_closed, port.rcm, port.overtemp, port.lock_failed, port.pe_lost


def output_line(name: str, state: "State") -> str:
    """The line with the outputs of an EVSE for the bench; duty of the pilot in permille."""
    (kind, permille), contactor, lock = state
    return strict_json.dumps({"evse": name, "pilot": [kind, permille], "contactor": contactor, "lock": lock})


async def run_link(platform: "BenchPlatform", link: "SimLink", address: str) -> None:
    """Connect to the bench at HOST:PORT and serve `link` in separate tasks; the process ends with the bench."""
    host, port = parse_address(address)
    for _ in range(CONNECT_TRIES):
        try:
            reader, writer = await platform.connect(host, port)
            break
        except OSError:
            await platform.clock.sleep_ms(CONNECT_PAUSE_MS)
    else:
        raise OSError(111, "no bench at " + address)
    waiter = platform.waiter()
    link.on_change = link.watchdog.on_feed = waiter.wake
    writer.write((link.hello(process_id()) + "\n").encode())
    link.tasks = [
        asyncio.create_task(until_end(read_lines(platform, link, reader))),
        asyncio.create_task(until_end(write_lines(platform, link, writer, waiter))),
    ]


async def read_lines(platform: "BenchPlatform", link: "SimLink", reader: "Any") -> None:
    """Lines from the bench, until it ends. Raises OSError."""
    while True:
        line = await reader.readline()
        if not line:
            return
        link.receive(line, platform.clock.now_ms())


async def write_lines(platform: "BenchPlatform", link: "SimLink", writer: "Any", waiter: "Sleeper") -> None:
    """Sends due lines to the bench, without end. Raises OSError."""
    while True:
        lines = link.due(platform.clock.now_ms())
        if lines:
            writer.write(("\n".join(lines) + "\n").encode())
            await writer.drain()
        await waiter.wait(FEED_MS_MIN * 1000)


async def until_end(coroutine: "Coroutine[Any, Any, None]") -> None:
    """The connection to the bench, and so the hardware, is lost: end the process as a power cut would."""
    try:
        await coroutine
    except OSError:
        pass
    except (ValueError, EOFError) as e:
        print(format_exception(e))
    sys.exit(0)


def process_id() -> int:
    """This process's number, 0 where the runtime does not say."""
    try:
        import os

        return os.getpid()
    except AttributeError:
        return 0
