"""A primary on the virtual clock whose site file changes between its starts, and the cars' currents summed by hand."""

import asyncio
import tempfile
from pathlib import Path

from ampacity_host.configure import compile_site, load_site
from ampacity_host.rig.control_channel.fields import Fields
from ampacity_host.rig.control_channel.operations import Ops
from ampacity_host.rig.virtual.virtual_bench import VirtualBench

HOLDS = "esp32-evse"  # without watchdog, and it holds its last order in silence


def site_text(evses, circuits='[[circuit]]\nname = "main"\nrating_a = 32.0\n'):
    text = '[site]\nname = "yard"\n\n' + circuits + '\n[[bus]]\nname = "b1"\nkind = "rtu"\nport = "virtual"\nbaud = 19200\n'
    for fields in evses:
        text += "\n[[evse]]\n" + "".join(['%s = %s\n' % (key, '"%s"' % value if isinstance(value, str) else value) for key, value in fields.items()])
    return text


def evse(name, unit, kind="ampacity", circuit="main", **more):
    place = {} if kind == "local" else {"bus": "b1", "unit": unit}
    return {"name": name, "kind": kind, "circuit": circuit, "max_a": 16.0, **place, **more}


def compiled(text):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "site.toml"
        path.write_text(text)
        return compile_site(load_site(path))


class Yard:
    """`restart(text)` starts the primary anew with another site file; the devices stay what they are."""

    def __init__(self, text, seed=3):
        self.bench = VirtualBench(compiled(text), seed)
        self.bench.start()
        self.most_a = 0.0

    def do(self, op, **fields):
        return asyncio.run(Ops(self.bench).run(op, Fields(fields)))

    def run(self, seconds):
        """The largest sum of the cars' currents on the first phase is kept in `most_a`; what flows at the end."""
        for _ in range(seconds * 2):
            self.bench.run_ms(500)
            self.most_a = max(self.most_a, sum(self.amps().values()))
        return self.amps()

    def amps(self):
        return {name: evse["amps"][0] for name, evse in self.do("state")["truth"]["evses"].items()}

    @property
    def primary(self):
        return self.bench.view()

    def restart(self, text=None, cut=0):
        """cut: the power goes in that write of the next life, and comes back."""
        self.bench.primary.kill()
        self.bench.flush()
        if text is not None:
            facts = compiled(text)
            self.bench.primary.config = lambda: facts
        self.bench.primary.cut_in = cut
        self.bench.primary.start()
        self.bench.flush()
        self.most_a = 0.0

    def console(self, text):
        return self.do("console", text=text)["text"]

