"""The reusable states of part 6 (chapter 2.18, with its errata 6.2.116 to 6.2.118), each with its validations.

A state of `Session` does what a driver or the CSMS does there, and checks every message that the station sends then: which ones, in which
order, each field that the state names, and that there is no other. What is to be sent follows from TxStartPoint and TxStopPoint. Of each event
its number is checked as well (E01.FR.07, E04.FR.04, E05.FR.04, E06.FR.14, E07.FR.11).
"""

from ocpp.v201 import call
from scenario import TOKEN, Scenario

from ampacity.base.wallclock import format_iso

BAY, CONNECT, AUTHORIZED, CLOSED, ENERGY = "ParkingBayOccupancy", "EVConnected", "Authorized", "PowerPathClosed", "EnergyTransfer"
PLACE = {"id": 1, "connector_id": 1}


class Session(Scenario):
    """EVSE 1 with a socket and a parking bay. `starts`, `stops`: the configured points. `remote_id`: None, the driver presents the card."""

    starts, stops = (CLOSED,), (CONNECT, AUTHORIZED)
    remote_id = None
    running = None  # id of the transaction
    number = 0  # seqNo of its next event
    plugged = False
    holder = None  # the identifier that is authorized
    reported = False  # whether an event had it
    remotely_stopped = False

    async def with_points(self, starts=None, stops=None, **variables):
        """Booted, with these variables (`Component_Variable`) set."""
        await self.booted()
        self.starts, self.stops = starts or self.starts, stops or self.stops
        rows = {"TxCtrlr_TxStartPoint": ",".join(self.starts), "TxCtrlr_TxStopPoint": ",".join(self.stops), **variables}
        for name in sorted(rows):
            assert await self.set(name.replace("_", "."), rows[name]) == "Accepted", name
        return self

    def said(self, *actions):
        """The payloads of the requests since the step before: exactly these actions, in this order."""
        found = list(self.csms.heard)
        self.csms.heard.clear()
        assert [action for action, _ in found] == list(actions), found
        return [payload for _, payload in found]

    def shows(self, payload, status):
        """A StatusNotification of the connector."""
        wanted = {"timestamp": format_iso(self.unix_ms), "connector_status": status, "evse_id": 1, "connector_id": 1}
        assert payload == wanted

    def checked(self, payload, kind, triggers, state, reason=None, token=None, offline=False, place=None):
        """One event of the transaction: all that identifies it, and what the state asks for. reason "": any or none; state: one, or several."""
        info = payload["transaction_info"]
        if kind == "Started":
            assert self.running is None and info["transaction_id"] != self.running
            self.running, self.number = info["transaction_id"], 0
        assert (payload["event_type"], info["transaction_id"], payload["seq_no"]) == (kind, self.running, self.number), payload
        assert payload["trigger_reason"] in triggers and info["charging_state"] in ((state,) if isinstance(state, str) else state), payload
        assert payload["evse"] == (place or (PLACE if self.plugged or kind == "Ended" else {"id": 1}))
        assert reason == "" or info.get("stopped_reason") == reason, payload
        assert payload.get("id_token") == token and payload.get("offline", False) is offline, payload
        assert offline or payload["timestamp"] == format_iso(self.unix_ms)
        self.number += 1
        if kind == "Ended":
            self.running = None
        return payload

    def authorizing(self, kind, payload, triggers, state):
        """The event after an authorization has the identifier and, of a remote start, the id of it."""
        event = self.checked(payload, kind, ("RemoteStart",) if self.remote_id else triggers, state, token=self.holder)
        assert event["transaction_info"].get("remote_start_id") == self.remote_id
        self.reported = True

    async def park(self):
        """ParkingBayOccupied."""
        await super().event(1, "bay", occupied=True)
        if BAY in self.starts:
            (event,) = self.said("TransactionEvent")
            self.checked(event, "Started", ("EVDetected",), "Idle")
        else:
            self.said()

    async def connect_car(self):
        """EVConnectedPreSession."""
        await self.plug()
        self.plugged = True
        begins = CONNECT in self.starts or CLOSED in self.starts and self.holder is not None
        if self.running is None and not begins:
            (status,) = self.said("StatusNotification")
            return self.shows(status, "Occupied")
        status, event = self.said("StatusNotification", "TransactionEvent")
        self.shows(status, "Occupied")
        kind = "Updated" if self.running else "Started"
        if self.holder is not None and not self.reported:
            return self.authorizing(kind, event, ("CablePluggedIn",), "EVConnected")
        return self.checked(event, kind, ("CablePluggedIn",), "EVConnected")

    async def authorize(self, asks=True):
        """Authorized, main A. asks: no cache and no list knows the identifier."""
        await self.card()
        self.holder = TOKEN
        begins = AUTHORIZED in self.starts or CLOSED in self.starts and self.plugged
        actions = (["Authorize"] if asks else []) + (["TransactionEvent"] if begins or self.running else [])
        found = self.said(*actions)
        assert not asks or found.pop(0) == {"id_token": TOKEN}
        if found:
            self.authorizing("Updated" if self.running else "Started", found[0], ("Authorized",), "EVConnected" if self.plugged else "Idle")

    async def authorize_remotely(self, remote_id=7, asks=False):
        """Authorized, main B. asks: AuthorizeRemoteStart."""
        before = self.running
        answer = await self.call(call.RequestStartTransaction(id_token=TOKEN, remote_start_id=remote_id, evse_id=1))
        assert (answer.status, answer.transaction_id) == ("Accepted", before)
        self.holder, self.remote_id = TOKEN, remote_id
        begins = AUTHORIZED in self.starts or CLOSED in self.starts and self.plugged
        found = self.said(*["Authorize"] * asks, *["TransactionEvent"] * bool(begins or before))
        assert not asks or found.pop(0) == {"id_token": TOKEN}
        if found:
            self.authorizing("Updated" if before else "Started", found[0], (), "EVConnected" if self.plugged else "Idle")

    async def transfer(self):
        """EnergyTransferStarted: with the car, if it is not there yet."""
        if not self.plugged:
            await self.connect_car()
        await self.state("Charging")
        (event,) = self.said("TransactionEvent")
        if self.reported:
            self.checked(event, "Updated", ("ChargingStateChanged",), "Charging")
        else:
            self.authorizing("Updated" if self.running else "Started", event, ("ChargingStateChanged", "Authorized"), "Charging")
        assert event["number_of_phases_used"] == 1

    async def charging(self, remotely=False):
        """All states up to EnergyTransferStarted."""
        if BAY in self.starts + self.stops:
            await self.park()
        await (self.authorize_remotely() if remotely else self.authorize())
        await self.transfer()
        return self

    async def suspend(self):
        """EnergyTransferSuspended: by the car."""
        await self.state("SuspendedEV")
        (event,) = self.said("TransactionEvent")
        if ENERGY in self.stops:
            self.checked(event, "Ended", ("ChargingStateChanged",), "EVConnected", "StoppedByEV")
        else:
            self.checked(event, "Updated", ("ChargingStateChanged",), "SuspendedEV")
        return self

    async def stop(self, remotely=False, card="ABC"):
        """StopAuthorized, main A (a card) or main B."""
        self.remotely_stopped = remotely
        if remotely:
            assert (await self.call(call.RequestStopTransaction(transaction_id=self.running))).status == "Accepted"
        else:
            await self.card(card)
        (event,) = self.said("TransactionEvent")
        ends = AUTHORIZED in self.stops or CLOSED in self.stops or ENERGY in self.stops
        reason = ("Remote" if remotely else "Local") if ends else None
        token = None if remotely else {"id_token": card, "type": "ISO14443"}
        trigger = "RemoteStop" if remotely else "StopAuthorized"
        self.checked(event, "Ended" if ends else "Updated", (trigger,), "EVConnected" if ends else "Charging", reason, token)
        self.holder = None

    async def end_of_energy(self):
        """EVConnectedPostSession."""
        await self.state("EVConnected")
        if self.running is None:
            return self.said()
        (event,) = self.said("TransactionEvent")
        return self.checked(event, "Updated", ("ChargingStateChanged",), "EVConnected")

    async def disconnect_car(self, reason=None):
        """EVDisconnected. reason: that the case asks for; None: that of the stop before."""
        ends = self.running is not None and (CONNECT in self.stops or CLOSED in self.stops)
        found = await self.pull_plug()
        if self.running is None:
            return None
        stopped = (reason or ("Remote" if self.remotely_stopped else "Local")) if ends else None
        return self.checked(found, "Ended" if ends else "Updated", ("EVCommunicationLost",), "Idle", stopped, place=PLACE if ends else {"id": 1})

    async def pull_plug(self):
        """The connector is free; the event of it, if a transaction runs: before that if it ends (TC_E_17), after it if not (TC_E_26)."""
        await self.leave()
        self.plugged = False
        self.csms.heard.sort(key=lambda request: request[0])
        status, *events = self.said("StatusNotification", *["TransactionEvent"] * (self.running is not None))
        self.shows(status, "Available")
        return events[0] if events else None

    async def leave_bay(self):
        """ParkingBayUnoccupied."""
        if self.plugged:
            await self.disconnect_car()
        await super().event(1, "bay", occupied=False)
        if self.running is None:
            return self.said()
        (event,) = self.said("TransactionEvent")
        return self.checked(event, "Ended", ("EVDeparted",), "Idle", "Remote" if self.remotely_stopped else "Local")


async def session(starts=None, stops=None, tethered=False, **variables):
    """A booted station with these points and variables. tethered: a fixed cable, which nothing unlocks on the side of the EVSE."""
    talk = await Session(tethered=tethered).with_points(starts, stops, **variables)
    unlocks = "false" if tethered else "true"
    await talk.set("OCPPCommCtrlr.UnlockOnEVSideDisconnect", unlocks)
    assert (await talk.get("OCPPCommCtrlr.UnlockOnEVSideDisconnect"))["attribute_value"] == unlocks
    return talk
