"""Transactions that ended because their EVSE has another number since this start (provisioning/evse_numbers.py): their last events.

They are kept until they are in the queue, which makes room for them as for any other event.
"""

from ampacity.ocpp.documents import NUMBERS
from ampacity.ocpp.transactions.event_values import REGISTER, wanted

if False:  # for the type checker
    from typing import Any

    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message

GONE = "ocpp_gone"  # [[transaction, seq_no, the number that its EVSE had, {"trigger", "reason", "token"?, "signed"?: its first reading}]]


def send(station: "StationFace", now_ms: int) -> None:
    """Their Ended events into the queue, the oldest first, one in each pass; what finds no room there stays until there is some."""
    documents = station.documents
    if documents.waits(NUMBERS):  # a power cut now would bring the former ones back
        documents.then = station.transactions.events.end_gone
        return
    rows: "list[list[Any]]" = documents.get(GONE) or []
    if not rows:
        return
    tx, seq_no, evse_id, facts = rows[0]
    newest = station.queue.last.get(tx)
    if newest is None or newest[2] != "Ended":
        payload = _payload(station, facts)
        payload["seqNo"] = newest[1] + 1 if newest else seq_no
        payload["evse"] = {"id": evse_id, "connectorId": 1}
        payload["transactionInfo"]["transactionId"] = tx
        if not station.queue.append("TransactionEvent", payload, tx, now_ms):
            station.queue.wanted = True
            return
        station.queue.last[tx] = (evse_id, payload["seqNo"], "Ended")
    documents.try_put(GONE, rows[1:] or None)
    if rows[1:]:
        station.turns.add("gone", station.evses[:1], lambda evse, now_ms: send(station, now_ms), whatever=True)


def _payload(station: "StationFace", facts: "dict[str, Any]") -> "Message":
    payload: "Message" = {"eventType": "Ended", "triggerReason": facts["trigger"], "transactionInfo": {"stoppedReason": facts["reason"]}}
    if facts.get("token") is not None:
        payload["idToken"] = facts["token"]
    if facts.get("signed") is not None and REGISTER in wanted(station, "SampledDataCtrlr", "TxEndedMeasurands"):
        from ampacity.ocpp.transactions.signed_values import first_reading

        payload["meterValue"] = first_reading(station, facts["signed"])
    return payload
