"""`python -m tools.pypy`: Debian's PyPy in .cache/pypy, for long simulations; nothing is installed.

It runs the same sources as CPython, two to four times as fast. Only the soak of `make proof` uses it, and only after `make
pypy`. The compiled Python packages are fetched for it by the hashes of the lock file.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path

from tools.micropython.debian import Failed, PrivateApt, quietly, unpack, write_wrapper

ROOT = Path(__file__).resolve().parents[1]
DEST = ROOT / ".cache" / "pypy"
PROGRAM = "usr/bin/pypy3.11"
VERSION, ABI = "3.11", "pypy311_pp73"
COMPILED = ("rpds-py",)  # packages that a simulation imports
OURS = ("firmware", "host", "tests", ".")


def find() -> "str | None":
    """Path of the program, or None."""
    program = DEST / Path(PROGRAM).name
    return str(program) if program.exists() else None


def environment() -> dict[str, str]:
    """The paths of the sources, and of the packages of the running environment."""
    places = [*[str(ROOT / name) for name in OURS], str(DEST / "site"), sysconfig.get_paths()["purelib"]]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(places)}


def locked(name: str) -> str:
    """Version and hashes of one package in the lock file."""
    found = re.search(rf"^{re.escape(name)}==.*(\n    --hash=.*)*", (ROOT / "requirements.lock").read_text(), re.M)
    if not found:
        raise Failed(f"requirements.lock does not name {name}")
    return found[0].rstrip(" \\") + "\n"


def fetch_packages(site: Path) -> None:
    """The compiled packages, as files under `site`."""
    shutil.rmtree(site, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="ampacity-pypy.") as name:
        folder = Path(name)
        (folder / "wanted.txt").write_text("".join([locked(one) for one in COMPILED]))
        words = ["--no-deps", "--only-binary", ":all:", "--implementation", "pp", "--python-version", VERSION, "--abi", ABI]
        words += ["--platform", f"manylinux_2_17_{platform.machine()}", "--platform", f"manylinux2014_{platform.machine()}"]
        quietly([sys.executable, "-m", "pip", "download", "--quiet", "--require-hashes", *words, "-r", "wanted.txt"], folder)
        for wheel in folder.glob("*.whl"):
            with zipfile.ZipFile(wheel) as packed:
                packed.extractall(site)


def fetch(dest: Path) -> str:
    """Its version text, once it is installed."""
    with PrivateApt() as apt:
        apt.update()
        unpack(apt.closure({"pypy3"}), dest / "root")
    fetch_packages(dest / "site")
    write_wrapper(dest, PROGRAM)
    asked = [str(dest / Path(PROGRAM).name), "-c", "import sys, rpds, asyncio, ssl; print(sys.version)"]
    told = subprocess.run(asked, env=environment(), capture_output=True, text=True)
    if told.returncode:
        raise Failed(f"fetched, but does not run: {told.stderr[-500:]}")
    return told.stdout.replace("\n", " ").strip()


def main() -> int:
    try:
        print("pypy:", fetch(DEST))
    except Failed as problem:
        (DEST / Path(PROGRAM).name).unlink(missing_ok=True)
        print(f"pypy: {problem}\npypy: what would run on it runs on CPython, slower", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
