"""Builds TransactionEvents and keeps them; samples while a transaction runs; finds open transactions after a restart."""

from ampacity.ocpp.point import Authorization
from ampacity.ocpp.transactions.ending import Ending
from ampacity.ocpp.transactions.meter import meter_value, phases_used
from ampacity.ocpp.transactions.record import Transaction, document, name

CONTEXT = {"Started": "Transaction.Begin", "Ended": "Transaction.End", "Updated": "Sample.Periodic"}
REGISTER = "Energy.Active.Import.Register"
KEPT_TRIGGERS = ("MeterValuePeriodic", "MeterValueClock")


class Events:
    """send() is the only place where a TransactionEvent comes from."""

    def __init__(self, station):
        self._station = station

    def send(self, point, kind, trigger, now_ms, token=None, reason=None, values=None, phases=0):
        """kind: Started, Updated, Ended. token: told besides, at the end. values: meterValue list, or None: by rule.

        phases: so many are used, where this is what the event tells.
        """
        tx, auth = point.tx, point.auth
        told = auth is not None and auth.trigger is not None and kind != "Ended"
        payload = {"eventType": kind, "triggerReason": trigger, "seqNo": tx.seq_no, "evse": {"id": point.id}}
        info = {"transactionId": tx.id, "chargingState": point.state}
        if point.plugged or kind == "Ended":
            payload["evse"]["connectorId"] = 1
        if told:
            payload["triggerReason"] = auth.trigger
            payload["idToken"] = auth.token
            if auth.remote_id is not None:
                info["remoteStartId"] = auth.remote_id
            auth.trigger = None
        elif token is not None:
            payload["idToken"] = token
        if reason is not None:
            info["stoppedReason"] = reason
        payload["transactionInfo"] = info
        if point.state == "Charging" and tx.state != "Charging":
            phases = phases_used(point)
            tx.phases = (phases or tx.phases[0],) + tx.phases[1:]
        if phases:
            payload["numberOfPhasesUsed"] = phases
        self._add_values(point, payload, values, now_ms)
        tx.seq_no += 1
        tx.state = point.state
        station = self._station
        station.queue.append("TransactionEvent", payload, tx.id, now_ms, trigger in KEPT_TRIGGERS)
        if kind != "Ended":
            self.keep(point)

    def begin(self, point, now_ms):
        """The energy register is read for the first time since the start."""
        tx, words = point.tx, self._station.model.words("SampledDataCtrlr", "TxStartedMeasurands")
        tx.begin_due = False
        context = "Sample.Periodic" if point.values.get("flows") else CONTEXT["Started"]
        values = meter_value(point, words, context, self._station.stamp(now_ms))
        self.send(point, "Updated", "MeterValuePeriodic", now_ms, values=values)

    def keep(self, point):
        """What of the transaction is to survive a power cut."""
        self._station.settings.try_put(name(point.id), document(point))

    def forget(self, point):
        """The transaction is over."""
        self._station.settings.try_remove(name(point.id))

    def restore(self):
        """Find the transactions that were open when the last run ended (the journal knows more than the documents)."""
        known = self._station.queue.last
        for point in self._station.points:
            kept = self._station.settings.get(name(point.id))
            for tx_id in sorted(known):
                evse, _, kind = known[tx_id]
                if evse == point.id and kind == "Ended" and kept and kept["id"] == tx_id:
                    kept = None
                    self.forget(point)
                elif evse == point.id and kind != "Ended" and (kept is None or kept["id"] != tx_id):
                    kept = {"id": tx_id, "seq": 0, "start": None, "state": None, "token": None, "group": "", "reason": None}
            if kept:
                self._open(point, kept, known.get(kept["id"]))

    def _open(self, point, kept, newest):
        tx = Transaction(kept["id"], None, kept["start"])
        tx.seq_no = max(kept["seq"], newest[1] + 1 if newest else 0)
        tx.state = kept["state"]
        tx.stop_reason = kept["reason"]
        tx.restored = True
        if kept.get("end"):
            tx.ending = Ending(kept["end"][0], kept["end"][1], kept["end"][2], self._station.started_ms)
        point.tx = tx
        if kept["token"]:
            point.auth = Authorization(kept["token"], kept["group"], None)

    def _add_values(self, point, payload, values, now_ms):
        model = self._station.model
        kind = payload["eventType"]
        if values is None:
            values = []
            if kind != "Updated" or payload["triggerReason"] == "Trigger":
                measurands = model.words("SampledDataCtrlr", "Tx%sMeasurands" % kind)
                context = "Trigger" if kind == "Updated" else CONTEXT[kind]
                values = meter_value(point, measurands, context, self._station.stamp(now_ms))
                point.tx.begin_due = kind == "Started" and REGISTER in measurands and point.values.get("energy_wh") is None
            if kind == "Ended":
                values = list(point.tx.samples) + values
        if values:
            payload["meterValue"] = values
