"""The bench on a virtual clock: one process, the same bytes, time advances only on request.

Controllers are objects on the virtual loop. `advance` moves it in slices, so that the control channel (on a real loop)
remains responsive.
"""

import asyncio
import os
import time

from ampacity.console.console import ASK, Console
from ampacity_host.rig.base.bench import HW_WATCHDOG_MS, Bench
from ampacity_host.rig.base.secondary_endpoint import InProcessLease, SecondaryEndpoint, dial_network
from ampacity_host.rig.control_channel.fields import FieldError
from ampacity_host.rig.virtual.idle_pacing import IdlePacing
from ampacity_host.rig.virtual.loop import VirtualLoop
from ampacity_host.rig.virtual.memory_network import MemoryWriter, Network
from ampacity_host.rig.virtual.virtual_controller import VirtualController

SLICE_S = 0.05


class VirtualBench(Bench):
    """start() starts everything at the first instant; run_ms()/advance() move time; close() discards everything."""

    clock = "virtual"
    can_advance = can_site = True

    def __init__(self, facts, seed=1, hw_watchdog_ms=HW_WATCHDOG_MS, keep_history=True, make_controllers=True,
                 no_bytes=False):
        self.loop = VirtualLoop()
        super().__init__(facts, self.loop, seed, chunked=False, hw_watchdog_ms=hw_watchdog_ms, keep_history=keep_history)
        self.network = Network(self.loop)
        self.secondaries = {}
        self.primary = None
        self.no_bytes = no_bytes
        self.cut_off = set()  # without bytes: names of unreachable EVSEs and meters
        self.pacing = IdlePacing(self.loop, self.plant) if no_bytes else None
        self._advancing = asyncio.Lock()
        self.orders = 0              # sent by the primary, refreshes not counted
        if make_controllers:
            self._make_controllers()

    def _make_controllers(self):
        locals_ = [facts["name"] for facts in self.facts["evses"] if facts["kind"] == "local"]
        self.primary = VirtualController(self, "primary", "primary", self.primary_config, None, locals_, self.seed)
        for facts in self.facts["evses"]:
            if facts["kind"] == "ampacity" and not self.no_bytes:
                self.secondaries[facts["name"]] = self._make_secondary(facts)

    def _make_secondary(self, facts):
        name = facts["name"]
        if name in self.address_of:
            self._reach_own(name)
        return VirtualController(self, name, "secondary", lambda: self.secondary_settings(name),
                                 (facts["unit"],), (name,), self.seed + facts["unit"])

    def _reach_own(self, name):
        """A secondary over TCP listens itself; the bench's other clients find it at its address."""
        self.own_ends[name].dial = dial_network(self.loop, self.network, self._own_address(name))
        self._own_spies[name] = InProcessLease(lambda: self.secondaries[name], lambda: self.loop.now_ms)

    def _own_address(self, name):
        """Address of a secondary over TCP; behind a gateway an address that only the gateway knows."""
        key = self.address_of[name]
        return key[1:] if self.endpoints[key] is self.own_ends[name] else ("behind a gateway: " + name, key[2])

    def secondary_settings(self, name):
        settings = super().secondary_settings(name)
        if name in self.own_ends:
            host, port = self._own_address(name)
            settings["tcp"] = settings.get("tcp", {}) | {"host": host, "tcp_port": port}
        return settings

    def start(self):
        """Devices, secondaries, then the primary."""
        if not self.no_bytes:
            self.make_devices()
        for key, endpoint in self.endpoints.items():
            if not isinstance(endpoint, SecondaryEndpoint):
                self.network.serve(key[1], key[2], self._accept(endpoint))
        for secondary in self.secondaries.values():
            secondary.start()
        if self.primary is not None:
            self.primary.start()
        self.repeat_safety_loads()
        self.flush()

    def _accept(self, endpoint):
        def accept(end):
            writer = MemoryWriter(end)
            receive = endpoint.receiver(writer.write)
            end.on_data = lambda data: receive(data, self.loop.now_us)
        return accept

    def flush(self):
        self.loop.run_to(self.loop.now_us)

    def run_ms(self, ms):
        self.loop.run_for_ms(ms)

    async def advance(self, ms):
        """Runs for this time, in slices of real time."""
        async with self._advancing:
            until_us = self.loop.now_us + ms * 1000
            while self.loop.now_us < until_us:
                self._slice(until_us)
                await asyncio.sleep(0)

    def _slice(self, until_us):
        enough_s = time.monotonic() + SLICE_S
        while self.loop.now_us < until_us and time.monotonic() < enough_s:
            self.loop.run_to(min(until_us, self.loop.now_us + 200_000))

    async def down(self):
        self.close()

    def primary_pid(self):
        return os.getpid()

    def close(self):
        for controller in [self.primary, *self.secondaries.values()]:
            if controller is not None:
                controller.kill()
        self.flush()

    # ---- controllers

    def restart(self, name):
        """A controller requested its own restart."""
        controller = self.primary if name == "primary" else self.secondaries[name]
        controller.kill()
        self.flush_later(controller.start)

    def flush_later(self, fn):
        self.loop.at_us(self.loop.now_us + 500_000, fn)

    async def primary_action(self, action, of=None):
        primary = self.primary_named(of)
        if action in ("kill", "term", "power_cycle"):
            primary.kill()
            self.flush()
        if action in ("start", "power_cycle"):
            primary.start()
        self.flush()

    def primary_named(self, of):
        """The controller of a primary; of: None at the top."""
        return self.primary

    async def cut_at_write(self, n, of=None):
        """In the n-th write from now on; while the primary is off: of its next run."""
        primary = self.primary_named(of)
        if primary.running:
            primary.files.cut_at_write(n)
        else:
            primary.cut_in = n

    async def factory_reset(self):
        self.primary.kill()
        self.flush()
        self.primary.files.restart()
        self.primary.files.wipe()

    def primary_fault(self, kind, on, options):
        if kind in ("csms_down", "network_down"):
            self._network_fault(kind, on)
        elif kind == "dns_down":
            self.pull_name(on)
        else:
            self.inside_fault(self.primary, kind, on, options)

    def inside_fault(self, controller, kind, on, options):
        """A fault inside a primary; one whose hardware watchdog has fired restarts at the end of its hang."""
        bitten = controller.running and controller.platform.watchdog.state == "expired"
        controller.set_fault(kind, on, options)
        if kind == "hang" and not on and bitten:
            controller.reason = "Watchdog"
            self.restart(controller.name)

    def _network_fault(self, kind, on):
        if self.upstream is not None:
            self.upstream.set_down(on)
        for path in [self.path(key) for key in self.endpoints] if kind == "network_down" else []:
            path.set_fault("network_down", on, {})

    def secondary_fault(self, kind, point, on):
        secondary = self.secondaries[point.name]
        if kind == "power_off" and not on:
            secondary.start()
        elif on:
            secondary.kill()
            self.lease_lost(point)
            point.cut_off("f" if kind == "power_off" else "x1")
            if kind in ("forget_settings", "swapped"):
                secondary.files.wipe()
                self.swaps[point.name] = self.swaps.get(point.name, 0) + (kind == "swapped")
            if kind != "power_off":
                self.flush_later(secondary.start)

    def path(self, key):
        return self.network.path(key[1], key[2])

    def watchdog_of(self, point):
        if point.kind == "profile":
            return getattr(self.hosts[point.name].device, "watchdog", None) or "none"
        controller = self.primary if point.kind == "local" else self.secondaries.get(point.name)
        if controller is None or not controller.running:
            return "expired"
        if point.kind == "local":
            return controller.platform.watchdog.state
        return self.lease_of(point)

    def present(self, evse, event):
        controller = self.primary  # all card readers belong to it: the registers of a secondary carry no cards
        if event[0] != "token":
            controller = self.secondaries.get(evse, self.primary)
        controller.present(evse, event)  # without effect while the controller is off
        self.flush()

    def bay(self, evse, occupied, token):
        if self.primary.running:
            self.primary.platform.events.append(("bay", evse, occupied, token))
        self.flush()

    def send_safety_load(self, name, on):
        if self.primary is not None and self.primary.running:
            self.primary.platform.events.append(("safety_load", name, on))

    # ---- queries to the primary

    def view(self):
        """The primary's own view, None while it is down."""
        role = self.primary.role if self.primary.running else None
        return role.view() if role is not None else None

    async def primary_view(self):
        return self.view()

    def restarts(self):
        return self.primary.restarts

    def role_made(self, name, role):
        """A controller has started: the orders of the primary are counted from here on."""
        if name == "primary":
            role.guard.send = self._counted(role.guard.send)

    def _counted(self, send):
        last_da = {}

        def counted(evse, most_da, now_ms, held=False):
            order_id = send(evse, most_da, now_ms, held)
            if order_id is not None and last_da.get(evse) != most_da:
                last_da[evse] = most_da
                self.orders += 1
            return order_id
        return counted

    async def console(self, text):
        return self._line_to(self.primary, text)

    def _line_to(self, controller, text):
        role = controller.role if controller.running else None
        if role is None:
            raise FieldError("text", text, "a line to a primary that runs")
        console = Console(role.console)
        answer = console.line(text, "installer", self.loop.now_ms)
        if answer is not None and answer.startswith(ASK):  # on a rig no confirmation is required
            answer = console.line("yes", "installer", self.loop.now_ms)
        while answer is None:  # a password
            answer = console.continue_line(controller.platform.clock)
        self.flush()
        return answer
