"""Which room of `bus/` may import which; docs/architecture.md has the same table."""

from circles import arrows
from house import FIRMWARE

BUS = "ampacity.bus."
MAY_IMPORT = {
    "modbus": ("modbus",),
    "client": ("client", "modbus"),
    "leases": ("leases", "client", "modbus", "device_facts"),
    "server": ("server", "leases", "modbus"),
    "profile": ("profile", "client", "modbus", "device_facts"),
    "device_facts": (),
    "transport": (),
}


def test_a_room_of_the_bus_imports_only_what_it_may():
    found = []
    for name, targets in arrows(FIRMWARE).items():
        if name.startswith(BUS):
            allowed = MAY_IMPORT[name[len(BUS) :].split(".")[0]]
            inner = [target[len(BUS) :].split(".")[0] for target in targets if target.startswith(BUS)]
            found += ["%s imports bus/%s" % (name, room) for room in sorted(inner) if room not in allowed]
    assert not found, "\n".join(found)
