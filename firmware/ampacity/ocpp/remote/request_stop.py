"""RequestStopTransaction (F03)."""


def handle(station, request, message_id, now_ms):
    point = station.transactions.find(request["transactionId"])
    if not station.accepted() or point is None:
        return {"status": "Rejected", "statusInfo": {"reasonCode": "TxNotFound"}}
    station.exchange.after_answer(lambda now_ms: _stop(station, point, request["transactionId"], now_ms))
    return {"status": "Accepted"}


def _stop(station, point, transaction_id, now_ms):
    if point.tx is not None and point.tx.id == transaction_id:
        station.transactions.deauthorize(point, "RemoteStop", "Remote", now_ms)
