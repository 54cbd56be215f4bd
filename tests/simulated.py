"""A site file set up for the virtual clock, as `ampacity rig --clock virtual` does it."""

from types import SimpleNamespace

from ampacity_host.rig.setup import Setup

LOCAL_AND_SECONDARY = """
[site]
name = "t"
[[circuit]]
name = "main"
rating_a = {rating_a}
[[bus]]
name = "rs485-1"
kind = "rtu"
port = "virtual"
[[evse]]
name = "a"
kind = "local"
circuit = "main"
max_a = {local_a}
[[evse]]
name = "b"
kind = "ampacity"
bus = "rs485-1"
unit = 2
circuit = "main"
max_a = {secondary_a}
"""  # a site file: rating_a, local_a and secondary_a in A


def set_up(path, seed=2, csms=False, **options):
    """The Setup of that site; csms: with the bench CSMS, where the site has [ocpp]."""
    return Setup(SimpleNamespace(**{"site": str(path), "seed": seed, "no_csms": not csms, "bench_csms": None, "csms": None, "ocpp": None, **options}))
