"""Sessions of one EVSE: who may charge, what is shown, what is told."""

from ampacity.evse.session import FIRST_LOOK_MS, OFFLINE_MS, SETTLE_MS, Session
from ampacity.evse.session_transitions import EVENTS, PHASES, TRANSITIONS


class Facts:
    online = True
    plugged = charging = False
    state = "A1"
    fault = None


class Desk:
    """A session with facts that the test sets."""

    def __init__(self, mode, **settings):
        self.session = Session("evse-1", mode, **settings)
        self.facts = Facts()
        self.now_ms = 1000
        self.order_da = 160
        self.step()
        self.take()

    def step(self, after_ms=100, **facts):
        self.now_ms += after_ms
        for name in facts:
            setattr(self.facts, name, facts[name])
        self.session.step(self.facts, self.order_da, self.now_ms)
        return self.session.status

    def take(self):
        events, self.session.events = self.session.events, []
        return events

    def kinds(self):
        return [kind for kind, _ in self.take()]

    def present(self, token):
        self.session.present(token, "ISO14443", self.now_ms)
        return self.step()


def test_the_grid_of_phases_and_events_is_complete_and_only_leave_and_a_car_make_a_session():
    assert len(TRANSITIONS) == len(PHASES) * len(EVENTS) == 25
    for (phase, event), following in TRANSITIONS.items():
        assert following in PHASES
        if following == "active" and phase != "active":
            assert (phase, event) in (("authorised", "plug"), ("plugged", "permit"), ("ended", "permit"))
        if event == "unplug" and phase != "authorised":
            assert following == "idle"


def test_free_serves_every_car_without_asking():
    desk = Desk("free")
    assert desk.session.status == "Available" and not desk.session.wants
    assert desk.step(plugged=True, state="B1") == "Suspended" and desk.session.wants
    assert desk.step(state="C2", charging=True) == "Charging"
    assert desk.step(state="B2", charging=False) == "Suspended"
    assert desk.step(plugged=False, state="A1") == "Available" and not desk.session.wants
    assert desk.take() == [
        ("plugged", {}),
        ("started", {"token": None}),
        ("charging", {"state": "SuspendedEV"}),
        ("charging", {"state": "Charging"}),
        ("charging", {"state": "SuspendedEV"}),
        ("unplugged", {}),
        ("ended", {"reason": "EVDisconnected"}),
        ("charging", {"state": "Idle"}),
    ]


def test_a_car_without_current_to_offer_is_suspended_by_the_evse():
    desk = Desk("free")
    desk.order_da = 0
    assert desk.step(plugged=True, state="B1") == "Suspended" and desk.session.charging_state == "SuspendedEVSE"


def test_a_stopped_session_is_finishing_until_the_car_leaves():
    desk = Desk("free")
    desk.step(plugged=True, state="C2", charging=True)
    desk.session.button("stop", desk.now_ms)
    assert desk.step(state="C1") == "Finishing" and not desk.session.wants
    assert ("stop_local", {"reason": "Local"}) in desk.session.events
    assert ("ended", {"reason": "Local"}) in desk.take()
    assert desk.step(60000) == "Finishing"
    desk.step(plugged=False, state="A1")
    assert desk.step(plugged=True, state="B1") == "Suspended" and desk.session.wants


def test_an_emergency_stop_says_so():
    desk = Desk("free")
    desk.step(plugged=True, state="C2", charging=True)
    desk.session.button("emergency_stop", desk.now_ms)
    assert ("stop_local", {"reason": "EmergencyStop"}) in desk.take()


def test_local_the_token_starts_the_same_stops_and_another_is_refused():
    desk = Desk("local", tokens=("ABC", "DEF"))
    assert desk.step(plugged=True, state="B1") == "Preparing" and not desk.session.wants
    assert desk.present("XXX") == "Preparing" and ("refused", {"token": "XXX"}) in desk.take()
    assert desk.present("ABC") == "Suspended" and desk.session.wants
    assert desk.present("DEF") == "Suspended" and ("refused", {"token": "DEF"}) in desk.take()
    assert desk.present("ABC") == "Finishing" and not desk.session.wants
    assert desk.present("DEF") == "Suspended" and desk.session.token_id == "DEF"


def test_local_leave_without_a_car_ends_after_its_time():
    desk = Desk("local", connection_ms=30000)
    assert desk.present("ABC") == "Preparing"
    assert desk.step(29000) == "Preparing"
    assert desk.step(1000) == "Available" and "timeout" in desk.kinds()
    desk.present("ABC")
    desk.step(20000, plugged=True, state="B1")
    assert desk.step(60000) == "Suspended" and desk.session.token_id == "ABC"


def test_managed_passes_tokens_on_and_waits_for_the_answer():
    desk = Desk("managed")
    desk.step(plugged=True, state="B1")
    assert desk.present("ABC") == "Preparing"
    assert ("token", {"token": "ABC", "type": "ISO14443"}) in desk.take()
    assert desk.session.start("ABC", desk.now_ms)
    assert desk.step(state="C2", charging=True) == "Charging"
    assert not desk.session.start("DEF", desk.now_ms)
    desk.session.stop("DeAuthorized", desk.now_ms)
    assert desk.step(state="C1") == "Finishing"
    assert ("ended", {"reason": "DeAuthorized"}) in desk.take()


def test_managed_a_remote_start_waits_for_the_car_and_a_remote_stop_takes_it_back():
    desk = Desk("managed")
    desk.session.start("ABC", desk.now_ms)
    assert desk.step(1000000) == "Preparing"
    desk.session.stop("Remote", desk.now_ms)
    assert desk.step() == "Available"
    desk.session.start("ABC", desk.now_ms)
    assert desk.step(plugged=True, state="B1") == "Suspended"
    assert ("started", {"token": "ABC"}) in desk.take()


