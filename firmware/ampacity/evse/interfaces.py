"""What this room needs of others, for a reader and the type checker: hardware, guard and drivers. Nothing imports it at run time."""

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Protocol

    class EvsePort(Protocol):
        """The hardware of one EVSE as attributes: ports/evse_hardware.py says what each is."""

        name: str
        cp_high_mv: int
        cp_low_mv: int
        pp_ohm: "int | None"
        amps_da: "list[int] | None"
        volts_dv: "list[int]"
        energy_wh: "int | None"
        temperature_c: "int | float | None"
        contactor_closed: "bool | None"
        lock: bool
        lock_failed: bool
        lock_again: bool
        updated_ms: "int | None"
        events: "list[tuple[str, ...]]"
        on_input: "Callable[[int], None] | None"

        def set_pilot(self, kind: str, permille: int = 0) -> None:
            """kind "x1", "pwm" with permille 1..999, "f"."""

        def set_contactor(self, closed: bool) -> None:
            """Command of the coil."""

        def set_lock(self, locked: bool) -> None:
            """Command of the socket's lock."""

    class EvseGuard(Protocol):
        """What the driver reports to the guard and asks of it; circuit/guard.py says what each call means."""

        def send(self, evse: int, most_da: int, now_ms: int) -> "int | None":
            """Id of the order that may leave now, or None."""

        def answered(self, evse: int, order_id: int, now_ms: int) -> None:
            """The order was taken over."""

        def proven(self, evse: int, order_id: int, limit_da: int, now_ms: int) -> None:
            """A reading after the order shows limit_da in force."""

        def reported(self, evse: int, limit_da: int, now_ms: int) -> None:
            """The limit in force, as the EVSE shows it."""

        def measured(self, evse: int, amps_da: "list[int] | None", sample_ms: int, now_ms: int) -> None:
            """Current per terminal."""

        def heard(self, evse: int, now_ms: int) -> None:
            """The EVSE is there."""

        def evidence(self, evse: int, key: str, value: object, now_ms: int) -> None:
            """A setting that decides on reserve and watchdog."""

    class Access(Protocol):
        """The owner of authorisation at one EVSE: `OpenAccess` in session.py, `StationAccess` in roles/charging/station_access.py."""

        remedy: str
        """What a person does where a car may not charge, as a sentence without a capital."""

        def permits(self) -> bool:
            """Is charging permitted here now, or as soon as a car is plugged in?"""

        def reason(self) -> str:
            """Why it last ceased to permit."""

        def lets_go(self) -> bool:
            """Did the driver, or who manages the site, end it, so that a socket lets its plug go?"""

        def event(self, kind: str, word: "str | None", now_ms: int) -> None:
            """What happens there: "plugged", "unplugged", "charging" (word: one of CHARGING_STATES), "stop" and "fault" (word:
            the reason), "unlocked" (a person reset its lock-out). What follows for `permits` holds when this returns."""

    class SessionFacts(Protocol):
        """What a driver knows of its EVSE, as far as a session looks; None: not known."""

        online: bool
        plugged: "bool | None"
        charging: bool
        state: "str | None"
        fault: "str | None"
