"""A table on which some EVSEs measure only some of their terminals: the others show 0 A for ever, as where no current transformer
is connected."""

import contextlib

from ampacity_host.rig.virtual import evse_hardware
from tests.drawn.table import table as whole


@contextlib.contextmanager
def table(text, name, inputs=(0,)):
    """As tests.drawn.table.table; the EVSE of this name measures these terminals."""
    renew = evse_hardware.VirtualEvseHardware._renew

    def partly(self, point):
        if point.name != name:
            return renew(self, point)
        real = point.terminal_amps_da
        point.terminal_amps_da = lambda: [da if at in inputs else 0 for at, da in enumerate(real())]
        try:
            return renew(self, point)
        finally:
            del point.terminal_amps_da

    evse_hardware.VirtualEvseHardware._renew = partly
    try:
        with whole(text) as one:
            yield one
    finally:
        evse_hardware.VirtualEvseHardware._renew = renew
