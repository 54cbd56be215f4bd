"""What this room takes of others, for a reader and the type checker. Nothing imports it at run time."""

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any, Protocol

    Facts = dict[str, Any]  # of a board file, with every default filled in (docs/interfaces/board-toml.md)
    Measured = tuple[list[int], list[int], "int | None"]  # amperes (da) and volts (dV) per terminal, energy in Wh or None

    class Hardware(Protocol):
        """The charging point as attributes: ports/evse_hardware.py says what each is."""

        cp_high_mv: int
        cp_low_mv: int
        pp_ohm: "int | None"
        amps_da: "list[int] | None"
        volts_dv: "list[int]"
        energy_wh: "int | None"
        temperature_c: "int | float | None"
        contactor_closed: "bool | None"
        rcm: bool
        overtemp: bool
        lock_failed: bool
        lock_again: bool
        updated_ms: "int | None"
        events: "list[tuple[str, ...]]"
        on_input: "Callable[[int], None] | None"
        pilot: "tuple[str, int]"
        contactor: bool
        lock: bool
