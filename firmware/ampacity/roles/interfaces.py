"""What the parts of a role see of each other, as types; nothing imports it at run time.

The parts of a primary are given the primary (`primary_face.py`) and reach the others through it: with the faces written down here
none imports another one that it only calls.
"""

if False:  # for the type checker
    from collections.abc import Awaitable, Callable
    from typing import Any, Protocol

    from ampacity.base.log import Log
    from ampacity.bus.leases.lease import Lease
    from ampacity.bus.leases.register_map import RegisterMap
    from ampacity.bus.server.modbus_server import ModbusServer
    from ampacity.console.access import Access as ConsoleAccess
    from ampacity.console.changes import Changes
    from ampacity.console.interfaces import Command
    from ampacity.console.settings import SettingTable
    from ampacity.console.transfer import Open
    from ampacity.evse.interfaces import Access
    from ampacity.evse.local_evse import LocalEvse
    from ampacity.evse.session import Session
    from ampacity.net.link import Link
    from ampacity.ocpp.messages import Values
    from ampacity.ocpp.station import Station
    from ampacity.ocpp.transactions.kept import Kept
    from ampacity.ports.line import Line
    from ampacity.ports.platform import Platform
    from ampacity.store.document_store import DocumentStore
    from ampacity.update.manifest import Manifest

    SiteFacts = dict[str, Any]  # the compiled site, or a part of it: configuration/field_types.py says of which kind each field is
    Reading = dict[str, Any]  # a meter's frame, decoded: "amps_da" per input, "volts_dv" and others where the device has them
    Loop = tuple[str, Callable[[], Awaitable[None]]]  # its name in the log, and what begins it
    View = dict[str, Any]  # for the console and the bench, JSON-able

    class RolePlatform(Platform):  # type: ignore[misc]
        """A platform with what each adds to the common part: ports/linux.py, ports/mp_platform.py."""

        role: Any
        kept: "Kept | None"  # messages for the CSMS, as read before the watchdog runs: charging/kept_messages.py
        open_line: Callable[[SiteFacts], Line]
        connect: Callable[..., Awaitable[tuple[Any, Any]]]
        listen: Callable[..., Awaitable[Any]]
        abort: Callable[[Any], None]

    class EvseFacts(Protocol):
        """What a driver knows of its EVSE; None: not known. Currents per terminal in da, voltages in dV, times in ms."""

        online: bool
        state: "str | None"
        plugged: "bool | None"
        charging: bool
        amps_da: "list[int] | None"
        volts_dv: "list[int] | None"
        power_w: "int | None"
        energy_wh: "int | None"
        limit_da: "int | None"
        serial: "str | None"
        firmware: "str | None"
        contactor_closed: "bool | None"
        fault: "str | None"
        updated_ms: int

    class Driver(Protocol):
        """What each EVSE's driver has; `hasattr` finds what only some have (set_traffic, switch_phases, hold_open, unlock, …)."""

        @property
        def facts(self) -> EvseFacts: ...

        def want(self, limit_da: int, now_ms: int) -> None: ...

    class Files(Protocol):
        """The files of the store room."""

        def read(self, name: str) -> "bytes | None": ...

        def part(self, name: str, at: int, size: int) -> bytes: ...

        def append(self, name: str, data: bytes) -> None: ...

        def sync(self, name: str) -> None: ...

        def holds(self, name: str, pieces: "list[bytes]") -> bool: ...

        def replace(self, name: str, data: "bytes | list[bytes]") -> None: ...

        def list(self) -> "list[str]": ...

        def remove(self, name: str) -> None: ...

    class OutputFace(Protocol):
        """A pin that is switched; `seen`: its feedback, None: it has none. OSError from `set`: it cannot be switched."""

        name: str
        on: bool
        seen: "bool | None"

        def set(self, on: bool) -> None: ...

    class Engine(Protocol):
        """The Modbus client of one line or one TCP endpoint (bus/client/); a line's has `wake`, a serial line's `duplicate_addresses`."""

        counters: "dict[str, Any]"

        def permit(self, until_ms: int) -> None: ...

        def fill(self, driver: Any) -> None: ...

    class EvsesFace(Protocol):
        """Every EVSE of the site with its session: charging/evses.py."""

        def index(self, name: "str | None") -> "int | None": ...

        def facts(self, index: int) -> EvseFacts: ...

        def amps_da(self, index: int) -> "list[int] | None": ...

        def session(self, index: int) -> Session: ...

        def transaction(self, index: int) -> "str | None": ...

        def authorized(self, index: int, accepted: bool, now_ms: int, reason: str) -> None: ...

        def needs(self, index: int, energy_wh: "int | None", departure_ms: "int | None", now_ms: int) -> None: ...

        def unlock(self, index: int, reference: str, now_ms: int) -> None: ...

        def renegotiate(self, index: int, now_ms: int) -> None: ...

        def ev_answer(self, index: int, answer: "dict[str, Any]", now_ms: int) -> None: ...

    class UpstreamFace(Protocol):
        """The station upstream with its link: charging/upstream.py."""

        station: Station
        link: Link

        def view(self) -> View: ...

        def shown(self, now_ms: int) -> View: ...

        def roots_pem(self) -> "str | None": ...

        def variable(self, component: str, name: str, text: "str | None", now_ms: int) -> str: ...

        def transaction(self, index: int) -> "str | None": ...

        def token(self, index: "int | None", token: str, kind: str, now_ms: int) -> None: ...

        def event(self, index: int, kind: str, fields: "dict[str, Any]", now_ms: int) -> None: ...

        def access(self, index: int) -> Access: ...

        def operative(self, index: int) -> bool: ...

        def status(self, index: int, session: Session, now_ms: int) -> None: ...

        def facts(self, index: int, facts: EvseFacts, fault: "str | None", now_ms: int) -> None: ...

        def needs(self, index: int, energy_wh: "int | None", departure_ms: "int | None", now_ms: int) -> None: ...

        def ev_schedule(self, index: int, choice: "dict[str, Any]", now_ms: int) -> None: ...

        def ev_message(self, index: int, message: "dict[str, Any]", now_ms: int) -> None: ...

        def meter(self, index: int, facts: EvseFacts, offered_da: "int | None", more: Values) -> None: ...

        def ends_since(self, index: int) -> "int | None": ...

    class ParentFace(Protocol):
        """The link to a parent, around the safety pass: control/parent_link.py."""

        def before(self, now_ms: int) -> None: ...

        def after(self, now_ms: int, permit: bool) -> None: ...

        def view(self, now_ms: int) -> View: ...

    class CommissioningFace(Protocol):
        """The guided test: service/commissioning.py."""

        @property
        def running(self) -> bool: ...

        def serves(self, index: int) -> bool: ...

        def command(self, words: "list[str]", now_ms: int) -> str: ...

    class ScanningFace(Protocol):
        """A scan of one bus: service/scanning.py."""

        @property
        def running(self) -> bool: ...

        def step(self, now_ms: int) -> None: ...

        def command(self, words: "list[str]", owner: Any, now_ms: int) -> str: ...

    class ReplacingFace(Protocol):
        """A new unit at an old place: service/replacing.py."""

        def step(self, now_ms: int) -> None: ...

        def command(self, words: "list[str]", now_ms: int) -> str: ...

    class OffShowsFace(Protocol):
        """What units show while they are off: storage/off_shows.py."""

        def declare(self, index: int, shows: "str | None") -> None: ...

        def keep(self, index: int, shows: str, now_ms: int) -> None: ...

        def forget(self, index: int, now_ms: int) -> None: ...

        def former(self, index: int) -> str: ...

    class ManualLimitsFace(Protocol):
        """Limits by hand: storage/manual_limits.py."""

        def put(
            self, source: str, target: "tuple[str, int]", value: "int | None", until_ms: "int | None", silent: str, now_ms: int, unit: str = "da",
        ) -> None: ...

        def forget(self, name: str, now_ms: int) -> bool: ...

    class ConfiguredTarget(Protocol):
        """The part of a console's target that a configuration needs."""

        access: ConsoleAccess
        settings: SettingTable
        changes: Changes
        asked_by: object

    class ConsoleFace(Protocol):
        """What the console works on: service/primary_console.py."""

        commands: "dict[str, Command]"
        changes: Changes

        def configuring(self) -> Any: ...  # service/configuring.py, which has this module's types

        def step(self, now_ms: int) -> None: ...

    class UpdatesFace(Protocol):
        """Updates of a secondary, for its console: updates/secondary_updates.py."""

        about: "dict[str, str]"

        @property
        def commands(self) -> "dict[str, Command]": ...

        @property
        def sinks(self) -> "dict[str, Open]": ...

        def view(self, now_ms: int) -> View: ...

        def step(self, now_ms: int) -> bool: ...

    class TakenFace(Protocol):
        """How far the bytes of a download have come: update/delivery.py, publish/published_file.py."""

        @property
        def source(self) -> str: ...

        @property
        def offset(self) -> int: ...

        @property
        def size(self) -> int: ...

        @property
        def manifest(self) -> "Manifest | None": ...

        def busy(self) -> bool: ...

    class SinkFace(Protocol):
        """What bytes of a download are written to."""

        def write(self, offset: int, data: bytes) -> int: ...

        def abort(self) -> None: ...

    class TakerFace(Protocol):
        """Who takes the file of a download: updates/updater.py, publish/published_file.py. places: `measure()`, then `device.slot_bytes`."""

        log: Log

        @property
        def places(self) -> Any: ...

        @property
        def delivery(self) -> TakenFace: ...

        def begin(self, source: str, size: int) -> None: ...

        def sink(self, source: str) -> SinkFace: ...

        def forget_unfinished(self) -> None: ...

        def work_once(self) -> object: ...

    class SecondaryFace(Protocol):
        """A secondary, as its console sees it: secondary.py."""

        log: Log
        documents: DocumentStore
        lease: Lease
        evse: LocalEvse
        engine: "ModbusServer | None"
        ticked_ms: int
        updates: "UpdatesFace | None"

        @property
        def map(self) -> RegisterMap: ...

        def view(self, now_ms: int) -> View: ...

        def housekeep(self, now_ms: int) -> None: ...

        def unlock_until(self, until_ms: int) -> None: ...

        def may_return(self, values: "tuple[int, ...]") -> None: ...

        def show_previous(self, platform: RolePlatform) -> None: ...
