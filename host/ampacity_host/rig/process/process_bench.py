"""The bench on the real clock: every controller a process, every bus a pty or a loopback socket."""

import asyncio
import contextlib
import socket
import sys
from pathlib import Path

from ampacity.console.console import ASK
from ampacity_host.console.link import ConsoleLink, SocketDoor, password_of_environment
from ampacity_host.rig.base.bench import HW_WATCHDOG_MS, Bench
from ampacity_host.rig.base.secondary_endpoint import TcpLeaseMonitor, dial_socket
from ampacity_host.rig.base.timeline import WallTimeline
from ampacity_host.rig.base.upstream import LOOPBACK, address_of, with_port
from ampacity_host.rig.control_channel.fields import FieldError
from ampacity_host.rig.line.pty import PtyStation
from ampacity_host.rig.process.pin_server import Pins, PinServer
from ampacity_host.rig.process.process_controller import ProcessController
from ampacity_host.rig.process.tcp_devices import TcpDevices

UP_S_MAX = 20.0
UP_LOOK_S = 0.05
ARM_S = 0.5
CONNECT_S = 0.5
ANSWER_S = 1.5


class ProcessBench(Bench):
    """folder: the parent of the data folders. `await start()`, `await close()`; leaves no process, pty or port behind."""

    def __init__(self, facts, folder, runtime="cpython", heap_kib=None, seed=1, hw_watchdog_ms=HW_WATCHDOG_MS):
        loop = asyncio.get_running_loop()
        super().__init__(facts, WallTimeline(loop), seed, chunked=True, hw_watchdog_ms=hw_watchdog_ms)
        self.runtime = runtime
        self._loop = loop
        self._folder = Path(folder)
        self._heap_kib = heap_kib
        self._ptys = []
        self._tcp = {}
        self.sim = PinServer()
        self.primary = None
        self.secondaries = {}
        self._console = None
        self._kept = []
        self._working = set()        # tasks started by faults
        self._csms_address = None
        self._own_ports = {}         # of our own secondaries over TCP
        self.own_tls = lambda name: None  # their certificates, if their bus has tls

    def keep(self, *parts):
        """What disconnects parts of the upstream: coroutine functions, the last one called first."""
        self._kept.extend(parts)

    def route(self):
        """The present target of the proxy to the CSMS."""
        return self._csms_address

    def lead_upstream_to(self, url):
        """The primary's upstream URL, from its next start; a CSMS on loopback is reached through the proxy."""
        if address_of(url)[0] in LOOPBACK and self.upstream.link is not None:
            self._csms_address = address_of(url)
            url = with_port(url, self.upstream.link.address[1])
        super().lead_upstream_to(url)

    def primary_pid(self):
        return self.primary.pid

    def features(self):
        return ["tls"]

    # ---- start and stop

    async def start(self):
        """Starts everything except the upstream; secondaries first."""
        await self.sim.start()
        self.make_devices()
        self._make_own_ends()
        for key, endpoint in self.endpoints.items():
            devices = self._tcp[key] = TcpDevices(self.time, endpoint)
            await devices.start()
            self._redirect(key, devices.port)
        self._make_primary()
        for facts in self.facts["evses"]:
            if facts["kind"] == "ampacity":
                self._make_secondary(facts)
        await asyncio.gather(*(one.start() for one in self._controllers() if one is not self.primary))
        await self.primary.start()
        await self._all_up()
        self.repeat_safety_loads()

    def _make_own_ends(self):
        """Secondaries over TCP listen on ports of their own; the primary reaches them through ports of the bench."""
        for name, end in self.own_ends.items():
            port = self._own_ports[name] = free_port()
            monitor = self._own_spies[name] = TcpLeaseMonitor(self.time)
            end.dial = dial_socket(port, monitor, self._working)

    def secondary_settings(self, name):
        """A secondary over TCP listens where the bench specifies, with the certificates that the site file names."""
        settings = super().secondary_settings(name)
        if name in self._own_ports:
            tls = self.own_tls(name)
            where = {"host": "127.0.0.1", "tcp_port": self._own_ports[name]}
            settings["tcp"] = settings.get("tcp", {}) | where | ({"tls": tls} if tls else {})
        return settings

    async def _all_up(self):
        """Waits until every controller is connected to its pins and the primary answers; not for a controller that ended at once."""
        end_s = self._loop.time() + UP_S_MAX
        while self.primary.running and self._loop.time() < end_s:
            if all(pins.wired for pins in self.sim.pins.values()) and await self.primary_view() is not None:
                return
            await asyncio.sleep(UP_LOOK_S)

    def _redirect(self, key, port):
        """Replaces the site's addresses of this endpoint by the loopback socket's."""
        for facts in self.facts["evses"] + self.facts["meters"]:
            if self.address_of.get(facts["name"]) == key:
                facts["place"] = "%s:%s" % key[1:]  # its identity across restarts of the bench
                facts["host"], facts["tcp_port"] = "127.0.0.1", port

    def _controllers(self):
        """All controllers that exist."""
        return [one for one in [self.primary, *self.secondaries.values()] if one is not None]

    def _make_primary(self):
        ptys = self._asking("primary", self.lines)
        points = [point for point in self.plant.points if point.kind == "local"]
        self._primary_pins = self._pins("primary", points)
        self._primary_pins.on_output = self.switch_output
        port = free_port()
        self._console = console_at(port)
        self.primary = self._controller("primary", "primary", ptys, self.primary_config, port)

    def _make_secondary(self, facts):
        name = facts["name"]
        ptys = {}
        if name not in self.address_of:
            bus = self.facts["buses"][facts["bus"]]["name"]
            ptys = {bus: self._pty(self.lines[bus], name, (facts["unit"],))}
        self._pins(name, [self.plant.point[name]])
        self.secondaries[name] = self._controller(name, "secondary", ptys, lambda: self.secondary_settings(name), free_port())

    def _asking(self, name, buses):
        """The ends of a primary at these lines."""
        ptys = {bus: self._pty(self.lines[bus], name) for bus in buses}
        for pty in ptys.values():
            pty.station.primary = True
        return ptys

    def _pty(self, line, name, units=None):
        pty = PtyStation(self._loop, line, name, units)
        self._ptys.append(pty)
        return pty

    def _pins(self, name, points):
        pins = self.sim.pins[name] = Pins(self.time, name, points, self.hw_watchdog_ms)
        return pins

    def _controller(self, name, role, ptys, config, console_port):
        def boot():
            for pty in ptys.values():
                pty.flush()
            return {"role": role, "name": name, "sim": self.sim.address, "console": "127.0.0.1:%d" % console_port,
                    "lines": {bus: pty.path for bus, pty in ptys.items()}}
        return ProcessController(name, self._folder / name, self.runtime, self._heap_kib, boot, config)

    async def down(self):
        """Stops everything, upstream last."""
        await self.close()
        for part in reversed(self._kept):
            await part()

    async def close(self):
        if self._console is not None:
            self._console.close()
        for task in list(self._working):
            task.cancel()
        await asyncio.gather(*self._working, return_exceptions=True)
        await asyncio.gather(*(one.close() for one in self._controllers()), return_exceptions=True)
        await self.sim.close()
        await asyncio.gather(*(devices.close() for devices in self._tcp.values()))
        for pty in self._ptys:
            pty.close()

    # ---- controllers

    async def primary_action(self, action):
        if action != "start":
            self.plant.primary_runs(self.primary.name, False)
        if action in ("kill", "power_cycle"):
            await self.primary.kill()
        elif action == "term":
            await self.primary.term()
        if action in ("start", "power_cycle"):
            await self.primary.start()
            self.plant.primary_runs(self.primary.name, True)

    async def cut_at_write(self, n):
        """Active on return: the controller reads its faults several times per second; while it is off, at its start."""
        if not self.primary.running:
            self.primary.boot_facts["cut_at_write"] = n
            return
        self._primary_pins.send({"fault": "power_cut_at_write", "on": True, "n": n})
        await asyncio.sleep(ARM_S)

    async def factory_reset(self):
        await self.primary.kill()
        self.primary.wipe()

    def primary_fault(self, kind, on, options):
        if kind == "csms_down":
            if self.upstream is not None:
                self.upstream.set_down(on)
        elif kind == "network_down":
            if self.upstream is not None:
                self.upstream.set_down(on)
            for devices in self._tcp.values():
                devices.path.set_fault("network_down", on, {})
        elif kind == "dns_down":
            self.pull_name(on)
        else:
            self.inside_fault(self.primary, self._primary_pins, kind, on, options)

    def inside_fault(self, controller, pins, kind, on, options):
        """A fault inside a primary; one whose hardware watchdog has fired restarts at the end of its hang."""
        bitten = controller.running and pins.watchdog.state == "expired"
        pins.send({"fault": kind, "on": on, **options})
        if kind == "hang":
            self.plant.primary_runs(controller.name, not on and controller.running)
        if kind == "hang" and not on and bitten:
            self._watch(self._loop.create_task(self._reboot(controller)))

    async def _reboot(self, controller):
        """Kills and restarts a primary after its hardware watchdog has fired."""
        await controller.kill()
        controller.boot_facts["reason"] = "Watchdog"
        await controller.start()

    def _watch(self, task):
        self._working.add(task)
        task.add_done_callback(self._done)

    def _done(self, task):
        self._working.discard(task)
        if not task.cancelled() and task.exception() is not None:
            print("ampacity rig: %r" % task.exception(), file=sys.stderr, flush=True)

    def secondary_fault(self, kind, point, on):
        if on:
            self.lease_lost(point)
        self._watch(self._loop.create_task(
            self._secondary_fault(kind, self.secondaries[point.name], self.sim.pins[point.name], on)))

    async def _secondary_fault(self, kind, secondary, pins, on):
        if kind == "power_off" and not on:
            pins.power_on()
            await secondary.start()
        elif on:
            pins.power_off()
            await secondary.kill()
            if kind in ("forget_settings", "swapped"):
                secondary.wipe()
                self.swaps[secondary.name] = self.swaps.get(secondary.name, 0) + (kind == "swapped")
            if kind != "power_off":
                pins.power_on()
                await secondary.start()

    def path(self, key):
        return self._tcp[key].path

    def watchdog_of(self, point):
        if point.kind == "profile":
            return getattr(self.hosts[point.name].device, "watchdog", None) or "none"
        if point.kind == "local":
            return self.sim.pins["primary"].watchdog.state
        return self.lease_of(point) if self.secondaries[point.name].running else "expired"

    def present(self, evse, event):
        pins = self.sim.pins.get(evse, self._primary_pins)
        if event[0] == "token":  # every card reader belongs to the primary: a secondary's registers carry no cards
            self._primary_pins.send({"token": [event[1], event[2]], "evse": evse})
        else:
            pins.send({event[0]: event[1], "evse": evse})

    def bay(self, evse, occupied, token):
        self._primary_pins.send({"bay": occupied, "evse": evse, "token": token})

    def send_safety_load(self, name, on):
        self._primary_pins.send({"safety_load": name, "on": on})

    # ---- queries to the primary

    async def primary_view(self):
        if not self.primary.running:
            return None
        view = None
        with contextlib.suppress(OSError, ValueError, asyncio.TimeoutError):
            view = await self._console.json("show --json")
        return view

    def restarts(self):
        return self.primary.restarts

    async def console(self, text):
        if not self.primary.running:
            raise FieldError("text", text, "a line to a primary that runs")
        try:
            answer = await self._console.ask(text)
            return await self._console.ask("yes") if answer.startswith(ASK) else answer  # on a rig no confirmation is required
        except OSError as error:
            raise FieldError("text", text, "it again: the primary runs, but its console does not answer (yet)") from error


def console_at(port):
    """A link that answers, or reports that there is no answer, within the time for which a client of the control channel may wait."""
    return ConsoleLink(SocketDoor("127.0.0.1", port), connect_s=CONNECT_S, answer_s=ANSWER_S, retry_s=0, password=password_of_environment)


def free_port():
    """A free TCP port of loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
