"""Putting a bench together: site, upstream, recorded mains; on either clock."""

from urllib.parse import urlsplit, urlunsplit

from ampacity_host.rig.upstream import Upstream

LOOPBACK = ("127.0.0.1", "localhost")


def play_mains(bench, setup, path):
    """The recorded other load of --mains, on the root circuit, from now on at its own time of day."""
    from datetime import datetime

    from ampacity_host.replay.mains import Mains
    from ampacity_host.replay.times import TimeReader

    times = TimeReader(setup.facts["time"]["tz"])
    mains = Mains(path, times, setup.facts["phases"], setup.facts["voltage_v"])
    mains.begin(int(datetime.now().timestamp()) if bench.clock == "real" else 0)
    bench.plant.play_mains(mains)


async def real_bench(setup, args, folder):
    """Everything up, each controller in its process."""
    from ampacity_host.rig.process.bench import RealBench
    from ampacity_host.rig.process.runtime import command

    command(args.runtime, folder, args.heap)  # says at once that a runtime is not there
    bench = RealBench(setup.facts, folder, args.runtime, args.heap, setup.seed)
    try:
        await _real_upstream(bench, setup)
        if args.mains:
            play_mains(bench, setup, args.mains)
        await bench.start()
    except BaseException:
        await bench.down()
        raise
    return bench


async def _real_upstream(bench, setup):
    from ampacity_host.rig.process.proxy import Proxy

    csms = link = None
    if setup.bench_csms:
        from ampacity_host.csms.bench import BenchCsms

        csms = BenchCsms(setup.facts["ocpp"]["version"], lambda: bench.t_ms)
        await csms.start("127.0.0.1", 0)
        link = Proxy(address_of(csms.url))
        bench.keep(csms.stop, link.close)
        await link.start(*setup.bench_csms)
        setup.facts["ocpp"]["url"] = with_address(csms.url, *link.address)
    bench.set_upstream(Upstream(csms, link), setup.facts["ocpp"])


async def virtual_bench(setup, args):
    """Everything up at the first instant of the virtual clock."""
    from ampacity_host.rig.virtual.bench import VirtualBench

    bench = VirtualBench(setup.facts, setup.seed)
    if setup.bench_csms:
        from ampacity_host.rig.virtual.csms import attach_csms

        attach_csms(bench, setup.facts["ocpp"]["version"], setup.facts["ocpp"])
    if args.mains:
        play_mains(bench, setup, args.mains)
    bench.start()
    return bench


def address_of(url):
    parts = urlsplit(url)
    return parts.hostname, parts.port or (443 if parts.scheme == "wss" else 80)


def with_address(url, host, port):
    """The URL with another host and port."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, "%s:%d" % (host, port), parts.path, parts.query, ""))
