"""What is kept by EVSE number belongs to the device that had the number (its address), whatever its number is now."""

from station_bench import Bench, events, payloads
from test_display import put as show
from test_display import screen
from test_monitoring import POWER, install, kept, setting
from test_signed_values import found, reads
from test_smart_charging import limits, profile, put

from ampacity.store.memory_files import PowerCut

A, B, C = ["lan/1 heidelberg", "a"], ["lan/2 heidelberg", "b"], ["lan/3 heidelberg", "c"]


class Yard(Bench):
    """Its EVSEs are at these places, in this order."""

    def __init__(self, *places):
        super().__init__(len(places), {"identity": "AMP-1", "places": list(places)})

    def with_places(self, *places):
        """The controller starts with another site."""
        self.at(*places)
        self.power_cycle()
        self.connect()
        return self

    def at(self, *places):
        self.config["places"] = list(places)
        self.evses = [{"id": i + 1, "max_da": 320} for i in range(len(places))]

    def cut(self, n, *places):
        """The power fails in the n-th write from a start with this site on, in 2 s. False: there was none."""
        self.files.restart()
        self.at(*places)
        self.files.cut_at_write(n)
        try:
            self.start()
            for _ in range(200):
                self.station.tick(self.now_ms)
                self.advance_only(10)
        except PowerCut:
            return True
        self.files.cut_at_write(0)
        return False


def inoperative(bench, evse):
    assert bench.call("ChangeAvailability", {"operationalStatus": "Inoperative", "evse": {"id": evse}})["status"] == "Accepted"


def send_list(bench, evse):
    """A local list with one identifier, for this EVSE only."""
    bench.set("LocalAuthListCtrlr", "Enabled", "true")
    item = {"idToken": {"idToken": "ABC123", "type": "ISO14443"}, "idTokenInfo": {"status": "Accepted", "evseId": [evse]}}
    request = {"versionNumber": 1, "updateType": "Full", "localAuthorizationList": [item]}
    assert bench.call("SendLocalList", request)["status"] == "Accepted"


def operative(bench):
    return [bench.station.availability.operative(evse.id) for evse in bench.station.evses]


def reserved(bench):
    return [(item["id"], item["evse"]) for item in bench.station.optional.get("reservation", bench.now_ms).all]


def test_an_EVSE_out_of_service_stays_so_when_two_entries_are_exchanged():
    bench = Yard(A, B, C).booted()
    inoperative(bench, 1)
    bench.with_places(B, A, C)
    assert operative(bench) == [True, False, True]
    bench.with_places(C, B, A)
    assert operative(bench) == [True, True, False]
    bench.with_places(C, B, A)
    assert operative(bench) == [True, True, False]


def test_another_car_does_not_charge_on_the_card_of_the_former_number():
    bench = Yard(A, B).booted()
    bench.charging(1)
    before = payloads(bench.sent, "TransactionEvent")
    started = before[0]["transactionInfo"]["transactionId"]
    bench.sent = []
    bench.with_places(B, A)
    for evse in (1, 2):
        bench.plug(evse)
    assert not bench.may_charge(1) and not bench.may_charge(2)
    ended = [p for p in payloads(bench.sent, "TransactionEvent") if p["transactionInfo"]["transactionId"] == started]
    assert [(p["eventType"], p["evse"]["id"], p["transactionInfo"]["stoppedReason"]) for p in ended] == [("Ended", 1, "Other")]
    assert ended[0]["seqNo"] == before[-1]["seqNo"] + 1
    bench.sent = []
    bench.power_cycle()
    bench.connect()
    assert events(bench.sent) == []


def test_a_transaction_of_which_only_the_queue_knows_ends_as_well():
    bench = Yard(A, B).booted()
    bench.deaf = ("TransactionEvent",)
    bench.charging(2)
    bench.files.remove("ocpp_tx_2.set")
    bench.sent, bench.deaf = [], ()
    bench.with_places(B, A)
    kinds = [kind for kind, _ in events(bench.sent)]
    assert kinds[0] == "Started" and kinds.count("Ended") == 1 and kinds[-1] == "Ended"
    assert [p["seqNo"] for p in payloads(bench.sent, "TransactionEvent")] == list(range(len(kinds)))


