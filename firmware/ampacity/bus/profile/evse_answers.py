"""What a charge controller's answers mean: facts for the roles, evidence and proofs for the guard.

A proof is a read asked after the last write, which shows a limit no higher than ordered in a mode that obeys. A reply
that may belong to an older request (the engine says so) updates what is shown and proves nothing.
"""

from ampacity.bus.client.request import Request
from ampacity.bus.device_facts import DRAWS_DA, DeviceFacts
from ampacity.bus.profile.orders.order_progress import OrderProgress
from ampacity.bus.profile.orders.order_recipe import OrderRecipe
from ampacity.bus.profile.orders.write_limiter import WriteLimiter
from ampacity.bus.profile.proof.conditions import fields_of, first_match, holds
from ampacity.bus.profile.proof.liveness import Liveness, SettingsTiming, too_slow
from ampacity.bus.profile.proof.mismatch import held_text, proof_text, register_text
from ampacity.bus.profile.proof.settings_audit import SettingsAudit
from ampacity.bus.profile.registers.read_cycle import ReadCycle
from ampacity.bus.profile.registers.readings import Readings

SILENT, AUDIT, ONLINE = "silent", "audit", "online"
REWRITE_MS = 5000         # not as ordered, or not believed, for so long: order again
DENIED_MS = 100           # the guard said no: ask again in the next safety tick
PROOF_MS = 500            # it does not show the order yet: look again
ALTERNATING_MS = 600000         # units are not exchanged twice in this time
NOISE_DA = 5              # what a meter may show where none draws
IMPOSSIBLE_DA = 2000      # no EVSE draws or allows so much: no reading
REPORT_AFTER_MS = 8000            # not shown for so long: say what is missing
NO_LIMIT = 1 << 30
CURRENTS = ("current_l1", "current_l2", "current_l3")
STATE_CHARGING = ("C", "D")
STATE_PLUGGED = ("B", "C", "D")
STATE_BLIND = ("", "E", "F")  # in these nobody knows whether a car is there


