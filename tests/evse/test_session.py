"""Sessions of one EVSE: what its device shows, what its owner of authorisation hears, and what follows."""

from ampacity.base.log import Log
from ampacity.evse.session import (
    CHARGING,
    CONNECTED,
    EMERGENCY_STOP,
    FIRST_LOOK_MS,
    NO_CAR,
    OFFLINE_MS,
    PAUSED_BY_EV,
    PAUSED_BY_EVSE,
    SETTLE_MS,
    STOP_BUTTON,
    OpenAccess,
    Session,
)  # fmt: skip


class Facts:
    online = True
    plugged = charging = False
    state = "A1"
    fault = None


class Station:
    """An owner of authorisation that the test decides for; a stop and a fault end what it permits, as OCPP's do."""

    remedy = "authorize it"

    def __init__(self):
        self.allowed = False
        self.why = ""
        self.events = []

    def permits(self):
        return self.allowed

    def reason(self):
        return self.why

    def event(self, kind, word, now_ms):
        self.events.append((kind, word))
        if kind in ("stop", "fault"):
            self.allowed = False


class Heard(OpenAccess):
    """Open access that keeps what it hears."""

    def __init__(self):
        OpenAccess.__init__(self)
        self.events = []

    def event(self, kind, word, now_ms):
        self.events.append((kind, word))
        OpenAccess.event(self, kind, word, now_ms)


class Desk:
    """A session with facts that the test sets."""

    def __init__(self, access=None):
        self.access = Heard() if access is None else access
        self.log = Log()
        self.session = Session("evse-1", self.access, self.log)
        self.facts = Facts()
        self.now_ms = 1000
        self.order_da = 160
        self.operative = True
        self.step()
        self.take()

    def step(self, after_ms=100, **facts):
        self.now_ms += after_ms
        for name in facts:
            setattr(self.facts, name, facts[name])
        self.session.step(self.facts, self.order_da, self.operative, self.now_ms)
        return self.session.phase

    def take(self):
        events, self.access.events = self.access.events, []
        return events

    def kinds(self):
        return [kind for kind, _ in self.take()]

    def said(self):
        return [text for _, _, _, text in self.log.since(0)]


def managed():
    return Desk(Station())


def test_open_access_serves_every_car_without_asking():
    desk = Desk()
    assert desk.session.phase == "idle" and not desk.session.wants and desk.session.charging_state == NO_CAR
    assert desk.step(plugged=True, state="B1") == "active" and desk.session.wants
    desk.step(state="C2", charging=True)
    assert desk.session.charging_state == CHARGING
    desk.step(state="B2", charging=False)
    assert desk.step(plugged=False, state="A1") == "idle" and not desk.session.wants
    assert desk.take() == [
        ("plugged", None), ("charging", PAUSED_BY_EV), ("charging", CHARGING), ("charging", PAUSED_BY_EV), ("unplugged", None), ("charging", NO_CAR),
    ]  # fmt: skip
    assert desk.said() == ["evse evse-1: " + text for text in (
        "plugged", "session started", "paused by EV", "charging", "paused by EV", "unplugged", "session ended: unplugged", "no car",
    )]  # fmt: skip


def test_a_car_without_current_to_offer_is_paused_by_the_evse():
    desk = Desk()
    desk.order_da = 0
    desk.step(plugged=True, state="B1")
    assert desk.session.charging_state == PAUSED_BY_EVSE


def test_a_stopped_session_has_ended_until_the_car_leaves():
    desk = Desk()
    desk.step(plugged=True, state="C2", charging=True)
    desk.session.button("stop", desk.now_ms)
    assert desk.step(state="C1") == "ended" and not desk.session.wants
    assert ("stop", STOP_BUTTON) in desk.take() and "evse evse-1: session ended: stop button" in desk.said()
    assert desk.step(60000) == "ended" and desk.session.charging_state == CONNECTED
    desk.step(plugged=False, state="A1")
    assert desk.step(plugged=True, state="B1") == "active" and desk.session.wants


