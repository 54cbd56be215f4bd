"""`python3 -m tools.micropython.build_m3`: MicroPython for a Cortex-M3 and an emulator for it, in .cache/cortex-m3.

The emulated machine (QEMU's mps2-an385) has a counter that advances with the instructions, so times are those of a core and
equal on every host: `firmware.elf` is for the bench, and has no more than the port of MicroPython. `board.elf` has what a board has
(tools/cortex_m3): UARTs, timers, a file system, and a start from `main.py`. Sources, compiler and emulator are Debian's packages,
unpacked, not installed; the compiler (800 MB) is deleted after the build. The build takes one to three minutes and fetches 140 MB.
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
BOARD_HEAP_BYTES = 512 << 10
COMPILER = ["gcc-arm-none-eabi", "binutils-arm-none-eabi", "libnewlib-dev", "libnewlib-arm-none-eabi"]
EMULATOR = ["qemu-system-arm"]
HERE_ALREADY = {"libc6", "libgcc-s1", "libstdc++6"}  # of the machine's own suite
QEMU = """#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
LD_LIBRARY_PATH="{libraries}" exec "$here/root/usr/bin/qemu-system-arm" -L "$here/root/usr/share/qemu" \\
    -machine mps2-an385 -nographic -monitor null -semihosting "$@"
"""
RUN = """#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
exec "$here/qemu" -serial stdio -icount shift=3,sleep=off -kernel "$here/firmware.elf" "$@"
"""
OWN = ROOT / "tools" / "cortex_m3"
# File of the port, its text, the text of a board in its place. The port starts with the prompt; a board mounts its files first, and starts
# `main.py` unless a program has the raw prompt. Unwind tables come with the 64-bit division of the time of day.
CHANGES = (
    ("main.c", "        mp_init();\n", """        mp_init();
        pyexec_frozen_module("_boot.py", false);
        if (pyexec_mode_kind == PYEXEC_MODE_FRIENDLY_REPL) {
            pyexec_file_if_exists("main.py");
        }
"""),
    ("mcu/arm/mps2.ld", "        *(.rodata*)\n", "        *(.rodata*)\n        *(.ARM.ex*)\n"),
)


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
        port, flags = tree / "ports" / "qemu", f"-isystem {headers} -Wno-error"
        quietly(["make", "-C", "ports/qemu", jobs, *arguments, f"CFLAGS_EXTRA={flags}"], tree)
        shutil.copy2(port / "build-m3" / "firmware.elf", dest)
        make_a_board_of(port)
        arguments = ["BOARD=MPS2_AN385", "BUILD=build-board", f"FROZEN_MANIFEST={OWN / 'frozen' / 'manifest.py'}", f"USER_C_MODULES={OWN.parent}"]
        arguments += ["MICROPY_VFS_LFS2=1", f"MICROPY_HEAP_SIZE={BOARD_HEAP_BYTES}"]
        arguments += [f"CFLAGS_EXTRA={flags} -DMP_CONFIGFILE='\"{OWN / 'mpconfig.h'}\"'"]
        quietly(["make", "-C", "ports/qemu", jobs, *arguments], tree)
        shutil.copy2(port / "build-board" / "firmware.elf", dest / "board.elf")
        shutil.copy2(tree / "mpy-cross" / "build" / "mpy-cross", dest)


def make_a_board_of(port: Path) -> None:
    """The port starts as a board does. Raises Failed for sources in which one of these places is another."""
    for name, text, board in CHANGES:
        source = (port / name).read_text()
        if source.count(text) != 1:
            raise Failed(f"another MicroPython than 1.25: its ports/qemu/{name} has no place for the start of a board")
        (port / name).write_text(source.replace(text, board))


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
    for name, text in (("qemu", QEMU.format(libraries=":".join(libraries))), ("run", RUN)):
        (DEST / name).write_text(text)
        (DEST / name).chmod(0o755)
    print(f"cortex-m3: {DEST / 'run'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
