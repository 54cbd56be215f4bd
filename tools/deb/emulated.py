"""`python -m tools.deb.emulated [--arch A] [--deb FILE]`: the package in a Debian of another architecture under qemu-user, without its systemd.

Makes a minimal Debian 12 of that architecture with debootstrap, installs the package with apt-get, and starts the command of the unit as the user
`ampacity` with two serial lines: on one a simulated EVSE and a simulated meter (pymodbus), on the other a secondary of this project, from the same
package and under the same emulation. First both run on CPython, then both on MicroPython of that architecture. qemu runs in a user namespace with an
own list of binary formats (Linux 6.7 or newer), so the machine stays as it is. Prints each step with its seconds, which are those of the emulation.
Needs root, the network, and the package `pymodbus` of `make setup`.

Exit codes: 0 every step passed, 1 a step failed, 2 wrong usage.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ampacity.roles.control.safety_loop import PERMIT_MS
from tests.e2e.serial_bench import SerialBench
from tools.deb import secondary
from tools.deb.build import ROOT, built, checked
from tools.deb.clean_root import mirror, run
from tools.deb.try_out import DIALOUT, SITE, need, until
from tools.deb.wheels import CACHE, RECOMMENDED
from tools.micropython.debian import Failed, PrivateApt, own_suite, unpack, write_wrapper

QEMU = {"armhf": "arm", "arm64": "aarch64"}
SUITE, PYTHON = "bookworm", "3.11"
START_S, ORDER_S = 300, 300
STALL_MS = {"cpython": PERMIT_MS, "micropython": 2000}  # on MicroPython modules are compiled while the loop runs; measured: 1815 at a load of 12
INSIDE = """read go
exec sh -c 'mount --make-rprivate / && mount -t proc proc /proc && mount -t binfmt_misc formats /proc/sys/fs/binfmt_misc \
&& printf %s "$FORMAT" > /proc/sys/fs/binfmt_misc/register && exec "$@"' sh "$@"
"""
AS_SERVICE = """mount -t proc proc /proc; mount -t tmpfs tmp /tmp
exec setpriv --reuid=ampacity --regid=ampacity --groups={dialout} --no-new-privs --bounding-set=-all {command}
"""
PRIMARY = """env NOTIFY_SOCKET=/run/notify WATCHDOG_USEC=15000000 ampacity run /etc/ampacity/site.toml --data /var/lib/ampacity --runtime {runtime}"""
MICROPYTHON_HOME = "opt/micropython"
IN_ROOT = ("/usr/bin/env", "-i", f"AMPACITY_MICROPYTHON=/{MICROPYTHON_HOME}/micropython",
           "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")  # fmt: skip


class Emulation:
    """Commands in a namespace in which programs of the architecture run."""

    def __init__(self, architecture: str) -> None:
        self.architecture = architecture
        name = QEMU[architecture]
        fetched("qemu-user-static", "qemu")
        rule = (CACHE / f"qemu/usr/lib/binfmt.d/qemu-{name}.conf").read_text().strip().rsplit(":", 2)[0]
        self._format = f"{rule}:{CACHE}/qemu/usr/bin/qemu-{name}-static:OPF"

    def start(self, *words: str) -> "subprocess.Popen[bytes]":
        """A command with all ids of this machine, in namespaces of its own; its output is piped."""
        process = subprocess.Popen(["unshare", "--user", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", INSIDE, "sh", *words],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   env={**os.environ, "FORMAT": self._format})  # fmt: skip
        own = os.readlink("/proc/self/ns/user")
        until(lambda: os.readlink(f"/proc/{process.pid}/ns/user") != own, 10, "a user namespace")
        for kind in ("uid_map", "gid_map"):
            Path(f"/proc/{process.pid}/{kind}").write_text("0 0 65536")
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.close()
        process.stdin = None
        return process

    def does(self, *words: str) -> str:
        """What a command prints. Raises Failed."""
        process = self.start(*words)
        shown = process.communicate(timeout=3600)[0].decode(errors="replace")
        need(process.returncode == 0, f"status {process.returncode}: {' '.join(words)[:200]}\n{shown[-3000:]}")
        return shown


def fetched(package: str, folder: str) -> None:
    """The files of a package of this machine's own suite, in the cache."""
    if not (CACHE / folder).exists():
        with PrivateApt(own_suite()) as apt:
            apt.update()
            unpack(apt.download([package]), CACHE / folder)


