"""Simulated devices on the rig's wires: request bytes in, answers at their time out, limits to the plant."""

from ampacity_host.rig.control_channel.fields import FieldError
from ampacity_host.rig.plant.terminals import EvseView, MeterView
from ampacity_host.rig.plant.wallbox import Wallbox
from ampacity_host.rig.virtual.memory_network import Path

TICK_MS = 250


class DeviceHost:
    """One device (rig/devices) and its connection to a wire. wallbox: the power path that it switches, None for a meter."""

    def __init__(self, time, name, device, wallbox=None):
        self.name, self.device, self.wallbox = name, device, wallbox
        self._time = time
        self._send = None
        self.station = None
        self.alive = True
        self._tick()

    def attach(self, line, unit):
        """Connects it to an RS-485 line."""
        self.station = line.attach(self.name, self.receive, (unit, *self.device.listens_to))
        self._send = self.station.send

    def receive(self, data, now_us):
        """Bytes from the RS-485 line."""
        self.deliver(data, now_us, self._send)

    def dial(self, send, lost):
        """A new permanent connection to it: a function for its bytes."""
        return lambda data, now_us: self.deliver(data, now_us, send)

    def deliver(self, data, now_us, send):
        """Bytes for the device; `send` gets its answers when they are due."""
        if not self.alive:
            return
        for answer, at_us in self.device.receive(data, now_us):
            self._time.at_us(at_us, self._answer, send, answer)

    def _answer(self, send, answer):
        if self.alive:
            send(answer)

    def _tick(self):
        self.device.tick(self._time.now_ms)
        self._time.at_ms(self._time.now_ms + TICK_MS, self._tick)

    def set_unit(self, unit):
        """The address that is set in the device."""
        self.device.readdress(unit)
        self.station.line.readdress(self.station, (unit,))

    def set_fault(self, kind, on, options):
        if self.device.fault(kind, on, **options) is False:
            raise FieldError("kind", kind, "for %s: %s" % (self.name, ", ".join(self.device.faults)))
        if self.wallbox is not None:
            self.wallbox.device_fault(kind, on)
        if kind in ("power_off", "dead"):
            self.alive = not on
            if self.wallbox is not None:
                self.wallbox.set_power(not on)


class Endpoint:
    """All devices behind one TCP address: a request goes to the unit that it names, unit 0 to all.

    Each device has a separate drop, the stretch of line between it and the others, where faults affect only this device.
    """

    def __init__(self, time):
        self._time = time
        self._dials = {}
        self.drops = {}

    def add(self, unit, dial):
        """dial(send, lost) → receive(data, now_us): the frames of that unit on a new connection, until lost()."""
        self._dials[unit] = dial
        self.drops[unit] = Path(self._time)

    def receiver(self, send):
        """A function for the bytes of one new connection; answers go to `send`."""
        waiting, senders = bytearray(), {}

        def receive(data, now_us):
            waiting.extend(data)
            while len(waiting) >= 7 and len(waiting) >= 6 + (waiting[4] << 8 | waiting[5]):
                size = 6 + (waiting[4] << 8 | waiting[5])
                frame = bytes(waiting[:size])
                del waiting[:size]
                for unit in self._meant(frame[6]):
                    if unit not in senders:
                        senders[unit] = self._sender(unit, send)
                    senders[unit](frame)
        return receive

    def _meant(self, unit):
        """A single device accepts every frame."""
        if unit in self._dials:
            return (unit,)
        return tuple(self._dials) if unit == 0 or len(self._dials) == 1 else ()

    def _sender(self, unit, send):
        """A function for whole frames to that unit, through its drop."""
        drop, connected = self.drops[unit], []

        def answer(data):
            drop.pass_on(data, True, send)

        def to_device(data):
            if not connected:
                connected.append(self._dials[unit](answer, connected.clear))
            if connected:
                connected[0](data, self._time.now_us)

        def send_frame(frame):
            drop.pass_on(frame, False, to_device, send)
        return send_frame


class DeviceClock:
    """A timeline with the interface of the simulated devices' clock."""

    def __init__(self, time):
        self._time = time

    def now_ms(self):
        return self._time.now_ms


def evse_host(time, facts, point, framing, seed):
    """The simulated wallbox of an `evses` entry. ValueError: its profile has no simulated device."""
    from ampacity_host.rig.devices import make_device

    wallbox = Wallbox(point)
    site = {"max_a": facts["max_da"] / 10}
    if facts.get("power_on_source") == "declared":
        site["power_on_a"] = facts["power_on_da"] / 10
    device = make_device("evse-" + facts["profile"], facts["unit"], EvseView(point, wallbox), DeviceClock(time), seed, framing, site)
    return DeviceHost(time, facts["name"], device, wallbox)


def meter_host(time, facts, meter, framing, seed):
    """The simulated meter of a `meters` entry."""
    from ampacity_host.rig.devices import make_device

    device = make_device("meter-" + facts["profile"], facts["unit"], MeterView(meter), DeviceClock(time), seed, framing)
    return DeviceHost(time, facts["name"], device)
