"""`python3 -m tools.micropython.build32`: a MicroPython with 32-bit objects and a board's TLS, in .cache/micropython32.

Heap and time figures of the 64-bit runtime do not apply to a board: its objects are twice as large. This one is built from
Debian's source package with 32-bit words and with Mbed TLS as the bare-metal ports configure it (TLS 1.2 only, DER only,
memory from the GC heap). Needs dpkg-dev, make, gcc, patch; takes about half a minute. Where gcc has no 32-bit libraries (the package
gcc-multilib), those of this machine's suite are fetched and unpacked next to the program, which then runs with them: no root.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tools.micropython.debian import SUITE, Failed, PrivateApt, own_suite, quietly
from tools.micropython.find import ROOT, version_of

DEST = ROOT / ".cache" / "micropython32"
HERE = Path(__file__).resolve().parent
TOOLS = {"dpkg-source": "dpkg-dev", "make": "make", "gcc": "gcc", "patch": "patch"}
BUILD = "build-board"
LIBRARIES = ("libc6-dev", "libc6-dev-i386", "libc6-i386", "linux-libc-dev", "lib32gcc-s1")  # and lib32gcc-N-dev of gcc N


def check_tools() -> None:
    """Failed with the names of the packages that are missing here."""
    missing = [package for tool, package in TOOLS.items() if shutil.which(tool) is None]
    if missing:
        raise Failed("a 32-bit build needs: apt-get install " + " ".join(missing))


def links_32(compiler: list[str]) -> bool:
    """Can this compiler make a 32-bit program?"""
    probe = [*compiler, "-m32", "-x", "c", "-", "-o", os.devnull]
    return not subprocess.run(probe, input=b"#include <stdio.h>\nint main(void){return 0;}", capture_output=True).returncode


def compiler_32(root: Path, fetch: bool) -> list[str]:
    """The command of a compiler that makes 32-bit programs: gcc, if necessary with libraries that are unpacked into `root`."""
    own_libraries = links_32(["gcc"])
    if not own_libraries and not fetch:
        raise Failed("a 32-bit build needs: apt-get install gcc-multilib")
    shutil.rmtree(root, ignore_errors=True)  # of the build before, whose program needs it until here
    if own_libraries:
        return ["gcc"]
    own = Path(subprocess.run(["gcc", "-print-libgcc-file-name"], capture_output=True, text=True, check=True).stdout.strip()).parent
    with PrivateApt(own_suite()) as apt:
        apt.update()
        for package in apt.download([*LIBRARIES, f"lib32gcc-{own.name}-dev"]):
            quietly(["dpkg-deb", "-x", str(package), str(root)], apt.folder)
    for link in [path for path in root.rglob("*") if path.is_symlink() and path.readlink().is_absolute()]:
        target = Path(f"{root}{link.readlink()}")  # the packages mean their own root
        link.unlink()
        link.symlink_to(target)
    compiler = [
        "gcc", f"--sysroot={root}", f"-B{root}{own}/", f"-isystem{root}/usr/include/x86_64-linux-gnu",
        f"-Wl,--dynamic-linker={root}/lib/ld-linux.so.2", f"-Wl,-rpath={root}/lib32",
    ]  # fmt: skip
    if not links_32(compiler):
        raise Failed("a 32-bit build needs: apt-get install gcc-multilib")
    return compiler


def stamp_of(freeze: Path | None) -> str:
    """The inputs of the build, in one line."""
    digest = hashlib.sha256()
    for part in sorted(HERE.glob("*")):
        if part.is_file():
            digest.update(part.read_bytes())
    if freeze:
        digest.update(freeze.read_bytes())
    return f"{SUITE} {digest.hexdigest()}"


def make_arguments(manifest: Path, compiler: list[str]) -> list[str]:
    return [
        f"CC={' '.join(compiler)} -m32",  # the command line replaces what MICROPY_FORCE_32BIT adds to it
        "VARIANT=standard",
        f"BUILD={BUILD}",
        "MICROPY_FORCE_32BIT=1",
        f"FROZEN_MANIFEST={manifest}",
        "MICROPY_PY_FFI=0",
        "MICROPY_PY_JNI=0",
        "MICROPY_PY_BTREE=0",
        "MICROPY_SSL_MBEDTLS=1",
        "MICROPY_SSL_AXTLS=0",
        f'MBEDTLS_CONFIG_FILE=\\"{HERE / "mbedtls_board.h"}\\"',
        "CFLAGS_EXTRA=-DMICROPY_TRACKED_ALLOC=1 -Wno-error",
    ]


def own_tls(tree: Path, packages: Path) -> None:
    """Reverts Debian's use of the system's Mbed TLS: the ports have their own configuration of it."""
    system = sorted((tree / "debian" / "patches").glob("*system-mbedtls.patch"))
    if not system:
        raise Failed("unexpected source package: no patch for the system's Mbed TLS")
    quietly(["patch", "-s", "-R", "-p1", "-i", str(system[0])], tree)
    inside = tree / "lib" / "mbedtls"
    if inside.is_symlink():
        inside.unlink()
    else:
        shutil.rmtree(inside, ignore_errors=True)
    inside.symlink_to(packages / "mbedtls")


def board_paths(tree: Path) -> None:
    """Paths as short as on a board: with the host's 4 KiB each level of import takes a tenth of the stack."""
    header = tree / "ports" / "unix" / "mpconfigport.h"
    text, changed = re.subn(r"(#define MICROPY_ALLOC_PATH_MAX\s+).*", r"\g<1>(260)", header.read_text())
    if not changed:
        raise Failed("unexpected source package: no MICROPY_ALLOC_PATH_MAX")
    header.write_text(text)


