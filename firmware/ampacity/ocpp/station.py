"""The station upstream as one object: text and facts in, text and actions out. No socket, no clock, no sleep.

    station = Station(config, evses, store, wallclock, rng, log, now_ms)

config, all optional: "identity", "vendor", "model", "serial", "firmware", "url", "security_profile" (1), "voltage_v" (230), "max_da" (most that
the grid connection may carry), "reason" (BootReason of this start, "PowerUp"; a Reset of the CSMS is remembered), "queue_max" (messages kept for
the CSMS at most, 65535: else the journal's size is the limit), "cache_max" (50), "list_max" (200), "profiles_max" (8 + 2 for each EVSE),
"places" (of the EVSEs: provisioning/evse_numbers.py).
evses: [{"id": 1.., "name", "phases": 3, "max_da", "connector": "cType2", "tethered": False, "phase_names": ["L1",..]}].
store: an object with `.documents` (messages.py) of the store room and `.kept`, its journal and what is in it (transactions/kept.py).

The link (door) calls: connected(now_ms), disconnected(now_ms), receive(text, now_ms), next(now_ms) → (text or None, wake_ms): send the text and
call again at once; None: call again at wake_ms, or as soon as any fact was given; None and now_ms: call again when others had their turn, for a
long message is being read. Order of calls: facts and receive, then next until None, then drain `actions`. While there is no connection, time
reaches the station by tick(now_ms) or limits(now_ms), one of them at least every second; `tick` again at once while `busy`.

Facts, each with now_ms:
    evse_status(id, status)       Available, Occupied, Reserved, Unavailable, Faulted; settled False: known so far, but not reported yet
    session_event(id, kind, fields)  of the car and its session: session_facts.py lists the kinds
    charging_needs(id, energy_wh, departure_unix_ms or None)  what its car still needs; energy_wh None: not known any more
    ev_schedule(id, choice)       which schedule its car follows, and how: smart_charging/ev_schedule.py
    ev_message(id, message)       a question of a device that talks ISO 15118: iso15118/block.py
    outside_limits(rows)          all limits that no CSMS has set: smart_charging/external_limits.py
    meter_values(id or 0: the main meter, values) {"energy_wh", "power_w", "powers_w" and "amps_da": [..per terminal],
                                  "volts_dv": [..], "offered_da", "offered_w", "soc", "signed"}; None or missing: not known.
                                  with "read_ms" (of the currents), "flows" (do any?) and "energy_ms" (of the register) the end of a
                                  transaction waits for its energy (`ends_since`)
    device_fact(id, component, variable, value)     a read-only variable of that EVSE, or of its connector; NotifyEvent reports Problem as well
    security_event(kind, info)    sent, and in the security log; in the log alone: security_events.py, note
    report_start()                once, after the start of the device: the security event of it
    unlocked(reference, status)   Unlocked, UnlockFailed: answers ("unlock", …)

Actions, drained by the roles (a list; pop them all):
    ("authorized", evse or 0, token, accepted, info)  what became of a presented token: for lights and logs only
    ("unlock", evse, reference)             try, then call unlocked()
    ("reset", "Immediate" or "OnIdle", evse or 0)     0: restart the controller; sessions have ended, the queue is out
    ("time", unix_ms)                       the wall clock was set by the CSMS (`wallclock` has this time already)
    ("credentials",)                        the station has another certificate of its own: connect with it
    ("password", text)                      connect with it from now on (it is kept by the station: `password()`)
    ("roots",)                              other root certificates are installed: the next connection heeds them
    ("unanswered",)                         the CSMS answers none of our requests: connect again
    ("upload", attempt)                     a log goes to a server: diagnostics/logs.py, Upload
    ("variable", component, variable, instance, text) a variable was set; the link takes its intervals from there
    ("ev_answer", evse, message)            to the device that asked by ev_message
    ("renegotiate", evse)                   a car that told its needs is to be offered its schedules again (K16.FR.02)

The station decides who may charge; the roles query it and keep no copy: `evses[i].may_charge()`, and `ended_by`, the reason why it was
over last; `availability.operative(id)`: False while the CSMS has switched the EVSE off. Two things that the roles set: `explain(evse id)` → text,
the reasons of its present limit (EVSE.State), and `restart_hold_s`, how long a paused EVSE stays paused at least (Interval of Restart).

Limits: limits(now_ms) → [(evse or 0, watts or None, da or None, phases or None)], composite of the charging profiles
in force; an EVSE that is missing there has no limit. Ask again when now_ms ≥ limits_change_at_ms, and after actions.
"""