def test_the_transaction_of_an_EVSE_that_keeps_its_number_continues_and_that_of_a_removed_one_ends():
    bench = Yard(A, B, C).booted()
    bench.charging(1)
    bench.charging(3)
    bench.sent = []
    bench.with_places(A, B)
    bench.plug(1)
    assert bench.may_charge(1)
    assert [p["evse"]["id"] for p in payloads(bench.sent, "TransactionEvent") if p["eventType"] == "Ended"] == [3]


def test_limits_of_the_CSMS_move_with_their_EVSE_and_the_one_of_the_station_stays():
    bench = Yard(A, B, C).booted()
    put(bench, profile(1, "ChargingStationMaxProfile", limit=20), 0)
    put(bench, profile(2, limit=6), 1)
    put(bench, profile(3, limit=9), 2)
    assert limits(bench) == [(0, None, 200, None), (1, None, 60, None), (2, None, 90, None)]
    bench.with_places(C, A)
    assert limits(bench) == [(0, None, 200, None), (2, None, 60, None)]


def test_reservations_move_and_those_of_a_removed_EVSE_are_reported_as_removed():
    bench = Yard(A, B, C).booted()
    for number, evse in ((1, 1), (2, 2)):
        request = {"id": number, "expiryDateTime": "2026-11-20T13:00:00Z", "idToken": {"idToken": "ABC", "type": "ISO14443"}, "evseId": evse}
        for each in (1, 2, 3):
            bench.station.evse_status(each, "Available", bench.now_ms)
        assert bench.call("ReserveNow", request)["status"] == "Accepted"
    bench.sent = []
    bench.with_places(C, B)
    assert reserved(bench) == [(2, 2)]
    assert [(p["reservationId"], p["reservationUpdateStatus"]) for p in payloads(bench.sent, "ReservationStatusUpdate")] == [(1, "Removed")]


def test_monitors_and_display_messages_move_with_their_EVSE():
    bench = Yard(A, B).booted()
    assert install(bench, setting("UpperThreshold", 3000, POWER)) == [1000]
    assert show(bench, 1, "for a", display={"name": "Display", "evse": {"id": 1}}) == "Accepted" and show(bench, 2, "for all") == "Accepted"
    bench.with_places(B, A)
    assert [row[1] for row in kept(bench)["custom"]] == [2]
    assert [screen(bench, evse) for evse in (0, 1, 2)] == [["for all"], ["for all"], ["for a", "for all"]]
    bench.with_places(B)
    assert screen(bench, 1) == ["for all"] and bench.station.optional.find("monitoring").custom == []
    bench.with_places(A, B)
    assert [sorted(screen(bench, evse)) for evse in (1, 2)] == [["for a", "for all"], ["for all"]]


def test_an_EVSE_with_another_unit_keeps_its_settings_by_its_name_and_one_in_its_place_by_its_line():
    bench = Yard(A, B).booted()
    inoperative(bench, 2)
    bench.with_places(["lan/9 heidelberg", "b"], A)
    assert operative(bench) == [False, True]
    bench.with_places(["lan/9 keba", "new"], A)
    assert operative(bench) == [False, True]


def test_a_power_cut_at_any_write_leaves_all_of_the_old_or_all_of_the_new_whatever_the_next_site_is():
    for then in ((B, A, C), (A, B, C), (C, A, B), (B, C)):
        cuts = 0
        for n in range(1, 40):
            bench = Yard(A, B, C).booted()
            bench.charging(1)
            inoperative(bench, 2)
            put(bench, profile(2, limit=6), 2)
            bench.sent = []
            was_cut = bench.cut(n, B, A, C)
            bench.with_places(*then)
            for evse in range(1, len(then) + 1):
                bench.plug(evse)
            at = then.index(B) + 1
            assert [i + 1 for i, on in enumerate(operative(bench)) if not on] == [at] and limits(bench) == [(at, None, 60, None)], (n, then)
            may = [i + 1 for i in range(len(then)) if bench.may_charge(i + 1)]
            ended = [kind for kind, _ in events(bench.sent)].count("Ended")
            assert (may, ended) in (([], 1), ([1], 0)) and (not may or then[0] == A), (n, then)
            assert bench.station.documents.get("ocpp_moved") is None and bench.station.documents.get("ocpp_gone") is None
            cuts += was_cut
            if not was_cut:
                break
        assert cuts > 3


