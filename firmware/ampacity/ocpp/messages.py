"""What flows through this room, as types for a reader and the checker; nothing imports it at run time.

Message: a JSON object of OCPP 2.0.1; v201/tables.py says what it may hold, and nothing is passed on before it was checked. Reply: what a
request of ours ended with: a Message with kind "result", the code of the error as text with "error", None with "timeout" and "lost".
"""

if False:  # for the type checker
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any, Protocol, TypedDict

    Message = dict[str, Any]
    Reply = Any
    Done = Callable[[str, Reply, int], object]  # (kind, reply, now_ms)
    Call = tuple[str, Message, "Done | None"]  # (action, payload, what becomes of the answer)
    Action = tuple[Any, ...]  # for the roles: station.py lists them
    LimitRow = tuple[int, "int | None", "int | None", "int | None"]  # (EVSE or 0, watts, da per phase, phases)

    class Identifier(TypedDict):
        """What each identifier has: idToken of at most 36 characters, type of IdTokenEnumType."""

        idToken: str
        type: str

    class Token(Identifier, total=False):
        """An identifier as it is presented; additionalInfo as RequestStartTransaction has it."""

        additionalInfo: list[dict[str, str]]

    class Signed(TypedDict):
        """A signed reading of a meter: transactions/signed_values.py."""

        data: str
        encoding: str
        method: str
        key: str

    class Values(TypedDict, total=False):
        """Readings of one EVSE, or of the site's main meter (Station.meter_values); None or missing: not known. Currents per terminal in da,
        powers_w per terminal in W, voltages in dV, times in ms. export_wh: what the site fed in; only the main meter has it, and negative
        currents and powers. signed: the newest data set that the meter signed. last_wh: energy_wh, or what it was when the EVSE was last heard."""

        energy_wh: "int | None"
        last_wh: "int | None"
        export_wh: "int | None"
        power_w: "int | None"
        powers_w: "Sequence[int | None] | None"
        amps_da: "Sequence[int | None] | None"
        volts_dv: "Sequence[int | None] | None"
        offered_da: "int | None"
        offered_w: "int | None"
        soc: "int | None"
        signed: "Signed | None"
        read_ms: "int | None"
        flows: bool
        energy_ms: int

    class Metered(Protocol):
        """An EVSE as far as its readings go."""

        id: int
        phase_names: "list[str] | tuple[str, ...]"
        state: str
        values: Values

    class Named(Protocol):
        """What names a variable of a component: a row of the device model, or a monitor."""

        component: str
        variable: str
        instance: str

    class Documents(Protocol):
        """The settings of the store room."""

        damaged: "list[str]"

        def get(self, name: str) -> Any: ...

        def put(self, name: str, value: object) -> None: ...

        def remove(self, name: str) -> None: ...

        def names(self) -> "list[str]": ...

        def distrust(self, name: str, why: str) -> None: ...

    class Journal(Protocol):
        """The journal of the store room: numbered records, the oldest first."""

        size_max: int
        unread: int

        def append(self, data: bytes) -> int: ...

        def records(self, start: int = 0) -> "Iterator[tuple[int, bytes]]": ...

        def drop_to(self, seq: int) -> None: ...

        def rewrite(self, start: int, change: "Callable[[int, bytes], bytes | None]") -> int: ...

        def size(self) -> int: ...

    class Kept(Protocol):
        """A journal and what was in it at the start: transactions/kept.py."""

        journal: Journal
        count: int
        newest: int
        waiting: "dict[str, int]"
        last: "dict[str, tuple[int, int, str]]"
        gap: bool
        damaged: "list[tuple[int, str]]"

    class Store(Protocol):
        """What the station keeps its things in."""

        @property
        def documents(self) -> Documents: ...

        @property
        def kept(self) -> Kept: ...
