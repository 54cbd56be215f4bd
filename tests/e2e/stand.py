"""What the end-to-end tests share: a rig on either clock, waiting for conditions, the figures that matter."""

import sys
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "rig"))

from rig_process import OCPP, running  # noqa: E402, F401

ROOT = Path(__file__).resolve().parents[2]
DEMO = (ROOT / "sites" / "demo.toml").read_text()


def some(*names):
    """The site of the demonstration with these EVSEs only: as few processes as a test needs."""
    top, _, rest = DEMO.partition("[settings]")
    head, *rows = top.split("[[evse]]")
    return "[[evse]]".join([head, *(row for row in rows if any('name = "%s"' % name in row for name in names))]) + "[settings]" + rest


class Stand:
    """A rig with either clock behind one face. `until` polls in the rig's own time and fails loudly."""

    def __init__(self, rig, virtual):
        self.rig, self.virtual = rig, virtual

    def pass_ms(self, ms):
        if self.virtual:
            self.rig.advance(ms=ms)
        else:
            time.sleep(ms / 1000)

    def until(self, condition, within_ms, step_ms=200):
        """The first true value of condition(); how long it took is in `took_ms`."""
        began_ms = self.rig.state()["t_ms"]
        while True:
            value = condition()
            self.took_ms = self.rig.state()["t_ms"] - began_ms
            if value:
                return value
            assert self.took_ms < within_ms, self.rig.state()
            self.pass_ms(step_ms)

    # ---- what there is

    @property
    def primary(self):
        return self.rig.state()["primary"]

    @property
    def truth(self):
        return self.rig.state()["truth"]

    def status(self, name):
        view = self.primary
        return view and view["evses"][name]["status"]

    def transaction(self, name):
        return self.primary["evses"][name]["transaction"]

    def amps(self, name):
        return max(self.truth["evses"][name]["amps"])

    def watts(self, *names):
        """The power of those EVSEs, of all without a name, at 230 V."""
        return sum(sum(evse["amps"]) for name, evse in self.truth["evses"].items() if not names or name in names) * 230

    def connected(self):
        view = self.primary
        return bool(view and view["ocpp"]["connected"])

    def violations_ms(self):
        return sum(sum(circuit["violation_ms"]) for circuit in self.rig.worst()["circuits"].values())

    def transactions(self):
        """Transaction id → [(seqNo, eventType)] in the order in which the CSMS got them."""
        import json

        found = {}
        for frame in self.rig.csms_log(since=0)["frames"]:
            if frame["dir"] == "in" and '"TransactionEvent"' in frame["text"]:
                event = json.loads(frame["text"])[3]
                found.setdefault(event["transactionInfo"]["transactionId"], []).append((event["seqNo"], event["eventType"]))
        return found

    # ---- what people do

    def call(self, method, **payload):
        """The bench CSMS calls the station: the result, or AssertionError."""
        answer = self.rig.csms(method=method, payload=payload, timeout_ms=10_000)
        assert "result" in answer, answer
        return answer["result"]

    def charge(self, *names, within_ms=60_000):
        """Plug in, show a card, wait until current flows."""
        self.until(self.connected, 90_000)
        for name in names:
            self.rig.plug(evse=name)
        self.until(lambda: all(self.status(name) in ("Plugged", "Suspended", "Charging") for name in names), 90_000)
        for name in names:
            self.rig.present_token(token="card-" + name, type="ISO14443", evse=name)
        self.until(lambda: all(self.amps(name) > 5.5 for name in names), within_ms)


def profile(number, watts, purpose, transaction=None):
    """A charging profile of one period, in watts."""
    schedule = {"id": number, "startSchedule": "2025-01-01T00:00:00Z", "chargingRateUnit": "W",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": watts}]}
    found = {"id": number, "stackLevel": 0, "chargingProfilePurpose": purpose, "chargingProfileKind": "Absolute", "chargingSchedule": [schedule]}
    return found if transaction is None else {**found, "transactionId": transaction}
