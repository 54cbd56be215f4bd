"""What the CSMS asks of transactions."""

if False:  # for the type checker
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message


def get_transaction_status(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """GetTransactionStatus (E14)."""
    tx_id = request.get("transactionId", "").lower()
    if "transactionId" not in request:
        return {"messagesInQueue": bool(station.queue.waiting)}
    return {
        "ongoingIndicator": station.transactions.find(tx_id) is not None,
        "messagesInQueue": tx_id in station.queue.waiting,
    }
