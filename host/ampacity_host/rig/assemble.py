"""Putting a bench together: site, upstream, recorded mains; on either clock."""

from ampacity_host.rig.upstream import Upstream


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
    from ampacity_host.rig.process.family import FamilyRealBench
    from ampacity_host.rig.process.runtime import command

    command(args.runtime, folder, args.heap)  # says at once that a runtime is not there
    where = (folder, args.runtime, args.heap, setup.seed)
    bench = FamilyRealBench(setup.family, *where) if setup.family is not None else RealBench(setup.facts, *where)
    bench.own_tls = setup.own_tls
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
    """The bench CSMS, or somebody else's, behind a proxy that can be pulled out (loopback addresses only)."""
    from ampacity_host.rig.process.proxy import Proxy

    ocpp = setup.facts["ocpp"]
    csms, url = None, ocpp and ocpp["url"]
    if setup.bench_csms:
        from ampacity_host.csms.bench import BenchCsms

        csms = BenchCsms(ocpp["version"], lambda: bench.t_ms)
        await csms.start("127.0.0.1", 0)
        bench.keep(csms.stop)
        url = csms.url
    link = Proxy(bench.route)
    bench.keep(link.close)
    await link.start(*(setup.bench_csms or ("127.0.0.1", 0)))
    bench.set_upstream(Upstream(csms, link), ocpp)
    if ocpp:
        bench.lead_upstream_to(url)
        if csms is not None:
            bench.csms_url = ocpp["url"]


def make_virtual(setup):
    """The bench for this site: with primaries below, one controller for each."""
    if setup.family is not None:
        from ampacity_host.rig.virtual.family import FamilyBench

        return FamilyBench(setup.family, setup.seed)
    from ampacity_host.rig.virtual.bench import VirtualBench

    return VirtualBench(setup.facts, setup.seed)


async def virtual_bench(setup, args):
    """Everything up at the first instant of the virtual clock."""
    bench = make_virtual(setup)
    if setup.bench_csms:
        from ampacity_host.rig.virtual.csms import attach_csms

        attach_csms(bench, setup.facts["ocpp"]["version"], setup.facts["ocpp"])
    if args.mains:
        play_mains(bench, setup, args.mains)
    bench.start()
    return bench
