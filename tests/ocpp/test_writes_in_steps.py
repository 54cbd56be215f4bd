"""A slow medium: what happens at all EVSEs at once is written step by step, with two writes at most between two passes of the safety loop, and a
power cut between any two of them loses nothing and tells nothing twice."""

from station_bench import Bench, events

from ampacity.store.memory_files import MemoryFiles, PowerCut

EVSES = 12


class Paced(Bench):
    """A station that may write one step in each pass. `most`: writes between two passes, at most."""

    def start(self):
        super().start()
        self.free, self.most, self.counted = True, 0, self.files.writes
        self.station.may_write = self.may_write

    def may_write(self):
        free, self.free = self.free, False
        return free

    def passes(self, count):
        """So many passes of the safety loop, 100 ms each."""
        for _ in range(count):
            self.advance_only(100)
            self.pump()
            self.most = max(self.most, self.files.writes - self.counted)
            self.free, self.counted = True, self.files.writes
        return self

    def all_charge(self):
        for evse in range(1, len(self.evses) + 1):
            self.charging(evse)
            self.passes(6)
        self.most, self.sent = 0, []
        return self

    def all_do(self, kind, fields=None):
        for evse in range(1, len(self.evses) + 1):
            self.event(evse, kind, fields)


def site(evses=EVSES, files=None):
    return Paced(evses, files=files).booted().passes(5).all_charge()


def test_events_of_all_EVSEs_cost_two_writes_between_two_passes_and_all_leave():
    bench = site()
    for state in ("SuspendedEVSE", "Charging"):
        bench.all_do("charging", {"state": state})
    bench.passes(60)
    assert 0 < bench.most <= 2
    assert events(bench.sent) == [("Updated", "ChargingStateChanged")] * 2 * EVSES


def test_cars_that_leave_together_cost_two_writes_between_two_passes():
    bench = site()
    bench.all_do("unplugged")
    bench.passes(60)
    assert 0 < bench.most <= 2
    assert events(bench.sent) == [("Ended", "EVCommunicationLost")] * EVSES
    assert not [name for name in bench.files.list() if name.startswith("ocpp_tx")]


def test_a_reset_of_a_full_site_costs_three_writes_between_two_passes_and_leaves_nothing_behind():
    bench = site()
    for evse in range(1, EVSES + 1):
        bench.station.meter_values(evse, {"read_ms": bench.now_ms, "flows": True}, bench.now_ms)
    assert bench.call("Reset", {"type": "Immediate"}) == {"status": "Accepted"}
    bench.passes(20)
    for _ in range(2):
        for evse in range(1, EVSES + 1):
            bench.station.meter_values(evse, {"read_ms": bench.now_ms, "flows": False}, bench.now_ms)
    bench.passes(60)
    assert 0 < bench.most <= 3  # one is that of the next BootReason
    assert events(bench.sent) == [("Ended", "ResetCommand")] * EVSES and bench.actions("reset")
    assert not [name for name in bench.files.list() if name.startswith("ocpp_tx")]


def profile(number):
    return {
        "id": number, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile", "chargingProfileKind": "Relative",
        "chargingSchedule": [{"id": number, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0}]}],
    }  # fmt: skip


def with_profiles(files=None):
    bench = Paced(EVSES, files=files).booted().passes(5)
    for number in range(1, EVSES + 1):
        assert bench.call("SetChargingProfile", {"evseId": number, "chargingProfile": profile(number)})["status"] == "Accepted"
        bench.passes(2)
    bench.most = 0
    return bench


def cleared(bench):
    request = {"chargingProfileCriteria": {"chargingProfilePurpose": "TxDefaultProfile"}}
    return bench.call("ClearChargingProfile", request)


def test_clearing_many_profiles_costs_three_writes_between_two_passes():
    bench = with_profiles()
    assert cleared(bench) == {"status": "Accepted"}
    bench.passes(20)
    assert 0 < bench.most <= 3
    assert not [name for name in bench.files.list() if name.startswith("ocpp_profile_")]


def test_a_profile_that_comes_again_before_its_file_is_gone_stays():
    bench = with_profiles()
    cleared(bench)
    assert bench.call("SetChargingProfile", {"evseId": 9, "chargingProfile": profile(9)})["status"] == "Accepted"
    bench.passes(20).power_cycle()
    assert [p.id for p in bench.station.profiles.all] == [9] and bench.station.profiles.unread == []


def test_profiles_that_were_cleared_do_not_come_back_wherever_the_power_is_cut():
    cut_at, cut = 0, True
    while cut:
        cut_at, cut, answer = cut_at + 1, False, None
        bench = with_profiles(MemoryFiles(cut_at))
        bench.files.cut_at_write(cut_at)
        try:
            answer = cleared(bench)
            bench.passes(20)
        except PowerCut:
            cut = True
        bench.power_cycle()
        assert bench.station.profiles.unread == []
        assert len(bench.station.profiles.all) == 0 or cut_at == 1 and answer is None
        bench.booted().passes(20)
        if answer is not None:
            assert not [name for name in bench.files.list() if name.startswith("ocpp_profile_")], bench.files.list()
    assert cut_at > EVSES


def day(bench):
    """What the CSMS heard of cars that come, wait and leave together, with a time offline; was the power cut?"""
    try:
        bench.all_charge()
        bench.all_do("charging", {"state": "SuspendedEV"})
        bench.passes(4).drop()
        bench.all_do("charging", {"state": "Charging"})
        bench.passes(3).connect()
        bench.passes(20)
        bench.all_do("unplugged")
        bench.passes(30)
    except PowerCut:
        return True
    return False


def cut_day(cut_at):
    """Was the power cut in this write of a day? All events arrive, in order; one at most comes twice."""
    bench = Paced(3, files=MemoryFiles(cut_at)).booted().passes(5)
    heard = []

    def judged(payload):
        heard.append(payload)
        return bench.judge(payload)

    bench.answers["TransactionEvent"] = judged
    bench.files.cut_at_write(cut_at)
    cut = day(bench)
    begun = [evse.tx.id for evse in bench.station.evses if evse.tx is not None]
    bench.power_cycle()
    known = [evse.tx.id for evse in bench.station.evses if evse.tx is not None]
    for event in heard:
        tx = event["transactionInfo"]["transactionId"]
        assert tx in known or tx not in begun, (cut_at, "told, and forgotten")
        assert tx not in known or event["eventType"] != "Ended", (cut_at, "ends again")
    bench.all_do("unplugged")
    bench.connect()
    bench.passes(60)
    numbers, doubles, ended = {}, 0, []
    for event in heard:
        tx = event["transactionInfo"]["transactionId"]
        so_far = numbers.setdefault(tx, [])
        if event["seqNo"] in so_far:
            doubles += 1
            continue
        assert event["seqNo"] == len(so_far), (cut_at, event)
        so_far.append(event["seqNo"])
        if event["eventType"] == "Ended":
            ended.append(tx)
    assert doubles <= 1 and sorted(ended) == sorted(numbers), (cut_at, doubles)
    assert not [name for name in bench.files.list() if name.startswith("ocpp_tx")], cut_at
    return cut


def test_a_power_cut_at_any_write_loses_no_event_breaks_no_number_and_sends_at_most_the_one_under_way_twice():
    cut_at = 1
    while cut_day(cut_at):
        cut_at += 1
    assert cut_at > 60
