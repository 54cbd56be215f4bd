"""A clean Debian in a folder: made with debootstrap, packages installed, its service manager started in namespaces of its own. Needs root."""

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

from tools.deb.wheels import CACHE
from tools.micropython.debian import Failed, PrivateApt, own_suite, unpack

BOOT = Path(__file__).with_name("boot.sh")
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
INCLUDED = "systemd,systemd-sysv"
BOOT_S = 60
SPACES = ("--pid", "--mount", "--uts", "--ipc", "--net", "--cgroup", "--fork")


def run(*words: str, patience_s: float = 900) -> str:
    """What a command prints, both streams. Raises Failed with the end of it if the command fails."""
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=patience_s)
    if done.returncode:
        raise Failed(f"status {done.returncode}: {' '.join(words)}\n{done.stdout[-3000:]}")
    return done.stdout


def mirror(sources: Path) -> str:
    """The first address of a package source that this machine uses."""
    for path in sorted(sources.iterdir()):
        found = re.search(r"^URIs:\s*(\S+)|^deb\s+(?:\[[^]]*\]\s+)?(\S+)", path.read_text(), re.M)
        if found:
            return found[1] or found[2]
    raise Failed("no address of a package source found")


def made(suite: str) -> Path:
    """An archive of a minimal Debian of that suite; made once."""
    archive = CACHE / f"root-{suite}.tar"
    if archive.exists():
        return archive
    with PrivateApt(own_suite()) as apt:
        apt.update()
        unpack(apt.download(["debootstrap"]), CACHE / "debootstrap")
        address = mirror(apt.folder / "sources")
    program, folder = CACHE / "debootstrap/usr/sbin/debootstrap", CACHE / f"root-{suite}"
    shutil.rmtree(folder, ignore_errors=True)
    os.environ["DEBOOTSTRAP_DIR"] = str(CACHE / "debootstrap/usr/share/debootstrap")
    run("sh", str(program), "--variant=minbase", f"--include={INCLUDED}", suite, str(folder), address)
    run("tar", "-C", str(folder), "-cf", f"{archive}.new", ".")
    os.replace(f"{archive}.new", archive)
    shutil.rmtree(folder)
    return archive


class CleanRoot:
    """A context: a fresh copy of a minimal Debian in `folder`, removed at the end with every process in it."""

    def __init__(self, suite: str, folder: Path) -> None:
        self.suite, self.folder = suite, folder
        self._outer: subprocess.Popen[bytes] | None = None
        self._first = 0

    def __enter__(self) -> "CleanRoot":
        archive = made(self.suite)
        self.folder.mkdir()
        run("tar", "-C", str(self.folder), "-xf", str(archive))
        shutil.copyfile("/etc/resolv.conf", self.folder / "etc/resolv.conf")
        return self

    def __exit__(self, *exc: object) -> None:
        self.off()
        shutil.rmtree(self.folder, ignore_errors=True)

    def install(self, *packages: str) -> str:
        """Install packages, or .deb files by their path inside, with what they depend on; needs the network."""
        inside = "mount -t proc proc /proc; apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -qy --no-install-recommends install "
        return run("unshare", "--mount", "--pid", "--fork", "chroot", str(self.folder), "/bin/sh", "-c", inside + " ".join(packages))

    def on(self, terminal: str) -> None:
        """Start the service manager; terminal: a device of this machine that is /dev/ttyUSB0 there."""
        self._outer = subprocess.Popen(["unshare", *SPACES, "sh", str(BOOT), str(self.folder), terminal],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        end_s, state = time.monotonic() + BOOT_S, ""
        while state not in ("running", "degraded"):
            if time.monotonic() > end_s or self._outer.poll() is not None:
                raise Failed(f"the service manager did not start: {state}")
            time.sleep(0.3)
            children = Path(f"/proc/{self._outer.pid}/task/{self._outer.pid}/children").read_text().split()
            self._first = int(children[0]) if children else 0
            state = self.says("systemctl", "is-system-running").strip()

    @property
    def running(self) -> bool:
        """True if the service manager was started."""
        return self._first > 0

    def off(self) -> None:
        """End every process inside."""
        if self._outer is not None:
            if self._first:
                os.kill(self._first, signal.SIGKILL)
            self._outer.wait(30)
            self._outer, self._first = None, 0

    def words(self, *words: str) -> list[str]:
        """A command as one that runs inside."""
        return ["nsenter", "--target", str(self._first), "--all", "--root", "--wd=/", "env", "-i", f"PATH={PATH}", "LC_ALL=C.UTF-8", *words]

    def does(self, *words: str) -> str:
        """What a command inside prints. Raises Failed if it fails."""
        return run(*self.words(*words))

    def says(self, *words: str) -> str:
        """The same, whatever its exit status is."""
        return subprocess.run(self.words(*words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
