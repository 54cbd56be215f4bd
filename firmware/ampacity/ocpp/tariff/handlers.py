"""CostUpdated (I02): the CSMS tells the cost of a transaction until now."""

if False:  # for the type checker
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message


def cost_updated(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """CostUpdated. The response has no status: the cost of a transaction that is not open is counted and not shown."""
    if not station.optional.get("tariff", now_ms).running(request["transactionId"].lower(), request["totalCost"]):
        station.log.counter("ocpp_costs_unknown")
    return {}
