"""A primary as its parts see it, as a type; nothing imports it at run time."""

if False:  # for the type checker
    from typing import Any, Protocol

    from ampacity.base.clock import Clock
    from ampacity.base.log import Log
    from ampacity.base.rate_limited_log import DeviceLog
    from ampacity.base.wallclock import WallClock
    from ampacity.circuit.guard import Guard
    from ampacity.console.access import Access
    from ampacity.evse.local_driver import LocalDriver
    from ampacity.roles.control.buses import Buses
    from ampacity.roles.control.safety_loop import SafetyLoop
    from ampacity.roles.control.slow_work import SlowWork
    from ampacity.roles.interfaces import (
        CommissioningFace,
        ConsoleFace,
        EvsesFace,
        Files,
        ManualLimitsFace,
        OffShowsFace,
        ParentFace,
        Reading,
        ReplacingFace,
        RolePlatform,
        ScanningFace,
        SiteFacts,
        UpstreamFace,
    )  # fmt: skip
    from ampacity.roles.optional.part import OptionalPart
    from ampacity.roles.storage.persistence import Persistence
    from ampacity.store.document_store import DocumentStore

    class PrimaryFace(Protocol):
        """See primary.py. What is None is loaded when it is first asked for, or the site has none."""

        platform: RolePlatform
        log: Log
        device_log: DeviceLog
        clock: Clock
        started_ms: int
        files: Files
        documents: DocumentStore
        persistence: Persistence
        site: SiteFacts
        root: int  # the circuit above all others
        wallclock: WallClock
        guard: Guard
        readings: "list[Reading | None]"
        buses: Buses
        locals: "list[LocalDriver]"
        safety: SafetyLoop
        slow_work: SlowWork
        parts: "list[OptionalPart]"
        resetting: "str | None"
        commissioning: "CommissioningFace | None"
        scanning: "ScanningFace | None"
        replacing: "ReplacingFace | None"

        @property
        def evses(self) -> EvsesFace: ...

        @property
        def upstream(self) -> "UpstreamFace | None": ...

        @property
        def parent_link(self) -> "ParentFace | None": ...

        @property
        def console(self) -> ConsoleFace: ...

        def on_trial(self) -> str: ...

        def make(self, platform: Any, site: SiteFacts, log: Log) -> object: ...

        @property
        def access(self) -> Access: ...

        def manual_limits(self) -> ManualLimitsFace: ...

        def off_shows(self) -> OffShowsFace: ...

        def why(self, evse: int) -> str: ...

        def view(self) -> "dict[str, object]": ...

        def reset(self, kind: str, evse: int, now_ms: int) -> None: ...
