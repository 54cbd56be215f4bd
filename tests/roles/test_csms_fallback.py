"""Which CSMS a station ends up with when one does not work (B09, B10 with the errata of 2025-09)."""

from helper_csms import Csms, Line, boot, booting, good, profile

from ampacity.base.errors import Rejected
from check import raises

BOTH = {"1": profile("one"), "2": profile("two")}
ONLY_TWO = {"2": profile("two")}


def accepted_by_one(network, priority):
    """A station that the CSMS `one` has accepted, and that is then told to go elsewhere: at its next start."""
    line = Line({"one": Csms()}).run(30)
    assert line.online == [(0, "one")]
    line.one.primary.documents.put("ocpp_network", network)
    line.variable("NetworkConfigurationPriority", priority)
    line.csms = {}
    line.start()
    return line


def test_B10_FR_08_and_09_without_a_csms_that_worked_the_list_begins_again_without_end():
    line = Line({}, ONLY_TWO, "2,1").run(1000)
    assert line.tried() == (["two"] * 2 + ["one"] * 2) * 25


def test_B10_FR_07_after_all_attempts_it_falls_back_to_the_last_csms_that_worked_and_then_tries_all_again():
    line = accepted_by_one(ONLY_TWO, "2,1").run(120)
    assert line.tried() == ["two"] * 2 + ["one"] * 4 + ["two"] * 2 + ["one"] * 4


def test_B10_FR_07_also_to_one_that_is_no_longer_in_the_list():
    line = accepted_by_one(ONLY_TWO, "2").run(40)
    line.csms = {"one": Csms()}
    assert line.run(60).tried() == ["two", "two", "one", "one", "two", "two", "one"] and line.online == [(60, "one")]
    line.csms = {}
    assert line.run(60).tried()[7:] == ["one", "one", "two", "two", "one", "one"]


def test_B10_FR_07_also_to_one_whose_slot_was_written_over():
    line = accepted_by_one({"1": profile("nowhere")}, "1").run(60)
    assert line.tried() == ["nowhere"] * 2 + ["one"] * 2 + ["nowhere"] * 2
    line.csms = {"nowhere": Csms()}
    assert line.run(60).online == [(60, "nowhere")] or line.online[0][1] == "nowhere"


def test_what_worked_last_is_forgotten_when_the_site_file_names_another():
    line = accepted_by_one(ONLY_TWO, "2")
    line.one.facts["ocpp"] = dict(line.one.facts["ocpp"], url="ws://new.example")
    line.start()
    assert line.run(80).tried() == ["new"] * 8


def test_a_fallback_never_has_a_lower_security_profile():
    line = accepted_by_one({"2": profile("two", 2)}, "2,1")
    line.upstream.network_profiles.before_attempt(line.now_ms)
    line.upstream.network_profiles.opened(line.now_ms)
    line.upstream.network_profiles.connected(line.now_ms)  # TLS works
    assert line.run(60).tried() == ["two"] * 6
    line.start()
    assert line.run(60).tried() == ["two"] * 6


def test_A05_FR_06_profiles_below_the_one_that_works_are_removed():
    line = Line({}, {"1": profile("one"), "2": profile("two", 3)}, "2,1")
    line.upstream.network_profiles.before_attempt(line.now_ms)
    line.upstream.network_profiles.opened(line.now_ms)
    assert line.variable("NetworkConfigurationPriority") == "2,1"
    line.upstream.network_profiles.connected(line.now_ms)
    assert line.variable("NetworkConfigurationPriority") == "2" and list(line.one.primary.documents.get("ocpp_network")) == ["2"]
    with raises(Rejected) as e:
        line.variable("NetworkConfigurationPriority", "2,1")  # A05.FR.10
    assert "slots that hold" in str(e.error)


def test_ActiveNetworkProfile_is_the_slot_of_the_connection():
    line = Line({"one": Csms()}, ONLY_TWO, "2,1").run(60)
    assert line.online == [(20, "one")] and line.variable("ActiveNetworkProfile") == "1"
    line = Line({"two": Csms()}, ONLY_TWO, "2,1").run(60)
    assert line.variable("ActiveNetworkProfile") == "2"


def test_B10_FR_10_another_csms_gets_a_boot_notification_first_and_the_same_one_does_not():
    one, two = Csms(lasts_ms=30000), Csms(lasts_ms=30000)
    line = Line({"one": one}, BOTH, "1,2").run(60)
    assert one.names().count("BootNotification") == 1 and len(line.online) == 2
    line.csms = {"two": two}
    line.run(60)
    assert two.names()[0] == "BootNotification" and two.names().count("BootNotification") == 1
    assert one.got[0][1]["reason"] == "PowerUp" and two.got[0][1]["reason"] == "Unknown"
    line.csms = {"one": one}
    line.run(60)
    assert one.names().count("BootNotification") == 2


