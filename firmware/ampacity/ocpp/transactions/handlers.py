"""What the CSMS asks of transactions."""


def get_transaction_status(station, request, message_id, now_ms):
    """GetTransactionStatus (E14)."""
    tx_id = request.get("transactionId")
    if tx_id is None:
        return {"messagesInQueue": bool(station.queue.waiting)}
    return {
        "ongoingIndicator": station.transactions.find(tx_id) is not None,
        "messagesInQueue": tx_id in station.queue.waiting,
    }
