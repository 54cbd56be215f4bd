"""`python3 -m tools.micropython.build_m3`: MicroPython for a Cortex-M3 and an emulator for it, in .cache/cortex-m3.

The emulated machine (QEMU's mps2-an385) has a counter that advances with the instructions, so times are those of a core and
equal on every host. Sources, compiler and emulator are Debian's packages, unpacked, not installed; the compiler (800 MB) is
deleted after the build. The build takes about three minutes and fetches 140 MB.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.micropython.debian import Failed, PrivateApt, needs, own_suite, quietly
from tools.micropython.find import ROOT

DEST = ROOT / ".cache" / "cortex-m3"
HEAP_BYTES = 1 << 20
COMPILER = ["gcc-arm-none-eabi", "binutils-arm-none-eabi", "libnewlib-dev", "libnewlib-arm-none-eabi"]
EMULATOR = ["qemu-system-arm"]
HERE_ALREADY = {"libc6", "libgcc-s1", "libstdc++6"}  # of the machine's own suite
RUN = """#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
LD_LIBRARY_PATH="{libraries}" exec "$here/root/usr/bin/qemu-system-arm" -L "$here/root/usr/share/qemu" \\
    -machine mps2-an385 -nographic -monitor null -semihosting -serial stdio -icount shift=3,sleep=off \\
    -kernel "$here/firmware.elf" "$@"
"""


def unpack(names: list[str], dest: Path) -> None:
    """Packages of this machine's Debian, with all their dependencies, into a folder."""
    with PrivateApt(own_suite()) as apt:
        apt.update()
        wanted, known = set(names), set(HERE_ALREADY)
        while wanted:
            debs = apt.download(sorted(wanted))
            known |= wanted
            wanted = {name for deb in debs for name in needs(deb)} - known
        for deb in debs:
            subprocess.run(["dpkg-deb", "-x", deb, dest], check=True)


def build(dest: Path, tools: Path) -> None:
    """Compile the port with the compiler in `tools`; firmware.elf and mpy-cross into dest."""
    jobs = f"-j{os.cpu_count() or 1}"
    os.environ["PATH"] = f"{tools / 'usr' / 'bin'}:{os.environ['PATH']}"
    libraries = sorted({str(path.parent) for path in tools.rglob("lib*.so*")})
    os.environ["LD_LIBRARY_PATH"] = ":".join(libraries)
    headers = tools / "usr" / "include" / "newlib"
    with PrivateApt(kind="deb-src") as apt:
        apt.update()
        apt.source(["micropython"])
        tree = apt.folder / "packages" / "micropython"
        manifest = apt.folder / "manifest.py"
        manifest.write_text("")
        quietly(["make", "-C", "mpy-cross", jobs], tree)
        arguments = ["BOARD=MPS2_AN385", "BUILD=build-m3", f"FROZEN_MANIFEST={manifest}", f"MICROPY_HEAP_SIZE={HEAP_BYTES}"]
        quietly(["make", "-C", "ports/qemu", jobs, *arguments, f"CFLAGS_EXTRA=-isystem {headers} -Wno-error"], tree)
        shutil.copy2(tree / "ports" / "qemu" / "build-m3" / "firmware.elf", dest)
        shutil.copy2(tree / "mpy-cross" / "build" / "mpy-cross", dest)


def main() -> int:
    DEST.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix="ampacity-arm.") as name:
            unpack(COMPILER, Path(name))
            build(DEST, Path(name))
        shutil.rmtree(DEST / "root", ignore_errors=True)
        unpack(EMULATOR, DEST / "root")
    except Failed as problem:
        print(f"cortex-m3: {problem}", file=sys.stderr)
        return 1
    libraries = sorted({f"$here/{path.parent.relative_to(DEST)}" for path in (DEST / "root").rglob("lib*.so*")})
    (DEST / "run").write_text(RUN.format(libraries=":".join(libraries)))
    (DEST / "run").chmod(0o755)
    print(f"cortex-m3: {DEST / 'run'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
