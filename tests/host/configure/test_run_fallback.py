"""A controller that its CSMS sends to another one, which does not work: real sockets, the libraries `ocpp` and `websockets`, both runtimes."""

import asyncio
from datetime import UTC, datetime

import pytest
import websockets
from ocpp.routing import on
from ocpp.v201 import ChargePoint, call, call_result
from ocpp.v201.enums import Action

from ampacity.base.within import within
from site_run import PASSWORD, Running, network_profile, site

PATIENCE_S = 60
STEADY_S = 11


class Place:
    """CSMSs on loopback that share a record: `told`, what happened in order; `most`, how many connections there were at once."""

    def __init__(self):
        self.told, self.open, self.most = [], 0, 0
        self.booted = asyncio.Queue()

    async def serve(self, name, breaks):
        """The URL of a CSMS that accepts the station; breaks: and ends each connection soon."""

        async def connection(socket):
            self.open += 1
            self.most = max(self.most, self.open)
            csms = asyncio.ensure_future(Csms(socket, self, name).start())
            await asyncio.wait([csms], timeout=0.5 if breaks else None)
            await socket.close()
            self.open -= 1
            await asyncio.gather(csms, return_exceptions=True)

        server = await websockets.serve(connection, "127.0.0.1", 0, subprotocols=["ocpp2.0.1"])
        return "ws://127.0.0.1:%d" % server.sockets[0].getsockname()[1]


class Csms(ChargePoint):
    def __init__(self, socket, place, name):
        super().__init__("AMP-1", socket)
        self.place, self.name = place, name

    @on(Action.boot_notification)
    def boot(self, **payload):
        self.place.told.append((self.name, payload["reason"]))
        self.place.booted.put_nowait(self)
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return call_result.BootNotification(current_time=now, interval=300, status="Accepted")

    @on(Action.heartbeat)
    def heartbeat(self, **payload):
        return call_result.Heartbeat(current_time=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))

    @on(Action.status_notification)
    def status(self, **payload):
        return call_result.StatusNotification()

    @on(Action.security_event_notification)
    def security_event(self, **payload):
        return call_result.SecurityEventNotification()


def variable(name, value):
    return {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": name}, "attribute_value": value}


async def send_away(csms, url):
    """To one CSMS only, with quick attempts."""
    assert (await csms.call(call.SetNetworkProfile(configuration_slot=2, connection_data=network_profile(url, 1)))).status == "Accepted"
    wanted = (("NetworkConfigurationPriority", "2"), ("NetworkProfileConnectionAttempts", "2"), ("RetryBackOffWaitMinimum", "1"),
              ("RetryBackOffRandomRange", "0"), ("RetryBackOffRepeatTimes", "0"))  # fmt: skip
    answer = await csms.call(call.SetVariables(set_variable_data=[variable(*one) for one in wanted]))
    assert [one["attribute_status"] for one in answer.set_variable_result] == ["Accepted"] * len(wanted)
    await csms.call(call.Reset(type="Immediate"))


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
async def test_B10_FR_07_a_station_that_was_sent_to_a_broken_csms_returns_to_the_one_that_worked(runtime, tmp_path):
    place = Place()
    good, broken = await place.serve("good", False), await place.serve("broken", True)
    running = Running(tmp_path, runtime, site(good, 1, PASSWORD))
    try:
        first = await within(place.booted.get(), PATIENCE_S)
        await asyncio.sleep(STEADY_S)
        await send_away(first, broken)
        while (await within(place.booted.get(), PATIENCE_S)).name != "good":
            pass
    finally:
        await asyncio.to_thread(running.end)
    assert [name for name, _ in place.told] == ["good", "broken", "good"]  # the broken one's second connection needs no boot
    assert place.told[1:] == [("broken", "RemoteReset"), ("good", "Unknown")]
    assert place.most == 1  # B10.FR.06