from ampacity.base.compat import const
from ampacity.base.wallclock import CONFIRM_MS, DAY_MS, format_iso
from ampacity.ocpp.authorization.authorizer import Authorizer
from ampacity.ocpp.authorization.cache import Cache
from ampacity.ocpp.availability.connectors import Availability
from ampacity.ocpp.device_model.device_events import DeviceEvents
from ampacity.ocpp.device_model.model import DeviceModel
from ampacity.ocpp.device_model.reports import Reports
from ampacity.ocpp.documents import StationDocuments
from ampacity.ocpp.errors import CallError
from ampacity.ocpp.evse import OcppEvse
from ampacity.ocpp.exchange import Exchange
from ampacity.ocpp.optional_blocks import OptionalBlocks
from ampacity.ocpp.provisioning.boot_notification import DOC as BOOT_DOC
from ampacity.ocpp.provisioning.boot_notification import BootNotification
from ampacity.ocpp.provisioning.network_slots import NetworkSlots
from ampacity.ocpp.provisioning.reset import Resets
from ampacity.ocpp.security.security_events import notify, started
from ampacity.ocpp.session_facts import device_fact, session_event
from ampacity.ocpp.smart_charging.in_force import InForce
from ampacity.ocpp.smart_charging.profile_store import ProfileStore
from ampacity.ocpp.transactions.lifecycle import Transactions
from ampacity.ocpp.transactions.queue import Queue
from ampacity.ocpp.transactions.sampling import Sampling
from ampacity.ocpp.turns import Pieces, Turns

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any

    from ampacity.base.log import Log
    from ampacity.base.rng import Rng
    from ampacity.base.wallclock import WallClock
    from ampacity.ocpp.authorization.local_list import LocalList
    from ampacity.ocpp.device_model.computed_variables import ComputedVariables
    from ampacity.ocpp.device_model.model import Row
    from ampacity.ocpp.interfaces import FirmwareFace
    from ampacity.ocpp.messages import Action, LimitRow, Message, Store, Values
    from ampacity.ocpp.smart_charging.charging_needs import ChargingNeeds
    from ampacity.ocpp.smart_charging.external_limits import OutsideRow
    from ampacity.x509.key_door import KeyDoor

IDLE_MS = 60000
_TICK_MS = const(500)  # without a connection `limits` lets time reach the station so often