def test_the_end_of_a_transaction_finds_room_in_a_full_queue_or_waits_for_it():
    bench = Yard(A, B)
    bench.journal_bytes = 8192
    bench.power_cycle()
    bench.booted()
    bench.charging(1)
    bench.drop()
    for i in range(400):
        bench.event(1, "charging", {"state": ("SuspendedEV", "Charging")[i % 2]})
        bench.advance_only(1000)
    bench.sent = []
    bench.at(B, A)
    bench.power_cycle()
    bench.plug(1)
    bench.card(1, "STRANGER")
    assert bench.station.evse(1).tx is None or bench.station.evse(1).tx.seq_no < 3
    bench.connect()
    bench.advance(60000)
    sent = payloads(bench.sent, "TransactionEvent")
    first = sent[0]["transactionInfo"]["transactionId"]
    assert [p["eventType"] for p in sent if p["transactionInfo"]["transactionId"] == first].count("Ended") == 1
    assert [p for p in sent if p["transactionInfo"]["transactionId"] == first and (p.get("idToken") or {}).get("idToken") == "STRANGER"] == []


def test_a_transaction_that_ends_while_nothing_can_be_written_is_reported_later_and_does_not_continue():
    bench = Yard(A, B).booted()
    bench.charging(1)
    bench.sent = []
    bench.files.bytes_max = 0
    bench.with_places(B, A)
    bench.plug(1)
    assert not bench.may_charge(1) and not bench.may_charge(2)
    bench.files.bytes_max = None
    bench.advance(60000)
    bench.drop()
    bench.connect()
    bench.advance(60000)
    assert [kind for kind, _ in events(bench.sent)].count("Ended") == 1
    bench.power_cycle()
    bench.connect()
    assert [kind for kind, _ in events(bench.sent)].count("Ended") == 1 and not bench.may_charge(1)


def test_while_a_move_waits_for_the_medium_the_CSMS_changes_nothing_of_it_and_a_new_transaction_is_kept():
    bench = Yard(A, B).booted()
    bench.charging(1)
    inoperative(bench, 2)
    bench.files.bytes_max = 0
    bench.with_places(B, A)
    request = {"operationalStatus": "Operative", "evse": {"id": 1}}
    assert bench.call("ChangeAvailability", request) == "InternalError" and operative(bench) == [False, True]
    bench.plug(2)
    bench.card(2, "BOB")
    bench.files.bytes_max = None
    bench.advance(60000)
    assert bench.call("ChangeAvailability", request)["status"] == "Accepted"
    bench.power_cycle()
    bench.connect()
    bench.plug(2)
    assert operative(bench) == [True, True] and bench.may_charge(2)


def test_an_EVSE_that_is_missing_for_one_start_has_its_settings_again_when_it_returns():
    bench = Yard(A, B, C).booted()
    inoperative(bench, 3)
    put(bench, profile(1, limit=6), 3)
    bench.with_places(A, B)
    assert operative(bench) == [True, True] and limits(bench) == []
    bench.with_places(A, B, ["lan/9 keba", "d"])
    assert operative(bench) == [True, True, True] and limits(bench) == []
    bench.with_places(C, A, B)
    assert operative(bench) == [False, True, True] and limits(bench) == [(1, None, 60, None)]


def test_an_identifier_that_is_for_one_EVSE_is_for_it_also_at_another_number():
    for by_list in (True, False):
        bench = Yard(A, B).booted()
        if by_list:
            send_list(bench, evse=1)
        else:
            bench.answers["Authorize"] = bench.answers["TransactionEvent"] = {"idTokenInfo": {"status": "Accepted", "evseId": [1]}}
            bench.charging(1)
            bench.unplug(1)
        bench.at(B, A)
        bench.power_cycle()
        for evse in (1, 2):
            bench.plug(evse)
            bench.card(evse)
        assert [bench.may_charge(evse) for evse in (1, 2)] == [False, True], by_list


def test_the_signed_reading_of_the_start_is_in_the_event_that_ends_a_transaction_at_another_number():
    bench = Yard(A, B).booted()
    reads(bench, "first")
    for name in ("SignReadings", "SignStartedReadings"):
        bench.set("SampledDataCtrlr", name, "true")
    bench.charging(1)
    assert bench.station.documents.get("ocpp_signed_1") is not None
    bench.sent = []
    bench.with_places(B, A)
    ended = [p for p in payloads(bench.sent, "TransactionEvent") if p["eventType"] == "Ended"]
    assert found(ended[0]) == [("Transaction.Begin", "first", False)]
    assert bench.station.documents.get("ocpp_signed_1") is None


