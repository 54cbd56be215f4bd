"""`python -m tools.deb.build [--arch A] [--python V] [--out DIR] [--check]`: a Debian package of the controller, of the newest commit.

It contains what is in the newest commit, and the wheels of requirements.lock; the commit also gives the version and every time stamp. So two
builds of a commit are equal in every byte; --check builds twice, under two names, and compares. Prints the path of the package.

Exit codes: 0 built, 1 not built, or the two builds differ, 2 wrong usage.
"""

import argparse
import filecmp
import gzip
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from email.utils import formatdate
from pathlib import Path

from tools.deb import wheels
from tools.deb.copyright import copyright_text
from tools.micropython.debian import Failed

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
PYTHONS = ("3.11", "3.13")  # of Debian 12 and 13
PLACES = {  # a file of this folder, and where the package has it
    "ampacity.service": "usr/lib/systemd/system/ampacity.service",
    "ampacity.sh": "usr/bin/ampacity",
    "default.conf": "etc/default/ampacity",
    "lintian-overrides": "usr/share/lintian/overrides/ampacity",
}
SCRIPTS = {"postinst.sh": "postinst", "prerm.sh": "prerm", "postrm.sh": "postrm"}
PROGRAMS = ("usr/bin/ampacity", *(f"DEBIAN/{name}" for name in SCRIPTS.values()))
MAINTAINER = "Ampacity maintainers <maintainers@ampacity.invalid>"
CHANGES = """ampacity ({version}) unstable; urgency=medium

  * Built from a commit; the changes are in CHANGELOG.md.gz.

 -- {maintainer}  {date}
"""
CONTROL = """Package: ampacity
Version: {version}
Architecture: {architecture}
Maintainer: {maintainer}
Installed-Size: {size_kib}
Depends: python3 (>= {python}~), python3 (<< {next_python}~), libc6 (>= 2.{glibc}), adduser{of_debian}
{recommends}Section: misc
Priority: optional
Description: controller of a charging site
 One primary EV charger controls a whole site: it reads the meters and sends
 each EVSE its current limit over Modbus, so that no circuit exceeds its
 rating. The package has the controller, its commands and a systemd service.
"""


def git(*words: str) -> str:
    """What git prints, stripped. Raises Failed."""
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"git {words[0]}: {done.stderr.strip()}")
    return done.stdout.strip()


def version_of(source: Path, python: str) -> str:
    """Version of the package. Without a tag of the release: before it, in the order of the times of the commits."""
    release: str = tomllib.loads((source / "pyproject.toml").read_text())["project"]["version"]
    if f"v{release}" not in git("tag", "--points-at", "HEAD").split():
        when = time.strftime("%Y%m%d%H%M%S", time.gmtime(int(git("log", "-1", "--format=%ct"))))
        release += f"~git{when}.{git('rev-parse', '--short=8', 'HEAD')}"
    return f"{release}+py{python.replace('.', '')}"


def exported(folder: Path) -> Path:
    """The files of the newest commit."""
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    folder.mkdir()
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive, check=True)
    return folder


def own_wheel(source: Path, folder: Path) -> Path:
    """The wheel of the project itself. Raises Failed."""
    done = subprocess.run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index",
                           "--wheel-dir", str(folder), "."], cwd=source, capture_output=True, text=True)  # fmt: skip
    if done.returncode:
        raise Failed(f"no wheel of the project\n{done.stderr[-2000:]}")
    return next(folder.glob("*.whl"))


def packed(text: str) -> bytes:
    """The text in the form of gzip, without a time."""
    return gzip.compress(text.encode(), 9, mtime=0)


def filled(tree: Path, source: Path, work: Path, architecture: str, python: str) -> None:
    """Every file of the package in the folder `tree`, except its control files."""
    library, documents = tree / "usr/lib/ampacity", tree / "usr/share/doc/ampacity"
    for wheel in [*wheels.fetched(architecture, python), own_wheel(source, work / "wheel")]:
        wheels.unpacked(wheel, library)
    for name, place in PLACES.items():
        (tree / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / "tools" / "deb" / name, tree / place)
    (tree / "etc/ampacity").mkdir()
    (documents / "examples").mkdir(parents=True)
    shutil.copyfile(source / "sites" / "garage.toml", documents / "examples" / "site.toml")
    for name in ("CHANGELOG.md", "docs/linux.md"):
        (documents / f"{Path(name).name}.gz").write_bytes(packed((source / name).read_text()))
    (documents / "copyright").write_text(copyright_text(library, (source / "LICENSE").read_text()))