def test_an_emergency_stop_is_reported_as_such():
    desk = Desk()
    desk.step(plugged=True, state="C2", charging=True)
    desk.session.button("emergency_stop", desk.now_ms)
    assert ("stop", EMERGENCY_STOP) in desk.take()


def test_a_stop_button_without_an_authorisation_is_not_an_event():
    desk = managed()
    desk.session.button("stop", desk.now_ms)
    desk.step(plugged=True, state="B1")
    desk.session.button("stop", desk.now_ms)
    assert "stop" not in desk.kinds()


def test_the_owner_of_authorisation_is_queried_each_time():
    desk = managed()
    assert desk.step(plugged=True, state="B1") == "plugged" and not desk.session.wants
    desk.access.allowed = True
    assert desk.session.phase == "active" and desk.session.wants
    desk.step(state="C2", charging=True)
    assert desk.session.charging_state == CHARGING
    desk.access.allowed, desk.access.why = False, "DeAuthorized"
    assert desk.session.phase == "ended" and not desk.session.wants
    desk.step(state="C1")
    assert "evse evse-1: session ended: DeAuthorized" in desk.said() and desk.session.charging_state == CONNECTED


def test_an_authorisation_waits_for_the_car_as_long_as_its_owner_permits():
    desk = managed()
    desk.access.allowed = True
    assert desk.step(1000000) == "authorised" and not desk.session.wants
    desk.access.allowed = False
    assert desk.step() == "idle"
    desk.access.allowed = True
    assert desk.step(plugged=True, state="B1") == "active"
    assert "evse evse-1: session started" in desk.said()


def test_an_authorisation_that_outlives_the_plug_serves_the_car_again():
    desk = managed()
    desk.access.allowed = True
    desk.step(plugged=True, state="C2", charging=True)
    assert desk.step(plugged=False, state="A1", charging=False) == "authorised"
    assert desk.step(plugged=True, state="B1") == "active" and desk.session.wants


def test_the_button_takes_back_an_authorisation_that_waits_for_its_car():
    desk = managed()
    desk.access.allowed = True
    desk.step()
    desk.session.button("stop", desk.now_ms)
    assert desk.step() == "idle" and ("stop", STOP_BUTTON) in desk.take()


def test_after_a_start_of_the_controller_the_plug_state_is_reported_once():
    assert [kind for kind, _ in _first_events(plugged=False)] == ["unplugged"]
    assert [kind for kind, _ in _first_events(plugged=True)] == ["plugged", "charging"]


def _first_events(plugged):
    station, facts = Station(), Facts()
    session = Session("evse-1", station, Log())
    facts.online = False
    session.step(facts, 0, True, 1000)
    assert station.events == [] and session.lost
    facts.online, facts.plugged = True, plugged
    session.step(facts, 0, True, 1100)
    session.step(facts, 0, True, 4200)
    return station.events


def test_after_a_start_a_car_detected_late_counts_as_plugged_all_the_time():
    station, facts = Station(), Facts()
    session = Session("evse-1", station, Log())
    facts.online, facts.plugged = True, False
    session.step(facts, 0, True, 1000)
    session.step(facts, 0, True, 2000)
    facts.plugged = True
    session.step(facts, 0, True, 2200)
    assert [kind for kind, _ in station.events] == ["plugged", "charging"]


def test_an_inoperative_evse_serves_no_car_and_the_car_charges_again_afterwards():
    desk = Desk()
    desk.operative = False
    desk.step()
    desk.step(plugged=True, state="B1")
    assert not desk.session.wants and desk.session.charging_state == PAUSED_BY_EVSE
    desk.operative = True
    assert desk.step() == "active" and desk.session.wants


