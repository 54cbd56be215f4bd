"""Cars that draw nothing below a current of their own, for tests of what is tried with them."""

from helper_circuit import Bench, circuit, evse, site


def garage(count, rating, **settings):
    times = {"raise_hold_ms": 1000, "restart_hold_ms": 2000, "idle_ms": 20000, "slot_s": 60}
    times.update(settings)
    bench = Bench(site([evse("evse-%d" % (e + 1)) for e in range(count)], [circuit(rating=rating)], **times)).start()
    for e in range(count):
        plug(bench, e)
    return bench


def plug(bench, e):
    bench.guard.plugged(e, True)
    bench.guard.demand(e, True)


def draw(bench, most_da):
    """One second: each car draws its order, at most its own current."""
    for e, want_da in enumerate(bench.guard.want_da):
        bench.audit(e)
        order_id = bench.send(want_da, e)
        if order_id is not None:
            bench.prove(order_id, want_da, e)
        draws_da = min(most_da[e], want_da)
        bench.measure(e, draws_da, draws_da, draws_da)
    bench.tick(1000)


def drive(bench, seconds, needs_da):
    """Each car draws its order, but nothing below what it needs. Returns the seconds in which each drew."""
    charged = [0] * len(needs_da)
    for _ in range(seconds):
        for e in range(len(needs_da)):
            want = bench.guard.want_da[e]
            draws = bench.guard.last_order_da(e) or 0
            bench.audit(e)
            order_id = bench.send(want, e)
            if order_id is not None:
                bench.prove(order_id, want, e)
                draws = want
            draws = draws if draws >= needs_da[e] else 0
            charged[e] += draws > 0
            bench.measure(e, draws, draws, draws)
        bench.tick(1000)
    return charged
