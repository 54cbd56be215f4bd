"""Builds TransactionEvents and keeps them; samples while a transaction runs; finds open transactions after a restart."""

from ampacity.ocpp.evse import Authorization
from ampacity.ocpp.transactions.ending import Ending
from ampacity.ocpp.transactions.event_values import REGISTER, begun, collected, keep_begin, taken, wanted
from ampacity.ocpp.transactions.meter_values import phases_used
from ampacity.ocpp.transactions.transaction import Transaction, document, name

if False:  # for the type checker
    from typing import Any

    from ampacity.ocpp.evse import OcppEvse
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message, Token

CONTEXT = {"Started": "Transaction.Begin", "Ended": "Transaction.End", "Updated": "Sample.Periodic"}
KEPT_TRIGGERS = ("ChargingRateChanged", "MeterValuePeriodic", "MeterValueClock")


class TransactionEvents:
    """send() is the only place where a TransactionEvent comes from."""

    def __init__(self, station: "StationFace") -> None:
        self._station = station

    def send(
        self, evse: "OcppEvse", kind: str, trigger: str, now_ms: int, token: "Token | None" = None, reason: "str | None" = None,
        values: "list[Message] | None" = None, phases: int = 0,
    ) -> None:
        """kind: Started, Updated, Ended. token: reported in addition, at the end. values: meterValue list, or None: by rule.

        phases: so many are used, where the event reports it.
        """
        tx: Transaction = evse.tx  # type: ignore[assignment]  # it is open
        auth = evse.auth
        payload: "Message" = {"eventType": kind, "triggerReason": trigger, "seqNo": tx.seq_no, "evse": {"id": evse.id}}
        info: "Message" = {"transactionId": tx.id, "chargingState": evse.state}
        if evse.plugged or kind == "Ended":
            payload["evse"]["connectorId"] = 1
        if auth is not None and auth.trigger is not None and kind != "Ended":
            if trigger != "CablePluggedIn" or auth.remote_id is not None:
                payload["triggerReason"] = auth.trigger
            payload["idToken"] = auth.token
            if auth.remote_id is not None:
                info["remoteStartId"] = auth.remote_id
            if auth.reservation_id is not None:  # E02.FR.03, E03.FR.03
                payload["reservationId"] = auth.reservation_id
            auth.trigger = None
        elif token is not None:
            payload["idToken"] = token
        if reason is not None:
            info["stoppedReason"] = reason
        payload["transactionInfo"] = info
        if evse.state == "Charging" and tx.state != "Charging":
            phases = phases_used(evse)
            tx.phases = (phases or tx.phases[0], tx.phases[1], now_ms)
        if phases:
            payload["numberOfPhasesUsed"] = phases
        self._add_values(evse, payload, values, now_ms)
        tx.state = evse.state
        if self._station.queue.append("TransactionEvent", payload, tx.id, now_ms, trigger in KEPT_TRIGGERS):
            tx.seq_no += 1  # of what was not kept the CSMS cannot learn: its number is the next one's
        if kind != "Ended":
            self.keep(evse)

    def begin(self, evse: "OcppEvse", now_ms: int) -> None:
        """The energy register is read for the first time since the start."""
        tx: Transaction = evse.tx  # type: ignore[assignment]  # it is open
        tx.begin_due = False
        context = "Sample.Periodic" if evse.values.get("flows") else CONTEXT["Started"]
        values = taken(self._station, evse, "SampledDataCtrlr", "TxStartedMeasurands", context, self._station.stamp(now_ms))
        keep_begin(self._station, evse, now_ms)
        self.send(evse, "Updated", "MeterValuePeriodic", now_ms, values=values)

    def count(self, evse: "OcppEvse", phases: int, now_ms: int) -> None:
        """The car was seen to use so many phases: the reading that shows it goes with it (E02.FR.18, E02.FR.19)."""
        values = taken(self._station, evse, "SampledDataCtrlr", "TxUpdatedMeasurands", "Other", self._station.stamp(now_ms))
        self.send(evse, "Updated", "ChargingStateChanged", now_ms, values=values, phases=phases)

    def keep(self, evse: "OcppEvse") -> None:
        """What of the transaction is to survive a power cut."""
        self._station.documents.try_put(name(evse.id), document(evse))

    def forget(self, evse: "OcppEvse") -> None:
        """The transaction is over."""
        self._station.documents.try_remove(name(evse.id))

    def end_gone(self, now_ms: int) -> None:
        """Report the end of transactions whose EVSE has another number since this start."""
        if self._station.documents.get("ocpp_gone"):
            from ampacity.ocpp.transactions.ended_elsewhere import send

            send(self._station, now_ms)

    def restore(self) -> None:
        """Find the transactions that were open when the last run ended (the journal knows more than the documents)."""
        known = self._station.queue.last
        gone = [row[0] for row in self._station.documents.get("ocpp_gone") or ()]  # they ended: ended_elsewhere.py
        known = {tx_id: known[tx_id] for tx_id in known if tx_id not in gone} if gone else known
        for evse in self._station.evses:
            kept = self._station.documents.get(name(evse.id))
            for tx_id in sorted(known):
                evse_id, _, kind = known[tx_id]
                if evse_id == evse.id and kind == "Ended" and kept and kept["id"] == tx_id:
                    kept = None
                    self.forget(evse)
                elif evse_id == evse.id and kind != "Ended" and (kept is None or kept["id"] < tx_id):  # the ids of a station rise
                    kept = {"id": tx_id, "seq": 0, "start": None, "state": None, "token": None, "group": "", "reason": None}
            if kept:
                self._open(evse, kept, known.get(kept["id"]))

    def _open(self, evse: "OcppEvse", kept: "dict[str, Any]", newest: "tuple[int, int, str] | None") -> None:
        tx = Transaction(kept["id"], None, kept["start"])
        tx.seq_no = newest[1] + 1 if newest else kept["seq"]
        tx.state = kept["state"]
        tx.stop_reason = kept["reason"]
        tx.restored = True
        if kept.get("end"):
            tx.ending = Ending(kept["end"][0], kept["end"][1], kept["end"][2], self._station.started_ms)
        tx.energy_wh_max = kept.get("grace_wh")
        evse.tx = tx
        if kept["token"]:
            evse.auth = Authorization(kept["token"], kept["group"], None)
            evse.auth.invalid = kept.get("invalid", False)
        if tx.seq_no != kept["seq"]:  # the journal forgets it as soon as the CSMS has it
            self._station.turns.add("number", [evse], lambda evse, now_ms: self.keep(evse))

    def _add_values(self, evse: "OcppEvse", payload: "Message", values: "list[Message] | None", now_ms: int) -> None:
        tx: Transaction = evse.tx  # type: ignore[assignment]  # it is open
        kind = payload["eventType"]
        if values is None:
            values = []
            if kind != "Updated" or payload["triggerReason"] == "Trigger":
                variable = "Tx%sMeasurands" % kind
                context = "Trigger" if kind == "Updated" else CONTEXT[kind]
                values = taken(self._station, evse, "SampledDataCtrlr", variable, context, self._station.stamp(now_ms))
                measurands = wanted(self._station, "SampledDataCtrlr", variable)
                begin_due = kind == "Started" and REGISTER in measurands and evse.values.get("energy_wh") is None
                if begin_due != tx.begin_due:
                    tx.begin_due = begin_due
            if kind == "Started":
                keep_begin(self._station, evse, now_ms)
            if kind == "Ended":
                values = begun(self._station, evse) + collected(self._station, evse) + values
        if values:
            payload["meterValue"] = values
