"""Assembles a bench: site, upstream, recorded other load; on either clock."""

from ampacity_host.rig.base.upstream import Upstream


def play_mains(bench, setup, path):
    """The recorded other load of --mains, on the root circuit, from now on at its original time of day."""
    from datetime import datetime

    from ampacity_host.replay.other_load import OtherLoadRecording
    from ampacity_host.replay.times import TimeReader

    times = TimeReader(setup.facts["time"]["tz"])
    mains = OtherLoadRecording(path, times, setup.facts["phases"], setup.facts["voltage_v"])
    mains.begin(int(datetime.now().timestamp()) if bench.clock == "real" else 0)
    bench.plant.play_mains(mains)


async def real_bench(setup, args, folder):
    """Starts everything, each controller in a separate process."""
    from ampacity_host.rig.process.process_bench import ProcessBench
    from ampacity_host.rig.process.process_cascade import ProcessCascadeBench
    from ampacity_host.rig.process.runtime import command

    command(args.runtime, folder, args.heap)  # reports a missing runtime at once
    where = (folder, args.runtime, args.heap, setup.seed)
    bench = ProcessCascadeBench(setup.cascade, *where) if setup.cascade is not None else ProcessBench(setup.facts, *where)
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
    """The bench CSMS, or an external one, behind a proxy that can be disconnected (loopback addresses only)."""
    from ampacity_host.rig.process.csms_proxy import CsmsProxy

    ocpp = setup.facts["ocpp"]
    csms, url = None, ocpp and ocpp["url"]
    if setup.bench_csms:
        from ampacity_host.csms.server import BenchCsms

        csms = BenchCsms(ocpp["version"], lambda: bench.t_ms)
        await csms.start("127.0.0.1", 0)
        bench.keep(csms.stop)
        url = csms.url
    link = CsmsProxy(bench.route)
    bench.keep(link.close)
    await link.start(*(setup.bench_csms or ("127.0.0.1", 0)))
    bench.set_upstream(Upstream(csms, link), ocpp)
    if ocpp:
        bench.lead_upstream_to(url)
        if csms is not None:
            bench.csms_url = ocpp["url"]


def make_virtual(setup):
    """The bench for this site; with primaries below, one controller for each."""
    if setup.cascade is not None:
        from ampacity_host.rig.virtual.virtual_cascade import VirtualCascadeBench

        return VirtualCascadeBench(setup.cascade, setup.seed)
    from ampacity_host.rig.virtual.virtual_bench import VirtualBench

    return VirtualBench(setup.facts, setup.seed)


async def virtual_bench(setup, args):
    """Starts everything at the first instant of the virtual clock."""
    bench = make_virtual(setup)
    if setup.bench_csms:
        from ampacity_host.rig.virtual.virtual_csms import attach_csms

        attach_csms(bench, setup.facts["ocpp"]["version"], setup.facts["ocpp"])
    if args.mains:
        play_mains(bench, setup, args.mains)
    bench.start()
    return bench