def build(dest: Path, freeze: Path | None, fetch: bool) -> None:
    """Fetches the sources, builds, and leaves `micropython` and `mpy-cross` in dest."""
    jobs = f"-j{os.cpu_count() or 1}"
    dest.mkdir(parents=True, exist_ok=True)
    compiler = compiler_32(dest / "root", fetch)
    with PrivateApt(kind="deb-src") as apt:
        apt.update()
        apt.source(["micropython", "mbedtls"])
        packages = apt.folder / "packages"
        tree = packages / "micropython"
        manifest = apt.folder / "manifest.py"
        lines = ['include("$(MPY_DIR)/extmod/asyncio")'] + ([f'include("{freeze}")'] if freeze else [])
        manifest.write_text("\n".join(lines) + "\n")
        own_tls(tree, packages)
        board_paths(tree)
        quietly(["make", "-C", "mpy-cross", jobs], tree)
        quietly(["make", "-C", "ports/unix", jobs, *make_arguments(manifest, compiler)], tree)
        shutil.copy2(tree / "ports" / "unix" / BUILD / "micropython", dest)
        shutil.copy2(tree / "mpy-cross" / "build" / "mpy-cross", dest)


def main() -> int:
    parser = argparse.ArgumentParser(description="Build the 32-bit MicroPython runtime.")
    parser.add_argument("--dest", type=Path, default=DEST, help="folder of the result (default .cache/micropython32)")
    parser.add_argument("--freeze", type=Path, help="a manifest of modules to freeze in, besides asyncio")
    parser.add_argument("--no-fetch", action="store_true", help="fail where gcc has no 32-bit libraries")
    options = parser.parse_args()
    freeze = options.freeze.resolve() if options.freeze else None
    dest, stamp = options.dest.resolve(), stamp_of(freeze)
    done = dest / ".stamp"
    if not freeze and done.exists() and done.read_text() == stamp and version_of(str(dest / "micropython")):
        print(f"micropython32: {dest} is built already")
        return 0
    try:
        check_tools()
        build(dest, freeze, not options.no_fetch)
    except Failed as problem:
        print(f"micropython32: {problem}", file=sys.stderr)
        return 1
    done.write_text(stamp)
    print(f"micropython32: {dest / 'micropython'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
