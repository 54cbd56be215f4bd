"""What the CSMS knows of each transaction, and the rules that its events must keep.

E02/E03: Started comes first, Ended last; seqNo rises by one. An event that was never answered may come again as it was.
"""

import time
from datetime import datetime

ENERGY = "Energy.Active.Import.Register"


class Transaction:
    """identity, id, evse, token, started/ended (unix ms or None), first_wh/last_wh, reason, events, seq (the last)."""

    def __init__(self, identity, transaction_id):
        self.identity = identity
        self.id = transaction_id
        self.evse = None
        self.token = None
        self.started = self.ended = None
        self.first_wh = self.last_wh = None
        self.reason = None
        self.state = None
        self.events = 0
        self.offline = 0
        self.seq = None
        self.unanswered = set()

    @property
    def energy_wh(self):
        """Energy between the first and the last reading of the register."""
        return 0 if self.first_wh is None else self.last_wh - self.first_wh

    def as_dict(self):
        """For reports."""
        names = "identity id evse token started ended reason events offline".split()
        return {**{name: getattr(self, name) for name in names}, "energy_wh": self.energy_wh}


class TransactionLog:
    """All transactions by (identity, id)."""

    def __init__(self):
        self.transactions = {}

    def event(self, identity, payload, answered):
        """Take in a TransactionEvent; [what is wrong with it]."""
        key = (identity, payload["transactionInfo"]["transactionId"])
        known = self.transactions.get(key)
        if known is None:
            known = self.transactions[key] = Transaction(*key)
        wrong = self._sequence(known, payload, answered)
        if wrong is None:
            return []  # the same again, as it may be
        self._take(known, payload)
        return wrong

    def _sequence(self, known, payload, answered):
        seq, kind, wrong = payload["seqNo"], payload["eventType"], []
        if not answered:
            known.unanswered.add(seq)
        elif seq in known.unanswered:
            known.unanswered.discard(seq)
            if known.seq is not None and seq <= known.seq:
                return None
        if known.seq is None and kind != "Started":
            wrong.append(f"{known.id}: its first event is {kind}")
        if known.seq is not None and seq != known.seq + 1:
            wrong.append(f"{known.id}: seqNo {seq} after {known.seq}")
        if known.ended is not None:
            wrong.append(f"{known.id}: {kind} after Ended")
        known.seq = seq if known.seq is None else max(seq, known.seq)
        return wrong

    def _take(self, known, payload):
        info, kind = payload["transactionInfo"], payload["eventType"]
        known.events += 1
        known.offline += bool(payload.get("offline"))
        known.evse = payload.get("evse", {}).get("id", known.evse)
        known.token = payload.get("idToken", {}).get("idToken", known.token)
        known.state = info.get("chargingState", known.state)
        for wh in energies(payload.get("meterValue", ())):
            known.last_wh = wh
            if known.first_wh is None:
                known.first_wh = wh
        if kind == "Started":
            known.started = unix_ms(payload["timestamp"])
        elif kind == "Ended":
            known.ended = unix_ms(payload["timestamp"])
            known.reason = info.get("stoppedReason")


def energies(meter_values):
    """The readings in Wh of the import register, all phases together, in their order."""
    for value in meter_values:
        for sample in value.get("sampledValue", ()):
            if sample.get("measurand", ENERGY) == ENERGY and "phase" not in sample:
                unit = sample.get("unitOfMeasure", {})
                factor = 1000 if unit.get("unit", "Wh") == "kWh" else 1
                yield sample["value"] * factor * 10 ** unit.get("multiplier", 0)


def unix_ms(text):
    """RFC 3339 → unix milliseconds; None if it is no time."""
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError:
        return None


def real_unix_ms():
    """Now, by this computer's clock."""
    return time.time_ns() // 1_000_000
