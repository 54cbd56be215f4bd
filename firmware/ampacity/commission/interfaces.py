"""What the commissioning's parts hand each other, as types for the checker. No runtime loads this file."""

if False:  # for the type checker
    from collections.abc import Sequence
    from typing import Any, NotRequired, TypedDict

    Claims = dict[str, Any]  # of one EVSE; commissioning_run.py lists the keys
    Finding = dict[str, Any]  # code, where, level ("error" or "warning"), text, fix
    Document = dict[str, Any]  # plain JSON, as the report keeps it
    Verdict = tuple[str, str]  # outcome, text
    Loaded = list[tuple[int, int, int]]  # index of a meter, line of the supply from 0, 1 or -1 (it counts backwards)
    Terminals = Sequence[Sequence[int]]  # for each terminal of an EVSE the lines that it loads, from 0
    Lines = Sequence[int]  # deci-amperes per line of the supply
    Setting = tuple[int, str, int]  # baud, parity, stop bits

    class Off(TypedDict):
        """What an EVSE shows while it is paused."""

        register: str
        at: int
        shown_da: "int | None"
        states: "list[tuple[str, Any]]"
        shows: str
        able: bool  # is everything else there that would prove its pause?
        proven: bool
        read: NotRequired[bool]
