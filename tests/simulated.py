"""A site file set up for the virtual clock, as `ampacity rig --clock virtual` does it."""

from types import SimpleNamespace

from ampacity_host.rig.setup import Setup


def set_up(path, seed=2, csms=False, **options):
    """The Setup of that site; csms: with the bench CSMS, where the site has [ocpp]."""
    return Setup(SimpleNamespace(**{"site": str(path), "seed": seed, "no_csms": not csms, "bench_csms": None, "csms": None, "ocpp": None, **options}))
