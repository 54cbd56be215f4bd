"""The random days of tests/ocpp/test_chance.py again, each message of the station held against the JSON schemas."""

import json
import sys
from pathlib import Path

import pytest
from jsonschema import Draft6Validator

import ocpp
from ampacity.base.rng import Rng

sys.path.append(str(Path(__file__).resolve().parents[2] / "ocpp"))

from station_bench import Bench  # noqa: E402
from test_chance import act  # noqa: E402

SCHEMAS = Path(ocpp.__file__).parent / "v201" / "schemas"
VALIDATORS = {}
MEASURANDS = "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,Current.Offered"


def hold(name, payload):
    """Fails unless the payload is what the schema of that name says."""
    if name not in VALIDATORS:
        VALIDATORS[name] = Draft6Validator(json.loads((SCHEMAS / (name + ".json")).read_text("utf-8-sig")))
    errors = [e.message for e in VALIDATORS[name].iter_errors(json.loads(json.dumps(payload)))]
    assert errors == [], (name, payload)


class StrictBench(Bench):
    """Every request of the station, and every answer to a request of the CSMS, is checked."""

    def pump(self):
        sent = super().pump()
        for action, payload in sent:
            hold(action + "Request", payload)
        return sent

    def call(self, action, payload):
        answer = super().call(action, payload)
        if isinstance(answer, dict):
            hold(action + "Response", answer)
        return answer


@pytest.mark.parametrize("seed", range(8))
def test_every_message_of_a_random_day_conforms_to_its_schema(seed):
    rng = Rng(seed + 50)
    bench = StrictBench(evses=3)
    bench.booted()
    bench.present = {1: False, 2: False, 3: False}
    for variable in ("TxStartedMeasurands", "TxUpdatedMeasurands", "TxEndedMeasurands"):
        bench.set("SampledDataCtrlr", variable, MEASURANDS)
    bench.set("AlignedDataCtrlr", "Interval", "120")
    bench.set("SampledDataCtrlr", "TxUpdatedInterval", "60")
    for _ in range(120):
        evse = rng.between(1, 3)
        amps = [rng.below(320), None, 0][: rng.between(0, 3)] or None
        values = {"energy_wh": rng.below(100000), "power_w": rng.below(22000), "amps_da": amps, "volts_dv": [2300, 2299, None], "soc": None}
        bench.station.meter_values(evse, values, bench.now_ms)
        bench.station.device_fact(evse, "EVSE", "Problem", rng.chance(200), bench.now_ms)
        act(bench, rng)
    if not bench.station.online:
        bench.connect()
    for request in ("FullInventory", "SummaryInventory"):
        bench.call("GetBaseReport", {"requestId": 1, "reportBase": request})
    for wanted in ("MeterValues", "TransactionEvent", "StatusNotification"):
        bench.call("TriggerMessage", {"requestedMessage": wanted})
    assert len(bench.sent) > 50
