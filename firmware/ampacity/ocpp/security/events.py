"""SecurityEventNotification (A04): kept in the journal until the CSMS has it."""


def notify(station, kind, info, now_ms):
    """kind: a security event's name (at most 50 characters); info: text without secrets, or None."""
    payload = {"type": kind[:50]}
    if info:
        payload["techInfo"] = info[:255]
    station.log.add("warning", "security: %s %s" % (kind, info or ""), now_ms)
    station.queue.append("SecurityEventNotification", payload, None, now_ms)
