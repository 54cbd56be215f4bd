"""Three levels of primaries as processes on the real clock: a serial line to the first below, a socket to the next; each is lost."""

import pytest
from rig_process import running
from test_real_rig import wait_for

from tests.deep import sample

SITE = """
[site]
name = "{name}"
{parent}
[[circuit]]
name = "main"
rating_a = {rating}
[[bus]]
name = "down"
{bus}
[[evse]]
name = "{own}"
kind = "local"
circuit = "main"
max_a = 10.0
{below}
[settings]
raise_hold_s = 1
restart_hold_s = 2
"""
BELOW = """
[[evse]]
name = "{name}"
kind = "ampacity"
site = "{name}.toml"
bus = "down"
unit = 4
circuit = "main"
{more}
"""
LINE, LAN = 'kind = "rtu"\nport = "virtual"', 'kind = "tcp"'
STREET = SITE.format(name="street", parent="", rating=40, bus=LINE, own="kerb", below=BELOW.format(name="garage", more='phases = ["L2", "L3", "L1"]'))
GARAGE = SITE.format(name="garage", parent='[parent]\nport = "virtual"\nunit = 4\nlease_s = 3', rating=25, bus=LAN, own="door",
                     below=BELOW.format(name="row", more='host = "10.0.0.4"'))
ROW = SITE.format(name="row", parent="[parent]\ntcp_port = 502\nunit = 4\nlease_s = 3", rating=16, bus=LINE, own="post", below="")
NAMES = {"kerb", "garage.door", "garage.row.post"}


def drawing(rig):
    return {name for name, amps in rig.amps().items() if amps >= 5.5}


@pytest.mark.parametrize("runtime", sample(["cpython", "micropython"], 2, 1))
def test_three_levels_charge_and_the_loss_of_each_stops_the_levels_below_it(runtime):
    with running(STREET, "--runtime", runtime, "--no-csms", beside=(("garage.toml", GARAGE), ("row.toml", ROW))) as rig:
        assert set(rig.state()["primary"]["below"]) == {"garage", "garage.row"}
        for name in NAMES:
            rig.plug(evse=name)
        wait_for(lambda: drawing(rig) == NAMES, 90)
        rig.fault(kind="power_off", target="garage.row")
        wait_for(lambda: drawing(rig) == {"kerb", "garage.door"}, 10)
        wait_for(lambda: rig.state()["primary"]["below"]["garage.row"] is None, 5)
        rig.fault(kind="cut", target="garage")
        wait_for(lambda: drawing(rig) == {"kerb"}, 20)
        rig.fault(kind="cut", target="garage", on=False)
        rig.fault(kind="power_off", target="garage.row", on=False)
        rig.primary(action="kill")
        wait_for(lambda: not drawing(rig), 20)
        assert all(not any(row["violation_ms"]) for row in rig.worst()["circuits"].values())
