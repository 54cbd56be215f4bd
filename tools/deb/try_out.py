"""`python -m tools.deb.try_out [--suite S] [--deb FILE] [--lintian] [--ready]`: the package in a clean Debian, from its installation to its purge.

Builds the package twice and compares, makes a minimal Debian with debootstrap, installs the package there, starts Debian's own systemd in
namespaces without a network, and runs a site on a serial terminal with a simulated EVSE and a simulated meter (pymodbus). Prints each step with its
seconds. Needs root, the network for Debian's packages, and the package `pymodbus` of `make setup`; `--ready` only says whether these are here.

Exit codes: 0 every step passed, or what is needed is here; 1 a step failed, or something is not here; 2 wrong usage.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.e2e.serial_bench import SerialBench
from tools.deb.build import ROOT, built, checked
from tools.deb.clean_root import SPACES, CleanRoot, run
from tools.micropython.debian import Failed

PYTHON = {"bookworm": "3.11", "trixie": "3.13"}
UNIT = "ampacity.service"
RIGHTS = re.compile(r"^\| lines of a \[board file\].*$", re.M)  # of docs/linux.md: what the service needs more for them
DIALOUT = 20  # the same in every Debian
SITE = """[site]
name = "tryout"
[[circuit]]
name = "main"
rating_a = 40.0
assumed_other_a = 10.0
meter = "grid"
[[bus]]
name = "line"
kind = "rtu"
port = "/dev/ttyUSB0"
parity = "N"
[[meter]]
name = "grid"
profile = "eastron-sdm630"
bus = "line"
unit = 100
[[evse]]
name = "bay"
kind = "heidelberg-energy-control"
bus = "line"
unit = 6
circuit = "main"
max_a = 16.0
"""


def need(condition: object, text: str) -> None:
    """Raises Failed with the text if the condition is false."""
    if not condition:
        raise Failed(text)


def until(condition: Callable[[], object], seconds: float, text: str) -> None:
    """Wait for a condition. Raises Failed."""
    end_s = time.monotonic() + seconds
    while not condition():
        need(time.monotonic() < end_s, f"not within {seconds:g} s: {text}")
        time.sleep(0.2)


class TryOut:
    """The steps, in their order; each raises Failed."""

    def __init__(self, root: CleanRoot, bench: SerialBench, deb: Path) -> None:
        self.root, self.bench, self.deb = root, bench, deb

    def unit(self, name: str) -> str:
        """A property of the unit."""
        return self.root.does("systemctl", "show", "--value", "-p", name, UNIT).strip()

    def controller(self) -> int:
        """The process of the controller, as it is numbered inside."""
        return int(self.root.does("cat", "/var/lib/ampacity/lock").split()[0])

    def signal(self, name: str) -> None:
        """Send a signal to the process of the controller."""
        self.root.does("/bin/sh", "-c", f"kill -{name} {self.controller()}")

    def charging(self) -> None:
        """The EVSE has an order of 16 A and the car draws it."""
        until(lambda: self.bench.limit_da == 160, 90, f"an order of 16 A; the last one is {self.bench.limit_da / 10} A")

    def installed(self) -> None:
        """apt-get installs it with what it depends on; its commands run; nothing is configured."""
        shutil.copyfile(self.deb, self.root.folder / "root" / self.deb.name)
        self.root.install(f"/root/{self.deb.name}")
        shown = run("chroot", str(self.root.folder), "ampacity", "--version")
        need(shown.startswith("ampacity "), shown)
        run("chroot", str(self.root.folder), "ampacity", "check", "/usr/share/doc/ampacity/examples/site.toml")
        need(not (self.root.folder / "etc/ampacity/site.toml").exists(), "the package brings a site file")

    def booted(self) -> None:
        """systemd starts; without a site file the service does not."""
        self.root.on(os.path.realpath(self.bench.path))
        self.root.does("systemctl", "start", UNIT)
        need(self.unit("ActiveState") == "inactive" and self.unit("ConditionResult") == "no", "it started without a site file")
        self.root.does("systemd-analyze", "verify", f"/usr/lib/systemd/system/{UNIT}")

    def started(self) -> None:
        """`systemctl enable --now` returns when the safety loop has reported."""
        self.write_site(SITE)
        self.root.does("systemctl", "enable", "--now", UNIT)
        need(self.unit("ActiveState") == "active" and self.unit("Type") == "notify", "not active")

    def write_site(self, text: str) -> None:
        """The site file, readable for the service only."""
        path = self.root.folder / "etc/ampacity/site.toml"
        path.write_text(text)
        path.chmod(0o640)
        run("chroot", str(self.root.folder), "chown", "root:ampacity", "/etc/ampacity/site.toml")

    def confined(self) -> None:
        """An own user without privileges; the state is for that user alone; no write access elsewhere."""
        status = dict(line.split(":\t", 1) for line in self.root.does("cat", f"/proc/{self.controller()}/status").splitlines() if ":\t" in line)
        need(status["Uid"].split()[0] == self.root.does("id", "-u", "ampacity").strip() != "0", "another user")
        need(status["NoNewPrivs"] == "1" and int(status["CapEff"], 16) == 0 == int(status["CapBnd"], 16), "privileges")
        need(status["Seccomp"] == "2", "no filter of system calls")
        need(self.root.does("stat", "-c", "%a %U", "/var/lib/ampacity").strip() == "700 ampacity", "the state folder is open")
        mounts = self.root.does("cat", f"/proc/{self.controller()}/mountinfo").splitlines()
        writable = [line.split()[4] for line in mounts if line.split()[5].startswith("rw")]
        need("/" not in writable and "/var/lib/ampacity" in writable, f"writable: {writable}")

    def barred(self) -> None:
        """A device that is not serial cannot be opened in the service, not even by root."""
        opened = ": < /dev/kmsg"
        self.root.does("/bin/sh", "-c", opened)
        moved = f"echo $$ > /sys/fs/cgroup/system.slice/{UNIT}/cgroup.procs && {opened}"
        need("not permitted" in self.root.says("/bin/sh", "-c", moved), "another device can be opened")

    def lined(self) -> None:
        """libgpiod 2 is there: the self test fails for lines that this machine does not have; the rights of docs/linux.md are accepted."""
        tested = self.root.says("ampacity", "selftest", "linux-arm")
        need(" 1 failed" in tested and "gpioinfo" in tested, tested)
        found = RIGHTS.search((ROOT / "docs/linux.md").read_text())
        rights = re.findall(r"`(\w+=[^`]+)`", found[0] if found else "")
        need(len(rights) == 2, "docs/linux.md has no rights for the lines of a board")
        self.root.does("addgroup", "--system", "gpio")
        (self.root.folder / f"etc/systemd/system/{UNIT}.d").mkdir()
        (self.root.folder / f"etc/systemd/system/{UNIT}.d/lines.conf").write_text("\n".join(["[Service]", *rights, ""]))
        self.root.does("systemctl", "daemon-reload")
        self.root.does("systemctl", "restart", UNIT)
        allowed = self.unit("DeviceAllow") + self.unit("SupplementaryGroups")
        need(all(word in allowed for word in ("char-tty", "char-gpiochip rw", "dialout", "gpio")), allowed)
        self.charging()

    def ordered(self) -> None:
        """16 A; with 30 A of other load at most 10 A; the console of root reaches the controller."""
        self.charging()
        self.bench.house_a = 30.0
        until(lambda: self.bench.limit_da <= 100, 10, "a lower order")
        self.bench.house_a = 3.0
        need("bay" in self.root.does("ampacity", "console", "--controller", "/var/lib/ampacity", "show"), "no answer of the console")
        self.charging()

    def crashed(self) -> None:
        """A killed controller is restarted by `ampacity run`; the service manager does nothing."""
        before = self.controller()
        self.signal("KILL")
        until(lambda: self.controller() != before, 30, "another controller")
        self.bench.limit_da = 0
        self.charging()
        need(self.unit("NRestarts") == "0" and self.unit("ActiveState") == "active", "the unit was restarted")

    def hung(self) -> None:
        """A controller that hangs is killed by the watchdog of the service manager, and started again."""
        self.signal("STOP")
        until(lambda: self.unit("NRestarts") == "1", 60, "a restart by the watchdog")
        need("watchdog" in self.root.does("journalctl", "-u", UNIT, "--no-pager").lower(), "no word of the watchdog in the journal")
        until(lambda: self.unit("ActiveState") == "active", 60, "active again")
        self.bench.limit_da = 0
        self.charging()

    def alone(self) -> None:
        """Where `ampacity run` is killed its controller does not live on; both are started again."""
        controller, restarts = self.controller(), int(self.unit("NRestarts"))
        self.root.does("/bin/sh", "-c", f"kill -KILL {self.unit('MainPID')}")
        until(lambda: int(self.unit("NRestarts")) == restarts + 1, 30, "a restart")
        need("python" not in self.root.says("cat", f"/proc/{controller}/comm"), "the controller lives on")
        until(lambda: self.unit("ActiveState") == "active", 60, "active again")
        self.bench.limit_da = 0
        self.charging()

    def upgraded(self) -> None:
        """Another installation stops the service before it replaces its files, and starts it again."""
        before = self.unit("MainPID")
        self.root.does("dpkg", "-i", f"/root/{self.deb.name}")
        need(self.unit("ActiveState") == "active" and self.unit("MainPID") != before, "not started again")
        self.charging()

    def stopped(self) -> None:
        """`systemctl stop` ends it with status 0."""
        self.root.does("systemctl", "stop", UNIT)
        need((self.unit("Result"), self.unit("ExecMainStatus")) == ("success", "0"), self.unit("Result"))

    def refused(self) -> None:
        """A site file that the check refuses ends the service with status 1, and no restart follows."""
        self.write_site(SITE.replace("rating_a = 40.0", "rating_a = 4.0"))
        need("failed" in self.root.says("systemctl", "start", UNIT), "it started")
        time.sleep(12)
        need((self.unit("ActiveState"), self.unit("ExecMainStatus"), self.unit("NRestarts")) == ("failed", "1", "0"), "it was restarted")
        self.write_site(SITE)

    def busy(self) -> None:
        """While another program uses the data folder the service is started again every 10 s, and runs after that."""
        command = ["setpriv", "--reuid=ampacity", "--regid=ampacity", "--init-groups", "ampacity", "run", "/etc/ampacity/site.toml"]
        other = subprocess.Popen(self.root.words(*command, "--data", "/var/lib/ampacity"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            until(lambda: "bay" in self.root.says("ampacity", "console", "--controller", "/var/lib/ampacity", "show"), 30, "the other one")
            self.root.says("systemctl", "start", UNIT)
            until(lambda: int(self.unit("NRestarts")) >= 1, 30, "a restart")
            need("status=75" in self.root.does("journalctl", "-u", UNIT, "--no-pager"), "another status than 75")
        finally:
            self.root.does("/bin/sh", "-c", f"kill -TERM {self.controller()}")
            other.wait(30)
        until(lambda: self.unit("ActiveState") == "active", 30, "active")

    def removed(self) -> None:
        """Removal stops the service and leaves configuration and state."""
        self.root.does("dpkg", "-r", "ampacity")
        need(not self.root.says("find", "/proc", "-maxdepth", "1", "-user", "ampacity").strip(), "a process is left")
        need(not (self.root.folder / "usr/lib/ampacity").exists(), "modules are left")
        for left in ("etc/ampacity/site.toml", "etc/default/ampacity", "var/lib/ampacity/store"):
            need((self.root.folder / left).exists(), f"{left} is gone")

    def purged(self) -> None:
        """Purge removes configuration and state."""
        self.root.does("dpkg", "-P", "ampacity")
        found = [name for name in ("etc/ampacity", "etc/default/ampacity", "var/lib/ampacity", f"etc/systemd/system/multi-user.target.wants/{UNIT}")
                 if os.path.lexists(self.root.folder / name)]  # fmt: skip
        need(not found, f"left: {found}")


STEPS = (
    TryOut.installed, TryOut.booted, TryOut.started, TryOut.ordered, TryOut.lined, TryOut.confined, TryOut.barred, TryOut.crashed, TryOut.hung,
    TryOut.alone, TryOut.upgraded, TryOut.stopped, TryOut.refused, TryOut.busy, TryOut.removed, TryOut.purged,
)  # fmt: skip


def play(deb: Path, suite: str, work: Path) -> None:
    """Every step. Raises Failed, after the last lines of the journal."""
    with SerialBench(work) as bench, CleanRoot(suite, work / "root") as root:
        os.chown(bench.path, 0, DIALOUT)
        os.chmod(bench.path, 0o660)
        try_out = TryOut(root, bench, deb)
        for step in STEPS:
            begun_s = time.monotonic()
            try:
                step(try_out)
            except Failed:
                print(root.says("journalctl", "-n", "40", "--no-pager") if root.running else "", file=sys.stderr)
                raise
            print(f"deb-test: {step.__name__}: {time.monotonic() - begun_s:.1f} s: {(step.__doc__ or '').strip()}", flush=True)


def lint(deb: Path, suite: str, folder: Path) -> None:
    """What lintian of that suite says. Raises Failed for an error."""
    with CleanRoot(suite, folder) as root:
        shutil.copyfile(deb, folder / "root" / deb.name)
        root.install("lintian")
        done = subprocess.run(["unshare", "--mount", "--pid", "--fork", "chroot", str(folder), "/bin/sh", "-c",
                               f"mount -t proc proc /proc; lintian --allow-root --fail-on error /root/{deb.name}"],
                              capture_output=True, text=True)  # fmt: skip
        print(done.stdout.strip() or "deb-test: lintian: nothing", done.stderr.strip(), sep="\n", flush=True)
        need(done.returncode == 0, "lintian found an error")


def ready(suite: str) -> None:
    """Make the minimal Debian, fetch packages from inside, and enter each namespace. Raises Failed."""
    with tempfile.TemporaryDirectory(prefix="ampacity-try.") as work, CleanRoot(suite, Path(work) / "root") as root:
        root.install("--download-only", "python3")
        run("unshare", *SPACES, "true")
    print("deb-test: root, namespaces and Debian's packages are here")


def main(words: list[str]) -> int:
    """See the module."""
    reader = argparse.ArgumentParser(prog="python -m tools.deb.try_out", description=__doc__.split("\n")[0])
    reader.add_argument("--suite", choices=sorted(PYTHON), default="bookworm")
    reader.add_argument("--deb", type=Path, help="this package; default: the newest commit, built twice and compared")
    reader.add_argument("--lintian", action="store_true", help="check the package with lintian, too")
    reader.add_argument("--ready", action="store_true", help="only say whether root, namespaces and Debian's packages are here")
    given = reader.parse_args(words)
    try:
        need(os.geteuid() == 0, "this test needs root: it makes namespaces and a root file system")
        if given.ready:
            ready(given.suite)
            return 0
        architecture, python = run("dpkg", "--print-architecture").strip(), PYTHON[given.suite]
        deb = given.deb or built(ROOT / "dist", architecture, python)
        if given.deb is None:
            checked(deb, architecture, python)
            print(f"deb-test: two builds are equal: {deb.name}, {deb.stat().st_size / 1e6:.1f} MB", flush=True)
        with tempfile.TemporaryDirectory(prefix="ampacity-try.") as work:
            play(deb, given.suite, Path(work))
            if given.lintian:
                lint(deb, given.suite, Path(work) / "lint")
    except (Failed, subprocess.TimeoutExpired) as problem:
        print(f"deb-test: {problem}", file=sys.stderr)
        return 1
    print("deb-test: every step passed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
