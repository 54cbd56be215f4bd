"""`python -m tools.cortex_m3.try_out`: the firmware and the tools on an emulated board, from an empty flash to an update and back.

The real mpremote at the prompt of MicroPython on a Cortex-M3 (`make cortex-m3`); the application image of `ampacity build`, as a board of its
kind would have it; pymodbus as the primary on its RS-485 line; `ampacity bundle push` over its serial console. Prints each step with its seconds.

Exit codes: 0 every step passed, 1 a step failed, 2 the emulator is missing.
"""

import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import serial
from pymodbus.client import ModbusSerialClient
from pymodbus.exceptions import ModbusIOException

from ampacity.bus.leases import register_table as table
from tools.cortex_m3.board import Board, there
from tools.micropython.find import ROOT

PROMPT, BUS, CONSOLE = 0, 2, 3  # UARTs; the bus as the board file of the stm32h7 has it
MOUNTED_BUS, MOUNTED_UNIT, UNIT = 1, 5, 7
BOARD = "stm32h7"
BOOT = {"role": "secondary", "meter": "none", "console_line": f"uart:{CONSOLE}"}
BITS_A_SECOND, CHARACTER_BITS = 19200, 11
SILENCE_S = 0.004  # between two frames on a line: 3.5 characters, and what a busy host adds
RELEASE_US_MAX = 2000  # of the median, after the last bit: a device may answer 3.5 characters after a frame
SITE = """[site]
name = "tryout"
[[circuit]]
name = "main"
rating_a = 40.0
[[bus]]
name = "line"
kind = "rtu"
port = "/dev/ttyUSB0"
[[evse]]
name = "bay"
kind = "ampacity"
bus = "line"
unit = 7
circuit = "main"
max_a = MAX
"""
LAST_ROW = b"watchdog machine"  # of the self test
TYPED_S = 20
LIMIT_S = 300  # of one command
CUT_AT = "50 %"  # of the first push, when the power goes
TRIAL_S = 240  # two minutes of health, each counted before it begins


class Failed(Exception):
    """A step; one line says why."""


def need(condition: object, text: object) -> None:
    """Raises Failed with the text if the condition is false."""
    if not condition:
        raise Failed(str(text))


def run(*words: object, statuses: "tuple[int, ...]" = (0,)) -> str:
    """Standard output of a program of this environment, `ampacity` or `mpremote`. Raises Failed for another exit status."""
    module = {"ampacity": "ampacity_host"}.get(str(words[0]), str(words[0]))
    command = [sys.executable, "-m", module, *[str(word) for word in words[1:]]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S)
    need(done.returncode in statuses, f"{' '.join(map(str, words[:3]))}: status {done.returncode}: {(done.stdout + done.stderr)[-600:]}")
    return done.stdout


class Primary:
    """pymodbus on a line of the board."""

    def __init__(self, device: str, unit: int) -> None:
        self._client, self._unit = ModbusSerialClient(device, baudrate=BITS_A_SECOND, timeout=1, retries=0), unit
        need(self._client.connect(), f"{device} cannot be opened")
        self.took_s: "list[float]" = []
        self.unanswered = 0

    def ask(self, what: str, *arguments: object, tries: int = 1, **named: object) -> Any:
        """The answer. Raises Failed."""
        for _ in range(tries):
            time.sleep(SILENCE_S)
            began_s = time.monotonic()
            try:
                answer = getattr(self._client, what)(*arguments, device_id=self._unit, **named)
            except ModbusIOException:
                self.unanswered += 1
                continue
            self.took_s.append(time.monotonic() - began_s)
            return answer
        raise Failed(f"{what}: no answer of unit {self._unit} in {tries} tries")

    def read(self, at: int, count: int, tries: int = 1) -> "list[int]":
        """Registers. Raises Failed."""
        answer = self.ask("read_holding_registers", at, count=count, tries=tries)
        need(not answer.isError(), answer)
        return list(answer.registers)

    def close(self) -> None:
        self._client.close()


def grant(limit_da: int, sequence: int) -> "list[int]":
    """Registers of a grant for ten seconds."""
    return [limit_da, 100, sequence, 0xA1B2, 0xC3D4, 1, 0]