class Station:
    """See the module's text."""

    def __init__(
        self, config: "dict[str, Any]", evses: "list[dict[str, Any]]", store: "Store", wallclock: "WallClock", rng: "Rng", log: "Log", now_ms: int,
    ) -> None:
        self.config = config
        self.documents = StationDocuments(store.documents, log)
        self.wallclock = wallclock
        self.rng = rng
        self.log = log
        self.started_ms = self.now_ms = now_ms
        self.actions: "list[Action]" = []
        self.explain: "Callable[[int], str]" = lambda evse_id: ""
        self.restart_hold_s = 0
        self.firmware: "FirmwareFace | None" = None  # has slots for updates
        self.key_door: "Callable[[], KeyDoor] | None" = None  # opened when a certificate is requested; without it none is
        self.online = False
        self._offline_ms = now_ms
        self._offset_ms: "tuple[int, int | None] | None" = None
        self._asked_ms: "int | None" = None
        self._ids = 0
        self.evses = [OcppEvse(facts) for facts in evses]
        self.turns = Turns()
        self._more, self._ticked_ms = False, now_ms - _TICK_MS
        kept = self.documents.get(BOOT_DOC) or {"n": 0, "accepted": False}
        self.boot_number: int = kept["n"] + 1
        self._accepted_before: bool = kept["accepted"]
        self.remember_boot(None)
        if "places" in config and self.documents.numbers_differ(config["places"]):
            from ampacity.ocpp.provisioning.evse_numbers import renumber
            renumber(self.documents, store.kept, config["places"], log, now_ms)
        self.model = DeviceModel(self.documents, [p.id for p in self.evses], lambda scope, row: self._computed().value(scope, row))
        self.cache = Cache(self.documents, config.get("cache_max", 50))
        self._local_list: "LocalList | None" = None
        self.queue = Queue(self, store.kept, config.get("queue_max", 65535))
        self.availability = Availability(self)
        self.authorizer = Authorizer(self)
        self.transactions = Transactions(self)
        self.sampling = Sampling(self)
        self._pieces = Pieces((self.turns, self.documents, self.queue, self.sampling), self.documents)
        self.resets = Resets(self)
        self.reports = Reports(self)
        self.events = DeviceEvents(self)
        self.problem = False
        self.noted: "dict[str, int]" = {}  # security events that may be repeated: when they were in the log last
        self.boot = BootNotification(self, kept.get("reason") or config.get("reason", "PowerUp"), now_ms)
        self.transactions.events.restore()
        self.in_force = InForce(self)
        self.profiles = ProfileStore(self, config.get("profiles_max", 8 + 2 * len(self.evses)))
        self.profiles.forget_closed()
        self.ev_needs: "ChargingNeeds | None" = None  # of cars, from the first one that is reported
        self.main_meter: "OcppEvse | None" = None
        self.network_slots = NetworkSlots(self)
        self.exchange = Exchange(self)
        self.optional = OptionalBlocks(self, now_ms)

    # --- the link

    def connected(self, now_ms: int) -> None:
        """The WebSocket is open. After an absence longer than OfflineThreshold each status is sent again (B04)."""
        self.now_ms = now_ms
        self.online = True
        self.queue.connected()
        self.transactions.events.end_gone(now_ms)
        self.boot.connected(now_ms)
        self.availability.connected()
        self.optional.connected(now_ms)
        self.in_force.again()
        self.noted = {kind: self.noted[kind] for kind in self.noted if now_ms - self.noted[kind] < DAY_MS}
        threshold_ms = self.model.number("OCPPCommCtrlr", "OfflineThreshold") * 1000
        if self.accepted() and now_ms - self._offline_ms > threshold_ms:
            self.availability.force_all()

    def change_csms(self, not_before_ms: int) -> None:
        """Another CSMS than before: it gets a BootNotification first, not before this time (B10.FR.10), and all that the queue
        holds; what the former one asked for is not sent."""
        self.boot.renew(not_before_ms)
        self.reports.forget()
        self.exchange.forget_asked()
        self.optional.forget_asked()

    def registration(self) -> "tuple[str | None, int]":
        """The answer of the CSMS to the BootNotification: "Accepted", "Pending", "Rejected" or None; when the next one is due, in ms,
        unless it is Accepted."""
        return self.boot.status, self.boot.due_ms()

    def disconnected(self, now_ms: int) -> None:
        """The WebSocket is gone; identifiers that wait for the CSMS are decided by the rules for offline."""
        self.now_ms = now_ms
        self.online = False
        self._offline_ms = now_ms
        self.queue.lost()
        self.exchange.close(now_ms)
        self.authorizer.offline(now_ms)

    def receive(self, text: str, now_ms: int) -> None:
        """One text message of the CSMS, at most 65,536 bytes. Nothing is raised: what is wrong is answered or counted."""
        self.now_ms = now_ms
        if self.online:
            self.exchange.receive(text, now_ms)

    def oversized(self, head: bytes, size: int, now_ms: int) -> None:
        """One message of the CSMS of `size` bytes, of which only the first few are there: it gets its error, or ends our request."""
        self.now_ms = now_ms
        if self.online:
            self.exchange.oversized(head, size, now_ms)

    def next(self, now_ms: int) -> "tuple[str | None, int]":
        """(text to send or None, time in ms at which to call again at the latest)."""
        self.now_ms = now_ms
        wakes = self._tick(now_ms)
        text = self.exchange.next_text(now_ms) if self.online else None
        if text is not None:
            return text, now_ms
        return None, now_ms if self.online and (self.exchange.reading() or self.optional.busy) else self._wake(wakes, now_ms)

    # --- facts

    def evse_status(self, evse_id: int, status: str, now_ms: int, settled: bool = True) -> None:
        """status: see the module's text. settled False: not reported to the CSMS yet."""
        self.now_ms = now_ms
        evse: OcppEvse = self.evse(evse_id)  # type: ignore[assignment]  # one of those given at the start
        evse.status, evse.settled = status, settled

    def session_event(self, evse_id: int, kind: str, fields: "dict[str, Any]", now_ms: int) -> None:
        """kind and fields: see session_facts.py. ValueError: no such kind."""
        self.now_ms = now_ms
        session_event(self, evse_id, kind, fields, now_ms)

    def meter_values(self, evse_id: int, values: "Values", now_ms: int) -> bool:
        """True: a transaction waited for them. evse_id 0: the site's main meter."""
        self.now_ms = now_ms
        if not evse_id:
            self.main_meter = self.main_meter or OcppEvse({"id": 0, "name": "main meter"})
            self.main_meter.values = values
            return False
        evse: OcppEvse = self.evse(evse_id)  # type: ignore[assignment]  # one of those given at the start
        evse.values = values
        if values.get("signed") is not None:
            from ampacity.ocpp.transactions.signed_values import look

            look(self, evse)
        return self.transactions.metered(evse, now_ms)

    def charging_needs(self, evse_id: int, energy_wh: "int | None", departure_unix_ms: "int | None", now_ms: int) -> None:
        """What the car still needs, in Wh, and when it leaves (K15, K17). energy_wh None: not known any more. What it says again because we
        asked it to negotiate again is not reported (K16.FR.09): do not call this then."""
        self.now_ms = now_ms
        if self.ev_needs is None:
            from ampacity.ocpp.smart_charging.charging_needs import ChargingNeeds

            self.ev_needs = ChargingNeeds(self)
        if energy_wh is None:
            self.ev_needs.forget(evse_id)
        else:
            self.ev_needs.put(evse_id, energy_wh, departure_unix_ms)

    def ev_schedule(self, evse_id: int, choice: "Message", now_ms: int) -> None:
        """Which schedule the car follows, and how (K15.FR.10): see smart_charging/ev_schedule.py."""
        self.now_ms = now_ms
        self.optional.get("ev_schedule", now_ms).put(evse_id, choice, now_ms)

    def ev_message(self, evse_id: int, message: "Message", now_ms: int) -> None:
        """A question of the device that talks with the car: iso15118/block.py. ValueError: what is wrong with it."""
        self.now_ms = now_ms
        self.optional.get("iso15118", now_ms).take(evse_id, message, now_ms)
        self.optional.busy = True

    def outside_limits(self, rows: "list[OutsideRow]", now_ms: int) -> None:
        """All limits on this site that no CSMS has set (K11 to K13): see smart_charging/external_limits.py."""
        self.now_ms = now_ms
        if rows or self.optional.find("external_limits") is not None:
            self.optional.get("external_limits", now_ms).put(rows, now_ms)

    def device_fact(self, evse_id: int, component: str, variable: str, value: object, now_ms: int, connector: bool = False) -> None:
        """A fact of the device becomes a read-only variable; a boolean that changes is reported by NotifyEvent (N07)."""
        self.now_ms = now_ms
        device_fact(self, evse_id, component, variable, value, now_ms, connector)

    def station_problem(self, on: bool, now_ms: int) -> None:
        """Something of the site that is no EVSE's (a meter) needs a person, or no longer."""
        self.now_ms = now_ms
        if on != self.problem:
            self.problem = on
            self.events.problem(on, now_ms)

    def security_event(self, kind: str, info: "str | None", now_ms: int) -> None:
        """SecurityEventNotification (A04); kind: at most 50 characters, info: at most 255, without secrets."""
        self.now_ms = now_ms
        notify(self, kind, info, now_ms)

    def report_start(self, now_ms: int) -> None:
        """The security event of this start, once: ResetOrReboot or StartupOfTheDevice."""
        self.now_ms = now_ms
        started(self, self.boot.reason, now_ms)
        self.transactions.events.end_gone(now_ms)

    def unlocked(self, reference: str, status: str, now_ms: int) -> None:
        """Answers ("unlock", …); status: Unlocked or UnlockFailed (F05)."""
        self.now_ms = now_ms
        self.exchange.answer(reference, {"status": status})

    # --- answers

    def tick(self, now_ms: int) -> int:
        """What time alone brings about while no link asks `next`; returns when to come again."""
        self.now_ms = now_ms
        return self._wake(self._tick(now_ms), now_ms)

    @property
    def busy(self) -> bool:
        """It has more to do in this moment: `tick` or `next` is to be called again as soon as others had their turn."""
        return self._more or bool(self.turns.waiting) or self.optional.busy

    def limits(self, now_ms: int) -> "list[LimitRow]":
        """[(EVSE or 0, watts or None, da per phase or None, phases or None)] in force; an EVSE that is missing has no limit."""
        self.now_ms = now_ms
        if not self.online and now_ms - self._ticked_ms >= _TICK_MS:
            self._tick(now_ms)
        return self.in_force.limits(now_ms)

    @property
    def limits_change_at_ms(self) -> int:
        """When `limits` may change, in ms; 0: it has changed."""
        return self.in_force.change_at_ms

    def transaction(self, evse_id: int) -> "str | None":
        """Id of the open transaction of an EVSE, or None."""
        evse: OcppEvse = self.evse(evse_id)  # type: ignore[assignment]  # one of those given at the start
        tx = evse.tx
        return None if tx is None else tx.id

    def ends_since(self, evse_id: int) -> "int | None":
        """The end of its transaction waits for readings of after then; None: it does not."""
        evse: OcppEvse = self.evse(evse_id)  # type: ignore[assignment]  # one of those given at the start
        if evse.tx is None or evse.tx.ending is None:
            return None
        return evse.tx.ending.still_ms or evse.tx.ending.since_ms

    def password(self) -> "str | None":
        """The password that the CSMS set, or None: then the configured one holds. It is for the upstream of the site file of then."""
        return self.network_slots.password()

    def accepted(self) -> bool:
        """Connected, and the CSMS has accepted this station."""
        return self.online and self.boot.status == "Accepted"

    # --- for the blocks

    def evse(self, evse_id: int) -> "OcppEvse | None":
        """The OcppEvse, or None."""
        for evse in self.evses:
            if evse.id == evse_id:
                return evse
        return None

    def metered(self) -> "list[OcppEvse]":
        """All of which the CSMS gets meter values: the EVSEs, before them the main meter as EVSE 0 if there is one (J01.FR.03)."""
        return self.evses if self.main_meter is None else [self.main_meter] + self.evses

    def may_serve(self) -> bool:
        """May transactions begin without the CSMS (B02.FR.03)?"""
        if self.boot.status == "Accepted" or self.model.on("TxCtrlr", "TxBeforeAcceptedEnabled"):
            return True
        return self.boot.status is None and self._accepted_before

    def accepted_now(self, now_ms: int) -> None:
        """The CSMS has just accepted: every status is sent again (B01.FR.05)."""
        self.availability.force_all()
        self.in_force.again()
        self._accepted_before = True
        self.remember_boot(None)
        self.authorizer.accepted(now_ms)

    def remember_boot(self, reason: "str | None") -> None:
        """Keep what the next start must know; reason: BootReason it will give, or None."""
        self.documents.try_put(BOOT_DOC, {"n": self.boot_number, "accepted": self._accepted_before, "reason": reason})

    def iso(self, now_ms: int) -> str:
        """The time of day as ISO 8601 text in UTC; 1970 while it is unknown."""
        return self.wallclock.iso(now_ms) or format_iso(0)

    def unix_s(self, now_ms: int) -> int:
        """The time of day in unix seconds; 0 while it is unknown."""
        return (self.wallclock.unix_ms(now_ms) or 0) // 1000

    def stamp(self, now_ms: int) -> int:
        """A time to keep: unix milliseconds, or minus the monotonic ones while the time of day is unknown."""
        unix_ms = self.wallclock.unix_ms(now_ms)
        return -now_ms if unix_ms is None else unix_ms

    def new_id(self) -> str:
        """An id that no transaction of this station had or will have: boot counter, count, chance (E01.FR.08). In lower case: requests of the
        CSMS, for which upper and lower case are alike (identifierString), are put into it."""
        self._ids += 1
        chance = self.rng.next32()
        return "%08x-%04x-%04x-%08x" % (self.boot_number, self._ids, chance >> 16, self.rng.next32())

    def drained(self) -> bool:
        """Nothing is left to send to the CSMS, or there is no connection to it."""
        return not self.online or not self.exchange.busy() and not self.queue.count

    def delivered(self, record: "dict[str, Any]", payload: "Message", now_ms: int) -> None:
        """The CSMS has answered a queued message."""
        if record["a"] != "TransactionEvent":
            return
        tariff = self.optional.offered("tariff", now_ms) if "totalCost" in payload or "updatedPersonalMessage" in payload else None
        if tariff is not None:
            tariff.told(record, payload, now_ms)
        token = record["p"].get("idToken")
        if token is not None and "idTokenInfo" in payload:
            self.authorizer.learn(token, payload["idTokenInfo"], now_ms)
            self.transactions.answered(record["x"], token, payload["idTokenInfo"], now_ms)

    def transaction_started(self, evse: "OcppEvse", now_ms: int) -> None:
        """A transaction has begun at this EVSE, or is ready to deliver: profiles count from then."""
        self.in_force.released(evse.id)
        self.profiles.transaction_started(evse)

    def transaction_ended(self, evse: "OcppEvse", transaction_id: str, now_ms: int) -> None:
        """The transaction is over: its profiles go, switches that waited for it are thrown."""
        self.in_force.released(evse.id)
        self.optional.transaction_ended(evse.id)
        self.profiles.transaction_ended(evse, transaction_id)
        self.availability.transaction_ended()
        has_message = not self.online and self.model.text("TariffCostCtrlr", "TotalCostFallbackMessage")
        tariff = self.optional.offered("tariff", now_ms) if has_message else None
        if tariff is not None:
            tariff.ended_offline(evse, transaction_id, now_ms)

    def items_at_most(self, count: int, message: str, component: str = "DeviceDataCtrlr") -> None:
        """CallError OccurrenceConstraintViolation for more than ItemsPerMessage of this message."""
        if count > self.model.number(component, "ItemsPerMessage", message):
            raise CallError("OccurrenceConstraintViolation", "more than ItemsPerMessage%s" % message)

    def variable_changed(self, row: "Row", now_ms: int) -> None:
        """The CSMS has set a variable: the roles get its new value as an action."""
        self.in_force.again()
        self.actions.append(("variable", row.component, row.variable, row.instance, self.model.value(0, row)))

    def new_password(self, text: str, now_ms: int) -> None:
        """Keep BasicAuthPassword (16 to 40 characters, A01); in use once the answer has left. OSError: the old one holds."""
        self.network_slots.keep_password(text, now_ms)
        self.exchange.after_answer(lambda now_ms: self.actions.append(("password", text)))

    @property
    def local_list(self) -> "LocalList":
        """The local authorization list; loaded when it is first asked, which takes a CSMS that has enabled it."""
        if self._local_list is None:
            from ampacity.ocpp.authorization.local_list import LocalList

            self._local_list = LocalList(self.documents, self.config.get("list_max", 200))
        return self._local_list

    def max_limit(self, scope: "int | str") -> int:
        """maxLimit where the table leaves it open: see computed_variables.py."""
        return self._computed().max_limit(scope)

    def _computed(self) -> "ComputedVariables":
        from ampacity.ocpp.device_model.computed_variables import ComputedVariables

        return ComputedVariables(self)

    # --- inside

    def _tick(self, now_ms: int) -> "list[int | None]":
        """Everything that time alone brings about; list of wake-up times and None."""
        self._ticked_ms = now_ms
        self._watch_clock(now_ms)
        writes = self.documents.writes
        wakes = self.transactions.tick(now_ms) + self.sampling.watch_clock(now_ms)
        wakes += self._pieces.tick(writes, now_ms)
        wakes += [self.resets.tick(now_ms), self.exchange.tick(now_ms)]
        self.in_force.refresh(now_ms)
        wakes += [self.in_force.wake_ms] + self.optional.tick(now_ms)
        self._more = any([wake is not None and wake <= now_ms for wake in wakes])
        return wakes

    def _watch_clock(self, now_ms: int) -> None:
        """A jump of the wall clock may change the limits of profiles; a large one is a security event."""
        unix_ms = self.wallclock.unix_ms(now_ms)
        jumped_ms = self.wallclock.jumped_ms
        seen = None if unix_ms is None else (unix_ms - now_ms, jumped_ms)
        if seen != self._offset_ms:
            before, self._offset_ms = self._offset_ms, seen
            self.in_force.again()
            moved_ms = seen[0] - before[0] if before is not None and seen is not None else 0
            if abs(moved_ms) > self.model.number("ClockCtrlr", "TimeAdjustmentReportingThreshold") * 1000:
                notify(self, "SettingSystemTime", "%+d s by %s" % (moved_ms // 1000, self.wallclock.source), now_ms)
        if jumped_ms is not None and jumped_ms != self._asked_ms and now_ms - jumped_ms > CONFIRM_MS and self.accepted():
            self._asked_ms = jumped_ms
            self.boot.request_heartbeat()  # whether it still is that time

    def _wake(self, wakes: "list[int | None]", now_ms: int) -> int:
        if self.online:
            deadline_ms = self.exchange.deadline_ms()  # until then nothing else leaves
            wakes += [self.boot.wake_ms(), self.queue.wake_ms()] if deadline_ms is None else [deadline_ms]
        wake = min([w for w in wakes if w is not None] + [now_ms + (0 if self.turns.waiting else IDLE_MS)])
        return max(wake, now_ms + 1)
