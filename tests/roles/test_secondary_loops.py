"""The loops of a secondary: what one of them raises ends no other; what ends the safety loop opens the contactor and restarts."""

import asyncio

from helper_garage import HandClock, HandPlatform
from helper_secondary import START_MS, PlantPort, config

from ampacity.base.errors import InvariantBroken
from ampacity.base.log import Log
from ampacity.roles import secondary
from ampacity.store.memory_files import MemoryFiles


class Restart(Exception):
    """The platform restarts: nothing runs after it."""


class FastClock(HandClock):
    """A sleep is over at once, and its time has passed."""

    async def sleep_ms(self, duration_ms):
        self.us += duration_ms * 1000
        await asyncio.sleep(0)


class Failing:
    """A function that raises what is in `errors`, one after another, and then returns nothing; `calls`: how often it was called."""

    def __init__(self, *errors):
        self.errors = list(errors)
        self.calls = 0

    def __call__(self):
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)


class Line:
    """Nobody sends. read: a Failing."""

    def __init__(self, read):
        self._read = read
        self.closed = False

    async def read(self, wait_us):
        await asyncio.sleep(0)
        self._read()
        return b""

    def close(self):
        self.closed = True


class Server:
    def close(self):
        pass


class Platform(HandPlatform):
    """passes: how many the safety loop makes before it is cancelled, as at the end of the process."""

    def __init__(self, line=(), listen=(), tick=(), passes=400):
        self.port = PlantPort("evse-2")
        super().__init__(MemoryFiles(), START_MS, {"evse-2": self.port})
        self.clock = FastClock(START_MS)
        self.boot = {"name": "evse-2", "console": "127.0.0.1:4000"}
        self.line, self.listening, self.ticking = Line(Failing(*line)), Failing(*listen), Failing(*tick)
        self.left = passes
        self.files = MemoryFiles()

    def open_line(self, facts):
        return self.line

    async def listen(self, host, port, handler):
        self.listening()
        return Server()

    async def pace(self, duration_ms):
        self.left -= 1
        if not self.left:
            raise asyncio.CancelledError
        if self.left < 300:
            self.ticking()
        self.port.plant(self.clock.now_ms())
        await self.clock.sleep_ms(duration_ms)

    def reset(self, kind):
        super().reset(kind)
        raise Restart(kind)


async def lived(platform):
    """Its log, after the life of a secondary on this platform."""
    log = Log()
    platform.port.set_contactor(True)
    try:
        await secondary.run(platform, config(), log)
    except (Restart, asyncio.CancelledError):
        pass
    return log


def errors(log):
    return [line[3] for line in log.since(0) if line[2] == "error"]


async def test_a_loop_that_raises_starts_again_and_the_safety_loop_runs_on():
    platform = Platform(line=(MemoryError("full"), ValueError("defect")), listen=(OSError("in use"),))
    log = await lived(platform)
    assert platform.left == 0 and platform.watchdog.fed == 400 and platform.resets == []
    assert platform.listening.calls == 2 and platform.line._read.calls > 10 and platform.line.closed
    assert log.counters["loop_failures"] == 3
    for name, text in (("bus: ", "full"), ("bus: ", "defect"), ("console: ", "in use")):
        assert [line for line in errors(log) if line.startswith(name) and text in line], errors(log)


async def test_whatever_ends_the_safety_loop_opens_the_contactor_and_restarts():
    for error in (InvariantBroken("books"), MemoryError("full"), ValueError("defect"), OSError("pin")):
        platform = Platform(tick=(error,))
        log = await lived(platform)
        assert platform.resets == ["invariant"] and not platform.port.contactor and platform.port.pilot[0] == "x1", error
        assert [line for line in errors(log) if line.startswith("safe state: ") and str(error) in line], errors(log)
        assert platform.left and platform.line.closed