class EvseAnswers:
    """One device as its answers show it. The driver adds what it is asked next."""

    _no_current_ms = 0  # it feeds nothing since
    _off_shows = None  # what its limit shows while it is off, where that is known of this unit alone

    def __init__(self, evse_facts: dict, compiled: dict, index: int, guard: object) -> None:
        self.unit = evse_facts["unit"]
        self.facts = DeviceFacts()
        self.link = SILENT
        self._site = evse_facts
        self._index = index
        self._guard = guard
        self._table = compiled
        self._terminals = len(evse_facts["terminals"])
        self._targets = {"watchdog": evse_facts["watchdog_ms"], "fallback": evse_facts["fallback_da"]}
        self._targets["power_on"] = evse_facts.get("power_on_da", evse_facts["max_da"])
        self._readings = Readings(compiled)
        self._write_limiter = WriteLimiter(compiled["order"].get("per_day", 0))
        self._audit = SettingsAudit(compiled, self._readings, self._targets, self._write_limiter)
        self._recipe = OrderRecipe(compiled["order"], evse_facts["min_da"], evse_facts["max_da"])
        self._targets["least"] = self._recipe.least_da
        self._order = OrderProgress(self._recipe)
        self.poll_feeds = self._reads_feed = bool(compiled["watchdog"]["reads_feed"])
        self._feed = compiled["watchdog"]["feed"]
        self._feed_ms = self._feed_period_ms(compiled["watchdog"]["feed_ms"])
        self._cycles = self._make_cycles(compiled)
        self.shared = self._shared_orders(compiled)
        self._phases = self._contactor = None
        self._wake, self._woken = compiled.get("wake"), False
        self._features = self._make_features(compiled)
        self._want_da = 0
        self._failures = 0
        self._hold_ms = {"order": -1, "read": -1, "audit": -1, "probe": -1, "feed": -1, "proof": -1, "feature": -1}
        self._fed_ms = -1
        self._identified = False
        self._fingerprint = None
        self._previous_unit = (None, 0)  # who answered before, and until when
        self._resend = False
        self._not_as_ordered_ms = -1
        self._raised_ms = -1
        self._liveness = Liveness(evse_facts.get("boot_ms", 0), bool(evse_facts.get("held")))
        self._settings_timing = SettingsTiming()
        self._reported_ms = -1  # when the guard was last told of the settings
        self._slow_text = self._mismatch_text = self._refusal_text = self._unproven_order = None
        self._unproven_ms = self._refused_target = -1
        self._unknown_state = False
        self.declare_off_shows(evse_facts.get("off_shows"))

    def declare_off_shows(self, shows: "str | None") -> None:
        """What this unit shows as its limit while it is off, by the site file or its commissioning; None: as its profile has it."""
        proof = self._table["proof"]
        shows = shows if proof.get("told") else None
        if shows and not self._off_shows:
            self._order.ack_disproved = False  # what it showed while it was off belied nothing
        self._off_shows = shows
        self._ack_fields = fields_of(proof["told"] if shows else proof.get("word", []))
        if shows:
            self._ack_fields += self._readings.indexes(CURRENTS) + [self._limit_index()]

    def _feed_period_ms(self, asked_ms: int) -> int:
        """A quarter of its watchdog's time, or what the profile asks for where that time is not ours; 0: nothing to feed."""
        quarter_ms = self._targets["watchdog"] // 4
        return min(quarter_ms, asked_ms) if quarter_ms and asked_ms else quarter_ms or asked_ms

    def _make_cycles(self, compiled: dict) -> dict:
        periods = {"live": compiled["live_ms"], "slow": compiled["slow_ms"], "settings": compiled["settings_ms"]}
        cycles = {}
        for group in compiled["reads"]:
            cycles[group] = ReadCycle(group, len(compiled["reads"][group]), periods.get(group, 0))
        return cycles

    def show_energy(self, since_ms: int) -> None:
        """Somebody waits for currents and energy of since_ms or later: what is read seldom, or rests, is read once."""
        for group in ("slow", "live"):
            cycle = self._cycles.get(group)
            if cycle is not None and not cycle.at and cycle.started_ms < since_ms:
                cycle.restart()
                self._idle_until_ms = 0

    def _shared_orders(self, compiled: dict) -> "object | None":
        """Where the limits of all units of a line travel in one frame: what makes it."""
        if not compiled.get("shared"):
            return None
        from ampacity.bus.profile.orders.shared_limits import SharedLimits
        return SharedLimits(compiled["shared"], self)

    def _make_features(self, compiled: dict) -> list:
        """What only some devices need beside orders and readings, each imported where it is needed."""
        found = []
        if compiled.get("answers"):
            from ampacity.bus.profile.features.start_permission import StartPermission
            found.append(StartPermission(self, compiled["answers"]))
        if compiled.get("phases") and self._site.get("phase_switch") and self._terminals == 3:
            from ampacity.bus.profile.features.phase_switching import PhaseSwitching
            self._phases = PhaseSwitching(self, compiled["phases"], self._terminals)
            found.append(self._phases)
        if compiled.get("contactor"):
            from ampacity.bus.profile.features.contactor_override import ContactorOverride
            self._contactor = ContactorOverride(self, compiled["contactor"])
            found.append(self._contactor)
        return found

    def _begin_audit(self, now_ms: int, anew: bool = True) -> None:
        self.link = AUDIT
        self._identified = False
        self._hold_ms["audit"] = now_ms
        self._audit.restart(anew)
        for group in ("identity", "settings"):
            if group in self._cycles:
                self._cycles[group].restart()

    def _recheck(self, now_ms: int) -> None:
        """It may have restarted, or be another one: look again before anything but a lower is ordered."""
        self._begin_audit(now_ms)
        self._order.doubt()
        if "proof" not in self._cycles:
            self._order.again()  # no reading would show that the order is lost

    def reaudit(self, now_ms: int) -> None:
        """Read again who it is and how it is set, before anything but a lower is ordered."""
        if self.link != SILENT:
            self._recheck(now_ms)

    def settings_shown(self) -> tuple:
        """(settings as Audit.shown has them, since when they were read, what is wrong with the device or None)."""
        fields = [row[0] for span in self._table["reads"].get("settings", []) for row in span[3]]
        fields += [row[0] for span in self._table["reads"].get("identity", []) for row in span[3]]
        read_ms = min([self._readings.asked_ms[index] for index in fields]) if fields else 1 << 60
        return self._audit.shown(), read_ms if self.link == ONLINE else -1, self._audit.wrong()

    # ---- are the settings still there (rule 8)

    def _settings_fresh(self, now_ms: int) -> bool:
        """Shown within the time that a restart takes; or in a whole round for this order, in the same life of the device: then
        the guard is told so again."""
        if self._table["survives"] or "settings" not in self._cycles:
            return True
        fields = [row[0] for span in self._table["reads"]["settings"] for row in span[3]]
        since_ms = now_ms - self._site["boot_ms"]
        if self._settings_timing.begun and not self._cycles["settings"].at:
            since_ms = self._liveness.since(now_ms)
        if not self._readings.asked_since(fields, since_ms):
            return False
        if now_ms - self._reported_ms > self._site["boot_ms"] >> 1 and self._liveness.seen_ms > self._reported_ms:
            self._report_settings("settings", self._liveness.seen_ms)
        self._settings_timing.done()
        self._slow_text = None
        return True

    def _settings_read_allowed(self, hold: str, now_ms: int) -> bool:
        """May settings be read now for what waits for them? Not at once again where a whole round was too late."""
        cycle = self._cycles["settings"]
        if cycle.at or self._settings_timing.may_begin(now_ms, self._order.lowering):
            return True
        if self._settings_timing.late:
            self._slow_text = too_slow(max(cycle.done_ms - cycle.started_ms, self._site["latency_ms"]), self._site["boot_ms"])
            self._update_trouble()
        self._hold_ms[hold] = now_ms + DENIED_MS if self._order.lowering else self._settings_timing.hold_ms
        return False

    # ---- answers

    def _read_reply(self, request: Request, pdu: bytes, now_ms: int) -> None:
        _, group, at = request.tag
        asked_ms = request.sent_ms if request.sent_ms >= 0 else now_ms
        if not self._readings.take(group, at, pdu, asked_ms if request.certain else -1):
            return
        self._step(group, now_ms)
        self._report_limit(now_ms)
        self._prove(now_ms)
        if group == "proof" and not self._order.proven and not self._cycles[group].at:
            self._hold_ms["proof"] = now_ms + PROOF_MS
        for feature in self._features:
            feature.read(now_ms)

    def _step(self, group: str, now_ms: int) -> None:
        if not self._cycles[group].step(now_ms):
            return
        if group == "live":
            self._live_done(now_ms)
        elif group == "identity":
            self._identity_done(now_ms)
        self._report_settings(group, now_ms)

    def _identity_done(self, now_ms: int) -> None:
        self._identified = True
        fingerprint = self._audit.fingerprint()
        if fingerprint is not None:
            self._guard.evidence(self._index, "fingerprint", fingerprint, now_ms)
            if self._fingerprint not in (None, fingerprint):
                self._check_alternating(fingerprint, now_ms)
                self._order.forget()  # another unit: what the last one was told says nothing of it
            self._fingerprint = fingerprint
        for name in ("serial", "firmware"):
            value = self._readings.named(name)
            setattr(self.facts, name, None if value is None else str(value))

    def _check_alternating(self, fingerprint: str, now_ms: int) -> None:
        """Another one than before. If it is the one before that again, two answer in turn."""
        if fingerprint == self._previous_unit[0] and now_ms - self._previous_unit[1] < ALTERNATING_MS:
            self.facts.fault = "two devices answer in turn: %s and %s" % (self._fingerprint, fingerprint)
            self._guard.duplicate(self._index, now_ms)
        self._previous_unit = (self._fingerprint, now_ms)

    def _report_settings(self, group: str, now_ms: int) -> None:
        shown = [row[0] for span in self._table["reads"][group] for row in span[3]]
        for key, value in self._audit.evidence(shown):
            self._guard.evidence(self._index, key, value, now_ms)
        if group == "settings":
            self._reported_ms = now_ms
        if self.link == ONLINE and not self._audit.settled():
            self.facts.online = False
            self._recheck(now_ms)

    def _live_done(self, now_ms: int) -> None:
        facts, values = self.facts, self._readings.values
        facts.state = first_match(self._table["state"], values)
        letter = facts.state[:1] if facts.state else ""
        self._unknown_state = not letter and self._state_read()
        if letter not in STATE_BLIND:
            facts.plugged = letter in STATE_PLUGGED
        elif self._unknown_state:
            facts.plugged = True  # every state without a car is known: this one is none of them
        facts.charging = letter in STATE_CHARGING
        if self.link == ONLINE:
            facts.fault = first_match(self._table["faults"], values)
        facts.amps_da = self._per_terminal("current")
        if self._table["amps_in"] and facts.amps_da and letter not in self._table["amps_in"]:
            facts.amps_da = [0] * self._terminals  # in other states it shows what is long over
        facts.volts_dv = self._per_terminal("voltage")
        facts.power_w = self._readings.named("power")
        facts.energy_wh = self._readings.named("energy")
        facts.energy_ms = self._readings.asked("energy")
        facts.updated_ms = now_ms
        self._guard.measured(self._index, facts.amps_da, self._cycles["live"].started_ms, now_ms)
        self._check_pause_ack(now_ms)
        self._prove_by_measure(now_ms)
        self._ask_guard(now_ms)

    def _per_terminal(self, quantity: str) -> "list | None":
        """Its values, one a terminal; None where it measures fewer phases than it feeds."""
        values = self._readings.phases(quantity)
        if quantity == "current" and values and max(values) > IMPOSSIBLE_DA:
            return None
        return values[: self._terminals] if values and len(values) >= self._terminals else None

    def _state_read(self) -> bool:
        """Was a state read that its profile does not know?"""
        rows = self._table["state"]
        return bool(rows) and self._readings.values[rows[-1][0]] is not None

    def _check_mismatch(self, now_ms: int) -> None:
        """Does it not show what it should, for longer than that takes?"""
        order = self._order
        waits = self.link == ONLINE and order.written_ms >= 0 and not order.proven
        if not waits or (order.target_da, order.at) != self._unproven_order:
            self._unproven_order, self._unproven_ms = (order.target_da, order.at) if waits else None, now_ms
        self._mismatch_text = self._refusal_text
        if waits and now_ms - self._unproven_ms >= REPORT_AFTER_MS + self._table["latency_ms"]:
            self._mismatch_text = (proof_text(self) if order.done() else held_text(self)) or self._refusal_text
        elif self.link == AUDIT:
            self._mismatch_text = self._audit.missing()
        self._update_trouble()

    def _update_trouble(self) -> None:
        """What keeps it from charging: what it does not show, or that it answers too slowly."""
        remark = self._audit.accepted_text() if self.link == ONLINE else None
        missing = self._mismatch_text
        if missing and self.link == ONLINE and not self._order.target_da and self._guard.state(self._index) == "ok":
            remark, missing = missing, None  # its pause is not shown: that keeps it from nothing
        self.facts.trouble = missing or self._slow_text
        self.facts.remark = remark or self._unknown_state_text()

    def _unknown_state_text(self) -> "str | None":
        if not self._unknown_state:
            return None
        index = self._table["state"][-1][0]
        unknown = "a state that its profile does not list; treated as a waiting car"
        return register_text(self._readings.fields[index], self._readings.values[index], unknown)

    def _ask_guard(self, now_ms: int) -> None:
        """Does the guard want it audited again, or its order said again, or does it still wait for a proof?"""
        if self.link == ONLINE and self._guard.audit_due(self._index):
            self._recheck(now_ms)
        waits = now_ms - self._order.written_ms > REWRITE_MS and self._guard.state(self._index) == "returning"
        self._resend = self._order.proven and (waits or self._guard.resend_due(self._index))
        if self._order.proven and not self._resend:
            self._write_limiter.worked("resend")
        self._check_mismatch(now_ms)

    def _report_limit(self, now_ms: int) -> None:
        index = self._limit_index()
        if index < 0:
            return
        shown_da = self._readings.values[index]
        rows = self._table["proof"]["pause"]
        off = bool(rows) and holds(rows, self._readings.values, self._recipe.most_da(0), self._targets)
        off = off or self._off_by_ack()
        if self._limit_seen() and (off or not (self._off_shows and self._order.acked_off)):
            seen_off = off and self._readings.asked_since(fields_of(rows), self._order.written_ms)
            self._order.limit_shown(0 if shown_da is None else shown_da, seen_off)
        if off:
            limit_da = self._recipe.most_da(0)
        elif shown_da is None or shown_da > max(IMPOSSIBLE_DA, 2 * self._recipe.max_da):
            return  # no number that a limit could be
        elif self._limit_says_nothing(index):
            return
        else:
            limit_da = min(shown_da, self._recipe.max_da) if self._recipe.table["full"] else max(0, shown_da)
        self.facts.limit_da = limit_da
        self._guard.reported(self._index, limit_da, now_ms)

    def _limit_says_nothing(self, index: int) -> bool:
        """Does this limit say nothing: asked while it was off, or before its state was read anew?"""
        if self._ack_fields and self._order.acked_off:
            if self._off_shows and self._order.off_disproved:
                return True
            draws = bool(self.facts.amps_da) and max(self.facts.amps_da) > NOISE_DA
            if (draws and (self._off_shows or not self._off_settled())) or not self._ack_read():
                return True  # a slow vehicle; rule 10 judges one that does not stop
        return bool(self._ack_fields or self._recipe.off_shown) and 0 <= self._readings.asked_ms[index] < self._order.written_ms

    def _off_by_ack(self) -> bool:
        """Is it off by its own answer to the pause, and by all else that it shows? For one whose limit shows nothing then."""
        amps_da, rows = self.facts.amps_da, self._table["proof"].get("word")
        if not self._order.off_believed or not self._ack_fields or not self._ack_read() or (amps_da and max(max(amps_da), -min(amps_da)) > NOISE_DA):
            return False
        by_state = bool(rows) and holds(rows, self._readings.values, 0, self._targets)
        return by_state or bool(self._off_shows and self._off_as_declared())

    def _check_pause_ack(self, now_ms: int) -> None:
        """Does it feed its vehicle although it acknowledged the pause, and although that had its time?"""
        order, rows, amps_da = self._order, self._table["proof"].get("word"), self.facts.amps_da
        shown_on = self.facts.charging and not (rows and holds(rows, self._readings.values, 0, self._targets))
        draws = max(amps_da) > DRAWS_DA if amps_da else shown_on
        if draws or not order.off_disproved:
            self._no_current_ms = now_ms
        else:
            order.no_current_for(now_ms - self._no_current_ms)
        if draws and self._ack_fields and order.off_believed and self._off_settled():
            order.drawn_while_off()

    def _off_settled(self) -> bool:
        """Was the last reading asked after the pause had its time? Saying it again gives it no more."""
        return self._cycles["live"].started_ms >= self._order.off_ms + self._site["settle_ms"] + self._site["latency_ms"]

    def _settled(self) -> bool:
        """Was the last reading asked after the order had its time?"""
        return self._cycles["live"].started_ms >= self._order.written_ms + self._site["settle_ms"] + self._site["latency_ms"]

    def _off_as_declared(self) -> bool:
        """Of this unit alone it is known what it shows while it is off. Its state may be that of one that waits for its car: what
        its limit shows has to be just that, too, and no current may flow on any phase."""
        amps_da, values, recipe = self._per_terminal("current"), self._readings.values, self._recipe
        shown_da = values[self._limit_index()]
        if shown_da is None or (self._off_shows == "last" and shown_da > recipe.max_da):
            return False
        if shown_da > recipe.most_da(0):
            if (self._off_shows == "max" and shown_da < recipe.max_da) or (self._off_shows == "least" and shown_da > recipe.min_da):
                return False
        still = bool(amps_da) and max(amps_da) <= NOISE_DA and min(amps_da) >= -NOISE_DA
        return still and holds(self._table["proof"]["told"], values, 0, self._targets)

    def _ack_read_due(self) -> bool:
        """Does it say that it is off, and is the rest that shows it still to be read?"""
        return bool(self._ack_fields) and self._order.off_believed and not self._ack_read()

    def _ack_read(self) -> bool:
        """Was all else read since the pause took effect?"""
        return self._readings.asked_since(self._ack_fields, self._order.written_ms + self._table["latency_ms"])

    # ---- proof

    def _prove(self, now_ms: int) -> None:
        order = self._order
        if self._table["proof"]["kind"] != "limit" or not order.done():
            return
        rows = self._table["proof"]["charge" if order.target_da else "pause"]
        if not self._readings.asked_since(fields_of(rows), order.written_ms):
            return
        most_da = self._recipe.max_da if order.counted_at_max else self._recipe.most_da(order.target_da)
        full = self._recipe.table["full"] and most_da >= self._recipe.max_da  # watts of all phases: more than it can
        proven = holds(rows, self._readings.values, NO_LIMIT if full or order.counted_at_max else most_da, self._targets, order.counted_at_max)
        proven = proven or (not order.target_da and self._off_by_ack())
        order.shown(proven and not order.counted_at_max)
        if proven and not order.proven:
            self._guard.proven(self._index, order.order_id, most_da if order.counted_at_max else min(self._shown_da(), most_da), now_ms)
            order.as_proven()
        alike = proven and (order.counted_at_max or self._shown_da() >= order.target_da) and not self._latched()
        if not alike and self._not_as_ordered_ms < 0:
            self._not_as_ordered_ms = now_ms
        elif alike:
            self._not_as_ordered_ms = -1
            self._write_limiter.worked("order")

    def _latched(self) -> bool:
        """Its watchdog may have fired: some stay in that state until every write of an order has come again."""
        return bool(self._table["watchdog"]["latched"]) and self.facts.fault is not None

    def _shown_da(self) -> int:
        index = self._limit_index()
        if not self._order.target_da:
            return self._recipe.most_da(0)
        if index < 0:
            return 0
        shown_da = self._readings.values[index]
        return self._recipe.most_da(self._order.target_da) if shown_da is None else shown_da

    def _prove_by_measure(self, now_ms: int) -> None:
        """A device that cannot show its limit: a car that draws, no more than ordered, after it has settled."""
        order, amps_da = self._order, self.facts.amps_da
        if self._table["proof"]["kind"] != "measured" or not order.done() or not amps_da:
            return
        settled = self._settled()
        most_da = self._recipe.most_da(order.target_da)
        if settled and max(amps_da) > most_da + max(DRAWS_DA, most_da // 10) and self._not_as_ordered_ms < 0:
            self._not_as_ordered_ms = now_ms  # it has forgotten the order, or never took it: say it again
        if settled and not order.proven and DRAWS_DA <= max(amps_da) <= most_da:
            self._guard.proven(self._index, order.order_id, most_da, now_ms)
            order.as_proven()
