"""When a transaction starts, what is reported of it, when it ends (use cases E01 to E10).

TxStartPoint and TxStopPoint name conditions; a transaction starts at the edge of one, never because one happens to
hold: else a car that stays plugged in after its driver has stopped would start the next transaction at once.
An authorisation that is not reported yet is reported by the very next event, which then carries that trigger (E02.FR.01). Only a plug that comes
after a card keeps its own, and has the identifier (E03.FR.01; part 6, EVConnectedPreSession).
"""

from ampacity.ocpp.authorization.cache import group_of
from ampacity.ocpp.evse import same_token
from ampacity.ocpp.transactions.ending import END_MS_MAX, Ending
from ampacity.ocpp.transactions.phase_count import look
from ampacity.ocpp.transactions.transaction import Transaction
from ampacity.ocpp.transactions.transaction_events import TransactionEvents

if False:  # for the type checker
    from ampacity.ocpp.evse import Authorization, OcppEvse
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message, Token

CONNECT = "EVConnected"
AUTHORIZED = "Authorized"
CLOSED = "PowerPathClosed"
ENERGY = "EnergyTransfer"
BAY = "ParkingBayOccupancy"


class Transactions:
    """The rules. Every method takes the OcppEvse and now_ms; what follows goes to the queue, and into `OcppEvse.may_charge`."""

    def __init__(self, station: "StationFace") -> None:
        self._station = station
        self.events = TransactionEvents(station)

    def plugged(self, evse: "OcppEvse", now_ms: int) -> None:
        """A car is connected (E02); after a power cut its transaction continues."""
        if evse.plugged:
            return
        evse.plugged = True
        if evse.connect_by_ms is not None:
            evse.connect_by_ms = None
        evse.state = CONNECT
        if evse.tx is not None and evse.tx.restored:
            return self._resume(evse, now_ms)
        self.finish(evse, now_ms)
        self._station.authorizer.plugged(evse, now_ms)
        self._edge(evse, CONNECT, "CablePluggedIn", now_ms)

    def unplugged(self, evse: "OcppEvse", now_ms: int) -> None:
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

    def charging(self, evse: "OcppEvse", state: str, now_ms: int) -> None:
        """state: chargingState of OCPP: Charging, SuspendedEV, SuspendedEVSE, EVConnected, Idle."""
        if state == evse.state or (state != "Idle") != evse.plugged:
            return
        was, evse.state = evse.state, state
        if evse.tx is not None and (evse.tx.restored or self.ending(evse)):
            return
        if was == "Charging" and evse.tx is not None and ENERGY in self._station.model.words("TxCtrlr", "TxStopPoint"):
            reason = "StoppedByEV" if state == "SuspendedEV" else "Other"
            self._revoke(evse, reason)
            evse.state = CONNECT  # the authorisation is over: it is not suspended
            return self.end(evse, "ChargingStateChanged", reason, now_ms)
        if evse.tx is None and state != "Charging":
            return
        self._edge(evse, ENERGY if state == "Charging" else "", "ChargingStateChanged", now_ms)

    def bay(self, evse: "OcppEvse", occupied: bool, now_ms: int) -> None:
        """The parking bay's sensor."""
        evse.bay = occupied
        if occupied:
            return self._edge(evse, BAY, "EVDetected", now_ms)
        if evse.tx is not None and BAY in self._station.model.words("TxCtrlr", "TxStopPoint"):
            reason = evse.tx.stop_reason or "Local"
            self._revoke(evse, reason)
            self.end(evse, "EVDeparted", reason, now_ms)

    def authorized(self, evse: "OcppEvse", authorization: "Authorization", now_ms: int) -> None:
        """Charging is authorised here from now on."""
        self.finish(evse, now_ms)
        reservations = self._station.optional.find("reservation")
        if reservations is not None:
            reservations.use(evse, authorization)
        evse.auth = authorization
        if not evse.plugged:
            evse.connect_by_ms = now_ms + self._station.model.number("TxCtrlr", "EVConnectionTimeOut") * 1000
        self._edge(evse, AUTHORIZED, authorization.trigger, now_ms)  # type: ignore[arg-type]  # not reported yet

    def deauthorize(self, evse: "OcppEvse", trigger: str, reason: str, now_ms: int, token: "Token | None" = None) -> None:
        """The authorisation is over; the transaction ends or continues, as TxStopPoint says. If it continues, the end of the energy transfer is
        an event of its own (part 6, EVConnectedPostSession), unless the car has ended it (E15.FR.05).

        token: {"idToken","type"} that was presented for it, if one was.
        """
        self._revoke(evse, reason)
        stops = self._station.model.words("TxCtrlr", "TxStopPoint")
        if reason == "StoppedByEV" and evse.plugged:
            evse.state = CONNECT
        if evse.tx is None:
            return self._still(evse)
        if AUTHORIZED in stops or CLOSED in stops or ENERGY in stops:
            self._still(evse)
            return self.end(evse, trigger, reason, now_ms, token)
        evse.tx.stop_reason = reason
        self.events.send(evse, "Updated", trigger, now_ms, token)

    def suspend(self, evse: "OcppEvse", now_ms: int) -> None:
        """No energy for an identifier that the CSMS refused, but the transaction stays open (E05.FR.02)."""
        if evse.tx is None or evse.auth is None or evse.auth.invalid:
            return
        evse.auth.invalid = True
        evse.ended_by = "DeAuthorized"
        evse.state = "SuspendedEVSE"
        self.events.send(evse, "Updated", "ChargingStateChanged", now_ms)

    def fault(self, evse: "OcppEvse", reason: str, now_ms: int) -> None:
        """reason: stoppedReason of OCPP. Ends the authorisation and the transaction (E06.FR.16)."""
        self._revoke(evse, reason)
        self._still(evse)
        if evse.tx is not None:
            self.end(evse, "AbnormalCondition", reason, now_ms)

    def reset(self, evse: "OcppEvse", now_ms: int) -> None:
        """The CSMS resets the EVSE or the station at once (B12.FR.04)."""
        self._revoke(evse, "ImmediateReset")
        self._still(evse)
        self.end(evse, "ResetCommand", "ImmediateReset", now_ms)

    def end(self, evse: "OcppEvse", trigger: str, reason: str, now_ms: int, token: "Token | None" = None) -> None:
        """Close the transaction, as soon as its energy is known. The first reason counts."""
        if not self.ending(evse):
            evse.tx.ending = Ending(trigger, reason, token, now_ms)  # type: ignore[union-attr]  # it is open
            if evse.values.get("read_ms") is None:
                return self.finish(evse, now_ms)
            self.events.keep(evse)
        return None

    def ending(self, evse: "OcppEvse") -> bool:
        """Is there a transaction of which only the Ended event is missing?"""
        return evse.tx is not None and evse.tx.ending is not None

    def metered(self, evse: "OcppEvse", now_ms: int) -> bool:
        """New readings. True: there is an event to send."""
        tx = evse.tx
        if tx is None or tx.restored:
            return False
        begins = tx.begin_due and evse.values.get("energy_wh") is not None
        if begins:
            self.events.begin(evse, now_ms)
        tx.phases, phases = look(tx.phases, evse, now_ms)
        if phases:
            self.events.count(evse, phases, now_ms)
        ends = tx.ending is not None and tx.ending.complete(evse.values)
        if ends:
            self.finish(evse, now_ms)
        return begins or bool(phases) or ends

    def finish(self, evse: "OcppEvse", now_ms: int) -> None:
        """The Ended event of a transaction that waits for it, whatever was read."""
        if not self.ending(evse):
            return
        tx: "Transaction" = evse.tx  # type: ignore[assignment]  # it is open
        ending: Ending = tx.ending  # type: ignore[assignment]
        self.events.send(evse, "Ended", ending.trigger, now_ms, ending.token, ending.reason)
        evse.tx = None
        evse.last_tx = tx.id
        self.events.forget(evse)
        self._station.transaction_ended(evse, tx.id, now_ms)

    def tick(self, now_ms: int) -> "list[int | None]":
        """Time-outs of all EVSEs; when to look again. The first one that writes to the medium ends the pass."""
        wakes, documents = [], self._station.documents
        writes = documents.writes
        for evse in self._station.evses:
            wakes.append(self._time_outs(evse, now_ms))
            if documents.writes != writes:
                return wakes + [now_ms]
        return wakes

    def _time_outs(self, evse: "OcppEvse", now_ms: int) -> "int | None":
        if evse.connect_by_ms is not None and now_ms >= evse.connect_by_ms:
            self._connection_timeout(evse, now_ms)
        tx = evse.tx
        if self.ending(evse):
            return self._await_end(evse, now_ms)
        if tx is not None and tx.energy_wh_max is not None and (evse.values.get("energy_wh") or 0) >= tx.energy_wh_max:
            tx.energy_wh_max = None
            self.suspend(evse, now_ms)
        return evse.connect_by_ms

    def answered(self, transaction_id: str, token: "Token", info: "Message", now_ms: int) -> None:
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
        if energy_wh is None:  # it is not heard
            energy_wh = evse.values.get("last_wh")
        if grace_wh > 0 and energy_wh is not None:
            tx: "Transaction" = evse.tx  # type: ignore[assignment]  # find() goes by it
            if tx.energy_wh_max is None:
                tx.energy_wh_max = energy_wh + grace_wh
                self.events.keep(evse)
        else:
            self.suspend(evse, now_ms)

    def _learn_group(self, evse: "OcppEvse", token: "Token", group: str) -> None:
        """Others of the group may end what the holder of this identifier began."""
        auth: Authorization = evse.auth  # type: ignore[assignment]  # the caller has looked
        if group and group != auth.group and same_token(token, auth.token):
            auth.group = group
            self.events.keep(evse)

    def find(self, transaction_id: str) -> "OcppEvse | None":
        """The OcppEvse whose open transaction has this id, or None."""
        for evse in self._station.evses:
            if evse.tx is not None and evse.tx.id == transaction_id:
                return evse
        return None

    def _await_end(self, evse: "OcppEvse", now_ms: int) -> "int | None":
        over_ms: int = evse.tx.ending.over_ms()  # type: ignore[union-attr]  # asked only while it ends
        if now_ms < over_ms:
            return over_ms
        self._station.log.counter("ocpp_ended_with_current")
        text = "ocpp: %s: no reading without current within %d s of the stop" % (evse.name, END_MS_MAX // 1000)
        self._station.log.add("warning", text, now_ms)
        self.finish(evse, now_ms)
        return None

    def _edge(self, evse: "OcppEvse", name: str, trigger: str, now_ms: int) -> None:
        self.finish(evse, now_ms)
        if evse.tx is not None:
            self._look_ready(evse, now_ms)
            return self.events.send(evse, "Updated", trigger, now_ms)
        if self._starts(evse, name):
            station = self._station
            evse.tx = Transaction(station.new_id(), None, None)
            ready = self._look_ready(evse, now_ms)
            self.events.send(evse, "Started", trigger, now_ms)
            if not ready:
                station.transaction_started(evse, now_ms)
        return None

    def _look_ready(self, evse: "OcppEvse", now_ms: int) -> bool:
        """A car is there and authorized for the first time in this transaction: Relative profiles count from now on."""
        tx: "Transaction" = evse.tx  # type: ignore[assignment]  # it is open
        if tx.start_ms is not None or tx.start_unix_s is not None or evse.auth is None or not evse.plugged:
            return False
        unix_ms = self._station.wallclock.unix_ms(now_ms)
        tx.start_ms, tx.start_unix_s = now_ms, None if unix_ms is None else unix_ms // 1000
        self._station.transaction_started(evse, now_ms)
        return True

    def _starts(self, evse: "OcppEvse", name: str) -> bool:
        starts = self._station.model.words("TxCtrlr", "TxStartPoint")
        if name in starts and name != ENERGY:
            return True
        if name in (CONNECT, AUTHORIZED) and CLOSED in starts and evse.plugged and evse.auth is not None:
            return True
        if name == AUTHORIZED and (CONNECT in starts and evse.plugged or BAY in starts and evse.bay):
            return True
        return name == ENERGY and evse.auth is not None  # energy that no point foresaw is still accounted for

    def _revoke(self, evse: "OcppEvse", reason: str) -> None:
        if evse.auth is not None:
            evse.ended_by = reason
            if evse.tx is not None:
                evse.tx.token = evse.auth.token
        evse.auth = None
        if evse.connect_by_ms is not None:
            evse.connect_by_ms = None

    def _still(self, evse: "OcppEvse") -> None:
        """What was just stopped is reported as stopped: the session follows within its contactor's time."""
        if evse.state != "Idle":
            evse.state = CONNECT

    def _connection_timeout(self, evse: "OcppEvse", now_ms: int) -> None:
        """E03.FR.05, E03.FR.15: no car was plugged in."""
        stops = self._station.model.words("TxCtrlr", "TxStopPoint")
        self._revoke(evse, "Timeout")
        if evse.tx is not None and (BAY not in stops or AUTHORIZED in stops or CLOSED in stops):
            self.end(evse, "EVConnectTimeout", "Timeout", now_ms)
        elif evse.tx is not None:
            self.events.send(evse, "Updated", "EVConnectTimeout", now_ms, reason="Timeout")

    def _resume(self, evse: "OcppEvse", now_ms: int) -> None:
        """After a power cut the car is still there: its transaction continues, or waits for its end from now on."""
        tx: "Transaction" = evse.tx  # type: ignore[assignment]  # it is open
        tx.restored = False
        self._station.in_force.again()  # its rate is looked at from now on
        if tx.ending is not None:
            tx.ending.since_ms = now_ms

    def _abandon(self, evse: "OcppEvse", now_ms: int) -> None:
        """After a power cut the car is gone."""
        if evse.tx is not None and evse.tx.restored:
            evse.auth = None
            self._resume(evse, now_ms)
            self.end(evse, "AbnormalCondition", "PowerLoss", now_ms)
