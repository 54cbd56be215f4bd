"""A conversation about monitors: what the CSMS sets and asks for, and the events that it hears."""

from ocpp.v201 import call
from scenario import Scenario

STATE = ("EVSE", "AvailabilityState", 1)


def where(component, evse=None, connector=None):
    """A component of a message."""
    found = {"name": component}
    if evse is not None:
        found["evse"] = {"id": evse} if connector is None else {"id": evse, "connector_id": connector}
    return found


def one(kind, name, value=1, severity=5, **more):
    """An element of SetVariableMonitoring; name: (component, variable, EVSE or None)."""
    return {"type": kind, "value": value, "severity": severity, "component": where(name[0], *name[2:]), "variable": {"name": name[1]}} | more


class Monitoring(Scenario):
    """The verbs of block N."""

    request_id = 100

    async def monitor(self, *items):
        """The results of SetVariableMonitoring."""
        return (await self.call(call.SetVariableMonitoring(set_monitoring_data=list(items)))).set_monitoring_result

    async def states(self, *items):
        """Their statuses."""
        return [result["status"] for result in await self.monitor(*items)]

    async def clear(self, *numbers):
        """[(id, status)] of ClearVariableMonitoring."""
        results = (await self.call(call.ClearVariableMonitoring(id=list(numbers)))).clear_monitoring_result
        return [(result["id"], result["status"]) for result in results]

    async def base(self, name):
        """The status of SetMonitoringBase."""
        return (await self.call(call.SetMonitoringBase(monitoring_base=name))).status

    async def level(self, severity):
        """The status of SetMonitoringLevel."""
        return (await self.call(call.SetMonitoringLevel(severity=severity))).status

    @staticmethod
    def pair(component, variable, evse):
        """A componentVariable."""
        return {"component": where(component, evse), "variable": {"name": variable}}

    async def report(self, criteria=None, pairs=None):
        """(status, [(component, EVSE, variable, setting)]) of a monitoring report, whose parts are in order."""
        self.request_id += 1
        before = len(self.heard("NotifyMonitoringReport"))
        request = call.GetMonitoringReport(request_id=self.request_id, monitoring_criteria=criteria, component_variable=pairs)
        status = (await self.call(request)).status
        parts = self.heard("NotifyMonitoringReport")[before:]
        assert [part["seq_no"] for part in parts] == list(range(len(parts)))
        assert [part["tbc"] for part in parts] == [True] * (len(parts) - 1) + [False] * bool(parts)
        assert all(part["request_id"] == self.request_id and part["generated_at"].startswith("2026-11-20T") for part in parts)
        found = []
        for part in parts:
            for item in part["monitor"]:
                evse = item["component"].get("evse", {}).get("id")
                found += [(item["component"]["name"], evse, item["variable"]["name"], setting) for setting in item["variable_monitoring"]]
        return status, found

    def told(self):
        """Every eventData that the CSMS has heard; the first message of an event has the number 0 (N07.FR.07)."""
        messages = self.heard("NotifyEvent")
        assert all(message["seq_no"] == 0 and message["generated_at"].startswith("2026-11-20T") for message in messages)
        return [event for message in messages for event in message["event_data"]]

    async def power(self, watts, evse=1):
        """The EVSE measures this power; what follows from it is reported within the second."""
        self.station.meter_values(evse, {"energy_wh": 5000, "power_w": watts, "amps_da": [0, 0, 0]}, self.now_ms)
        await self.advance(1000)


async def watching(**more):
    """A station that was accepted, without monitors but the hardwired one."""
    return await Monitoring(**more).booted()
