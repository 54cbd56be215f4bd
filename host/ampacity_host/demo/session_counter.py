"""What the CSMS saw of the cars: transactions by EVSE, read from its frames."""

import json


class SessionCounter:
    """`take(frames)` of `csms_log`, each frame once. started, ended: EVSE id → how many; messages: how many in all."""

    def __init__(self):
        self.started, self.ended = {}, {}
        self.messages = 0

    def take(self, frames):
        for frame in frames:
            self.messages += 1
            if frame["dir"] == "in":
                self._take(frame["text"])

    def _take(self, text):
        try:
            message = json.loads(text)
            if message[0] == 2 and message[2] == "TransactionEvent":
                self._event(message[3])
        except (ValueError, LookupError, TypeError):
            return

    def _event(self, payload):
        book = {"Started": self.started, "Ended": self.ended}.get(payload["eventType"])
        evse = payload.get("evse", {}).get("id")
        if book is not None:
            book[evse] = book.get(evse, 0) + 1

    def total(self):
        """(started, ended)."""
        return sum(self.started.values()), sum(self.ended.values())
