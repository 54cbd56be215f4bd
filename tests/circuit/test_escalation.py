"""Rule 10, rung by rung: when the next one follows, what each changes, and what ends it."""

from helper_circuit import evse, site

from ampacity.circuit.trusted.device.escalation import CONTACTOR, FEEDER, FREE, PAUSED, Escalation, contactor, lockout_reason, stopped
from ampacity.circuit.trusted.device.evse_state import EvseState
from ampacity.circuit.trusted.events import EVENTS_MAX, Events
from ampacity.circuit.trusted.journal_barrier import JournalBarrier
from ampacity.circuit.trusted.site.tree import Site

T = 1000000
SETTLE_MS, TRANSIT_MS, DAY_MS = 5000, 50, 86400000


class Stood(Escalation):
    """A ladder and one EVSE on it that draws 16.5 A, measured just now."""

    def __init__(self, **more):
        Escalation.__init__(self, Events(), JournalBarrier())
        self.s = EvseState(Site(site([evse(**more)])).evses[0], 3, 0)
        self.s.measured_da, self.s.measured_ms = 165, T

    def told(self):
        return [kind for _, kind, _ in self.events.kept]

    def now(self):
        return self.s.escalation_level, self.s.locked, self.switches, self.journal_barrier.version


def disobeying(now_ms=T, **more):
    stood = Stood(**more)
    stood.begin(stood.s, now_ms)
    return stood


def test_the_first_time_it_is_paused_and_nothing_is_locked():
    stood = Stood()
    stood.s.excess, stood.s.overdraw_da, stood.s.zero_ms, stood.s.welded = 9, 5, 7, True
    stood.begin(stood.s, T)
    s = stood.s
    assert stood.now() == (PAUSED, "", 1, 0) and s.escalated_ms == T and s.disobeys
    assert (s.excess, s.overdraw_da, s.zero_ms, s.disobeyed_da, s.welded, s.disobeyed_ms) == (0, 0, -1, 165, False, [T])
    assert stood.events.kept == [(T, "disobeys", "evse-1 draws above its order: 16.5 A")]


def test_the_next_escalation_step_follows_after_the_settle_time_and_the_transit_of_a_frame():
    stood = disobeying()
    stood.s.measured_ms = T + SETTLE_MS
    stood.escalate(stood.s, T + SETTLE_MS + TRANSIT_MS - 1)
    assert stood.now() == (PAUSED, "", 1, 0)
    stood.escalate(stood.s, T + SETTLE_MS + TRANSIT_MS)
    assert stood.now() == (CONTACTOR, "disobeyed", 2, 1) and stood.s.escalated_ms == T + SETTLE_MS + TRANSIT_MS
    assert stood.told() == ["disobeys", "locked"]


def test_the_escalation_continues_above_one_ampere_or_with_a_measurement_older_than_the_settle_time():
    late_ms = T + 20000
    for da, measured_ms, escalation_level in ((11, late_ms, 2), (10, late_ms, 1), (10, late_ms - SETTLE_MS, 1), (0, late_ms - SETTLE_MS - 1, 2),
                                            (11, T, 2)):  # fmt: skip
        stood = disobeying()
        stood.s.measured_da, stood.s.measured_ms = da, measured_ms
        stood.escalate(stood.s, late_ms)
        assert stood.s.escalation_level == escalation_level, (da, measured_ms)


def test_the_feeder_is_the_last_escalation_step_and_opens_if_one_is_wired():
    for output, told in (("relay-1", 1), ("", 0)):
        stood = disobeying(feeder_output=output)
        for number in range(1, 5):
            stood.escalate(stood.s, T + number * 20000)
        assert stood.now() == (FEEDER, "disobeyed", 3, 2) and stood.s.escalated_ms == T + 40000
        assert stood.told().count("feeder") == told and stood.told().count("locked") == 1


def test_the_third_disobedience_within_a_day_begins_with_the_contactor():
    for last_ms, escalation_level in ((T + DAY_MS - 1, CONTACTOR), (T + DAY_MS, PAUSED)):
        stood = disobeying()
        stood.end(stood.s, T + 1)
        stood.begin(stood.s, T + 1000)
        assert stood.s.escalation_level == PAUSED and stood.s.disobeyed_ms == [T, T + 1000]
        stood.end(stood.s, T + 2000)
        stood.begin(stood.s, last_ms)
        assert stood.s.escalation_level == escalation_level, last_ms
        assert ("evse-1 disobeyed three times within 24 h" in [text for _, _, text in stood.events.kept]) == (escalation_level == CONTACTOR)
    stood.end(stood.s, last_ms)
    stood.begin(stood.s, last_ms + 1)
    assert stood.s.disobeyed_ms == [T + 1000, last_ms, last_ms + 1] and stood.s.escalation_level == CONTACTOR
    stood.begin(stood.s, last_ms + 2)
    assert stood.s.disobeyed_ms == [last_ms, last_ms + 1, last_ms + 2], "no more than are asked for"


def test_an_evse_that_disobeys_with_its_contactor_ordered_open_is_welded_and_keeps_its_step():
    for escalation_level, welded in ((FREE, False), (PAUSED, False), (CONTACTOR, True), (FEEDER, True)):
        stood = Stood()
        stood.s.escalation_level = escalation_level
        stood.begin(stood.s, T)
        assert stood.s.welded == welded and stood.s.escalation_level == max(escalation_level, PAUSED), escalation_level
        assert stood.switches == (escalation_level == FREE) and stood.journal_barrier.version == 0


