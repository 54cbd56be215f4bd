"""A garage on the rig's virtual clock for rows that need the whole site: secondaries on RS-485, a meter, a CSMS."""

import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ampacity_host.configure import compile_site, load_site
from ampacity_host.rig.plant.car import Car
from ampacity_host.rig.virtual.virtual_bench import VirtualBench
from ampacity_host.rig.virtual.virtual_csms import attach_csms

PER_BUS = 12


def site_text(evses: int, rating_a: int, per_bus: int, baud: int) -> str:
    buses = -(-evses // per_bus)
    lines = [
        '[site]\nname = "garage"\n',
        f'[[circuit]]\nname = "main"\nrating_a = {rating_a}\nassumed_other_a = 0\nmeter = "grid"\n',
        '[[meter]]\nname = "grid"\nprofile = "eastron-sdm630"\nbus = "bus-0"\nunit = 100\n',
        '[ocpp]\nidentity = "BENCH"\nurl = "ws://127.0.0.1:9000"\npassword = "a password of twenty"\n',
    ]
    lines += [f'[[bus]]\nname = "bus-{n}"\nkind = "rtu"\nport = "virtual"\nbaud = {baud}\n' for n in range(buses)]
    for n in range(evses):
        turn = ", ".join(f'"L{(n + k) % 3 + 1}"' for k in range(3))
        lines.append(
            f'[[evse]]\nname = "bay-{n + 1}"\nkind = "ampacity"\nbus = "bus-{n // per_bus}"\nunit = {n % per_bus + 1}\n'
            f'circuit = "main"\nmax_a = 16\nphases = [{turn}]\n'
        )
    return "\n".join(lines)


@contextmanager
def garage(
    evses: int, rating_a: int = 160, no_bytes: bool = False, per_bus: int = PER_BUS, baud: int = 19200
) -> "Iterator[tuple[VirtualBench, Any, dict[str, Any]]]":
    """(bench, csms, facts), started and in control."""
    with tempfile.TemporaryDirectory(prefix="ampacity-bench.") as name:
        path = Path(name) / "site.toml"
        path.write_text(site_text(evses, rating_a, per_bus, baud))
        facts = compile_site(load_site(path))
    ocpp, facts["ocpp"] = facts["ocpp"], None
    bench = VirtualBench(facts, 1, keep_history=False, no_bytes=no_bytes)
    csms = attach_csms(bench, "2.0.1", ocpp, check_every=100)
    bench.start()
    try:
        until(bench, lambda: bench.view()["mode"] == "regulating" and csms.identities, 300_000)
        yield bench, csms, facts
    finally:
        bench.close()


def until(bench: VirtualBench, holds: "Callable[[], Any]", most_ms: int, step_ms: int = 1000) -> int:
    """Runs until the condition is true, checked every step_ms; returns the time it took. Raises TimeoutError."""
    begun_ms: int = bench.loop.now_ms
    while not holds():
        if bench.loop.now_ms - begun_ms > most_ms:
            raise TimeoutError(f"it did not come to that within {most_ms} ms")
        bench.run_ms(step_ms)
    return int(bench.loop.now_ms - begun_ms)


def fill(bench: VirtualBench, csms: Any, phases: "tuple[int, ...]" = (1, 3, 3), need_wh: int = 40_000) -> None:
    """A car at every EVSE, started by the CSMS; returns ten minutes later, when the site has settled."""
    chance = random.Random(1)
    for point in bench.plant.points:
        point.plug(Car(phases=chance.choice(phases), max_da=160, need_wh=need_wh + chance.randrange(need_wh)))
    bench.run_ms(5000)
    for number in range(len(bench.plant.points)):
        token = {"idToken": f"T{number}", "type": "Central"}
        csms.send_call("RequestStartTransaction", {"evseId": number + 1, "remoteStartId": number + 1, "idToken": token})
    bench.run_ms(600_000)
