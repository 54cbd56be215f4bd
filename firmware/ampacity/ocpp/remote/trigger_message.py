"""TriggerMessage (F06): the answer first, then what was asked for."""


def handle(station, request, message_id, now_ms):
    wanted = request["requestedMessage"]
    points, known = _points(station, request.get("evse"))
    if wanted == "BootNotification":
        return _status(station.boot.trigger(now_ms))
    if wanted == "Heartbeat":
        station.boot.beat()
        return _status(True)
    if wanted in ("LogStatusNotification", "FirmwareStatusNotification"):
        station.exchange.post(wanted, {"status": "Idle"})
        return _status(True)
    if wanted not in ("StatusNotification", "MeterValues", "TransactionEvent"):
        return {"status": "NotImplemented"}
    if not known:
        return {"status": "Rejected", "statusInfo": {"reasonCode": "UnknownEvse"}}
    if wanted == "StatusNotification":
        station.availability.force(points)
        return _status(True)
    if wanted == "MeterValues":
        return _status(any([station.sampling.request(point) for point in points]))
    running = [point for point in points if point.tx is not None and not point.tx.restored]
    for point in running:
        station.exchange.after_answer(lambda now_ms, point=point: _event(station, point, now_ms))
    return _status(bool(running))


def _event(station, point, now_ms):
    if point.tx is not None:
        station.transactions.events.send(point, "Updated", "Trigger", now_ms)


def _status(done):
    return {"status": "Accepted" if done else "Rejected"}


def _points(station, evse):
    """The EVSEs that are meant, and whether there are any such."""
    if evse is None or evse["id"] == 0:
        return station.points, True
    point = station.point(evse["id"])
    if point is None or evse.get("connectorId", 1) != 1:
        return [], False
    return [point], True
