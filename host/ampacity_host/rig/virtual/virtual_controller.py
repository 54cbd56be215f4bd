"""A controller as objects on the virtual loop: started, killed and started again, with its store preserved."""

import importlib
import sys

from ampacity.base.log import Log
from ampacity_host.rig.virtual.loop import spawn
from ampacity_host.rig.virtual.platform import VirtualPlatform
from ampacity_host.rig.virtual.storage import VirtualStorage

SLOW_DISK_MS = 200
ROLES = {"primary": "ampacity.roles.primary", "secondary": "ampacity.roles.secondary"}


class VirtualController:
    """world: see VirtualPlatform. config(): the role's configuration at its next start. points: names of its wired EVSEs."""

    def __init__(self, world, name, role, config, units=None, points=(), seed=1):
        self.world, self.name, self.role_name = world, name, role
        self.config = config
        self.files = VirtualStorage(seed)
        self.files.on_cut = self._cut
        self.files.on_slow = lambda ms: world.loop.hold(self, ms * 1000)
        self._units, self._points = units, points
        self.tasks = set()
        self.platform = None
        self.log = None
        self.starts = 0
        self.cut_in = 0              # the write of its next run during which the power fails; 0: none
        self.reason = None           # reset cause of its next start, if the hardware reports one
        self.outcome = None

    @property
    def running(self):
        return self.platform is not None

    @property
    def restarts(self):
        return max(0, self.starts - 1)

    @property
    def role(self):
        """The role object, once the role has registered it with its doors."""
        return self.platform.role if self.platform is not None else None

    def start(self):
        if self.running:
            return
        self.starts += 1
        self._runs(True)
        self.files.restart()
        if self.cut_in:
            self.files.cut_at_write(self.cut_in)
            self.cut_in = 0
        boot = {"role": self.role_name, "name": self.name, "console": "127.0.0.1:%d" % self.console_port}
        self.log = Log()
        if self.reason is not None:
            boot["reason"], self.reason = self.reason, None
        self.platform = VirtualPlatform(self.world, boot, self.files, self._units, self._points, self)
        spawn(self.world.loop, self, self._run(self.platform, self.log))

    @property
    def console_port(self):
        return 40_000 + (sum(self.name.encode()) * 37 + len(self.name)) % 9_000

    async def _run(self, platform, log):
        role = importlib.import_module(ROLES[self.role_name])
        self.outcome = "running"
        try:
            self.outcome = await role.run(platform, self.config(), log)
        except BaseException as error:
            self.outcome = repr(error)
            if not platform.dead:
                raise
        finally:
            if platform is self.platform and not platform.dead:
                self.world.loop.call_soon(self._ended, platform)

    def _ended(self, platform):
        """It ended without a request: reports this."""
        if platform is self.platform:
            print("ampacity rig: %s ended: %s" % (self.name, self.outcome), file=sys.stderr)
            self.kill()

    def kill(self):
        """Its objects are discarded at once, whatever they were doing."""
        if not self.running:
            return
        platform, self.platform = self.platform, None
        self._runs(False)
        platform.die()
        self.world.loop.release(self)
        for task in list(self.tasks):
            task.cancel()

    def _runs(self, runs):
        if self.role_name == "primary":
            self.world.plant.primary_runs(self.name, runs)

    def _cut(self):
        self.world.loop.call_soon(self.kill)

    def set_fault(self, kind, on, options):
        """A fault inside the controller, which the bench reports to its ports."""
        if kind == "disk_full":
            self.files.full = on
        elif kind == "slow_disk":
            self.files.slow_ms = int(options.get("ms", SLOW_DISK_MS)) if on else 0
        if kind == "hang":
            self._runs(not on and self.running)
        if self.platform is not None:
            message = {"fault": kind, "on": on, **options}
            if on:
                self.platform.faults[kind] = message
            else:
                self.platform.faults.pop(kind, None)
            self.platform.events.append(("fault", kind, on, message))

    def present(self, evse, event):
        """A token or a button at the hardware: at the reader of the point, or of the controller."""
        port = self.platform.ports().get(evse) if self.platform is not None else None
        if port is not None:
            port.events.append(event)
        elif self.platform is not None:
            self.platform.events.append((event[0], evse, *event[1:]))
        if self.world.pacing is not None:
            self.world.pacing.stir()

