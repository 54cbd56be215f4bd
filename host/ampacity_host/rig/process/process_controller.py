"""A controller as a process: its data folder, its start, its end."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys

from ampacity.base.within import within
from ampacity.ports.platform import EXIT_RESTART
from ampacity_host.rig.process.runtime import command

TERM_S = 3.0
RESTART_PAUSE_S = 0.3
JUST_S = 0.3


class ProcessController:
    """boot(), config(): the facts of boot.json and site.json, called at each start."""

    def __init__(self, name, folder, runtime, heap_kib, boot, config):
        self.name, self.folder, self.runtime = name, folder, runtime
        self._heap_kib = heap_kib
        self._boot, self._config = boot, config
        self._process = None
        self._watcher = None
        self._wanted = False
        self._starting = asyncio.Lock()
        self.starts = 0
        self.boot_facts = {}         # further arguments, for its next start only
        self.last_status = None

    @property
    def running(self):
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self):
        return self._process.pid if self.running else None

    @property
    def restarts(self):
        return max(0, self.starts - 1)

    async def start(self):
        """Writes its facts and starts the process; returns when it is started. Two concurrent calls start one process."""
        async with self._starting:
            await self._start()

    async def _start(self):
        if self.running and not await self._gone():
            return
        self._wanted = True
        self.starts += 1
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        self.folder.mkdir(mode=0o700, exist_ok=True)
        more, self.boot_facts = self.boot_facts, {}
        write_json(self.folder / "boot.json", {**self._boot(), **more, **self._slots()})
        write_json(self.folder / "site.json", self._config())
        arguments, environment = self._program()
        with open(self._log_path(), "ab", opener=for_its_owner) as log:
            self._process = await asyncio.create_subprocess_exec(
                *arguments, env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log)
        self._watcher = asyncio.create_task(self._watch(self._process))

    def _slots(self):
        """Facts of its slots for updates: the folder NAME.slots next to its data folder, of `ampacity bundle slots`, if it is there."""
        return {"update": str(self._slots_path())} if self._slots_path().is_dir() else {}

    def _program(self):
        if not self._slots_path().is_dir():
            return command(self.runtime, self.folder, self._heap_kib)
        from ampacity_host.configure.running.slots import SlotChoice

        return SlotChoice(self._slots_path(), self.runtime, self.folder).program()

    def _slots_path(self):
        return self.folder.parent / (self.name + ".slots")

    async def _gone(self):
        """True once after the process has ended."""
        with contextlib.suppress(TimeoutError):
            await within(self._process.wait(), JUST_S)
        return not self.running

    async def _watch(self, process):
        status = await process.wait()
        self.last_status = status
        if self._wanted and process is self._process and status not in (0, EXIT_RESTART):
            self._complain(status)
        if status == EXIT_RESTART and self._wanted and process is self._process:
            await asyncio.sleep(RESTART_PAUSE_S)
            if self._wanted:
                await self.start()

    def _complain(self, status):
        """The process ended without a request: reports its last output."""
        words = self._log_path().read_text(errors="replace").strip().splitlines()[-3:]
        print("ampacity rig: %s ended with %s: %s" % (self.name, status, " | ".join(words)), file=sys.stderr, flush=True)

    def _log_path(self):
        return self.folder.parent / (self.name + ".log")

    async def kill(self):
        """SIGKILL, then waits until the process has ended."""
        await self._end(signal.SIGKILL)

    async def term(self):
        """SIGTERM; SIGKILL if it does not end."""
        await self._end(signal.SIGTERM)

    async def _end(self, number):
        self._wanted = False
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)
        try:
            await within(process.wait(), TERM_S)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def wipe(self):
        """Erases everything that it stored."""
        if self.folder.exists():
            shutil.rmtree(self.folder)

    async def close(self):
        await self.kill()
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)


def for_its_owner(path, flags):
    """An opener: only the owner can read the file, from its first byte on, also if an earlier version had wider permissions."""
    fd = os.open(path, flags, 0o600)
    with contextlib.suppress(OSError):  # a medium without modes
        os.fchmod(fd, 0o600)
    return fd


def write_json(path, facts):
    """Written whole or not at all: a controller may be reading. Only for its owner: it may hold passwords and keys."""
    beside = path.with_suffix(".tmp")
    beside.unlink(missing_ok=True)
    beside.touch(mode=0o600)
    beside.write_text(json.dumps(facts))
    os.replace(beside, path)
