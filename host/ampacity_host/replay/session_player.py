"""Recorded cars come and go: sessions on the plant's power paths, and the books about them.

A session takes the EVSE of its station's name, else the first free one in file order. When none is free it
waits, in order of arrival, until its own departure; then it counts as turned away. From one car's plug to the next
one's a change takes its time: recordings round to minutes, and a plug that was never removed starts no session.
"""

from ampacity_host.rig.plant.car import Car

CHANGE_MS = 30_000
FULL_PERMILLE = 995  # of what was asked: the rest is what a car's last ampere leaves


class SessionPlayer:
    """start_s: the instant of the plant's start (seconds since 1970). default_car: (phases, amps_da)."""

    def __init__(self, plant, sessions, start_s, default_car=(3, 160)):
        self._plant = plant
        self._default = default_car
        self._start_s = start_s
        self._waiting = []
        self._at = {}                 # EVSE name -> session of its car
        self._left_ms = {}            # EVSE name -> when the last car left
        self.asked = self.served = self.in_full = self.turned_away = 0
        self.asked_wh = self.delivered_wh = 0
        self.records = []
        self.plugged_s = {}           # session name -> when its car was plugged in (seconds since 1970): it may have waited for a place
        self.on_plug = None           # called with (point, session) when a car was plugged in
        for session in sessions:
            self.asked += 1
            self.asked_wh += session.energy_wh
            plant.time.at_ms(self._ms(session.arrival_s), self._arrive, session)

    def _ms(self, unix_s):
        return self._plant.start_ms + (unix_s - self._start_s) * 1000

    def _arrive(self, session):
        point = self._free_point(session)
        if point is not None:
            self._plug(point, session)
            return
        self._waiting.append(session)
        self._plant.time.at_ms(self._ms(session.departure_s), self._give_up, session)

    def _free_point(self, session):
        own = self._plant.point.get(session.station)
        if own is not None and own.name not in self._at:
            return own
        for point in self._plant.points:
            if point.name not in self._at:
                return point
        return None

    def _plug(self, point, session):
        self.served += 1
        self._at[point.name] = session
        self._plant.time.at_ms(self._ms(session.departure_s), self._leave, point, session)
        free_ms = self._left_ms.get(point.name, self._plant.start_ms - CHANGE_MS) + CHANGE_MS
        if self._plant.now_ms < free_ms:
            self._plant.time.at_ms(free_ms, self._connect, point, session)
        else:
            self._connect(point, session)

    def _connect(self, point, session):
        if self._at.get(point.name) is not session:
            return
        self.plugged_s[session.name] = self._start_s + (self._plant.now_ms - self._plant.start_ms) // 1000
        phases = session.phases or self._default[0]
        point.plug(Car(phases=phases, max_da=session.amps_da or self._default[1], need_wh=session.energy_wh))
        if self.on_plug is not None:
            self.on_plug(point, session)

    def _give_up(self, session):
        if session in self._waiting:
            self._waiting.remove(session)
            self.turned_away += 1
            self._record(session, None, 0)

    def _leave(self, point, session):
        if self._at.get(point.name) is not session:
            return
        del self._at[point.name]
        if point.car is not None:
            self._left_ms[point.name] = self._plant.now_ms
        self._book(session, point)
        if self._waiting:
            self._plug(point, self._waiting.pop(0))

    def _book(self, session, point):
        delivered_wh = point.unplug().taken_wh if point.car is not None else 0
        self.delivered_wh += delivered_wh
        if delivered_wh * 1000 >= session.energy_wh * FULL_PERMILLE:
            self.in_full += 1
        self._record(session, point.name, delivered_wh)

    def _record(self, session, evse, delivered_wh):
        self.records.append((session.name, session.arrival_s, session.departure_s, evse, session.energy_wh, delivered_wh))

    def settled(self):
        """True if nothing can change any more: every connected car is full, and none waits."""
        return not self._waiting and not self._not_full()

    def _not_full(self):
        cars = [self._plant.point[name].car for name in self._at]
        return sum(car is None or not car.full for car in cars)

    def end(self):
        """End of the run: connected cars leave, waiting ones are turned away. Returns how many were not full."""
        standing = list(self._at.items())
        not_full = self._not_full()
        for name, session in standing:
            self._at.pop(name)
            self._book(session, self._plant.point[name])
        for session in self._waiting:
            self.turned_away += 1
            self._record(session, None, 0)
        self._waiting.clear()
        return not_full
