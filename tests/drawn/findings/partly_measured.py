"""`python -m tests.drawn.findings.partly_measured NAME[,NAME] INPUTS rig …`: the rig, where these charge points measure only some terminals.

INPUTS: their numbers, as "0" or "0,1"; the others show 0 A for ever, as one whose current transformer is not connected.
"""

import contextlib
import subprocess
import sys

from ampacity_host.cli import main
from ampacity_host.rig.virtual import hardware
from tests.drawn import table as tables


def shown(names, inputs):
    renew = hardware.PlantPort._renew

    def partly(self, point):
        if point.name not in names:
            return renew(self, point)
        real = point.terminal_amps_da
        point.terminal_amps_da = lambda: [da if at in inputs else 0 for at, da in enumerate((real() + [0, 0, 0])[:3])]
        try:
            return renew(self, point)
        finally:
            point.__dict__.pop("terminal_amps_da", None)

    hardware.PlantPort._renew = partly


@contextlib.contextmanager
def table(text, names, inputs="0", **options):
    """As tests.drawn.table.table, on such a rig."""
    begin, tables.subprocess = tables.subprocess, _Begins(names, inputs)
    try:
        with tables.table(text, **options) as one:
            yield one
    finally:
        tables.subprocess = begin


class _Begins:
    """subprocess, but for the rig."""

    PIPE, run = subprocess.PIPE, staticmethod(subprocess.run)

    def __init__(self, names, inputs):
        self.names, self.inputs = names, inputs

    def Popen(self, command, **options):  # noqa: N802
        return subprocess.Popen([command[0], "-m", __name__, self.names, self.inputs, *command[3:]], **options)


if __name__ == "__main__":
    shown(sys.argv[1].split(","), [int(at) for at in sys.argv[2].split(",")])
    sys.argv = ["ampacity", *sys.argv[3:]]
    main()
