"""When a transaction starts, what is told of it, when it ends (use cases E01 to E10).

TxStartPoint and TxStopPoint name conditions; a transaction starts at the edge of one, never because one happens to
hold: else a car that stays plugged in after its driver has stopped would start the next transaction at once.
Whoever is authorised and not told yet is told by the very next event, which then carries that trigger (E02.FR.01).
"""

from ampacity.ocpp.authorization.cache import group_of
from ampacity.ocpp.point import same_token
from ampacity.ocpp.transactions.ending import END_MS_MAX, Ending
from ampacity.ocpp.transactions.events import Events
from ampacity.ocpp.transactions.phases import look
from ampacity.ocpp.transactions.record import Transaction

CONNECT = "EVConnected"
AUTHORIZED = "Authorized"
CLOSED = "PowerPathClosed"
ENERGY = "EnergyTransfer"
BAY = "ParkingBayOccupancy"


class Transactions:
    """The rules. Every method takes the Point and now_ms; what follows goes to the queue and to `station.actions`."""

    def __init__(self, station):
        self._station = station
        self.events = Events(station)

    def plugged(self, point, now_ms):
        if point.plugged:
            return
        point.plugged = True
        point.connect_by_ms = None
        point.state = CONNECT
        if point.tx is not None and point.tx.restored:
            return self._resume(point, now_ms)
        self.finish(point, now_ms)
        self._station.authorizer.plugged(point, now_ms)
        self._edge(point, CONNECT, "CablePluggedIn", now_ms)

    def unplugged(self, point, now_ms):
        """The car is gone (E09, E10)."""
        if not point.plugged:
            return self._abandon(point, now_ms)
        model = self._station.model
        point.plugged = False
        point.state = "Idle"
        if self.ending(point):
            return
        stops = model.words("TxCtrlr", "TxStopPoint")
        ends = CONNECT in stops or CLOSED in stops or point.tx is None
        if model.on("TxCtrlr", "StopTxOnEVSideDisconnect") or ends:
            self._revoke(point, "EVDisconnected")
            ends = ends or AUTHORIZED in stops or ENERGY in stops
        elif point.auth is not None:
            point.connect_by_ms = now_ms + model.number("TxCtrlr", "EVConnectionTimeOut") * 1000
        if point.tx is not None and ends:
            self.end(point, "EVCommunicationLost", point.tx.stop_reason or "EVDisconnected", now_ms)
        elif point.tx is not None:
            self.events.send(point, "Updated", "EVCommunicationLost", now_ms)

    def charging(self, point, state, now_ms):
        """state: chargingState of OCPP: Charging, SuspendedEV, SuspendedEVSE, EVConnected, Idle."""
        if state == point.state or (state != "Idle") != point.plugged:
            return
        was, point.state = point.state, state
        if point.tx is not None and (point.tx.restored or self.ending(point)):
            return
        if was == "Charging" and point.tx is not None and ENERGY in self._station.model.words("TxCtrlr", "TxStopPoint"):
            reason = "StoppedByEV" if state == "SuspendedEV" else "Other"
            self._revoke(point, reason)
            return self.end(point, "ChargingStateChanged", reason, now_ms)
        if point.tx is None and state != "Charging":
            return
        self._edge(point, ENERGY if state == "Charging" else "", "ChargingStateChanged", now_ms)

    def bay(self, point, occupied, now_ms):
        """The parking bay's sensor."""
        point.bay = occupied
        if occupied:
            return self._edge(point, BAY, "EVDetected", now_ms)
        if point.tx is not None and BAY in self._station.model.words("TxCtrlr", "TxStopPoint"):
            self._revoke(point, "Local")
            self.end(point, "EVDeparted", "Local", now_ms)

    def authorized(self, point, authorization, now_ms):
        """Somebody may charge here from now on."""
        self.finish(point, now_ms)
        point.auth = authorization
        if not point.plugged:
            point.connect_by_ms = now_ms + self._station.model.number("TxCtrlr", "EVConnectionTimeOut") * 1000
        token = authorization.token["idToken"]
        self._station.actions.append(("start", point.id, token, authorization.remote_id))
        self._edge(point, AUTHORIZED, authorization.trigger, now_ms)

    def deauthorize(self, point, trigger, reason, now_ms, token=None):
        """The authorisation is over; the transaction ends or goes on, as TxStopPoint says.

        token: {"idToken","type"} that was presented for it, if one was.
        """
        self._revoke(point, reason)
        self._still(point)
        if point.tx is None:
            return
        stops = self._station.model.words("TxCtrlr", "TxStopPoint")
        if AUTHORIZED in stops or CLOSED in stops or ENERGY in stops:
            return self.end(point, trigger, reason, now_ms, token)
        point.tx.stop_reason = reason
        self.events.send(point, "Updated", trigger, now_ms, token)

    def suspend(self, point, now_ms):
        """No energy for an identifier that the CSMS refused, but the transaction stays open (E05.FR.02)."""
        if point.tx is None or point.auth is None or point.auth.invalid:
            return
        point.auth.invalid = True
        self._station.actions.append(("stop", point.id, "DeAuthorized"))
        point.state = "SuspendedEVSE"
        self.events.send(point, "Updated", "ChargingStateChanged", now_ms)

    def fault(self, point, reason, now_ms):
        """reason: stoppedReason of OCPP. Ends what is going on (E06.FR.16)."""
        self._revoke(point, reason)
        self._still(point)
        if point.tx is not None:
            self.end(point, "AbnormalCondition", reason, now_ms)

    def reset(self, point, now_ms):
        """The CSMS resets the EVSE or the station at once (B12.FR.04)."""
        self._revoke(point, "ImmediateReset")
        self._still(point)
        self.end(point, "ResetCommand", "ImmediateReset", now_ms)

    def end(self, point, trigger, reason, now_ms, token=None):
        """Close the transaction, as soon as its energy is known. The first reason counts."""
        if not self.ending(point):
            point.tx.ending = Ending(trigger, reason, token, now_ms)
            if point.values.get("read_ms") is None:
                return self.finish(point, now_ms)
            self.events.keep(point)
        return None

    def ending(self, point):
        """Is there a transaction of which only the Ended event is missing?"""
        return point.tx is not None and point.tx.ending is not None

    def metered(self, point, now_ms):
        """New readings. True: there is an event to send."""
        tx = point.tx
        if tx is None or tx.restored:
            return False
        begins = tx.begin_due and point.values.get("energy_wh") is not None
        if begins:
            self.events.begin(point, now_ms)
        tx.phases, phases = look(tx.phases, point, now_ms)
        if phases:
            self.events.send(point, "Updated", "ChargingStateChanged", now_ms, phases=phases)
        ends = tx.ending is not None and tx.ending.complete(point.values)
        if ends:
            self.finish(point, now_ms)
        return begins or bool(phases) or ends

    def finish(self, point, now_ms):
        """The Ended event of a transaction that waits for it, whatever was read."""
        if not self.ending(point):
            return
        tx, ending = point.tx, point.tx.ending
        self.events.send(point, "Ended", ending.trigger, now_ms, ending.token, ending.reason)
        point.tx = None
        point.last_tx = tx.id
        self.events.forget(point)
        self._station.transaction_ended(point, tx.id, now_ms)

    def tick(self, point, now_ms):
        """Time-outs of one EVSE; when to look again, or None."""
        if point.connect_by_ms is not None and now_ms >= point.connect_by_ms:
            self._connection_timeout(point, now_ms)
        tx = point.tx
        if self.ending(point):
            return self._await_end(point, now_ms)
        if tx is not None and tx.energy_wh_max is not None and (point.values.get("energy_wh") or 0) >= tx.energy_wh_max:
            tx.energy_wh_max = None
            self.suspend(point, now_ms)
        return point.connect_by_ms

    def answered(self, transaction_id, token, info, now_ms):
        """The CSMS judged the identifier of an event (E05, C09, C15)."""
        point = self.find(transaction_id)
        if point is None or point.auth is None:
            return
        if info["status"] == "Accepted":
            return self._learn_group(point, token, group_of(info))
        model = self._station.model
        if model.on("TxCtrlr", "StopTxOnInvalidId"):
            return self.deauthorize(point, "Deauthorized", "DeAuthorized", now_ms)
        grace_wh = model.number("TxCtrlr", "MaxEnergyOnInvalidId")
        energy_wh = point.values.get("energy_wh")
        if grace_wh > 0 and energy_wh is not None:
            if point.tx.energy_wh_max is None:
                point.tx.energy_wh_max = energy_wh + grace_wh
        else:
            self.suspend(point, now_ms)

    def _learn_group(self, point, token, group):
        """Others of the group may end what the holder of this identifier began."""
        if group and group != point.auth.group and same_token(token, point.auth.token):
            point.auth.group = group
            self.events.keep(point)

    def find(self, transaction_id):
        """The Point whose open transaction has this id, or None."""
        for point in self._station.points:
            if point.tx is not None and point.tx.id == transaction_id:
                return point
        return None

    def _await_end(self, point, now_ms):
        over_ms = point.tx.ending.over_ms()
        if now_ms < over_ms:
            return over_ms
        self._station.log.counter("ocpp_ended_with_current")
        text = "ocpp: %s: no reading without current within %d s of the stop" % (point.name, END_MS_MAX // 1000)
        self._station.log.add("warning", text, now_ms)
        return self.finish(point, now_ms)

    def _edge(self, point, name, trigger, now_ms):
        self.finish(point, now_ms)
        if point.tx is not None:
            return self.events.send(point, "Updated", trigger, now_ms)
        if self._starts(point, name):
            station = self._station
            unix_ms = station.wallclock.unix_ms(now_ms)
            point.tx = Transaction(station.new_id(), now_ms, None if unix_ms is None else unix_ms // 1000)
            self.events.send(point, "Started", trigger, now_ms)
            station.transaction_started(point, now_ms)
        return None

    def _starts(self, point, name):
        starts = self._station.model.words("TxCtrlr", "TxStartPoint")
        if name in starts and name != ENERGY:
            return True
        if name in (CONNECT, AUTHORIZED) and CLOSED in starts and point.plugged and point.auth is not None:
            return True
        if name == AUTHORIZED and (CONNECT in starts and point.plugged or BAY in starts and point.bay):
            return True
        return name == ENERGY and point.auth is not None  # energy that no point foresaw is accounted for all the same

    def _revoke(self, point, reason):
        if point.auth is not None:
            self._station.actions.append(("stop", point.id, reason))
        point.auth = None
        point.connect_by_ms = None

    def _still(self, point):
        """What was just stopped is told as stopped: the session follows within its contactor's time."""
        if point.state == "Charging":
            point.state = CONNECT

    def _connection_timeout(self, point, now_ms):
        """E03.FR.05, E03.FR.15: nobody plugged in."""
        stops = self._station.model.words("TxCtrlr", "TxStopPoint")
        self._revoke(point, "Timeout")
        if point.tx is not None and (BAY not in stops or AUTHORIZED in stops or CLOSED in stops):
            self.end(point, "EVConnectTimeout", "Timeout", now_ms)
        elif point.tx is not None:
            self.events.send(point, "Updated", "EVConnectTimeout", now_ms)

    def _resume(self, point, now_ms):
        """After a power cut the car is still there: its transaction goes on, or waits for its end from now on."""
        point.tx.restored = False
        if self.ending(point):
            point.tx.ending.since_ms = now_ms
        elif point.auth is not None:
            self._station.actions.append(("start", point.id, point.auth.token["idToken"], None))

    def _abandon(self, point, now_ms):
        """After a power cut the car is gone."""
        if point.tx is not None and point.tx.restored:
            point.auth = None
            self._resume(point, now_ms)
            self.end(point, "AbnormalCondition", "PowerLoss", now_ms)