def test_after_a_start_of_the_controller_the_plug_is_told_once_either_way():
    assert [kind for kind, _ in _first_events(plugged=False)] == ["unplugged"]
    assert [kind for kind, _ in _first_events(plugged=True)] == ["plugged", "charging"]


def _first_events(plugged):
    session, facts = Session("evse-1", "managed"), Facts()
    facts.online = False
    session.step(facts, 0, 1000)
    assert session.events == [] and session.status == "Unavailable"
    facts.online, facts.plugged = True, plugged
    session.step(facts, 0, 1100)
    session.step(facts, 0, 4200)
    return session.events


def test_after_a_start_a_car_that_shows_late_was_there_all_along():
    session, facts = Session("evse-1", "managed"), Facts()
    facts.online, facts.plugged = True, False
    session.step(facts, 0, 1000)
    session.step(facts, 0, 2000)
    facts.plugged = True
    session.step(facts, 0, 2200)
    assert [kind for kind, _ in session.events] == ["plugged", "charging"]


def test_inoperative_serves_nobody_and_a_car_charges_again_afterwards():
    desk = Desk("free")
    desk.session.set_available(False)
    assert desk.step() == "Unavailable" and not desk.session.start("ABC", desk.now_ms)
    assert desk.step(plugged=True, state="B1") == "Unavailable" and not desk.session.wants
    desk.session.set_available(True)
    assert desk.step() == "Suspended" and desk.session.wants


def test_reserved_is_shown_while_idle():
    desk = Desk("managed")
    desk.session.reserve(True)
    assert desk.step() == "Reserved"
    assert desk.step(plugged=True, state="B1") == "Preparing"


def test_a_fault_that_passes_suspends_and_one_that_does_not_ends_the_session():
    desk = Desk("free")
    desk.step(plugged=True, state="C2", charging=True)
    assert desk.step(fault="overtemperature", state="F", charging=False) == "Faulted" and not desk.session.wants
    assert desk.step(fault=None, state="B1") == "Suspended" and desk.session.wants
    desk.take()
    assert desk.step(fault="residual current", state="F") == "Faulted"
    assert ("fault", {"reason": "GroundFault"}) in desk.take()
    assert desk.step(fault=None, state="B1") == "Finishing" and not desk.session.wants


def test_a_device_that_does_not_answer_keeps_its_session_and_is_shown_as_unavailable_after_a_while():
    desk = Desk("free")
    desk.step(plugged=True, state="C2", charging=True)
    assert desk.step(OFFLINE_MS - 200, online=False) == "Charging"
    assert desk.step(1000) == "Unavailable" and desk.session.wants
    assert desk.step(online=True) == "Charging"


def test_a_device_that_cannot_say_whether_a_car_is_there_ends_no_session():
    desk = Desk("free")
    desk.step(plugged=None, state="F")
    assert desk.step(after_ms=20000) == "Available" and desk.take() == []
    assert desk.step(plugged=True, state="B1") == "Suspended"


class Boot(Desk):
    """A session whose device has not been heard yet."""

    def step(self, after_ms=100, **facts):
        if self.now_ms == 1000:
            self.facts.online, self.facts.plugged = False, None
        return Desk.step(self, after_ms, **facts)


def test_after_a_start_the_status_counts_once_the_device_has_shown_whether_a_car_is_there():
    desk = Boot("managed")
    assert not desk.session.settled
    desk.step(online=True)
    assert not desk.session.settled
    assert desk.step(plugged=True, state="B1") == "Preparing" and desk.session.settled


def test_a_pilot_that_shows_no_car_yet_is_not_believed_at_once():
    desk = Boot("managed")
    desk.step(online=True, plugged=False)
    for _ in range(20):
        desk.step()
        assert not desk.session.settled
    assert desk.step(plugged=True) == "Preparing" and desk.session.settled
    free = Boot("managed")
    free.step(online=True, plugged=False)
    assert free.step(FIRST_LOOK_MS) == "Available" and free.session.settled


def test_a_device_that_is_not_heard_is_unavailable_after_a_bounded_time():
    desk = Boot("managed")
    assert desk.step(SETTLE_MS - 1000) == "Unavailable" and not desk.session.settled
    assert desk.step(1000) == "Unavailable" and desk.session.settled
    blind = Boot("managed")
    blind.step(online=True, plugged=None)
    for _ in range(SETTLE_MS // 1000):
        blind.step(1000)
    assert blind.session.settled


def test_a_fault_is_shown_at_once_after_a_start():
    desk = Boot("managed")
    assert desk.step(online=True, fault="rcm") == "Faulted" and desk.session.settled


def test_a_device_that_comes_back_is_given_a_moment_to_show_its_car():
    desk = Desk("managed")
    desk.step(plugged=True, state="B1")
    desk.session.start("A", desk.now_ms)
    desk.step(state="C2", charging=True)
    desk.take()
    desk.step(online=False)
    assert desk.step(OFFLINE_MS) == "Unavailable"
    desk.step(online=True, plugged=False, state="A1", charging=False)
    desk.step(1000)
    assert "unplugged" not in desk.kinds()
    desk.step(plugged=True, state="C2", charging=True)
    assert desk.session.status == "Charging" and "unplugged" not in desk.kinds()
    desk.step(plugged=False, state="A1", charging=False)
    assert "unplugged" in desk.kinds()