class TryOut:
    """The steps, in their order; each raises Failed."""

    def __init__(self, board: Board, work: Path) -> None:
        self.board, self.work = board, work
        self.notes: "list[str]" = []
        self.keys = ("--keys", work / "keys")

    def mpremote(self, *words: object) -> str:
        """What the real mpremote prints at the prompt."""
        return run("mpremote", "connect", self.board.uart[PROMPT], *words)

    def configure(self, what: str, *words: object) -> str:
        """`ampacity configure` at the prompt."""
        return run("ampacity", "configure", what, *words, "--controller", self.board.uart[PROMPT], "--prompt")

    def console(self, *words: object) -> str:
        """`ampacity console` at the serial console."""
        return run("ampacity", "console", "--controller", self.board.uart[CONSOLE], *words)

    def update(self) -> "dict[str, Any]":
        """`show update`; empty while the controller restarts."""
        try:
            found: "dict[str, Any]" = json.loads(self.console("show", "update", "--json"))
        except (Failed, ValueError):
            return {}
        return found

    def until(self, condition: "Callable[[dict[str, Any]], object]", seconds: float, text: str) -> "dict[str, Any]":
        """`show update` once it is as wanted. The primary asks meanwhile: without it a trial does not see the bus. Raises Failed."""
        end_s = time.monotonic() + seconds
        while True:
            primary = Primary(self.board.uart[BUS], UNIT)
            try:
                primary.read(table.STATUS_AT, 2, tries=3)
            except Failed:
                pass
            finally:
                primary.close()
            found = self.update()
            if found and condition(found):
                return found
            need(time.monotonic() < end_s, f"not within {seconds:g} s: {text}: {found}")
            time.sleep(1)

    def prompted(self) -> None:
        """mpremote connects, executes, and copies a file there and back; it is there after the power was off."""
        version, free = json.loads(self.mpremote("exec", "import gc, json, sys; gc.collect(); print(json.dumps([sys.version, gc.mem_free()]))"))
        self.notes.append(f"{version}, {free // 1024} KiB free")
        (self.work / "there").write_bytes(os.urandom(20000))
        self.mpremote("fs", "cp", self.work / "there", ":there")
        self.board.power_off()
        self.board.power_on()
        self.mpremote("fs", "cp", ":there", self.work / "back")
        need((self.work / "back").read_bytes() == (self.work / "there").read_bytes(), "another content")
        self.mpremote("fs", "rm", ":there")

    def mounted(self) -> None:
        """mpremote mounts the sources and runs a Modbus server on machine.UART with line.py and rs485_pin.py; pymodbus gets right answers."""
        words = ["mpremote", "connect", self.board.uart[PROMPT], "mount", ROOT / "firmware", "run", ROOT / "tools" / "cortex_m3" / "secondary.py"]
        with subprocess.Popen([sys.executable, "-m", *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(2)]
            need(lines[1] == "ready\n", lines)
            primary = Primary(self.board.uart[MOUNTED_BUS], MOUNTED_UNIT)
            need(primary.read(table.BASE, 2, tries=3) == [0x5375, 0x6E53], "no SunSpec identity")
            for sequence in range(1, 21):
                limit_da = 60 + 5 * sequence
                need(not primary.ask("write_registers", table.GRANT_AT, grant(limit_da, sequence)).isError(), "the grant is refused")
                status = primary.read(table.STATUS_AT, 25)
                need((status[3], status[23]) == (limit_da, sequence), f"{status} after a grant of {limit_da} dA")
            need(primary.ask("read_holding_registers", 0, count=1).exception_code == 2, "an address that is not there is answered")
            primary.close()
            shown = json.loads(process.communicate(timeout=30)[0].strip().splitlines()[-1])
        late_us = sorted(us - count * CHARACTER_BITS * 1000000 // BITS_A_SECOND for us, count in shown["held"])
        need(len(late_us) == shown["requests"] == len(primary.took_s) and shown["line"]["dropped_bytes"] == 0, shown)
        need(late_us[0] >= 0 and median(late_us) <= RELEASE_US_MAX, f"the driver is released {late_us} us after the last bit")
        self.notes.append(f"{len(late_us)} requests, answer after {1000 * median(primary.took_s):.0f} ms (median)")
        self.notes.append(f"driver released {late_us[0]} to {late_us[-1]} us after the last bit, median {median(late_us):.0f} us")

    def flashed(self) -> None:
        """`ampacity build` and `ampacity flash` at the prompt; every file is read back."""
        run("ampacity", "bundle", "key", "new", "root-a", "--root", *self.keys)
        run("ampacity", "bundle", "key", "new", "release", *self.keys)
        for sequence in (1, 2):
            out = self.work / f"built-{sequence}"
            run("ampacity", "build", BOARD, "--role", "secondary", "--release", f"{sequence}.0", "--out", out)
            run("ampacity", "bundle", "sign", out / "app", "--out", self.bundle(sequence), "--key", "release", "--board", BOARD,
                "--release", f"{sequence}.0", "--sequence", sequence, *self.keys)  # fmt: skip
        words = ("--bundle", self.bundle(1), "--port", self.board.uart[PROMPT], "--json", *self.keys)
        row = json.loads(run("ampacity", "flash", BOARD, *words))["devices"][0]
        need(row["ok"], row)
        self.notes.append(row["text"])

    def bundle(self, sequence: int) -> Path:
        return self.work / f"{sequence}.bundle"

    def configured(self) -> None:
        """Board file and boot facts by mpremote, the configuration by `configure push`, which is read back and compared."""
        for name, text in (("board.json", run("ampacity", "board", "show", BOARD, "--json")), ("boot.json", json.dumps(BOOT))):
            (self.work / name).write_text(text)
            if name == "board.json":
                self.mpremote("fs", "mkdir", ":data")
            self.mpremote("fs", "cp", self.work / name, f":data/{name}")
        for name, limit in (("site.toml", "16.0"), ("other.toml", "10.0")):
            (self.work / name).write_text(SITE.replace("MAX", limit))
        which = ("--secondary", "bay", "--line", f"uart:{BUS}")
        self.configure("push", self.work / "site.toml", *which)
        need(json.loads(self.configure("pull"))["max_da"] == 160, "another configuration is read back")
        self.configure("diff", self.work / "site.toml", *which)

    def tested(self) -> None:
        """`ampacity selftest` at the prompt of the running controller, whose pins are simulated."""
        words = ("ampacity", "selftest", "--controller", self.board.uart[PROMPT], "--json")
        told = json.loads(run(*words, statuses=(0, 1)))
        failed = [row for row in told["results"] if row["ok"] is False]
        self.notes.append(f"{len(told['results'])} results, {len(failed)} failed")
        need(not failed, failed)

    def typed(self) -> None:
        """The same by hand: Ctrl-C twice at a terminal stops the controller, and the prompt takes the two lines of docs/ports.md."""
        with serial.Serial(self.board.uart[PROMPT], 115200, timeout=0.1) as terminal:
            heard = b""
            for keys, until in ((b"\x03\x03\r", b">>> "), (b"import ampacity.ports.selftest as s\r", b">>> "), (b's.main("data")\r', LAST_ROW)):
                terminal.write(keys)
                end_s, heard = time.monotonic() + TYPED_S, b""
                while until not in heard:
                    need(time.monotonic() < end_s, heard)
                    heard += terminal.read(4096)
        shown = heard.decode().splitlines()
        need(any(line.startswith("ok ") and "pilot plus 12 V" in line for line in shown) and "FAILED" not in heard.decode(), shown)

    def started(self) -> None:
        """Power: the boot stage verifies the image and starts it; pymodbus orders the charging point on RS-485."""
        self.board.power_off()
        began_s = time.monotonic()
        self.board.power_on()
        primary = Primary(self.board.uart[BUS], UNIT)
        need(primary.read(table.BASE, 2, tries=60) == [0x5375, 0x6E53], "no SunSpec identity")
        self.notes.append(f"first answer {time.monotonic() - began_s:.1f} s after the power")
        for sequence in range(1, 11):
            need(not primary.ask("write_registers", table.GRANT_AT, grant(60 + 10 * sequence, sequence), tries=3).isError(), "the grant is refused")
            need(primary.read(table.STATUS_AT, 25, tries=3)[3] == 60 + 10 * sequence, "another limit")
        self.notes.append(f"answer after {1000 * median(primary.took_s):.0f} ms (median)")
        primary.close()
        need(self.update()["runs"] == "a", "another slot runs")
        used, free = json.loads(self.mpremote("resume", "exec", "import gc, json; gc.collect(); print(json.dumps([gc.mem_alloc(), gc.mem_free()]))"))
        self.notes.append(f"heap: {used // 1024} KiB in use with the code and a console session, {free // 1024} KiB free")
        self.board.power_off()  # the prompt has stopped the controller
        self.board.power_on()
        self.until(lambda found: found["runs"] == "a", 60, "slot a runs")

    def cut(self) -> None:
        """`ampacity bundle push` over the serial console, and the power goes in the middle of it: the version that ran runs again."""
        words = ("ampacity_host", "bundle", "push", self.bundle(2), "--controller", self.board.uart[CONSOLE])
        with subprocess.Popen([sys.executable, "-m", *map(str, words)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            shown = []
            for line in process.stderr:
                shown.append(line)
                if CUT_AT in line:
                    break
            else:
                raise Failed(f"it ended before the power went: {shown}")
            self.board.power_off()
            process.kill()
        self.board.power_on()
        found = self.until(lambda found: found["runs"] == "a", 60, "slot a runs")
        need(found["slots"]["b"].startswith("receiving"), found)

    def updated(self) -> None:
        """The same command continues with `--activate`; the new version confirms itself after two minutes."""
        words = ("--controller", self.board.uart[CONSOLE], "--activate", "--json")
        told = json.loads(run("ampacity", "bundle", "push", self.bundle(2), *words))
        self.notes.append(f"{told['sent']} of {told['bytes']} bytes in {told['seconds']} s")
        need(told["sent"] < told["bytes"] * 2 / 3, told)
        self.until(lambda found: found["runs"] == "b" and found.get("trial"), 60, "on trial in slot b")
        found = self.until(lambda found: not found.get("trial"), TRIAL_S, "confirmed")
        need(found["runs"] == "b" and found["slots"]["b"] == "good 2.0", found)

    def rolled_back(self) -> None:
        """`update roll-back` at the serial console: the version before runs again, with its configuration."""
        need("restarting" in self.console("update", "roll-back", "--yes"), "no restart")
        found = self.until(lambda found: found["runs"] == "a", 60, "slot a runs")
        need("rolled back" in found["result"], found)
        need(json.loads(self.configure("pull"))["max_da"] == 160, "another configuration")


STEPS = (
    TryOut.prompted, TryOut.mounted, TryOut.flashed, TryOut.configured, TryOut.tested, TryOut.typed, TryOut.started, TryOut.cut, TryOut.updated,
    TryOut.rolled_back,
)  # fmt: skip


def play(work: Path) -> None:
    """Every step. Raises Failed."""
    with Board(work / "flash") as board:
        try_out = TryOut(board, work)
        for step in STEPS:
            began_s = time.monotonic()
            try_out.notes.clear()
            step(try_out)
            took = f"cortex-m3-test: {step.__name__}: {time.monotonic() - began_s:.1f} s: {(step.__doc__ or '').strip()}"
            print("\n    ".join([took, *try_out.notes]), flush=True)


def main() -> int:
    """See the module."""
    if not there():
        print("cortex-m3-test: no emulated board here; run: make cortex-m3", file=sys.stderr)
        return 2
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # what is asked again while the board starts
    try:
        with tempfile.TemporaryDirectory(prefix="ampacity-m3.") as work:
            play(Path(work))
    except (Failed, RuntimeError, subprocess.TimeoutExpired) as problem:
        print(f"cortex-m3-test: {problem}", file=sys.stderr)
        return 1
    print("cortex-m3-test: every step passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
