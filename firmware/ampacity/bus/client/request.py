"""One request on its way to a device: what a driver hands to the engine, and what comes back to it.

A driver may keep a Request and hand it out again and again: the engine keeps the encoded frame in it,
so that a poll costs neither heap nor a second checksum.
"""

if False:  # for the type checker
    from typing import Any

LOWER, ORDER, OVERDUE, ROUTINE = 0, 1, 2, 3


class Request:
    """unit: 1..247, or 0 for a broadcast, which no device answers. pdu: bytes, function code first, <= 253.

    klass: LOWER goes before everything else and needs no permit; ORDER is any other frame that writes,
    refreshes or feeds and waits for the permit; OVERDUE and ROUTINE are readings. timeout_ms: from the
    request's last byte to the reply's first. reply_len: length of the reply's PDU, None where it varies
    (the engine then checks against what the function code says). gap_ms: least silence that the device
    wants after the exchange. tag: the driver's own note.

    Set by the engine: sent_ms, when the first byte left; certain, False when the reply could belong to
    an older request that was never answered: such a reply proves nothing (safety.md, "proof"); not_echo, True when
    the reply cannot be our own request heard again: functions 5 and 6 are answered by repeating it.

    wakes: set by a driver: it only wakes the device; no answer to it is no failure, and what the driver asks next follows.
    follows: set by a driver: once it is answered, what it asks next must not wait for others but a lower.
    one_way: set by a driver: all devices hear it and none answers, as with a broadcast; the driver receives nothing about it.

    What most requests leave unchanged is set in the class: a driver keeps its own requests for as long as it lives.
    """

    priority = ROUTINE
    timeout_ms = 200
    reply_len: "int | None" = None
    gap_ms = 0
    tag: "Any" = None
    sent_ms = -1
    certain = True
    not_echo = False
    one_way = False
    wakes = False
    follows = False
    adu: "bytes | None" = None

    def __init__(
        self,
        unit: int,
        pdu: bytes,
        priority: int = ROUTINE,
        timeout_ms: int = 200,
        reply_len: "int | None" = None,
        gap_ms: int = 0,
        tag: "Any" = None,
    ) -> None:
        self.unit = unit
        self.pdu = pdu
        if priority != ROUTINE:
            self.priority = priority
        if timeout_ms != self.timeout_ms:
            self.timeout_ms = timeout_ms
        if reply_len is not None:
            self.reply_len = reply_len
        if gap_ms:
            self.gap_ms = gap_ms
        if tag is not None:
            self.tag = tag