def test_another_lock_is_not_changed():
    stood = disobeying()
    stood.s.locked = "swapped"
    stood.escalate(stood.s, T + 20000)
    assert stood.s.locked == "swapped" and stood.s.escalation_level == CONTACTOR and stood.told()[-1] == "locked"


def test_the_end_of_the_excess_clears_only_the_pause():
    for escalation_level, after in ((PAUSED, FREE), (CONTACTOR, CONTACTOR), (FEEDER, FEEDER)):
        stood = disobeying()
        stood.s.escalation_level = escalation_level
        stood.end(stood.s, T + 1)
        assert (stood.s.disobeys, stood.s.disobeyed_da, stood.s.escalation_level) == (False, 0, after)
        assert stood.told()[-1] == "obeys"


def test_a_lock_of_an_earlier_run_is_at_least_the_contactor_and_at_most_the_feeder():
    for kept, escalation_level in ((0, CONTACTOR), (2, CONTACTOR), (3, FEEDER), (9, FEEDER)):
        stood = Stood()
        stood.lock(stood.s, kept, T)
        assert stood.now() == (escalation_level, "disobeyed", 1, 0) and stood.s.escalated_ms == T


def test_a_reset_restarts_the_escalation_and_the_day():
    for escalation_level, switches in ((FREE, 0), (PAUSED, 1), (FEEDER, 1)):
        stood = Stood()
        s = stood.s
        s.escalation_level, s.escalated_ms, s.contactor_open, s.feeder_open, s.welded, s.disobeyed_ms = escalation_level, T, True, True, True, [T]
        stood.release(s)
        assert (s.escalation_level, s.escalated_ms, s.contactor_open, s.feeder_open, s.welded, s.disobeyed_ms) == (FREE, -1, False, False, False, [])
        assert stood.switches == switches


def test_no_current_flows_after_the_settle_time_with_a_recent_measurement_of_zero():
    for zero_ms, measured_ms, now_ms, shown in (
        (-1, T, T, False), (0, SETTLE_MS, SETTLE_MS, True), (0, SETTLE_MS - 1, SETTLE_MS - 1, False), (T, T + 9000, T + 9000, True),
        (T, T + 9000, T + 9000 + SETTLE_MS, True), (T, T + 9000, T + 9001 + SETTLE_MS, False),
    ):  # fmt: skip
        s = Stood().s
        s.zero_ms, s.measured_ms = zero_ms, measured_ms
        assert stopped(s, now_ms) == shown, (zero_ms, now_ms)
        s.welded = True
        assert not stopped(s, now_ms), "of a welded contactor a pause shows nothing"


def test_an_open_feedback_counts_at_once_if_the_contactor_was_ordered_open_and_no_current_flows():
    for escalation_level, seen_open, zero_ms, shown in (
        (CONTACTOR, True, 0, True), (FEEDER, True, T, True), (PAUSED, True, T, False), (CONTACTOR, False, T, False), (CONTACTOR, True, -1, False),
    ):  # fmt: skip
        s = Stood().s
        s.escalation_level, s.contactor_open, s.zero_ms, s.welded = escalation_level, seen_open, zero_ms, True
        assert stopped(s, T) == shown, (escalation_level, seen_open, zero_ms)


def test_feedback_of_a_contactor_counts_if_it_is_newer_than_the_command():
    for escalation_level, closed, sample_ms, seen_open in (
        (CONTACTOR, False, T + 1, True), (FEEDER, False, T + 1, True), (CONTACTOR, False, T, False), (CONTACTOR, True, T + 1, False),
            (PAUSED, False, T + 1, False),
    ):  # fmt: skip
        s = Stood().s
        s.escalation_level, s.escalated_ms, s.contactor_open = escalation_level, T, not seen_open
        contactor(s, closed, sample_ms)
        assert s.contactor_open == seen_open, (escalation_level, closed, sample_ms)


def test_an_evse_stays_out_of_service_from_the_contactor_step_on():
    s = Stood().s
    for escalation_level, lock in ((FREE, ""), (PAUSED, ""), (CONTACTOR, "disobeyed"), (FEEDER, "disobeyed")):
        s.escalation_level = escalation_level
        assert lockout_reason(s) == lock


def test_events_are_kept_to_a_number_and_the_oldest_are_counted_when_lost():
    events = Events()
    for number in range(EVENTS_MAX):
        events.add(number, "kind", "text")
    assert len(events.kept) == 200 and events.dropped == 0
    for number in (200, 201):
        events.add(number, "kind", "text")
    assert len(events.kept) == 200 and events.dropped == 2 and events.kept[0][0] == 2 and events.kept[-1] == (201, "kind", "text")


def test_rule_8_the_journal_is_complete_when_it_holds_the_last_version():
    journal_barrier = JournalBarrier()
    assert journal_barrier.is_written() and journal_barrier.version == 0
    journal_barrier.mark_dirty()
    assert journal_barrier.is_written(), "without a journal there is nothing to wait for"
    journal_barrier.written = 0
    assert not journal_barrier.is_written()
    journal_barrier.written = 1
    assert journal_barrier.is_written() and journal_barrier.version == 1
    journal_barrier.mark_dirty()
    assert not journal_barrier.is_written() and journal_barrier.version == 2
    journal_barrier.written = 3
    assert journal_barrier.is_written()
