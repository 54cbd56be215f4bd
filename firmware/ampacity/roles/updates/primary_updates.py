"""Updates of a primary once something is to do: the facts that show that it works, when it may restart, its secondaries.

`roles/optional/update.py` loads this when it is needed.
"""

from ampacity.ocpp.firmware.kept_order import is_open, kept_order
from ampacity.roles.updates.configuration_updates import ConfigurationUpdates
from ampacity.roles.updates.updater import Updater
from ampacity.update.trial import BUS, MINUTE_MS, OCPP, SAFETY_LOOP

if False:  # for the type checker
    from ampacity.console.changes import Changes
    from ampacity.roles.interfaces import View
    from ampacity.roles.primary_face import PrimaryFace
    from ampacity.roles.service.configuring import Configuring
    from ampacity.roles.updates.csms_updates import CsmsUpdates
    from ampacity.roles.updates.places import Places
    from ampacity.roles.updates.staging import Staging

HOLD_DOC = "update"  # {"hold": true} while a bundle that is ready waits for an order
STAGING_DOC = "staging"  # of updates/staging.py
CHECKED_MS = 1000  # a pass of the safety loop is so recent
SILENT_MS = 10000  # an EVSE whose last reading is older is named as one that does not answer
AWAITED_MS = 900000  # … and from then on no restart waits for it: a transaction that nothing can end holds neither the update nor the site


class PrimaryUpdates:
    """primary: whose restart and facts these are; places: its slots; inbox: folder of a stick."""

    def __init__(self, primary: "PrimaryFace", places: "Places", inbox: str) -> None:
        self._primary = primary
        needed = [SAFETY_LOOP]
        if primary.buses.wires:
            needed.append(BUS)
        if primary.upstream is not None:
            needed.append(OCPP)
        known = primary.documents.get(HOLD_DOC) or {}
        configuration = ConfigurationUpdates(places.configurations, places.trust, tuple(needed), primary.log, self._configuring)
        self.updater = Updater(places, primary.log, primary.clock, tuple(needed), inbox, bool(known.get("hold")), configuration)
        self.updater.keep_hold = self._keep_hold
        self._replies = self._all_replies()
        self._passed_over: "list[str]" = []  # names of EVSEs for which nothing waits any more
        self.staging: "Staging | None" = None  # loaded when it is first asked for, or was under way
        self.csms: "CsmsUpdates | None" = None  # likewise, with the first order of the CSMS
        self._places = places
        if primary.documents.get(STAGING_DOC):
            self.load_staging()
        if primary.upstream is not None and is_open(kept_order(primary.upstream.station.documents)):
            self.load_csms()

    def _keep_hold(self, hold: bool) -> None:
        self._primary.documents.put(HOLD_DOC, {"hold": hold})

    def view(self, now_ms: int) -> "View":
        """For `show update`."""
        view = self.updater.view(now_ms)
        if self._passed_over:
            view["not_awaited"] = self._passed_over
        if self.staging is not None:
            view["secondaries"] = self.staging.view()
        if self.csms is not None:
            view["csms"] = self.csms.view()
        return view

    def load_staging(self) -> "Staging":
        """The staging to secondaries, loaded when it is first asked for."""
        if self.staging is None:
            from ampacity.roles.updates.staging import Staging
            self.staging = Staging(self._primary, self._places)
        return self.staging

    def load_csms(self) -> "CsmsUpdates":
        """The orders of the CSMS, loaded when the first one comes."""
        if self.csms is None:
            from ampacity.roles.updates.csms_updates import CsmsUpdates
            self.csms = CsmsUpdates(self._primary, self.updater)
        return self.csms

    def step(self, now_ms: int) -> None:
        """Housekeeping: a slice of a delivery, a look at the trial."""
        updater = self.updater
        hindrance = self._hindrance(now_ms)
        updater.step(self._facts(now_ms), hindrance, now_ms)
        if self.csms is not None:
            self.csms.step(hindrance, now_ms)
        if self.staging is not None:
            self.staging.step(now_ms)
        while updater.reports:
            kind, text = updater.reports.pop(0)
            if self._primary.upstream is not None:
                self._primary.upstream.station.security_event(kind, text[:255], now_ms)
        if updater.wants_restart:
            self._primary.resetting = updater.wants_restart  # not `reset`: that frees what is locked out, and no person has inspected it
            updater.wants_restart = ""

    def _facts(self, now_ms: int) -> "list[str]":
        """What is true now."""
        primary, facts = self._primary, []
        if now_ms - primary.safety.checked_ms <= CHECKED_MS:
            facts.append(SAFETY_LOOP)
        replies = self._all_replies()
        if replies != self._replies:
            self._replies = replies
            facts.append(BUS)
        if primary.upstream is not None and primary.upstream.station.accepted():
            facts.append(OCPP)
        return facts

    def _configuring(self) -> "tuple[Configuring, Changes]":
        """Loaded when a configuration comes, or is on trial."""
        console = self._primary.console
        return console.configuring(), console.changes

    def _all_replies(self) -> int:
        return sum([wire.engine.counters["replies"] for wire in self._primary.buses.wires])

    def _hindrance(self, now_ms: int) -> str:
        """What prevents a restart now, "" nothing does."""
        primary = self._primary
        for work, name in ((primary.commissioning, "a commissioning test"), (primary.scanning, "a scan")):
            if work is not None and work.running:
                return name + " runs"
        if primary.on_trial():
            return "%s is on trial" % primary.on_trial()
        return self._charging(now_ms)

    def _charging(self, now_ms: int) -> str:
        """The first EVSE whose car is charging or may be, as text; "": none. One without a reading for AWAITED_MS counts no more."""
        evses, found, passed_over = self._primary.evses, "", []
        for index, evse in enumerate(self._primary.site["evses"]):
            if evses.transaction(index) is None and not evses.facts(index).charging:
                continue
            silent_ms = now_ms - max(evses.facts(index).updated_ms, self._primary.started_ms)
            if silent_ms >= AWAITED_MS:
                passed_over.append(evse["name"])
            else:
                found = found or self._busy(evse["name"], silent_ms)
        for name in passed_over:
            if name not in self._passed_over:
                text = "update: evse %s: no answer for %d min: no restart waits for its transaction" % (name, AWAITED_MS // MINUTE_MS)
                self._primary.log.add("warning", text, now_ms)
        self._passed_over = passed_over
        return found

    def _busy(self, name: str, silent_ms: int) -> str:
        if silent_ms < SILENT_MS:
            return "evse %s charges" % name
        left = (AWAITED_MS - silent_ms + MINUTE_MS - 1) // MINUTE_MS
        return "evse %s charged and does not answer: awaited for %d min more" % (name, left)