def test_a_fault_that_passes_suspends_and_one_that_does_not_ends_the_session():
    desk = Desk()
    desk.step(plugged=True, state="C2", charging=True)
    assert desk.step(fault="overtemperature", state="F", charging=False) == "active" and not desk.session.wants
    assert desk.step(fault=None, state="B1") == "active" and desk.session.wants
    desk.take()
    assert desk.step(fault="residual current", state="F") == "ended" and desk.session.fault
    assert ("fault", "residual current") in desk.take()
    assert desk.step(fault=None, state="B1") == "ended" and not desk.session.wants


def test_an_ending_fault_in_the_moment_of_the_plug_ends_that_session():
    desk = Desk()
    assert desk.step(plugged=True, state="F", fault="rcm") == "ended"
    assert desk.kinds()[:2] == ["plugged", "fault"]


def test_a_device_that_does_not_answer_keeps_its_session_and_is_lost_after_a_time():
    desk = Desk()
    desk.step(plugged=True, state="C2", charging=True)
    assert desk.step(OFFLINE_MS - 200, online=False) == "active" and not desk.session.lost
    assert desk.step(1000) == "active" and desk.session.lost and desk.session.wants
    assert desk.session.charging_state == PAUSED_BY_EVSE
    desk.step(online=True)
    assert not desk.session.lost and desk.session.charging_state == CHARGING


def test_a_device_that_cannot_detect_a_car_ends_no_session():
    desk = Desk()
    desk.step(plugged=None, state="F")
    assert desk.step(after_ms=20000) == "idle" and desk.take() == []
    assert desk.step(plugged=True, state="B1") == "active"


class Boot(Desk):
    """A session whose device has not been heard yet."""

    def __init__(self):
        Desk.__init__(self, Station())

    def step(self, after_ms=100, **facts):
        if self.now_ms == 1000:
            self.facts.online, self.facts.plugged = False, None
        return Desk.step(self, after_ms, **facts)


def test_after_a_start_the_status_counts_once_the_device_has_shown_whether_a_car_is_there():
    desk = Boot()
    assert not desk.session.settled
    desk.step(online=True)
    assert not desk.session.settled
    assert desk.step(plugged=True, state="B1") == "plugged" and desk.session.settled


def test_a_pilot_without_a_car_yet_is_not_trusted_at_once():
    desk = Boot()
    desk.step(online=True, plugged=False)
    for _ in range(20):
        desk.step()
        assert not desk.session.settled
    assert desk.step(plugged=True) == "plugged" and desk.session.settled
    free = Boot()
    free.step(online=True, plugged=False)
    assert free.step(FIRST_LOOK_MS) == "idle" and free.session.settled


