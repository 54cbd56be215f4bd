"""What the judgement of a sent configuration accepts, a start accepts: mutated compiled sites of every kind."""

import copy
import json
import random
import sys
from pathlib import Path

import pytest

from ampacity.base import strict_json
from ampacity.base.errors import Rejected
from ampacity.base.log import Log
from ampacity.ports.evse_hardware import EvseHardware
from ampacity.roles import secondary
from ampacity.roles.primary import make_primary
from ampacity.store.document_store import DocumentStore
from ampacity.store.memory_files import MemoryFiles
from ampacity.update.cbor import encode
from ampacity_host.configure import compile_site, load_site
from tests.host.configure.test_site_json import GOOD, OPTIONS

sys.path[:0] = [str(Path(__file__).parents[2] / folder) for folder in ("roles", "base", ".")]

from helper_garage import START_MS, HandPlatform, site  # noqa: E402

OCPP = {"identity": "CS1", "url": "ws://csms.example", "password": "correct-horse-battery", "version": "2.0.1", "security_profile": 1}
VALUES = (None, "x", "", -1, 0, 1, 7, 10**12, [], {}, True, False, [None], [0], [[0]], "rtu", "tcp", "local", "ampacity")
ABSENT = object()
EACH = 150  # mutations of each site
KNOWN = (  # each was accepted and refused by the start before
    (("buses", 0, "baud"), 0), (("settings", "slot_s"), {}), (("ocpp", "storage_kib"), 0), (("evses", 1, "kind"), "x"),
)  # fmt: skip
KNOWN_OPTIONS = (
    (("profiles", "keba-p30"), ABSENT), (("profiles", "eastron-sdm630", "fields", 0), []), (("meters", 0, "phases"), ABSENT),
    (("meters", 0, "unit"), ABSENT), (("evses", 0, "min_da"), ABSENT),
    (("evses", 0, "host"), ABSENT), (("evses", 0, "profile"), ""), (("solar", "evses", 0), 10**12), (("safety_loads", 0, "meter"), "x"),
    (("safety_loads", 0), {}), (("profiles", "keba-p30", "watchdog"), ABSENT),
)  # fmt: skip


class StartPlatform(HandPlatform):
    """A platform on which a start finds what it asks for."""

    connect = None

    def __init__(self):
        super().__init__(MemoryFiles(), START_MS, {})
        self.data_files = MemoryFiles()

    def evse_hardware(self, name):
        return EvseHardware(name)

    def input(self, name):
        return None

    def client_tls(self, credentials):
        return credentials


def starts(facts):
    try:
        make_primary(StartPlatform(), facts, Log())
    except Rejected as e:
        return str(e)
    return ""


class Judge:
    """A primary that runs on `facts`; `accepts`: the site.json that it would start with, None: refused."""

    def __init__(self, facts):
        primary = make_primary(StartPlatform(), copy.deepcopy(facts), Log())
        primary.platform.data_files.replace("site.json", strict_json.dumps(facts).encode())
        self.configuring = primary.console.configuring()

    def accepts(self, facts):
        work = self.configuring.judged(encode(facts, simple=True))
        try:
            while True:
                next(work)
        except StopIteration as end:
            return strict_json.loads(end.value[0], size_max=2**20)
        except Rejected:
            return None


def places(facts, path=()):
    keys = sorted(facts) if isinstance(facts, dict) else range(min(2, len(facts))) if isinstance(facts, list) else ()
    for key in keys:
        yield (*path, key)
        yield from places(facts[key], (*path, key))


def mutated(facts, path, value):
    changed = inner = copy.deepcopy(facts)
    for key in path[:-1]:
        inner = inner[key]
    if value is not ABSENT:
        inner[path[-1]] = value
    elif path[-1] in inner or isinstance(inner, list):
        del inner[path[-1]]
    return changed


def options(folder):
    path = folder / "site.toml"
    path.write_text(OPTIONS)
    return json.loads(json.dumps(compile_site(load_site(path))))


def judged_as_started(facts, mutations):
    judge = Judge(facts)
    assert judge.accepts(facts) == facts
    refused = 0
    for path, value in mutations:
        accepted = judge.accepts(mutated(facts, path, value))
        refused += accepted is None
        assert accepted is None or not starts(accepted), (path, value, starts(accepted))
    return refused


def drawn(facts, seed):
    rng, every = random.Random(seed), list(places(facts))
    return [(rng.choice(every), rng.choice((*VALUES, ABSENT))) for _ in range(EACH)]


def test_what_a_start_refuses_by_its_construction_is_refused_before(tmp_path):
    assert judged_as_started(site(ocpp=dict(OCPP, storage_kib=64), settings={"slot_s": 600}), KNOWN) == len(KNOWN)
    assert judged_as_started(options(tmp_path), KNOWN_OPTIONS) == len(KNOWN_OPTIONS)


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_every_mutated_site_that_is_accepted_starts(path):
    facts = json.loads(json.dumps(compile_site(load_site(path))))
    assert judged_as_started(facts, drawn(facts, path.stem)) > 0


def test_every_mutated_site_with_all_options_that_is_accepted_starts(tmp_path):
    facts = options(tmp_path)
    assert judged_as_started(facts, drawn(facts, 1)) > 0


class Line:
    faults = {}

    def open_line(self, facts):
        from ampacity.ports.line import tty_modes

        return tty_modes(facts)


SECONDARY = {
    "role": "secondary", "name": "bay", "unit": 2, "max_da": 160, "fallback_da": 60, "power_on_da": 60, "lease_max_ms": 10000, "terminals": 3,
    "connector": "cType2", "serial": "x", "bus": "b", "port": "virtual", "baud": 19200, "parity": "E", "stop": 1,
}  # fmt: skip


@pytest.mark.parametrize("key", sorted(SECONDARY))
def test_a_secondary_starts_with_what_its_check_accepts(key):
    assert secondary.checked(SECONDARY)["unit"] == 2
    for value in (*VALUES, ABSENT):
        facts = mutated(SECONDARY, (key,), value)
        try:
            secondary.checked(facts)
        except Rejected:
            continue
        unit = secondary.Secondary(facts, EvseHardware("x"), DocumentStore(MemoryFiles()), Log(), 0)
        secondary.open_bus(unit, Line(), Log())
        unit.tick(100)
        assert unit.ticked_ms == 100, value