def made(emulation: Emulation) -> Path:
    """An archive of a minimal Debian of that architecture; made once, which takes some minutes."""
    archive = CACHE / f"root-{SUITE}-{emulation.architecture}.tar"
    if archive.exists():
        return archive
    fetched("debootstrap", "debootstrap")
    with PrivateApt(own_suite()) as apt:
        address = mirror(apt.folder / "sources")
    folder = CACHE / f"root-{SUITE}-{emulation.architecture}"
    shutil.rmtree(folder, ignore_errors=True)
    run("env", f"DEBOOTSTRAP_DIR={CACHE}/debootstrap/usr/share/debootstrap", "sh", str(CACHE / "debootstrap/usr/sbin/debootstrap"), "--foreign",
        f"--arch={emulation.architecture}", "--variant=minbase", "--include=python3,adduser", SUITE, str(folder), address)  # fmt: skip
    emulation.does("chroot", str(folder), *IN_ROOT, "container=lxc", "/debootstrap/debootstrap", "--second-stage")
    (folder / "etc/apt/sources.list").write_text(f"deb {address} {SUITE} main\n")
    run("tar", "-C", str(folder), "-cf", f"{archive}.new", ".")
    os.replace(f"{archive}.new", archive)
    shutil.rmtree(folder)
    return archive


def micropython(architecture: str) -> Path:
    """A folder with MicroPython and its libraries for that architecture."""
    folder = CACHE / f"micropython-{architecture}"
    if not (folder / "micropython").exists():
        with PrivateApt(architecture=architecture) as apt:
            apt.update()
            unpack(apt.closure({"micropython"}), folder / "root")
        write_wrapper(folder, "usr/bin/micropython")
    return folder