def test_a_silent_device_is_lost_after_a_bounded_time():
    desk = Boot()
    desk.step(SETTLE_MS - 1000)
    assert desk.session.lost and not desk.session.settled
    desk.step(1000)
    assert desk.session.lost and desk.session.settled
    blind = Boot()
    blind.step(online=True, plugged=None)
    for _ in range(SETTLE_MS // 1000):
        blind.step(1000)
    assert blind.session.settled


def test_a_fault_is_shown_at_once_after_a_start():
    desk = Boot()
    desk.step(online=True, fault="rcm")
    assert desk.session.fault == "rcm" and desk.session.settled


def test_a_device_that_returns_gets_time_to_show_its_car():
    desk = managed()
    desk.step(plugged=True, state="B1")
    desk.access.allowed = True
    desk.step(state="C2", charging=True)
    desk.take()
    desk.step(online=False)
    desk.step(OFFLINE_MS)
    assert desk.session.lost
    desk.step(online=True, plugged=False, state="A1", charging=False)
    desk.step(1000)
    assert "unplugged" not in desk.kinds()
    desk.step(plugged=True, state="C2", charging=True)
    assert desk.session.charging_state == CHARGING and "unplugged" not in desk.kinds()
    desk.step(plugged=False, state="A1", charging=False)
    assert "unplugged" in desk.kinds()


def test_a_lock_out_ends_the_session_and_its_reset_serves_the_same_car_again():
    desk = Desk()
    desk.step(plugged=True, state="C2", charging=True)
    desk.session.lockout = "disobeyed: drew 20.0 A of 16.0 A"
    assert desk.step() == "ended" and desk.session.obstacle == "fault: disobeyed: drew 20.0 A of 16.0 A"
    desk.session.lockout = None
    assert desk.step() == "active" and desk.session.wants and desk.session.obstacle == ""


def test_a_fault_that_hides_the_plug_is_named_without_a_request_to_unplug():
    """A welded contactor holds the pilot at -12 V, where no plug is seen (IEC 61851-1, Annex A: state F)."""
    desk = Desk()
    desk.step(plugged=True, state="C2", charging=True)
    desk.step(plugged=True, state="F", charging=False, fault="welded")
    assert desk.session.obstacle == "fault: welded; unplug the car and plug it in again"
    desk.step(plugged=False)
    assert desk.session.obstacle == "fault: welded"
    desk.step(state="A1", fault=None)
    assert desk.session.obstacle == ""


def locked_out():
    """A car that charged, and disobeyed."""
    desk = Desk()
    desk.step(plugged=True, state="C2", charging=True)
    desk.session.lockout = "disobeyed: drew 20.0 A of 16.0 A"
    desk.step()
    return desk


def test_the_reset_of_a_lock_out_does_not_revive_a_session_that_something_else_ended():
    desk = Desk()
    desk.step(plugged=True, state="C2", charging=True)
    desk.session.button("stop", desk.now_ms)
    desk.session.lockout = "disobeyed: drew 20.0 A of 0.0 A"
    desk.step()
    desk.session.lockout = None
    assert desk.step() == "ended"
    desk = locked_out()
    desk.session.button("stop", desk.now_ms)
    desk.session.lockout = None
    assert desk.step() == "ended"
    desk = locked_out()
    desk.session.lockout = None
    assert desk.step(fault="rcm") == "ended" and desk.step(fault=None) == "ended"


def test_a_lock_out_that_changes_its_text_is_still_the_same_and_another_car_is_served_as_it_comes():
    desk = locked_out()
    desk.session.lockout = "disobeyed: drew 22.0 A of 16.0 A"
    desk.step()
    desk.session.lockout = None
    assert desk.step() == "active"
    desk = locked_out()
    desk.step(plugged=False, state="A1", charging=False)
    desk.step(plugged=True, state="B1")
    desk.take()
    desk.session.lockout = None
    desk.step()
    assert "unlocked" not in desk.kinds() and not desk.session.fault


def test_after_another_fault_no_car_is_served_until_it_was_unplugged():
    desk = Desk()
    desk.step(plugged=True, state="C2", charging=True)
    desk.step(fault="rcm")
    assert desk.step(fault=None) == "ended"
    assert desk.session.obstacle == "session ended (residual current); unplug the car and plug it in again"


def test_the_reset_of_a_lock_out_gives_no_authorization_where_a_csms_decides():
    desk = managed()
    desk.access.allowed = True
    desk.step(plugged=True, state="C2", charging=True)
    desk.session.lockout = "disobeyed: drew 20.0 A of 16.0 A"
    desk.step()
    desk.access.why = "Other"
    desk.session.lockout = None
    desk.step()
    assert desk.step() == "ended" and desk.session.obstacle == "session ended (fault); authorize it", desk.session.obstacle


def test_what_keeps_a_car_from_charging_is_said_and_without_a_car_nothing():
    desk = managed()
    assert desk.session.obstacle == ""
    desk.step(plugged=True, state="B1")
    assert desk.session.obstacle == "not authorized; authorize it"
    desk.access.allowed = True
    desk.step()
    assert desk.session.obstacle == ""
    desk.operative = False
    desk.step()
    assert desk.session.obstacle == "taken out of service by the CSMS"
