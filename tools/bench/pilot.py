"""`python -m tools.bench.pilot`: what the own charging point costs on an emulated core of 125 MHz (`make cortex-m3` first).

One pass each 10 ms evaluates a window of the pilot and steps the charging point; reading and writing pins is not in it.
"""

import sys
import tempfile
from pathlib import Path

from tools.bench import cortex_m3
from tools.bench.runtime32 import PROBES
from tools.micropython.find import ROOT

NEEDED = (
    "__init__", "point/*", "evse/__init__", "evse/iec61851", "ports/__init__", "ports/evse_hardware", "base/__init__", "base/quantities",
    "base/errors", "circuit/__init__", "circuit/trusted/__init__", "circuit/trusted/amperes", "circuit/trusted/errors",
)  # fmt: skip
ROUNDS, LIMIT_S = 100, 120.0


def modules() -> "dict[str, Path]":
    """Name in the bundle → source, of what a charging point imports."""
    firmware = ROOT / "firmware"
    sources = [path for name in NEEDED for path in sorted((firmware / "ampacity").glob(f"{name}.py"))]
    return {str(path.relative_to(firmware).with_suffix(".mpy")): path for path in sources}


def main() -> int:
    if not cortex_m3.there():
        print(cortex_m3.MISSING, file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="ampacity-m3.") as name:
        file = cortex_m3.bundle(Path(name), {**modules(), "pilot_m3.mpy": PROBES / "pilot_m3.py"})
        program = (PROBES / "decide_m3.py").read_text() + f"\nimport pilot_m3\npilot_m3.run(clock_us, {ROUNDS})\n"
        window_us, pass_us, used = cortex_m3.ask(Path(name), file, program, LIMIT_S).split()
    print(f"window {window_us} us, pass {pass_us} us, together {(int(window_us) + int(pass_us)) / 100:.0f} % of a pass of 10 ms; {used} B in use")
    return 0


if __name__ == "__main__":
    sys.exit(main())