class TryOut:
    """The steps, in their order; each raises Failed and returns what is to be said of it."""

    def __init__(self, emulation: Emulation, root: Path, bench: SerialBench, point: secondary.Secondary, deb: Path) -> None:
        self.emulation, self.root, self.bench, self.point, self.deb = emulation, root, bench, point, deb
        self.process: subprocess.Popen[bytes] | None = None
        self.notify: socket.socket | None = None
        self.runtime, self.began_s = "cpython", 0.0
        bench.more_a = lambda: point.amps_da / 10

    def inside(self, *words: str) -> str:
        """What a command of the other Debian prints."""
        return self.emulation.does("chroot", str(self.root), *IN_ROOT, *words)

    def installed(self) -> str:
        """apt-get installs it with what it depends on."""
        shutil.copyfile(self.deb, self.root / "root" / self.deb.name)
        shutil.copyfile("/etc/resolv.conf", self.root / "etc/resolv.conf")
        self.inside("sh", "-c", "mount -t proc proc /proc; apt-get -q -o APT::Sandbox::User=root update && "
                    f"apt-get -qy -o APT::Sandbox::User=root --no-install-recommends install /root/{self.deb.name}")  # fmt: skip
        return self.inside("dpkg", "--print-architecture").strip()

    def commanded(self) -> str:
        """Its commands run: the version, the check of the example site, a bundle that is signed, verified and changed (cryptography, cbor2)."""
        need(self.inside("ampacity", "--version").startswith("ampacity "), "no version")
        self.inside("ampacity", "check", "/usr/share/doc/ampacity/examples/site.toml")
        script = ("cd $(mktemp -d) && ampacity bundle application --out app && "
                  "ampacity bundle key new root --root && ampacity bundle key new release && "
                  "ampacity bundle sign app --out app.bundle --key release --board linux-arm --release 1 --sequence 1 && "
                  "ampacity bundle verify app.bundle && printf x >> app.bundle && ! ampacity bundle verify app.bundle")  # fmt: skip
        self.inside("sh", "-c", script)
        return "check, bundle"

    def configured(self) -> str:
        """The site file and the data folders, each for the user of the service."""
        (self.root / "etc/ampacity/site.toml").write_text(SITE + secondary.SITE)
        self.point.write(self.root, SITE + secondary.SITE)
        self.inside("chown", "root:ampacity", "/etc/ampacity/site.toml")
        self.inside("install", "-d", "-o", "ampacity", "-g", "ampacity", "-m", "700", "/var/lib/ampacity")
        self.inside("chown", "-R", "ampacity:ampacity", f"/{secondary.FOLDER}")
        return "a site with a secondary"

    def lined(self) -> str:
        """The self test finds libgpiod 2 in the package; where it has none it says so, and finds that of Debian's backports."""
        self_test = ("sh", "-c", "ampacity selftest linux-arm || test $? = 1")
        where = "in the package"
        if self.emulation.architecture in RECOMMENDED:
            told = self.inside(*self_test)
            need("python3-libgpiod" in told and " 1 failed" in told, told)
            sources, where = self.root / "etc/apt/sources.list", f"of {SUITE}-backports"
            (sources.parent / "sources.list.d/backports.list").write_text(sources.read_text().replace(SUITE, f"{SUITE}-backports"))
            self.inside("sh", "-c", "mount -t proc proc /proc; apt-get -q -o APT::Sandbox::User=root update && apt-get -qy "
                        f"-o APT::Sandbox::User=root --no-install-recommends -t {SUITE}-backports install python3-libgpiod")  # fmt: skip
        told = self.inside(*self_test)
        need("gpioinfo" in told and " 1 failed" in told, told)  # what it says of a line that no chip has
        return f"libgpiod 2 {where}"

    def joined(self) -> str:
        """The secondary runs, and drives its pins."""
        began_s, line = time.monotonic(), {secondary.DEVICE: self.point.own_end}
        self.point.start(lambda command: self._start(command, line), self.runtime, f"/{MICROPYTHON_HOME}/micropython")
        until(self.point.up, START_S, "a secondary that feeds its watchdog")
        return f"{self.runtime}: up after {time.monotonic() - began_s:.1f} s"

    def started(self) -> str:
        """The command of the unit, as the user of the service without privileges; READY=1 comes with the first report of the safety loop."""
        if self.notify is None:
            self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self.notify.bind(str(self.root / "run/notify"))
            os.chmod(self.root / "run/notify", 0o666)
            self.notify.settimeout(START_S)
        self.bench.limit_da, self.bench.house_a = 0, 3.0
        self.began_s = time.monotonic()
        lines = {"ttyUSB0": os.path.realpath(self.bench.path), secondary.DEVICE_OF_PRIMARY: self.point.end_of_primary}
        self.process = self._start(PRIMARY.format(runtime=self.runtime), lines)
        if self.runtime == "micropython":
            return "MicroPython sends no READY=1"
        try:
            while b"READY=1" not in self.notify.recv(4096):
                pass
        except TimeoutError:
            self.process.kill()
            raise Failed(f"no READY=1\n{self.process.communicate()[0].decode(errors='replace')[-2000:]}") from None
        return f"READY=1 after {time.monotonic() - self.began_s:.1f} s"

    def _start(self, command: str, lines: dict[str, str]) -> "subprocess.Popen[bytes]":
        """A command of the other Debian as the user of the service; lines: name of a device there, and the terminal that it is."""
        for name in lines:
            (self.root / "dev" / name).touch()
        bound = " && ".join(f"mount --bind {terminal} {self.root}/dev/{name}" for name, terminal in lines.items())
        script = AS_SERVICE.format(dialout=DIALOUT, command=command)
        return self.emulation.start("sh", "-c", f'{bound} && exec "$@"', "sh", "chroot", str(self.root), *IN_ROOT, "sh", "-c", script)

    def on_micropython(self) -> str:
        """From here on MicroPython of that architecture, on the data folders that CPython has left."""
        shutil.copytree(micropython(self.emulation.architecture), self.root / MICROPYTHON_HOME, symlinks=True)
        self.runtime = "micropython"
        return self.inside(f"/{MICROPYTHON_HOME}/micropython", "-c", "import sys; print(sys.version, sys.maxsize)").strip()

    def ordered(self) -> str:
        """16 A each for the EVSE and for the secondary, whose cars draw it; at most 10 A together while other load is 30 A; 16 A again."""
        def full() -> bool:
            return self.bench.limit_da == 160 and self.point.amps_da >= 155

        until(full, ORDER_S, "16 A for both")
        first_s = time.monotonic() - self.began_s
        self.bench.house_a = 30.0
        stepped_s = time.monotonic()
        until(lambda: self.bench.limit_da + self.point.amps_da <= 100, 30, "at most 10 A together")
        lower_s = time.monotonic() - stepped_s
        self.bench.house_a = 3.0
        until(full, ORDER_S, "16 A for both again")
        return f"16 A for both after {first_s:.1f} s; lowered {lower_s:.1f} s after a step of other load; 16 A again"

    def timed(self) -> str:
        """The longest time between two passes of the safety loop, which starts one every 100 ms. Raises Failed above STALL_MS of the runtime."""
        began_s = time.monotonic()
        shown = json.loads(self.inside("sh", "-c", "ampacity console --controller /var/lib/ampacity show --json"))
        took_s = time.monotonic() - began_s
        stall_ms, late = shown["stall_ms"], ""
        need(stall_ms <= STALL_MS[self.runtime], f"{stall_ms} ms between two passes on {self.runtime}; limit {STALL_MS[self.runtime]} ms")
        if stall_ms > PERMIT_MS:
            late = f", more than the {PERMIT_MS} ms in which frames leave"
        return f"at most {stall_ms} ms between two passes{late}; the console answers in {took_s:.1f} s"

    def stopped(self) -> str:
        """SIGTERM ends it with 0."""
        assert self.process is not None
        self.inside("sh", "-c", "true")
        for path in Path("/proc").glob("[0-9]*"):
            try:
                words = (path / "cmdline").read_bytes().split(b"\0")
                mine = os.readlink(path / "root") == str(self.root)
            except OSError:
                continue
            if mine and b"run" in words and b"ampacity_host" in words:
                os.kill(int(path.name), 15)
        shown = self.process.communicate(timeout=120)[0].decode(errors="replace")
        need(self.process.returncode == 0, f"status {self.process.returncode}\n{shown[-1500:]}")
        return "status 0"

    def left(self) -> str:
        """The secondary, without its primary, lets its car draw the fallback at most; it ends with its pins."""
        took_s = self.point.left_alone()
        return f"at most {self.point.fallback_da / 10} A after {took_s:.1f} s; lease {self.point.lease_s:g} s; status {self.point.stop()}"


