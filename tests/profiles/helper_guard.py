"""A guard that says yes, or what the test wants, and takes notes."""


class FakeGuard:
    def __init__(self, reserve_da=0):
        self.reserve = reserve_da
        self.feeding = True
        self.room_da = 10000
        self.orders = []
        self.certain = []  # of each answer that was told
        self.notes = []
        self.shown = {}
        self.samples = []
        self.standing = "ok"
        self.room_for_phases = True

    def reserve_da(self, evse):
        return self.reserve

    def send(self, evse, most_da, now_ms, held=False):
        if most_da > self.room_da:
            return None
        self.orders.append(most_da)
        return len(self.orders)

    def phases_sent(self, evse, terminals, now_ms):
        self.notes.append(("phases_sent", terminals))
        return self.room_for_phases

    def phases_proven(self, evse, terminals, now_ms):
        self.notes.append(("phases_proven", terminals))

    def phases_shown(self, evse, terminals, now_ms):
        self.notes.append(("phases_shown", terminals))

    def audit_due(self, evse):
        return False

    def state(self, evse):
        return self.standing

    def resend_due(self, evse):
        return False

    def may_feed(self, evse, now_ms):
        return self.feeding

    def proven(self, evse, order_id, limit_da, now_ms):
        self.notes.append(("proven", order_id, limit_da))

    def answered(self, evse, order_id, now_ms, certain=False):
        self.notes.append(("answered", order_id))
        self.certain.append(certain)

    def refused(self, evse, order_id, now_ms):
        self.notes.append(("refused", order_id))

    def lost(self, evse, now_ms):
        self.notes.append(("lost",))

    def duplicate(self, evse, now_ms):
        self.notes.append(("duplicate",))

    def fed(self, evse, now_ms):
        self.notes.append(("fed",))

    def evidence(self, evse, key, value, now_ms):
        self.shown[key] = value

    def meter(self, meter, amps_da, now_ms, mark):
        self.samples.append((amps_da, mark))

    def heard(self, evse, now_ms):
        pass

    def reported(self, evse, limit_da, now_ms):
        pass

    def measured(self, evse, amps_da, sample_ms, now_ms):
        pass
