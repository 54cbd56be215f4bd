"""The rig on its virtual clock within this process: its operations and nothing else, as at its control channel.

No process is started and no answer becomes text, so that a life costs little more than its simulation; on PyPy, what was compiled for
one life is there for the next.
"""

import asyncio
from types import SimpleNamespace

from ampacity.store.memory_files import PowerCut
from ampacity_host.rig.assemble import virtual_bench
from ampacity_host.rig.control_channel.client import Operations
from ampacity_host.rig.control_channel.fields import FieldError, Fields
from ampacity_host.rig.control_channel.operations import Ops
from ampacity_host.rig.setup import Setup
from tests.drawn.printed import checked


class Desk(Operations):
    """`desk.plug(evse="e1")` does the operation `plug` and gives its answer; RigError when the rig says no."""

    def __init__(self, site, seed, csms):
        options = SimpleNamespace(site=site, seed=seed, clock="virtual", mains=None, csms=None, bench_csms=None, no_csms=not csms, ocpp=None)
        self._site, self._kept = site, {}
        self._loop = asyncio.new_event_loop()
        self.bench = self._loop.run_until_complete(virtual_bench(Setup(options), options))
        self._ops = Ops(self.bench)
        self.evses = [point.name for point in self.bench.plant.points]
        self.circuits = [circuit.name for circuit in self.bench.plant.circuits]

    def answer(self, op, **fields):
        """The whole answer, whatever it says."""
        try:
            return {"ok": True, **(self._loop.run_until_complete(self._ops.run(op, Fields(fields))) or {})}
        except FieldError as error:
            return {"ok": False, "error": str(error)}
        except PowerCut as error:  # what was asked for made the controller write, and the power went in that write
            return {"ok": False, "error": str(error)}

    def commissioned(self, evse):
        """What a commissioning test with power finds of it is in the primary's evidence: of the simulated device, and not of the site file.
        The tests themselves are played in tests/host/commission; the longest takes 31 min for each EVSE. Answers whether it was possible."""
        of = self._owner(evse)
        role, seen = self.bench.primary_named(of or None).role, {}
        entry = next((one for one in role.guard.facts["evses"] if one["name"] == evse), None) if role else None
        if entry is None:
            return False
        index = role.guard.facts["evses"].index(entry)
        if not role.guard.ledger.evse_states[index].evidence.audited():
            return False
        if entry["kind"] == "profile":
            device = self.bench.hosts[evse].device
            if not entry["watchdog_ms"] and getattr(device, "watchdog", "none") == "none":
                seen["holds"] = 1
            if hasattr(device, "power_on"):
                seen["power_on_da"] = device.power_on()
        role.guard.optional.commissioned(index, True, False, seen, self.bench.t_ms)
        role.persistence.save(role.guard, self.bench.t_ms, at_once=True)
        self._kept[of] = own_names(role.guard.evidence_dump(), of)
        return True

    def _owner(self, evse):
        """The primary to which an EVSE belongs; "": the one at the top."""
        return evse.rpartition(".")[0] if hasattr(self.bench, "cascade") else ""

    def printed(self):
        """What `ampacity check --data` prints of the site, and of those below, with the tests that were made, whatever the primaries know of
        them now."""
        return checked(self._site, self._kept)

    def close(self):
        self._loop.run_until_complete(self.bench.down())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()


def own_names(evidence, of):
    """What is in the journal of a primary below with the names of its own site file."""
    evses = {name.removeprefix(of + ".") if of else name: kept for name, kept in evidence["evses"].items()}
    return dict(evidence, evses=evses)
