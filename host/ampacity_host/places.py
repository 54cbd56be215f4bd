"""Where the package finds what it brings along, installed or in a checkout: firmware, profiles, site files.

Everything lies inside the two packages, so that a wheel holds it. Only a program that runs from a checkout looks into that
checkout, for the runtimes that `make setup` puts there and for recordings.
"""

from pathlib import Path

import ampacity

FIRMWARE = Path(ampacity.__file__).resolve().parents[1]  # the folder that holds the package `ampacity`, for the path of a runtime
PROFILES = FIRMWARE / "ampacity" / "profiles"
SITES = Path(__file__).resolve().parent / "sites"
_ABOVE = Path(__file__).resolve().parents[2]
CHECKOUT = _ABOVE if _ABOVE / "firmware" == FIRMWARE else None  # None: installed
BOARDS = CHECKOUT / "boards" if CHECKOUT else Path(__file__).resolve().parent / "boards"  # setup.py puts them there