def dated(tree: Path, version: str, epoch_s: int) -> None:
    """The changelog in the form of Debian."""
    text = CHANGES.format(version=version, maintainer=MAINTAINER, date=formatdate(epoch_s))
    (tree / "usr/share/doc/ampacity/changelog.gz").write_bytes(packed(text))


def controlled(tree: Path, source: Path, version: str, architecture: str, python: str) -> None:
    """The control files of the package."""
    control = tree / "DEBIAN"
    files = sorted(path for path in tree.rglob("*") if path.is_file())
    size_kib = sum(-(-path.stat().st_size // 1024) for path in files)
    control.mkdir()
    (control / "md5sums").write_text(
        "".join(f"{hashlib.md5(path.read_bytes()).hexdigest()}  {name}\n" for path in files
                if not (name := str(path.relative_to(tree))).startswith("etc/")))  # fmt: skip
    (control / "conffiles").write_text("".join(f"/{path.relative_to(tree)}\n" for path in files if path.is_relative_to(tree / "etc")))
    for name, to in SCRIPTS.items():
        shutil.copyfile(source / "tools" / "deb" / name, control / to)
    major, minor = python.split(".")
    values = {"version": version, "maintainer": MAINTAINER, "architecture": architecture, "size_kib": size_kib, "python": python}
    values |= {"next_python": f"{major}.{int(minor) + 1}", "glibc": wheels.GLIBC_MAX}
    values["of_debian"] = "".join(f", {name}" for name in sorted(wheels.OF_DEBIAN.get(architecture, {}).values()))
    recommended = sorted(wheels.RECOMMENDED.get(architecture, {}).values())
    values["recommends"] = f"Recommends: {', '.join(recommended)}\n" if recommended else ""
    (control / "control").write_text(CONTROL.format_map(values))


def settled(tree: Path, epoch_s: int) -> None:
    """Modes and times that do not depend on this machine."""
    for path in [tree, *tree.rglob("*")]:
        program = path.is_dir() or str(path.relative_to(tree)) in PROGRAMS
        path.chmod(0o755 if program else 0o644)
        os.utime(path, (epoch_s, epoch_s))


def built(out: Path, architecture: str, python: str) -> Path:
    """The package of the newest commit in the folder `out`. Raises Failed."""
    epoch_s = int(git("log", "-1", "--format=%ct"))
    with tempfile.TemporaryDirectory(prefix="ampacity-deb.") as name:
        work = Path(name)
        source, tree = exported(work / "source"), work / "tree"
        version = version_of(source, python)
        filled(tree, source, work, architecture, python)
        dated(tree, version, epoch_s)
        controlled(tree, source, version, architecture, python)
        settled(tree, epoch_s)
        out.mkdir(parents=True, exist_ok=True)
        deb = out / f"ampacity_{version}_{architecture}.deb"
        done = subprocess.run(["dpkg-deb", "--build", "--root-owner-group", "-Zxz", "--threads-max=1", str(tree), str(deb)],
                              env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch_s)}, capture_output=True, text=True)  # fmt: skip
        if done.returncode:
            raise Failed(f"dpkg-deb: {done.stderr.strip()}")
    return deb


def checked(deb: Path, architecture: str, python: str) -> None:
    """Raises Failed if another build, under another umask and in another folder, differs."""
    before = os.umask(0o077)
    try:
        with tempfile.TemporaryDirectory(prefix="another-ampacity-deb.") as folder:
            if not filecmp.cmp(deb, built(Path(folder), architecture, python), shallow=False):
                raise Failed("two builds differ")
    finally:
        os.umask(before)


def main(words: list[str]) -> int:
    """See the module."""
    own = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True).stdout.strip() if shutil.which("dpkg") else ""
    reader = argparse.ArgumentParser(prog="python -m tools.deb.build", description=__doc__.split("\n")[0])
    reader.add_argument("--arch", choices=sorted(wheels.MACHINES), default=own if own in wheels.MACHINES else "amd64")
    reader.add_argument("--python", choices=PYTHONS, default=PYTHONS[0])
    reader.add_argument("--out", type=Path, default=ROOT / "dist")
    reader.add_argument("--check", action="store_true", help="build twice and compare")
    given = reader.parse_args(words)
    try:
        if not shutil.which("dpkg-deb"):
            raise Failed("this machine is no Debian (no dpkg-deb)")
        if git("status", "--porcelain"):
            print("deb: changes that are not committed are not in the package", file=sys.stderr)
        deb = built(given.out, given.arch, given.python)
        if given.check:
            checked(deb, given.arch, given.python)
            print("deb: two builds are equal", file=sys.stderr)
    except Failed as problem:
        print(f"deb: {problem}", file=sys.stderr)
        return 1
    print(deb)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
