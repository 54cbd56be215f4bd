"""`python -m tools.deb.rauc`: the real RAUC of this machine installs signed bundles of Ampacity into a running controller.

Makes keys, slots and bundles in a temporary folder, starts `ampacity run --slots` and RAUC's service on a bus of its own, and installs three
bundles: one with a wrong signature of RAUC, one for another board, a good one. Needs root, loop devices, and the Debian packages rauc,
squashfs-tools, dbus-daemon and openssl.

Exit codes: 0 each was judged as it should be, 1 not.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.deb.try_out import need, until
from tools.micropython.debian import Failed

AMPACITY = (sys.executable, "-m", "ampacity_host")
START_S = 120
COMPATIBLE = "garage"
SITE = """[site]
name = "garage"
[[circuit]]
name = "main"
rating_a = 63.0
assumed_other_a = 20.0
[[evse]]
name = "bay-1"
kind = "local"
circuit = "main"
max_a = 32.0
"""
CONF = """[system]
compatible={compatible}
bootloader=noop
mountprefix={here}/mnt
statusfile={here}/status
[keyring]
path={here}/cert.pem
[slot.system.0]
device={here}/slot0
type=raw
bootname=a
[slot.system.1]
device={here}/slot1
type=raw
bootname=b
"""
SERVICE = """export DBUS_SYSTEM_BUS_ADDRESS=$DBUS_SESSION_BUS_ADDRESS
rauc --conf=system.conf --override-boot-slot=a service & service=$!
i=0; until rauc --conf=system.conf status >/dev/null 2>&1 || [ $i -gt 50 ]; do i=$((i+1)); sleep 0.2; done
for each in "$@"; do rauc --conf=system.conf install "$each"; echo "status of $each: $?"; done
kill $service
"""
JUDGED = {"forged": 1, "other": 1, "good": 0}


class Bench:
    """A folder with everything; commands in it."""

    def __init__(self, here: Path) -> None:
        self.here = here

    def does(self, *words: str) -> str:
        """What a command prints. Raises Failed."""
        ended = subprocess.run(words, cwd=self.here, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
        need(ended.returncode == 0, f"status {ended.returncode}: {' '.join(words)}\n{ended.stdout[-2000:]}")
        return ended.stdout

    def ampacity(self, *words: str) -> str:
        """The same of `ampacity`."""
        return self.does(*AMPACITY, *words)

    def prepare(self) -> None:
        """Keys, slots, the bundles in those of RAUC, and RAUC's configuration."""
        here = self.here
        (here / "mnt").mkdir()
        for slot in ("slot0", "slot1"):
            (here / slot).touch()
        (here / "system.conf").write_text(CONF.format(here=here, compatible=COMPATIBLE))
        (here / "site.toml").write_text(SITE)
        (here / "program").write_text(f'#!/bin/sh\nexec {AMPACITY[0]} -m {AMPACITY[2]} "$@"\n')
        (here / "program").chmod(0o755)
        (here / "settings").write_text(f"CONTROLLER={here}/data\nAMPACITY={here}/program\n")
        self.does("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test", "-days", "60",
                  "-keyout", "key.pem", "-out", "cert.pem")  # fmt: skip
        self.ampacity("bundle", "key", "new", "root-a", "--root")
        self.ampacity("bundle", "key", "new", "release")
        self.ampacity("bundle", "slots", "root")
        self.ampacity("bundle", "application", "--out", "app")
        for name, board in (("good", "linux-arm"), ("other", "another-board")):
            release = ("--key", "release", "--board", board, "--release", "1", "--sequence", "1")
            self.ampacity("bundle", "sign", "app", "--out", f"{name}.bundle", *release)
            self.ampacity("bundle", "rauc", f"{name}.bundle", "--out", name, "--compatible", COMPATIBLE, "--format", "plain")
            self.does("rauc", "--cert=cert.pem", "--key=key.pem", "--keyring=cert.pem", "bundle", name, f"{name}.raucb")
        (here / "forged.raucb").write_bytes((here / "good.raucb").read_bytes()[:-1] + b"\0")

    def shown(self) -> dict[str, object]:
        """`show update` of the controller; empty while it does not answer."""
        words = [*AMPACITY, "console", "--controller", "data", "show", "update", "--json"]
        ended = subprocess.run(words, cwd=self.here, capture_output=True, text=True, timeout=60)
        return json.loads(ended.stdout) if ended.returncode == 0 else {}

    def play(self) -> None:
        """Raises Failed where a bundle is judged in another way, or the good one is not in its slot."""
        words = [*AMPACITY, "run", "site.toml", "--data", "data", "--slots", "root"]
        controller = subprocess.Popen(words, cwd=self.here, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            until(self.shown, START_S, "an answer of the controller")
            os.environ["AMPACITY_RAUC"] = str(self.here / "settings")
            text = self.does("dbus-run-session", "--", "sh", "-c", SERVICE, "sh", *(f"{name}.raucb" for name in JUDGED))
            for name, status in JUDGED.items():
                need(f"status of {name}.raucb: {status}\n" in text, f"{name} was not judged with {status}\n{text}")
                print(f"rauc: {name}: status {status}", flush=True)
            found = self.shown()
            need(found.get("slots") == {"a": "ready 1", "b": "empty"}, f"the good bundle is not in its slot: {found}")
        finally:
            controller.terminate()
            controller.wait(60)


def main() -> int:
    """See the module."""
    try:
        need(os.geteuid() == 0, "RAUC mounts its bundles: this needs root")
        with tempfile.TemporaryDirectory(prefix="ampacity-rauc.") as folder:
            bench = Bench(Path(folder))
            bench.prepare()
            bench.play()
    except (Failed, subprocess.TimeoutExpired, OSError) as problem:
        print(f"rauc: {problem}", file=sys.stderr)
        return 1
    print("rauc: each bundle was judged as it should be")
    return 0


if __name__ == "__main__":
    sys.exit(main())
