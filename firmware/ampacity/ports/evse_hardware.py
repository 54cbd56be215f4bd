"""The hardware of one charging point as plain attributes: states of inputs and outputs."""

if False:  # for the type checker
    from collections.abc import Callable

class EvseHardware:
    """Inputs are set by the platform, outputs by the owner of the charging point.

    Inputs: cp_high_mv, cp_low_mv (extremes of the pilot over one period), pp_ohm (None: open, or no contact), amps_da
    (None: not measured), volts_dv (lists of three, per terminal), energy_wh (None: no meter), temperature_c (None: no
    sensor), contactor_closed (feedback), the fault flags rcm, overtemp, lock_failed, pe_lost; `updated_ms`: when they were
    last read (None: never).
    signed: the newest reading that its meter has signed, {"data", "encoding", "method", "key"} as texts: the data set as it is, its format
    such as OCMF, how it was signed where the data set does not say so ("": it does), the public key in base 16; None: it signs none.
    events: list of ("token", id, type) and ("button", name), taken by the owner; of a module that talks ISO 15118 with its car
    ("ev_schedule", choice) and ("ev_message", message), whose answer it gets by `ev_answer`, and unasked that its schedules have changed
    (None: there is no such module).
    on_input: None, or function(now_ms) that the platform calls when the pilot, the feedback or a fault flag changed: the
    owner need not wait for its next tick to open a contactor.
    Outputs: pilot (kind, permille), contactor, lock; lock_again: a lock that gave up may try again, taken by the platform.
    `on_change` is called after an output changed.
    The reset state of the outputs is steady +12 V, contactor open, unlocked.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.cp_high_mv = 12000
        self.cp_low_mv = 12000
        self.pp_ohm: "int | None" = None
        self.amps_da: "list[int] | None" = [0, 0, 0]
        self.volts_dv: "list[int]" = [0, 0, 0]
        self.energy_wh: "int | None" = None
        self.temperature_c: "int | float | None" = None
        self.signed: "dict[str, str] | None" = None
        self.contactor_closed: "bool | None" = False
        self.rcm = self.overtemp = self.lock_failed = self.pe_lost = False
        self.updated_ms: "int | None" = None
        self.events: "list[tuple[str, ...]]" = []
        self.pilot: "tuple[str, int]" = ("x1", 0)
        self.contactor = False
        self.lock = self.lock_again = False
        self.on_change: "Callable[[], object] | None" = None
        self.on_input: "Callable[[int], None] | None" = None
        self.ev_answer: "Callable[[dict[str, object]], None] | None" = None

    def set_pilot(self, kind: str, permille: int = 0) -> None:
        """kind "x1" (steady +12 V), "pwm" with permille 1..999, "f" (steady −12 V); IEC 61851-1, Annex A."""
        self._output("pilot", (kind, permille if kind == "pwm" else 0))

    def set_contactor(self, closed: bool) -> None:
        """Close (True) or open the contactor; `contactor_closed` shows what it did."""
        self._output("contactor", bool(closed))

    def set_lock(self, locked: bool) -> None:
        """Lock (True) or unlock the plug; `lock_failed` says when it did not."""
        self._output("lock", bool(locked))

    def _output(self, name: str, value: object) -> None:
        if getattr(self, name) != value:
            setattr(self, name, value)
            if self.on_change is not None:
                self.on_change()