PLAYED = (TryOut.joined, TryOut.started, TryOut.ordered, TryOut.timed, TryOut.stopped, TryOut.left)
STEPS = (TryOut.installed, TryOut.commanded, TryOut.lined, TryOut.configured, *PLAYED, TryOut.on_micropython, *PLAYED)


def play(deb: Path, architecture: str, work: Path) -> None:
    """Every step. Raises Failed."""
    emulation, root = Emulation(architecture), work / "root"
    archive = made(emulation)
    root.mkdir()
    run("tar", "-C", str(root), "-xf", str(archive))
    os.chmod(work, 0o755)
    with SerialBench(work) as bench, secondary.Secondary(work) as point:
        for path in (os.path.realpath(bench.path), point.end_of_primary, point.own_end):
            os.chown(path, 0, DIALOUT)
            os.chmod(path, 0o660)
        try_out = TryOut(emulation, root, bench, point, deb)
        try:
            for step in STEPS:
                begun_s = time.monotonic()
                said = step(try_out)
                print(f"deb-test {architecture}: {step.__name__}: {time.monotonic() - begun_s:.1f} s: {said}", flush=True)
        finally:
            if try_out.process is not None and try_out.process.poll() is None:
                try_out.process.kill()
                try_out.process.wait(30)


def main(words: list[str]) -> int:
    """See the module."""
    reader = argparse.ArgumentParser(prog="python -m tools.deb.emulated", description=__doc__.split("\n")[0])
    reader.add_argument("--arch", choices=sorted(QEMU), default="arm64")
    reader.add_argument("--deb", type=Path, help="this package; default: the newest commit, built twice and compared")
    given = reader.parse_args(words)
    try:
        need(os.geteuid() == 0, "this test needs root: it makes namespaces and a root file system")
        deb = given.deb or built(ROOT / "dist", given.arch, PYTHON)
        if given.deb is None:
            checked(deb, given.arch, PYTHON)
            print(f"deb-test {given.arch}: two builds are equal: {deb.name}, {deb.stat().st_size / 1e6:.1f} MB", flush=True)
        with tempfile.TemporaryDirectory(prefix="ampacity-try.") as work:
            play(deb, given.arch, Path(work))
    except (Failed, subprocess.TimeoutExpired) as problem:
        print(f"deb-test {given.arch}: {problem}", file=sys.stderr)
        return 1
    print(f"deb-test {given.arch}: every step passed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
