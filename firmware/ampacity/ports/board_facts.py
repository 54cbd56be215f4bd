"""The board file on a controller: `board.json` in its data folder, as `ampacity board show NAME --json` prints it.

Which pin does what is data; no module here knows a board. Without the file a controller has the pins that boot.json and the site file name.
"""

import os

from ampacity.base import strict_json
from ampacity.base.errors import Rejected

if False:  # for the type checker
    from typing import Any

    from ampacity.ports.interfaces import Facts

FILE = "board.json"
FORMAT = 1
BYTES_MAX = 32768


def read_board(folder: str) -> "Facts | None":
    """The facts of the board, None without a file. Rejected: no JSON object, or of another format."""
    path = folder + "/" + FILE
    try:
        size = os.stat(path)[6]
        with open(path, "rb") as f:
            data = f.read(min(size, BYTES_MAX))  # a runtime reserves what is asked for
    except OSError:
        return None
    try:
        facts: "Any" = strict_json.loads(data, size_max=BYTES_MAX) if size <= BYTES_MAX else None
    except ValueError:
        facts = None
    if not isinstance(facts, dict) or facts.get("format") != FORMAT or "pilot" not in facts:
        raise Rejected(FILE, facts.get("format") if isinstance(facts, dict) else "no board", "the output of `ampacity board show NAME --json`")
    return facts


def serial_of(board: "Facts | None", port: str) -> "Facts | None":
    """The table `serial` of a port "uart:N", or of a device path; None where the board has none."""
    for each in [] if board is None else board["serial"]:
        if port in ("uart:%s" % each.get("uart"), each.get("device")):
            return each  # type: ignore[no-any-return]
    return None


def pin_of(board: "Facts | None", table: str, key: str, name: str) -> "Facts | None":
    """The pin that the site file calls "gpio:N", by its number or as the line GPION, or "relay-N": the N-th entry of the table.

    table, key: "output" and "out", or "input" and "sense". None: the board has no such pin.
    """
    for index, each in enumerate([] if board is None else board[table]):
        pin = str(each[key]["pin"])
        if name in ("relay-%d" % (index + 1), "gpio:" + (pin[4:] if pin[:4] == "GPIO" else pin)):
            return each[key]  # type: ignore[no-any-return]
    return None
