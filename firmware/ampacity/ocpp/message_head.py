"""Whose message it was, when the message as a whole cannot be read: its type and id are its first two elements (OCPP-J, 4.1).

A CALLERROR with the id of the request ends the wait of the CSMS at once; one with the id "-1" says only that something was wrong.
"""

from ampacity.base.strict_json import loads

HEAD_BYTES = 256  # of a message are looked at
ID_MAX = 36


def message_head(data: "str | bytes") -> "tuple[int, str] | None":
    """(type, id) of a message of which `data` is the beginning; type: any integer, id: 1 to 36 characters. None: it has no such beginning."""
    head = (data.encode("utf-8") if isinstance(data, str) else data)[:HEAD_BYTES]
    end = _second_end(head)
    if end < 0:
        return None
    try:
        values = loads(head[:end] + b"]")
    except ValueError:
        return None
    if not isinstance(values, list) or len(values) != 2:
        return None
    kind, message_id = values
    if isinstance(kind, bool) or not isinstance(kind, int) or not isinstance(message_id, str) or not 0 < len(message_id) <= ID_MAX:
        return None
    return kind, message_id


def _second_end(head: bytes) -> int:
    """Where the second element of a list ends that is a string; -1: it is none, or its end is not there."""
    at = head.find(b'"')
    if head.lstrip()[:1] != b"[" or at < 0 or head[:at].count(b",") != 1:
        return -1
    at += 1
    while at < len(head):
        if head[at] == 0x5C:
            at += 1
        elif head[at] == 0x22:
            return at + 1
        at += 1
    return -1
