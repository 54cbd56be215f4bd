"""`python3 -m tools.mbpoll`: the plain Modbus client of Debian, unpacked into .cache/mbpoll; nothing is installed.

Tests read secondaries with it, as an installer would. It is a separate program, run and never linked or shipped. Where the
package is not available, an `mbpoll` on the PATH is used.
"""

import os
import shutil
import sys
from pathlib import Path

from tools.micropython.debian import Failed, PrivateApt, own_suite, unpack

ROOT = Path(__file__).resolve().parents[1]
DEST = ROOT / ".cache" / "mbpoll"
SYSTEM = {"libc6"}  # from the machine's own suite, so it runs here
WRAPPER = """#!/bin/sh
here=$(dirname "$(readlink -f "$0")")/root
LD_LIBRARY_PATH="$here/{libraries}" exec "$here/usr/bin/mbpoll" "$@"
"""


def find() -> str:
    """Path of the program; raises Failed with a text on how to get it."""
    if (DEST / "mbpoll").exists():
        return str(DEST / "mbpoll")
    on_path = shutil.which("mbpoll")
    if on_path:
        return on_path
    raise Failed("no mbpoll in .cache/mbpoll or on PATH; run: make setup (Debian: apt-get install mbpoll)")


def fetch(dest: Path) -> None:
    """The package and the libraries that it needs, from this machine's Debian."""
    with PrivateApt(own_suite()) as apt:
        apt.update()
        unpack(apt.closure({"mbpoll"}, SYSTEM), dest / "root")
    library = next(iter(sorted((dest / "root").rglob("libmodbus.so.*"))), None)
    if library is None:
        raise Failed("unexpected package contents: no libmodbus")
    (dest / "mbpoll").write_text(WRAPPER.format(libraries=library.parent.relative_to(dest / "root")))
    os.chmod(dest / "mbpoll", 0o755)


def main() -> int:
    try:
        fetch(DEST)
        print("mbpoll:", DEST / "mbpoll")
    except Failed as problem:
        on_path = shutil.which("mbpoll")
        if on_path is None:
            print(f"mbpoll: {problem}\nmbpoll: put one on PATH (Debian: apt-get install mbpoll)", file=sys.stderr)
            return 1
        print("mbpoll: using", on_path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
