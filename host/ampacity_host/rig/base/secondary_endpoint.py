"""Secondaries over TCP: the real firmware behind an address of the bench, where its connection can be cut and disturbed."""

import asyncio
import contextlib

from ampacity.bus.modbus.mbap import MbapReceiver
from ampacity_host.rig.base.lease_monitor import LeaseMonitor

READS = (3, 4, 23)


class SecondaryEndpoint:
    """Corresponds to an Endpoint (rig/base/device_host.py) of simulated devices. dial(send, lost) → receive(data, now_us) of
    a new connection; lost() is called when the connection ends.
    """

    def __init__(self, name):
        self.name = name
        self.dial = None

    def receiver(self, send, lost=lambda: None):
        return self.dial(send, lost)


class TcpLeaseMonitor(LeaseMonitor):
    """The lease of one secondary, derived from its answers; nothing is visible of a connection with TLS."""

    def __init__(self, time):
        super().__init__(_SilentLine(time))

    def connection(self):
        """(receive requests, receive answers): functions of the bytes of one new connection."""
        asked, answered, waiting = MbapReceiver(), MbapReceiver(), {}

        def take_requests(data):
            for transaction, _unit, pdu in frames(asked, data):
                if pdu[0] in READS and len(pdu) >= 5:
                    waiting[transaction] = pdu[1] << 8 | pdu[2]

        def take_replies(data):
            for transaction, unit, pdu in frames(answered, data):
                at = waiting.pop(transaction, None)
                if at is not None and pdu[0] in READS:
                    self._asked[unit] = at
                    self._reply(unit, bytes((unit,)) + pdu)

        return take_requests, take_replies


class _SilentLine:
    """A line without traffic."""

    def __init__(self, time):
        self.time = time
        self.on_frame = None


class InProcessLease:
    """The same for a controller in the rig's process. controller(): the current controller."""

    def __init__(self, controller, now_ms):
        self._controller, self._now_ms = controller, now_ms

    def forget(self, unit):
        """No effect: its controller detects this itself."""

    def holds(self, unit):
        return self.state(unit) == "armed"

    def state(self, unit):
        role = self._controller().role
        if role is None or not role.lease.identity:
            return "none"
        return "armed" if role.lease.state(self._now_ms()) == "leased" else "expired"


def frames(receiver, data):
    """The messages that have arrived completely."""
    receiver.receive(data)
    while (frame := receiver.take()) is not None:
        yield frame


def dial_socket(port, monitor, tasks):
    """dial() of a secondary that listens on a loopback port. tasks: a set that holds the running tasks."""
    def dial(send, lost):
        take_requests, take_replies = monitor.connection()
        waiting = asyncio.Queue()

        async def serve():
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                answers = asyncio.ensure_future(pump(reader))
                answers.add_done_callback(lambda _: task.cancel())
                try:
                    while True:
                        writer.write(await waiting.get())
                finally:
                    answers.cancel()
                    writer.transport.abort()

        async def pump(reader):
            with contextlib.suppress(OSError):
                while data := await reader.read(4096):
                    take_replies(data)
                    send(data)

        def receive(data, _now_us):
            take_requests(data)
            waiting.put_nowait(bytes(data))

        task = asyncio.ensure_future(serve())
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        task.add_done_callback(lambda _: lost())
        return receive
    return dial


def dial_network(loop, network, address):
    """dial() of a secondary that listens in the virtual network."""
    from ampacity_host.rig.virtual.memory_network import MemoryWriter

    def dial(send, lost):
        accept = network.listeners.get(address)
        if accept is None:
            loop.at_us(loop.now_us, lost)
            return lambda data, now_us: None
        near, far = network.pair(network.path(*address))
        near.on_data, near.on_lost = send, lost
        accept(far)
        writer = MemoryWriter(near)
        return lambda data, now_us: writer.write(data)
    return dial
