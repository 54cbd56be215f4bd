"""What the test cases of part 6 have in common: the states they start from, and the `ocpp` library on the other side.

Times, texts and order come from the cases; names of states are theirs (part 6, chapter "reusable states").
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "host" / "ocpp"))

from library_csms import Conversation  # noqa: E402
from ocpp.v201 import call  # noqa: E402

VALUES = {"energy_wh": 5000, "power_w": 3680, "amps_da": [160, 0, 0], "volts_dv": [2300, 2300, 2300], "offered_da": 160}
TOKEN = {"id_token": "ABC", "type": "ISO14443"}


class Scenario(Conversation):
    """A conversation with the verbs of the test cases. EVSE 1 is the one under test."""

    async def booted(self):
        await self.connect()
        for point in self.station.evses:
            self.station.meter_values(point.id, dict(VALUES), self.now_ms)
        self.csms.heard.clear()
        return self

    async def reconnect(self):
        await self.connect()
        return self

    async def reboot(self):
        """The reusable state Booted, with a power cycle: BootNotification, the state of all connectors, a security event."""
        self.task.cancel()
        self.files.restart()
        self.start()
        self.station.report_start(self.now_ms)
        await self.connect()
        assert self.csms.heard[0][0] == "BootNotification" and len(self.heard("BootNotification")) == 1
        assert sorted(evse for evse, _ in self.statuses()) == [point["id"] for point in self.evses]
        assert [p["type"] for p in self.heard("SecurityEventNotification")] in (["StartupOfTheDevice"], ["ResetOrReboot"])

    async def set(self, name, value, instance=None):
        """name: Component.Variable; the attributeStatus."""
        component, variable = name.split(".")
        item = {"component": {"name": component}, "variable": {"name": variable}, "attribute_value": value}
        if instance:
            item["variable"]["instance"] = instance
        response = await self.call(call.SetVariables(set_variable_data=[item]))
        return response.set_variable_result[0]["attribute_status"]

    async def get(self, name, attribute=None, instance=None):
        """The whole result of one variable."""
        component, variable = name.split(".")
        item = {"component": {"name": component}, "variable": {"name": variable}}
        if instance:
            item["variable"]["instance"] = instance
        if attribute:
            item["attribute_type"] = attribute
        return (await self.call(call.GetVariables(get_variable_data=[item]))).get_variable_result[0]

    async def plug(self, evse=1):
        self.station.evse_status(evse, "Occupied", self.now_ms)
        await self.event(evse, "plugged")

    async def card(self, token="ABC", evse=1):
        await self.event(evse, "token", token=token, type="ISO14443")

    async def state(self, state, evse=1):
        await self.event(evse, "charging", state=state)

    async def energy_transfer_started(self, evse=1):
        await self.plug(evse)
        await self.card(evse=evse)
        await self.state("Charging", evse)
        self.csms.heard.clear()

    async def send_list(self, version, tokens, update="Full"):
        """The status of SendLocalList; tokens: identifier → idTokenInfo, None: no idTokenInfo."""
        items = []
        for name, info in tokens.items():
            items.append({"id_token": {"id_token": name, "type": "ISO14443"}} | ({"id_token_info": info} if info else {}))
        request = call.SendLocalList(version_number=version, update_type=update, local_authorization_list=items or None)
        return (await self.call(request)).status

    def asked(self):
        """(identifier, type) of each Authorize since the state was reached."""
        return [(p["id_token"]["id_token"], p["id_token"]["type"]) for p in self.heard("Authorize")]

    def told(self):
        """The TransactionEvents since the state was reached."""
        return self.heard("TransactionEvent")

    def statuses(self):
        """(EVSE, connectorStatus) of each StatusNotification since the state was reached; each is of connector 1."""
        told = self.heard("StatusNotification")
        assert {p["connector_id"] for p in told} <= {1}
        return [(p["evse_id"], p["connector_status"]) for p in told]

    def tx(self, evse=1):
        return self.station.transaction(evse)

    async def close(self):
        await super().close()
        check_transactions(self.frames)


def check_transactions(frames):
    """The general rules of part 6 for each transaction: Started first, numbers without a gap, nothing after Ended."""
    events = {}
    for who, text in frames:
        frame = json.loads(text)
        if who == "station" and frame[0] == 2 and frame[2] == "TransactionEvent":
            one = events.setdefault(frame[3]["transactionInfo"]["transactionId"], {})
            assert one.setdefault(frame[3]["seqNo"], frame[3]) == frame[3], "a number stands for two events"
    for one in events.values():
        kinds = [one[number]["eventType"] for number in sorted(one)]
        assert sorted(one) == list(range(len(one))), "a gap"
        assert kinds[0] == "Started" and "Started" not in kinds[1:] and "Ended" not in kinds[:-1]


def short(event):
    """(eventType, triggerReason, chargingState, stoppedReason) of a TransactionEvent."""
    info = event["transaction_info"]
    return (event["event_type"], event["trigger_reason"], info.get("charging_state"), info.get("stopped_reason"))


async def booted(**more):
    return await Scenario(**more).booted()
