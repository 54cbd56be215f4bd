"""`ampacity selftest`: the self test of a board, on a controller behind its MicroPython prompt or on this computer."""

import asyncio
import json
import time
from typing import Any

from ampacity.base.clock import TickClock
from ampacity.circuit.trusted.errors import Rejected
from ampacity.ports.selftest import SelfTest, line_of, passed
from ampacity_host.board.command import chosen
from ampacity_host.configure.push_pull import NoConnection, Prompt, TransferRefused
from ampacity_host.failure import failed

CODE = "import ampacity.ports.selftest\nprint(ampacity.ports.selftest.rows({folder!r}, {moving!r}))"


def selftest_command(name: str | None, controller: str | None, folder: str | None, moving: bool, as_json: bool) -> int:
    """0 no failure, 1 a failure, 2 wrong usage or no such board, 3 no connection. name: the board of this computer; controller: a prompt."""
    if (name is None) == (controller is None):
        return failed("name the board of this computer, or --controller with the prompt of another one", 2)
    try:
        results = on_controller(str(controller), folder, moving) if name is None else here(name, moving)
    except Rejected as refused:
        return failed(refused, 2)
    except NoConnection as problem:
        return failed(problem, 3)
    except TransferRefused as problem:
        return failed(problem, 1)
    if as_json:
        print(json.dumps({"ok": passed(results), "results": results}, ensure_ascii=False))
    else:
        print("\n".join(map(line_of, results)))
        counts = [sum(each["ok"] is state for each in results) for state in (True, False, None)]
        print("{} ok, {} failed, {} for a person to judge".format(*counts))
    return 0 if passed(results) else 1


def on_controller(port: str, folder: str | None, moving: bool) -> list[dict[str, Any]]:
    """The results of the controller at that prompt, which restarts afterwards. Raises NoConnection, TransferRefused."""
    with Prompt(port) as prompt:
        if folder is None:
            folder = prompt.data_folder()
        return list(prompt.run(CODE.format(folder=folder or ".", moving=moving)) or [])


def here(name: str, moving: bool) -> list[dict[str, Any]]:
    """The results of this computer as the board NAME[:VARIANT]. Raises Rejected: no such board, or not a board for Linux."""
    from ampacity.ports.linux_board import LinuxPins

    board = chosen(name)
    if board["port"] not in ("linux", "unix"):
        raise Rejected("board", name, "a board for this computer, such as linux-arm; for another one --controller")
    clock = TickClock(lambda: time.monotonic_ns() // 1000, 1 << 62)
    return asyncio.run(SelfTest(board, LinuxPins(), clock, moving).run())
