"""`ampacity rig`: starts a site on this computer, prints one line when it is ready, and stops it cleanly."""

import asyncio
import errno
import json
import os
import signal
import socket
import tempfile

import ampacity
from ampacity_host.configure import SiteErrors
from ampacity_host.failure import failed
from ampacity_host.rig.control_channel.do_command import forget, remember
from ampacity_host.rig.control_channel.fields import FieldError
from ampacity_host.rig.control_channel.operations import Ops
from ampacity_host.rig.control_channel.server import ControlServer
from ampacity_host.rig.setup import Setup, UsageError, host_port

OK, REFUSED, USAGE = 0, 1, 2


def run(args):
    """args: attributes as in the command line (site, control, runtime, clock, csms, …). Returns the exit code."""
    try:
        free("--control", args.control)
        free("--bench-csms", getattr(args, "bench_csms", None))
        there("--site", args.site)
        there("--mains", args.mains)
        setup = Setup(args)
    except UsageError as error:
        return failed(error, USAGE)
    except SiteErrors as errors:
        return failed(errors, REFUSED)
    except OSError as error:
        return failed(error, USAGE)
    try:
        return asyncio.run(RigRun(args, setup).run())
    except (FieldError, OSError, ValueError) as error:
        return failed(error, REFUSED)


def free(option, address):
    """UsageError if the address of an option is not available, before anything is started."""
    if address is None:
        return
    host, port = host_port(option, address)
    try:
        family, kind, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
            probe.listen(1)
    except OSError as error:
        right = "name another port, or 0 for any free one" if error.errno == errno.EADDRINUSE else "name an address of this computer"
        raise UsageError("%s %s: %s; %s" % (option, address, (error.strerror or str(error)).lower(), right)) from None


def there(option, path):
    """UsageError when an option names a file that is not there."""
    if path is not None and not os.path.isfile(path):
        raise UsageError("%s: there is no file %s" % (option, path))


class RigRun:
    """One run of the rig, from start to stop."""

    def __init__(self, args, setup):
        self._args, self._setup = args, setup
        self._temporary = None
        self.bench = None

    async def run(self):
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # under nohup it continues
                loop.add_signal_handler(number, stopped.set)
        control, address = None, ""
        try:
            self.bench = await self._make()
            control = ControlServer(Ops(self.bench))
            address = await control.start(*self._control())
            remember(address)
            self._print_address(address)
            await self._until(stopped, control, address)
        finally:
            forget(address)
            if control is not None:
                await control.close()
            await self._down()
        return OK

    def _control(self):
        return host_port("--control", self._args.control)

    async def _until(self, stopped, control, address):
        ends = [asyncio.ensure_future(stopped.wait()), asyncio.ensure_future(control.stopped.wait())]
        if self._args.ui:
            from ampacity_host.rig.ui import show

            ends.append(asyncio.ensure_future(show(self.bench, address, control)))
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for end in ends:
            end.cancel()
        await asyncio.gather(*ends, return_exceptions=True)

    async def _make(self):
        from ampacity_host.rig.assemble import real_bench, virtual_bench

        if self._args.clock == "virtual":
            return await virtual_bench(self._setup, self._args)
        folder = self._args.data
        if folder is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="ampacity-rig-")
            folder = self._temporary.name
        return await real_bench(self._setup, self._args, folder)

    def _print_address(self, address):
        bench = self.bench
        print(json.dumps({
            "ready": True, "control": address,
            "primary": {"pid": bench.primary_pid(), "runtime": bench.runtime, "version": ampacity.__version__},
            "csms": bench.csms_url, "evses": [point.name for point in bench.plant.points],
            "circuits": [circuit.name for circuit in bench.plant.circuits]}), flush=True)

    async def _down(self):
        if self.bench is not None:
            await self.bench.down()
        if self._temporary is not None:
            self._temporary.cleanup()
