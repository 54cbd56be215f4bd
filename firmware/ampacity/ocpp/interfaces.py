"""What the blocks of the station see of it and of each other, as types; nothing imports it at run time.

The station owns the blocks, and each block is given the station: with the faces written down here no block imports another one
that it only calls through the station.
"""

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any, Protocol

    from ampacity.base.log import Log
    from ampacity.base.rng import Rng
    from ampacity.base.wallclock import WallClock
    from ampacity.ocpp.authorization.cache import Cache
    from ampacity.ocpp.device_model.model import DeviceModel, Row, Scope
    from ampacity.ocpp.documents import StationDocuments
    from ampacity.ocpp.evse import Authorization, OcppEvse
    from ampacity.ocpp.messages import Action, Call, Message, Named, Token
    from ampacity.ocpp.smart_charging.composite import Composite
    from ampacity.ocpp.smart_charging.profile import Profile
    from ampacity.x509.key_door import KeyDoor

    class Puller(Protocol):
        """A block with requests of its own."""

        def pull(self, now_ms: int) -> "Call | None": ...

    class LocalListFace(Protocol):
        """The local authorization list: authorization/local_list.py."""

        version: int

        def __len__(self) -> int: ...

        def about(self, token: "Token | None", identifier: str) -> "list[str]": ...

        def find(self, token: Token, now_s: int, evse_id: int = 0) -> "tuple[str, str] | None": ...

        def update(self, version: int, full: bool, items: "list[Message]") -> str: ...

    class QueueFace(Puller, Protocol):
        """Messages that must reach the CSMS: transactions/queue.py."""

        count: int
        waiting: "dict[str, int]"
        last: "dict[str, tuple[int, int, str]]"

        def append(self, action: str, payload: Message, transaction_id: "str | None", now_ms: int, may_drop: bool = False) -> bool: ...

        def wake_ms(self) -> "int | None": ...

        def tick(self, now_ms: int) -> "int | None": ...

        def forget(self, transaction_id: str) -> None: ...

    class AvailabilityFace(Puller, Protocol):
        """What connectors show: availability/connectors.py."""

        closing: bool

        def status(self, evse: OcppEvse) -> str: ...

        def operative(self, evse_id: int) -> bool: ...

        def station_status(self) -> str: ...

        def change(self, name: str, operative: bool, now_ms: int) -> str: ...

        def force(self, evses: "list[OcppEvse]") -> None: ...

        def force_all(self) -> None: ...

        def pull_forced(self, now_ms: int) -> "Call | None": ...

    class AuthorizerFace(Puller, Protocol):
        """Who may charge: authorization/authorizer.py."""

        def plugged(self, evse: OcppEvse, now_ms: int) -> None: ...

        def begin(self, evse: OcppEvse, token: Token, trigger: str, remote_id: "int | None", now_ms: int) -> None: ...

        def contract(self, evse_id: int, token: Token, shown: Message, now_ms: int) -> None: ...

    class EventsFace(Protocol):
        """Where TransactionEvents come from: transactions/transaction_events.py."""

        def send(
            self, evse: OcppEvse, kind: str, trigger: str, now_ms: int, token: "Token | None" = None, reason: "str | None" = None,
            values: "list[Message] | None" = None, phases: int = 0,
        ) -> None: ...

        def keep(self, evse: OcppEvse) -> None: ...

    class TransactionsFace(Protocol):
        """When transactions begin and end: transactions/lifecycle.py."""

        @property
        def events(self) -> EventsFace: ...

        def authorized(self, evse: OcppEvse, authorization: Authorization, now_ms: int) -> None: ...

        def deauthorize(self, evse: OcppEvse, trigger: str, reason: str, now_ms: int, token: "Token | None" = None) -> None: ...

        def reset(self, evse: OcppEvse, now_ms: int) -> None: ...

        def ending(self, evse: OcppEvse) -> bool: ...

        def find(self, transaction_id: str) -> "OcppEvse | None": ...

    class FirmwareFace(Protocol):
        """Who has the slots of this controller: roles/optional/update.py."""

        def request(self, request: Message, key: str, now_ms: int) -> Message: ...

        def triggered(self) -> Message: ...

    class SamplingFace(Puller, Protocol):
        """Samples while time goes by: transactions/sampling.py."""

        def request(self, evse: OcppEvse) -> bool: ...

    class ResetsFace(Protocol):
        """Resets that were promised: provisioning/reset.py."""

        def schedule(self, kind: str, evse_id: int, now_ms: int) -> str: ...

        def scheduled(self) -> bool: ...

    class ReportsFace(Puller, Protocol):
        """The report under way: device_model/reports.py."""

        def begin(self, request_id: int, wanted: "Callable[[Scope, Row], bool]") -> str: ...

    class DeviceEventsFace(Puller, Protocol):
        """Events for NotifyEvent: device_model/device_events.py."""

        def add(
            self, scope: "Scope", name: Named, text: str, now_ms: int, trigger: str, source: str, monitor: "int | None" = None,
            cleared: "bool | None" = None, transaction: "str | None" = None,
        ) -> None: ...

    class BootFace(Puller, Protocol):
        """BootNotification and Heartbeat: provisioning/boot_notification.py."""

        status: "str | None"

        def sent(self, now_ms: int) -> None: ...

        def trigger(self, now_ms: int) -> bool: ...

        def request_heartbeat(self) -> None: ...

        def pull_heartbeat(self, now_ms: int) -> "Call | None": ...

    class EvNeedsFace(Puller, Protocol):
        """What cars need: smart_charging/charging_needs.py."""

        def unsent(self, evse_id: int) -> bool: ...

    class ProfilesFace(Protocol):
        """The profiles that the CSMS installed: smart_charging/profile_store.py."""

        all: "list[Profile]"
        entries_max: int
        unread: "list[list[Any]]"

        def refusal(self, evse_id: int, document: Message, now_ms: int) -> "str | None": ...

        def install(self, evse_id: int, document: Message) -> None: ...

        def remove(self, profiles: "list[Profile]") -> None: ...

        def document(self, profile: Profile) -> "Message | None": ...

        def forget_unread(self, profile_id: "int | None", evse_id: "int | None") -> bool: ...

        def refusal_at_start(self, evse: OcppEvse, document: Message, now_ms: int) -> "str | None": ...

        def wait_for_start(self, evse: OcppEvse, document: Message, remote_id: int) -> None: ...

        def select(self, evse_id: int, index: int) -> None: ...

    class InForceFace(Protocol):
        """The limits that are in force: smart_charging/in_force.py."""

        def changed(self) -> None: ...

        def again(self) -> None: ...

        def composite(self, evse_id: int, duration_s: int, unit: str, now_ms: int) -> Composite: ...

    class NetworkSlotsFace(Protocol):
        """The network profiles in their slots: provisioning/network_slots.py."""

        def usable(self) -> "list[str]": ...

        def missing(self, slots: "list[str]", now_ms: int) -> "str | None": ...

    class OptionalFace(Puller, Protocol):
        """Blocks that are loaded when the CSMS first asks for one: optional_blocks.py."""

        def find(self, name: str) -> Any: ...

        def get(self, name: str, now_ms: int) -> Any: ...

        def offered(self, name: str, now_ms: int) -> Any: ...

    class ExchangeFace(Protocol):
        """What goes over the link, and in which order: exchange.py."""

        def post(self, what: "str | Callable[[StationFace, Any, int], tuple[Any, ...] | None]", payload: Any) -> None: ...

        def after_answer(self, function: "Callable[[int], None]") -> None: ...

        def answer_later(self, message_id: str, deadline_ms: int, otherwise: Message) -> None: ...

        def answer(self, message_id: str, payload: Message) -> None: ...

        def is_unanswered(self) -> bool: ...

    class StationFace(Protocol):
        """The station, as its blocks see it: station.py."""

        config: "dict[str, Any]"
        documents: StationDocuments
        wallclock: WallClock
        rng: Rng
        log: Log
        started_ms: int
        now_ms: int
        actions: "list[Action]"
        restart_hold_s: int
        online: bool
        problem: bool
        evses: "list[OcppEvse]"
        boot_number: int
        model: DeviceModel
        cache: Cache
        firmware: "FirmwareFace | None"
        key_door: "Callable[[], KeyDoor] | None"

        @property
        def local_list(self) -> LocalListFace: ...

        @property
        def explain(self) -> "Callable[[int], str]": ...

        @property
        def queue(self) -> QueueFace: ...

        @property
        def availability(self) -> AvailabilityFace: ...

        @property
        def authorizer(self) -> AuthorizerFace: ...

        @property
        def transactions(self) -> TransactionsFace: ...

        @property
        def sampling(self) -> SamplingFace: ...

        @property
        def resets(self) -> ResetsFace: ...

        @property
        def reports(self) -> ReportsFace: ...

        @property
        def events(self) -> DeviceEventsFace: ...

        @property
        def boot(self) -> BootFace: ...

        @property
        def profiles(self) -> ProfilesFace: ...

        @property
        def exchange(self) -> ExchangeFace: ...

        @property
        def network_slots(self) -> NetworkSlotsFace: ...

        @property
        def optional(self) -> OptionalFace: ...

        @property
        def ev_needs(self) -> "EvNeedsFace | None": ...

        @property
        def in_force(self) -> InForceFace: ...

        def security_event(self, kind: str, info: "str | None", now_ms: int) -> None: ...

        def accepted(self) -> bool: ...

        def evse(self, evse_id: int) -> "OcppEvse | None": ...

        def metered(self) -> "list[OcppEvse]": ...

        def may_serve(self) -> bool: ...

        def accepted_now(self, now_ms: int) -> None: ...

        def remember_boot(self, reason: "str | None") -> None: ...

        def iso(self, now_ms: int) -> str: ...

        def unix_s(self, now_ms: int) -> int: ...

        def stamp(self, now_ms: int) -> int: ...

        def new_id(self) -> str: ...

        def drained(self) -> bool: ...

        def delivered(self, record: "dict[str, Any]", payload: Message, now_ms: int) -> None: ...

        def transaction_started(self, evse: OcppEvse, now_ms: int) -> None: ...

        def transaction_ended(self, evse: OcppEvse, transaction_id: str, now_ms: int) -> None: ...

        def items_at_most(self, count: int, message: str) -> None: ...

        def variable_changed(self, row: Row, now_ms: int) -> None: ...

        def new_password(self, text: str, now_ms: int) -> None: ...

        def password(self) -> "str | None": ...

        def max_limit(self, scope: "Scope") -> int: ...
