"""When a transaction starts, what is told of it, when it ends (use cases E01 to E10).

TxStartPoint and TxStopPoint name conditions; a transaction starts at the edge of one, never because one happens to
hold: else a car that stays plugged in after its driver has stopped would start the next transaction at once.
Whoever is authorised and not told yet is told by the very next event, which then carries that trigger (E02.FR.01).
"""

from ampacity.ocpp.authorization.cache import group_of
from ampacity.ocpp.evse import same_token
from ampacity.ocpp.transactions.ending import END_MS_MAX, Ending
from ampacity.ocpp.transactions.phase_count import look
from ampacity.ocpp.transactions.transaction import Transaction
from ampacity.ocpp.transactions.transaction_events import TransactionEvents

CONNECT = "EVConnected"
AUTHORIZED = "Authorized"
CLOSED = "PowerPathClosed"
ENERGY = "EnergyTransfer"
BAY = "ParkingBayOccupancy"


class Transactions:
    """The rules. Every method takes the OcppEvse and now_ms; what follows goes to the queue and to `station.actions`."""

    def __init__(self, station):
        self._station = station
        self.events = TransactionEvents(station)

    def plugged(self, evse, now_ms):
        if evse.plugged:
            return
        evse.plugged = True
        evse.connect_by_ms = None
        evse.state = CONNECT
        if evse.tx is not None and evse.tx.restored:
            return self._resume(evse, now_ms)
        self.finish(evse, now_ms)
        self._station.authorizer.plugged(evse, now_ms)
        self._edge(evse, CONNECT, "CablePluggedIn", now_ms)

    def unplugged(self, evse, now_ms):
        """The car is gone (E09, E10)."""
        if not evse.plugged:
            return self._abandon(evse, now_ms)
        model = self._station.model
        evse.plugged = False
        evse.state = "Idle"
        if self.ending(evse):
            return
        stops = model.words("TxCtrlr", "TxStopPoint")
        ends = CONNECT in stops or CLOSED in stops or evse.tx is None
        if model.on("TxCtrlr", "StopTxOnEVSideDisconnect") or ends:
            self._revoke(evse, "EVDisconnected")
            ends = ends or AUTHORIZED in stops or ENERGY in stops
        elif evse.auth is not None:
            evse.connect_by_ms = now_ms + model.number("TxCtrlr", "EVConnectionTimeOut") * 1000
        if evse.tx is not None and ends:
            self.end(evse, "EVCommunicationLost", evse.tx.stop_reason or "EVDisconnected", now_ms)
        elif evse.tx is not None:
            self.events.send(evse, "Updated", "EVCommunicationLost", now_ms)

    def charging(self, evse, state, now_ms):
        """state: chargingState of OCPP: Charging, SuspendedEV, SuspendedEVSE, EVConnected, Idle."""
        if state == evse.state or (state != "Idle") != evse.plugged:
            return
        was, evse.state = evse.state, state
        if evse.tx is not None and (evse.tx.restored or self.ending(evse)):
            return
        if was == "Charging" and evse.tx is not None and ENERGY in self._station.model.words("TxCtrlr", "TxStopPoint"):
            reason = "StoppedByEV" if state == "SuspendedEV" else "Other"
            self._revoke(evse, reason)
            return self.end(evse, "ChargingStateChanged", reason, now_ms)
        if evse.tx is None and state != "Charging":
            return
        self._edge(evse, ENERGY if state == "Charging" else "", "ChargingStateChanged", now_ms)

    def bay(self, evse, occupied, now_ms):
        """The parking bay's sensor."""
        evse.bay = occupied
        if occupied:
            return self._edge(evse, BAY, "EVDetected", now_ms)
        if evse.tx is not None and BAY in self._station.model.words("TxCtrlr", "TxStopPoint"):
            self._revoke(evse, "Local")
            self.end(evse, "EVDeparted", "Local", now_ms)

    def authorized(self, evse, authorization, now_ms):
        """Somebody may charge here from now on."""
        self.finish(evse, now_ms)
        evse.auth = authorization
        if not evse.plugged:
            evse.connect_by_ms = now_ms + self._station.model.number("TxCtrlr", "EVConnectionTimeOut") * 1000
        token = authorization.token["idToken"]
        self._station.actions.append(("start", evse.id, token, authorization.remote_id))
        self._edge(evse, AUTHORIZED, authorization.trigger, now_ms)

    def deauthorize(self, evse, trigger, reason, now_ms, token=None):
        """The authorisation is over; the transaction ends or goes on, as TxStopPoint says.

        token: {"idToken","type"} that was presented for it, if one was.
        """
        self._revoke(evse, reason)
        self._still(evse)
        if evse.tx is None:
            return
        stops = self._station.model.words("TxCtrlr", "TxStopPoint")
        if AUTHORIZED in stops or CLOSED in stops or ENERGY in stops:
            return self.end(evse, trigger, reason, now_ms, token)
        evse.tx.stop_reason = reason
        self.events.send(evse, "Updated", trigger, now_ms, token)

    def suspend(self, evse, now_ms):
        """No energy for an identifier that the CSMS refused, but the transaction stays open (E05.FR.02)."""
        if evse.tx is None or evse.auth is None or evse.auth.invalid:
            return
        evse.auth.invalid = True
        self._station.actions.append(("stop", evse.id, "DeAuthorized"))
        evse.state = "SuspendedEVSE"
        self.events.send(evse, "Updated", "ChargingStateChanged", now_ms)

    def fault(self, evse, reason, now_ms):
        """reason: stoppedReason of OCPP. Ends what is going on (E06.FR.16)."""
        self._revoke(evse, reason)
        self._still(evse)
        if evse.tx is not None:
            self.end(evse, "AbnormalCondition", reason, now_ms)

    def reset(self, evse, now_ms):
        """The CSMS resets the EVSE or the station at once (B12.FR.04)."""
        self._revoke(evse, "ImmediateReset")
        self._still(evse)
        self.end(evse, "ResetCommand", "ImmediateReset", now_ms)

    def end(self, evse, trigger, reason, now_ms, token=None):
        """Close the transaction, as soon as its energy is known. The first reason counts."""
        if not self.ending(evse):
            evse.tx.ending = Ending(trigger, reason, token, now_ms)
            if evse.values.get("read_ms") is None:
                return self.finish(evse, now_ms)
            self.events.keep(evse)
        return None

    def ending(self, evse):
        """Is there a transaction of which only the Ended event is missing?"""
        return evse.tx is not None and evse.tx.ending is not None

    def metered(self, evse, now_ms):
        """New readings. True: there is an event to send."""
        tx = evse.tx
        if tx is None or tx.restored:
            return False
        begins = tx.begin_due and evse.values.get("energy_wh") is not None
        if begins:
            self.events.begin(evse, now_ms)
        tx.phases, phases = look(tx.phases, evse, now_ms)
        if phases:
            self.events.send(evse, "Updated", "ChargingStateChanged", now_ms, phases=phases)
        ends = tx.ending is not None and tx.ending.complete(evse.values)
        if ends:
            self.finish(evse, now_ms)
        return begins or bool(phases) or ends

    def finish(self, evse, now_ms):
        """The Ended event of a transaction that waits for it, whatever was read."""
        if not self.ending(evse):
            return
        tx, ending = evse.tx, evse.tx.ending
        self.events.send(evse, "Ended", ending.trigger, now_ms, ending.token, ending.reason)
        evse.tx = None
        evse.last_tx = tx.id
        self.events.forget(evse)
        self._station.transaction_ended(evse, tx.id, now_ms)

    def tick(self, evse, now_ms):
        """Time-outs of one EVSE; when to look again, or None."""
        if evse.connect_by_ms is not None and now_ms >= evse.connect_by_ms:
            self._connection_timeout(evse, now_ms)
        tx = evse.tx
        if self.ending(evse):
            return self._await_end(evse, now_ms)
        if tx is not None and tx.energy_wh_max is not None and (evse.values.get("energy_wh") or 0) >= tx.energy_wh_max:
            tx.energy_wh_max = None
            self.suspend(evse, now_ms)
        return evse.connect_by_ms

    def answered(self, transaction_id, token, info, now_ms):
        """The CSMS judged the identifier of an event (E05, C09, C15)."""
        evse = self.find(transaction_id)
        if evse is None or evse.auth is None:
            return
        if info["status"] == "Accepted":
            return self._learn_group(evse, token, group_of(info))
        model = self._station.model
        if model.on("TxCtrlr", "StopTxOnInvalidId"):
            return self.deauthorize(evse, "Deauthorized", "DeAuthorized", now_ms)
        grace_wh = model.number("TxCtrlr", "MaxEnergyOnInvalidId")
        energy_wh = evse.values.get("energy_wh")
        if grace_wh > 0 and energy_wh is not None:
            if evse.tx.energy_wh_max is None:
                evse.tx.energy_wh_max = energy_wh + grace_wh
        else:
            self.suspend(evse, now_ms)

    def _learn_group(self, evse, token, group):
        """Others of the group may end what the holder of this identifier began."""
        if group and group != evse.auth.group and same_token(token, evse.auth.token):
            evse.auth.group = group
            self.events.keep(evse)

    def find(self, transaction_id):
        """The OcppEvse whose open transaction has this id, or None."""
        for evse in self._station.evses:
            if evse.tx is not None and evse.tx.id == transaction_id:
                return evse
        return None

    def _await_end(self, evse, now_ms):
        over_ms = evse.tx.ending.over_ms()
        if now_ms < over_ms:
            return over_ms
        self._station.log.counter("ocpp_ended_with_current")
        text = "ocpp: %s: no reading without current within %d s of the stop" % (evse.name, END_MS_MAX // 1000)
        self._station.log.add("warning", text, now_ms)
        return self.finish(evse, now_ms)

    def _edge(self, evse, name, trigger, now_ms):
        self.finish(evse, now_ms)
        if evse.tx is not None:
            return self.events.send(evse, "Updated", trigger, now_ms)
        if self._starts(evse, name):
            station = self._station
            unix_ms = station.wallclock.unix_ms(now_ms)
            evse.tx = Transaction(station.new_id(), now_ms, None if unix_ms is None else unix_ms // 1000)
            self.events.send(evse, "Started", trigger, now_ms)
            station.transaction_started(evse, now_ms)
        return None

    def _starts(self, evse, name):
        starts = self._station.model.words("TxCtrlr", "TxStartPoint")
        if name in starts and name != ENERGY:
            return True
        if name in (CONNECT, AUTHORIZED) and CLOSED in starts and evse.plugged and evse.auth is not None:
            return True
        if name == AUTHORIZED and (CONNECT in starts and evse.plugged or BAY in starts and evse.bay):
            return True
        return name == ENERGY and evse.auth is not None  # energy that no point foresaw is accounted for all the same

    def _revoke(self, evse, reason):
        if evse.auth is not None:
            self._station.actions.append(("stop", evse.id, reason))
        evse.auth = None
        evse.connect_by_ms = None

    def _still(self, evse):
        """What was just stopped is told as stopped: the session follows within its contactor's time."""
        if evse.state == "Charging":
            evse.state = CONNECT

    def _connection_timeout(self, evse, now_ms):
        """E03.FR.05, E03.FR.15: nobody plugged in."""
        stops = self._station.model.words("TxCtrlr", "TxStopPoint")
        self._revoke(evse, "Timeout")
        if evse.tx is not None and (BAY not in stops or AUTHORIZED in stops or CLOSED in stops):
            self.end(evse, "EVConnectTimeout", "Timeout", now_ms)
        elif evse.tx is not None:
            self.events.send(evse, "Updated", "EVConnectTimeout", now_ms)

    def _resume(self, evse, now_ms):
        """After a power cut the car is still there: its transaction goes on, or waits for its end from now on."""
        evse.tx.restored = False
        if self.ending(evse):
            evse.tx.ending.since_ms = now_ms
        elif evse.auth is not None:
            self._station.actions.append(("start", evse.id, evse.auth.token["idToken"], None))

    def _abandon(self, evse, now_ms):
        """After a power cut the car is gone."""
        if evse.tx is not None and evse.tx.restored:
            evse.auth = None
            self._resume(evse, now_ms)
            self.end(evse, "AbnormalCondition", "PowerLoss", now_ms)