def test_many_EVSEs_with_other_addresses_keep_their_numbers():
    rows = [["yard A/%d x" % i, "n%d" % i] for i in range(60)]
    bench = Yard(*rows).booted()
    inoperative(bench, 7)
    bench.with_places(*[["yard B/%d x" % i, "n%d" % i] for i in range(60)])
    assert [i for i, on in enumerate(operative(bench)) if not on] == [6]
    bench.with_places(*[["yard C/%d y" % i, "m%d" % i] for i in range(60)])
    assert [i for i, on in enumerate(operative(bench)) if not on] == [6]


def test_a_medium_that_takes_no_write_at_the_start_loses_nothing():
    bench = Yard(A, B).booted()
    inoperative(bench, 1)
    bench.files.bytes_max = 0
    bench.with_places(B, A)
    assert operative(bench) == [True, False]
    bench.files.bytes_max = None
    bench.advance(60000)
    bench.power_cycle()
    bench.connect()
    assert operative(bench) == [True, False]


def test_a_damaged_list_of_numbers_counts_as_unchanged():
    bench = Yard(A, B).booted()
    inoperative(bench, 1)
    bench.files.replace("ocpp_evses.set", b"00000000\n[]")
    bench.with_places(A, B)
    assert operative(bench) == [False, True]


def test_a_station_without_EVSEs_answers_what_its_schedule_is():
    answer = Bench(0).booted().call("GetCompositeSchedule", {"duration": 3600, "evseId": 0})
    assert answer["status"] == "Accepted" and answer["schedule"]["evseId"] == 0


def test_profiles_of_an_EVSE_that_left_hinder_no_others_and_wait_for_it():
    bench = Yard(A, B, C).booted()
    put(bench, profile(1, limit=6), 3)
    bench.with_places(A, B)
    assert put(bench, profile(2, limit=20), 0) == "Accepted" and bench.call("GetChargingProfiles", {"requestId": 1, "chargingProfile": {}})
    assert bench.call("ClearChargingProfile", {"chargingProfileCriteria": {"chargingProfilePurpose": "TxDefaultProfile"}})["status"] == "Accepted"
    bench.with_places(A, B, C)
    assert limits(bench) == [(3, None, 60, None)]
    bench.with_places(A, B)
    assert bench.call("ClearChargingProfile", {"chargingProfileId": 1})["status"] == "Accepted"
    bench.with_places(A, B, C)
    assert limits(bench) == []


def test_a_transaction_of_a_number_that_was_not_known_ends_when_there_is_such_an_EVSE():
    bench = Yard(A, B, C).booted()
    bench.charging(3)
    bench.files.remove("ocpp_evses.set")  # as of an earlier version
    bench.with_places(A, B)
    bench.sent = []
    bench.with_places(A, B, ["lan/9 keba", "d"])
    bench.plug(3)
    assert not bench.may_charge(3) and [kind for kind, _ in events(bench.sent)].count("Ended") == 1


def test_until_the_medium_has_the_new_numbers_nothing_is_written_by_them():
    """There is room for some documents, not for all: whatever is accepted meanwhile holds after a power cut."""
    tried = 0
    for room in range(200, 4000, 100):
        bench = Yard(A, B, C).booted()
        bench.charging(1)
        inoperative(bench, 2)
        for number in range(8):
            show(bench, number, "for b", display={"name": "Display", "evse": {"id": 2}})
        bench.files.bytes_max = sum([len(bench.files.read(name)) for name in bench.files.list()]) + room
        bench.sent = []
        bench.with_places(B, A, C)
        if not bench.station.documents.waits("ocpp_evses"):
            break
        tried += 1
        before = operative(bench)
        asked = [{"operationalStatus": word, "evse": {"id": n}} for n, word in ((1, "Operative"), (3, "Inoperative"))]
        answers = [bench.call("ChangeAvailability", each) for each in asked]
        assert before == [False, True, True] and answers == ["InternalError"] * 2, room
        bench.plug(2)
        bench.card(2, "BOB")
        bench.power_cycle()
        bench.connect()
        bench.plug(1)
        assert operative(bench) == before and not bench.may_charge(1), room
        bench.files.bytes_max = None
        bench.advance(60000)
        bench.power_cycle()
        bench.connect()
        assert operative(bench) == before and not bench.station.documents.waits("ocpp_evses")
        ended = [p["transactionInfo"]["transactionId"] for p in payloads(bench.sent, "TransactionEvent") if p["eventType"] == "Ended"]
        assert len(ended) == len(set(ended)) >= 1, room
    assert tried > 2