def test_a_csms_that_only_refuses_in_between_costs_no_second_boot():
    one = Csms(lasts_ms=30000)
    line = Line({"one": one}, BOTH, "1,2").run(35)
    line.csms = {}
    line.run(60)
    line.csms = {"one": one}
    line.run(60)
    assert "two" in line.tried() and one.names().count("BootNotification") == 1


def test_a_csms_that_never_answers_the_boot_is_left_after_its_attempts():
    line = Line({"one": Csms(booting(None)), "two": Csms()}, BOTH, "1,2", attempts="3").run(600)
    assert line.tried() == ["one"] * 3 + ["two"] and line.online == [(125, "two")], line.online
    assert "no valid answer" in line.left[0]
    assert Line({"one": Csms(booting("InternalError")), "two": Csms()}, BOTH, "1,2", attempts="3").run(600).online == [(135, "two")]


def test_a_csms_that_accepts_and_then_breaks_at_once_is_no_working_one():
    line = Line({"one": Csms(lasts_ms=1000), "two": Csms()}, BOTH, "1,2", attempts="3").run(600)
    assert line.tried() == ["one"] * 3 + ["two"]


def test_a_csms_that_breaks_after_half_a_minute_is_a_working_one():
    assert Line({"one": Csms(lasts_ms=30000), "two": Csms()}, BOTH, "1,2").run(1200).tried() == ["one"] * 30


def test_a_csms_that_is_heard_late_by_itself_is_known_to_work_after_each_reconnect():
    one = Csms(lasts_ms=240000)  # nothing to send for five minutes, and it breaks after four
    line = Line({"one": one, "two": Csms()}, BOTH, "1,2").run(5000)
    assert line.tried() == ["one"] * 20 and one.names().count("BootNotification") == 1
    assert one.names().count("Heartbeat") == 19


def test_a_rejection_with_a_short_interval_is_asked_again_and_left_after_five_minutes():
    line = Line({"one": Csms(booting(boot("Rejected", 60))), "two": Csms()}, BOTH, "1,2").run(900)
    assert line.tried() == ["one", "two"] and "Rejected" in line.left[0] and line.online == [(310, "two")], line.online
    assert line.csms["one"].names() == ["BootNotification"] * 6


def test_a_csms_that_rejects_twice_and_then_accepts_is_not_left():
    def answers(action, count):
        return good(action, count) if action != "BootNotification" or count > 2 else boot("Rejected", 60)

    line = Line({"one": Csms(answers), "two": Csms()}, BOTH, "1,2").run(900)
    assert line.tried() == ["one"] and line.online[0][0] in (120, 121)


def test_B02_FR_04_and_B03_FR_06_a_csms_that_was_left_is_not_asked_before_its_interval_is_over():
    line = Line({"one": Csms(booting(boot("Rejected", 3600)))}, BOTH, "1,2").run(4000)
    asked = [s for s, name in line.attempts if name == "one"]
    assert line.csms["one"].names() == ["BootNotification"] * 2 and asked[0] == 0 and asked[1] >= 3600, asked
    assert line.tried().count("two") > 300


def test_with_every_csms_rejecting_each_interval_holds():
    csms = {"one": Csms(booting(boot("Rejected", 3600))), "two": Csms(booting(boot("Rejected", 1800)))}
    line = Line(csms, BOTH, "1,2").run(3500)
    assert [csms[name].names() for name in ("one", "two")] == [["BootNotification"], ["BootNotification"] * 2]
    assert len(line.attempts) < 10, line.attempts


def test_B02_FR_06_pending_is_kept_for_half_an_hour():
    line = Line({"one": Csms(booting(boot("Pending", 60))), "two": Csms()}, BOTH, "1,2").run(3600)
    assert line.tried() == ["one", "two"] and 1800 <= line.online[0][0] <= 1815 and "Pending" in line.left[0]


def test_with_one_profile_nothing_is_left():
    for answer in (boot("Pending", 60), boot("Rejected", 60), boot("Rejected", 3600)):
        line = Line({"one": Csms(booting(answer))}).run(7200)
        assert line.left == [] and line.tried() == ["one"], answer


def test_queued_events_of_a_transaction_reach_the_csms_that_works():
    def no_events(action, count):
        return None if action == "TransactionEvent" else good(action, count)

    one, two = Csms(no_events, lasts_ms=20000), Csms()
    line = Line({"one": one}, BOTH, "1,2")
    line.upstream.variable("AuthCtrlr", "Enabled", "false", line.now_ms)
    line.run(3)
    for kind, fields in (("plugged", {}), ("charging", {"state": "Charging"}), ("charging", {"state": "SuspendedEV"}), ("unplugged", {})):
        line.upstream.event(1, kind, fields, line.now_ms)
    before = line.station.queue.count
    line.run(25)
    assert before >= 3 and line.station.queue.count == before and "TransactionEvent" in one.names()
    line.csms = {"two": two}
    line.run(120)
    events = [payload for action, payload in two.got if action == "TransactionEvent"]
    assert [event["seqNo"] for event in events] == list(range(before)) and line.station.queue.count == 0
    assert two.names()[0] == "BootNotification"
