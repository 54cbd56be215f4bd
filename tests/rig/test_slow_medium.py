"""A medium that takes 200 ms for each write: whatever happens at all EVSEs at once, the safety loop of a site with OCPP waits for a few writes."""

from site_changes import Yard, evse, site_text

from ampacity_host.rig.virtual.virtual_bench import VirtualBench
from ampacity_host.rig.virtual.virtual_csms import attach_csms
from simulated import set_up

SLOW_MS = 200
STALL_MS_MAX = 3 * SLOW_MS + 150  # three writes, and a pass that was due just before
OCPP = '\n[ocpp]\nversion = "2.0.1"\nidentity = "A1"\nurl = "ws://127.0.0.1:9000"\nsecurity_profile = 0\n'
CLEAR = {"chargingProfileCriteria": {"chargingProfilePurpose": "TxDefaultProfile"}}


class OcppYard(Yard):
    """A site whose cars all charge in a transaction of their own."""

    def __init__(self, folder, evses):
        self.most_a = 0.0
        path = folder / "site.toml"
        rows = [evse("b%d" % number, number) for number in range(1, evses + 1)]
        path.write_text(site_text(rows, '[[circuit]]\nname = "main"\nrating_a = 400.0\n') + OCPP)
        setup = set_up(path, csms=True)
        ocpp, setup.facts["ocpp"] = setup.facts["ocpp"], None
        self.bench = VirtualBench(setup.facts, setup.seed)
        self.csms = attach_csms(self.bench, ocpp["version"], ocpp)
        self.bench.start()
        self.run(20)
        self.numbers = range(1, evses + 1)
        for number in self.numbers:
            self.do("plug", evse="b%d" % number)
        for number in self.numbers:
            token = {"idToken": "T%d" % number, "type": "Central"}
            self.call("RequestStartTransaction", {"idToken": token, "remoteStartId": number, "evseId": number})
        self.run(40)
        assert min(self.amps().values()) > 5

    def call(self, action, payload, ms=1500):
        self.csms.send_call(action, payload)
        self.bench.run_ms(ms)

    def slow(self, on=True):
        self.bench.primary.role.safety.stall_ms = 0
        self.do("fault", kind="slow_disk", target="primary", ms=SLOW_MS, on=on)

    def stall_ms(self):
        return self.bench.view()["stall_ms"]


def test_a_manual_limit_that_pauses_all_EVSEs_and_its_end(tmp_path):
    yard = OcppYard(tmp_path, 24)
    yard.slow()
    yard.console("limit main 0 20")
    yard.run(15)
    assert max(yard.amps().values()) == 0
    yard.run(110)
    assert yard.stall_ms() <= STALL_MS_MAX and min(yard.amps().values()) > 5


def test_all_cars_leave_at_once(tmp_path):
    yard = OcppYard(tmp_path, 12)
    yard.slow()
    for number in yard.numbers:
        yard.do("unplug", evse="b%d" % number)
    yard.run(40)
    assert yard.stall_ms() <= STALL_MS_MAX
    assert yard.bench.view()["ocpp"]["queue"] == 0


def test_the_CSMS_resets_the_station_with_all_its_transactions(tmp_path):
    yard = OcppYard(tmp_path, 12)
    yard.slow()
    yard.call("Reset", {"type": "Immediate"}, 500)
    role, stall_ms = yard.bench.primary.role, 0
    for _ in range(300):
        if yard.bench.primary.role is not role:
            break
        stall_ms = role.safety.stall_ms
        yard.bench.run_ms(200)
    assert yard.bench.primary.role is not role and 0 < stall_ms <= STALL_MS_MAX
    yard.do("fault", kind="slow_disk", target="primary", ms=SLOW_MS, on=False)
    yard.run(40)
    assert yard.bench.view()["ocpp"]["queue"] == 0


def test_the_CSMS_clears_a_profile_of_each_EVSE(tmp_path):
    yard = OcppYard(tmp_path, 12)
    for number in yard.numbers:
        period = {"startPeriod": 0, "limit": 10.0}
        schedule = {"id": number, "chargingRateUnit": "A", "chargingSchedulePeriod": [period]}
        yard.call("SetChargingProfile", {"evseId": number, "chargingProfile": {
            "id": number, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile", "chargingProfileKind": "Relative",
            "chargingSchedule": [schedule],
        }})  # fmt: skip
    yard.run(20)
    assert max(yard.amps().values()) < 11
    yard.slow()
    yard.call("ClearChargingProfile", CLEAR, 500)
    yard.run(40)
    assert yard.stall_ms() <= STALL_MS_MAX and min(yard.amps().values()) > 11