def test_the_end_of_a_transaction_is_sent_as_soon_as_the_full_queue_has_room():
    bench = Yard(A, B)
    bench.journal_bytes = 4096
    bench.power_cycle()
    bench.booted()
    bench.charging(1)
    bench.drop()
    bench.deaf = ("TransactionEvent",)
    for _ in range(80):
        bench.charging(2)
        bench.unplug(2)
    bench.sent = []
    bench.with_places(B, A)
    kept_back = bench.station.documents.get("ocpp_gone")
    bench.deaf = ()
    bench.drop()
    bench.connect()
    bench.advance(4000000)
    assert bench.station.documents.get("ocpp_gone") is None and bench.station.queue.count == 0
    assert kept_back is None or [p for p in payloads(bench.sent, "TransactionEvent") if p["transactionInfo"]["transactionId"] == kept_back[0][0]]


def test_what_a_list_allows_at_numbers_that_are_still_to_come_stays():
    bench = Yard(A, B).booted()
    send_list(bench, evse=3)
    bench.at(A, B, C)
    bench.power_cycle()
    bench.plug(3)
    bench.card(3)
    assert bench.may_charge(3)


def test_a_start_with_other_numbers_writes_once_before_the_safety_loop_runs():
    places = [["lan/%d heidelberg" % n, "evse-%d" % n] for n in range(16)]
    bench = Yard(*places)
    bench.journal_bytes = 1 << 18
    bench.power_cycle()
    bench.booted()
    for evse in range(1, 17):
        bench.charging(evse)
    bench.advance(30000)
    bench.sent = []
    made = []
    for then in (places, places[1:] + places[:1]):
        bench.files.restart()
        bench.at(*then)
        before = bench.files.syncs
        bench.start()
        bench.station.report_start(bench.now_ms)
        made.append(bench.files.syncs - before)
        most, waited = 0, 0
        while bench.station.busy or not waited:
            before = bench.files.syncs
            bench.station.tick(bench.now_ms)
            most, waited = max(most, bench.files.syncs - before), waited + 1
            bench.advance_only(1)
        assert most <= 3
    assert made[1] <= made[0] + 3, made
    bench.connect()
    bench.advance(60000)
    assert [kind for kind, _ in events(bench.sent)].count("Ended") == 16


def test_what_ended_is_reported_as_soon_as_the_medium_has_room():
    bench = Yard(A, B).booted()
    bench.charging(1)
    bench.sent = []
    bench.files.bytes_max = 0
    bench.with_places(B, A)
    bench.advance(10000)
    bench.files.bytes_max = None
    bench.advance(60000)
    assert [kind for kind, _ in events(bench.sent)].count("Ended") == 1


def test_numbers_that_the_medium_does_not_give_at_one_start_keep_nothing_from_being_written():
    bench = Yard(A, B).booted()
    inoperative(bench, 1)
    read = bench.files.read

    def broken(name):
        if name == "ocpp_evses.set":
            raise OSError(5, "EIO")
        return read(name)

    bench.files.read = broken
    bench.with_places(A, B)
    assert operative(bench) == [False, True]
    put(bench, profile(2, limit=6), 2)
    bench.charging(2)
    bench.files.read = read
    bench.with_places(A, B)
    bench.plug(2)
    assert bench.may_charge(2) and operative(bench) == [False, True] and limits(bench) == [(2, None, 60, None)]
    bench.with_places(B, A)
    assert operative(bench) == [True, False]


def test_the_log_names_each_evse_that_has_another_number():
    bench = Yard(A, B).booted()
    for places, said in (((A, B, C), []), ((B, A, C), ["a 1 to a 2, b 2 to b 1"]), ((["lan/9 keba", "d"], A, C), ["b 1 to d 1"])):
        bench.with_places(*places)
        assert [line[3].split("numbers: ")[1] for line in bench.log.since(0) if "new numbers" in line[3]] == said
