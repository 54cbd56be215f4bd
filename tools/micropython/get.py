"""`python3 -m tools.micropython.get`: the MicroPython unix runtime into .cache/micropython, without installing anything.

It is the package of a newer Debian suite with its libraries, run by its own loader, so it works on an older Debian. Where it
is not available, a `micropython` of version 1.25 or newer on the PATH is used.
"""

import shutil
import sys
from pathlib import Path

from tools.micropython.debian import SUITE, Failed, PrivateApt, unpack, write_wrapper
from tools.micropython.find import LEAST, ROOT, version_of

DEST = ROOT / ".cache" / "micropython"


def fetch(dest: Path) -> None:
    """Downloads the package and its dependencies, unpacks all into dest/root and writes dest/micropython."""
    with PrivateApt() as apt:
        apt.update()
        unpack(apt.closure({"micropython"}), dest / "root")
    write_wrapper(dest, "usr/bin/micropython")


def get(dest: Path, force: bool = False) -> str:
    """Ensures that a runtime is present; returns its description. Raises Failed if none is available."""
    program = str(dest / "micropython")
    if not force and (version_of(program) or (0, 0)) >= LEAST:
        return f"{program} is there already"
    dest.mkdir(parents=True, exist_ok=True)
    try:
        fetch(dest)
    except Failed as problem:
        on_path = shutil.which("micropython")
        if on_path and (version_of(on_path) or (0, 0)) >= LEAST:
            return f"using {on_path} from PATH ({str(problem).splitlines()[0]})"
        raise Failed(f"{problem}\nput a micropython >= 1.25 on PATH, or run this on Debian") from None
    version = version_of(program)
    if version is None:
        raise Failed(f"fetched, but does not run: {program}")
    return f"{program}, MicroPython {version[0]}.{version[1]} of {SUITE}"


def main() -> int:
    try:
        print("micropython:", get(DEST, "--force" in sys.argv[1:]))
    except Failed as problem:
        print(f"micropython: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
