"""A circuit whose meter and EVSEs are read in turn."""

from helper_circuit import Bench, circuit, evse, meter_facts, site


def metered(evses=None, meter=None, **more):
    more.setdefault("assumed", 200)
    bench = Bench(site(evses or [evse()], [circuit(rating=630, meter=0, **more)], [meter or meter_facts()])).start()
    live(bench, 2)
    return bench


def live(bench, seconds, house=100, draw=None):
    """A meter frame each second, the EVSE read before and after each."""
    for _ in range(seconds):
        if draw is not None:
            bench.measure(0, draw, draw, draw)
        shown = house + (draw or 0)
        bench.meter(shown + bench.mark % 2, shown, shown)
        bench.tick(500)
        if draw is not None:
            bench.measure(0, draw, draw, draw)
        bench.tick(500)
