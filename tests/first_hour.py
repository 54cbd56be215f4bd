"""The first hour of a new user, by the clock: `python -m tests.first_hour [--source URL] [--folder DIR] [--keep]`.

In an empty folder with empty caches it runs the commands of docs/install.md (`COMMANDS`), with a simulated EVSE and meter on a serial line in
place of /dev/ttyUSB0: from `git clone` to a controller that regulates, has a password, and has taken another site file. It compares what each command
prints with what the page promises, and prints the seconds of each.
"""

import argparse
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
COMMANDS = (  # step of the table in docs/install.md, command as there, what it has to print
    (2, "git clone", ""),
    (2, "make setup", ""),
    (2, "ampacity --version", "ampacity "),
    (3, "ampacity scan --port /dev/ttyUSB0 --standing", "heidelberg-energy-control"),
    (4, "ampacity new site.toml", "site.toml: written; the check passes."),
    (5, "ampacity rig site.toml --no-csms --data practice", "mode regulating"),
    (6, "ampacity run site.toml --data DIR", ""),
    (6, "ampacity console --controller DIR show site", "mode regulating"),
    (7, "ampacity console --controller DIR password NEW", "ok"),
    (7, "ampacity configure push site.toml --controller DIR", "confirmed"),
)
MORE = {  # what the page leaves to the reader
    "scan": ["--units", "1-8,100", "--baud", "19200E1,9600N1"],
    "new": ["--mains", "40", "--other", "10", "--meter", "eastron-sdm630,unit=100", "--yes"],
}
EVSE = "heidelberg-energy-control,unit=6,max=16"
PASSWORD = "a long pass phrase"  # noqa: S105 - of a controller that lives for a minute
PATIENCE_S = 120


class FirstHour:
    """folder: an empty one. port: the device that stands for /dev/ttyUSB0. `rows`: (step, command, seconds)."""

    def __init__(self, folder, port, source):
        self.folder, self.port, self.source = folder, port, source
        self.rows = []
        self.place = folder
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("AMPACITY_", "PYTHON", "VIRTUAL_ENV", "MAKE", "MFLAGS"))}
        self.environment = kept | {"XDG_CACHE_HOME": str(folder / "cache"), "XDG_STATE_HOME": str(folder / "state"),
                                   "PATH": f"{folder / 'ampacity' / '.venv' / 'bin'}:{os.environ['PATH']}"}

    def run(self):
        """All of COMMANDS, in order."""
        words = {command: self.words(command) for _, command, _ in COMMANDS}
        controller = None
        try:
            for step, command, promised in COMMANDS:
                begun = time.monotonic()
                print(f"step {step}: {' '.join(words[command])}", file=sys.stderr)
                if " rig " in command:
                    self.practise(words[command], promised)
                elif " run " in command:
                    controller = self.start(words[command])
                elif " show " in command:
                    self.until(words[command], promised)
                else:
                    self.one(command, words[command], promised)
                self.rows.append((step, command, time.monotonic() - begun))
            self.until(self.words("ampacity console --controller DIR show settings"), "limit_a: 10")
        finally:
            if controller is not None:
                self.end(controller)

    def words(self, command):
        """The command as it is run here."""
        named = {"/dev/ttyUSB0": self.port, "DIR": str(self.folder / "data"), "NEW": PASSWORD}
        found = [named.get(word, word) for word in command.split()]
        if found[0] == "git":
            return [*found, "--quiet", self.source, "ampacity"]
        if found[1] == "new":
            return [*found, *MORE["new"], "--bus", f"rtu:{self.port}", "--evse", EVSE]
        return [*found, *MORE.get(found[1], [])]

    def one(self, command, words, promised):
        if " push " in command:  # the same site with another limit
            self.say([*self.words("ampacity new site.toml")[:-1], EVSE + ",limit=10", "--force"])
            self.environment["AMPACITY_PASSWORD"] = PASSWORD
        told = self.say(words)
        if promised not in told:
            raise SystemExit(f"{command}: no {promised!r} in what it printed:\n{told}")
        if words[0] == "git":
            self.place = self.folder / "ampacity"

    def say(self, words):
        """What a command printed; it has to end with 0."""
        done = subprocess.run(words, cwd=self.place, env=self.environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise SystemExit(f"{' '.join(words)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def start(self, words):
        with (self.folder / "log").open("a") as log:
            return subprocess.Popen(words, cwd=self.place, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def end(self, process):
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_S)

    def practise(self, words, promised):
        rig = self.start(words)
        try:
            self.until(["ampacity", "console", "--controller", "practice", "show", "site"], promised)
        finally:
            self.end(rig)

    def until(self, words, promised):
        """Asked again until it shows that."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            done = subprocess.run(words, cwd=self.place, env=self.environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
            if promised in done.stdout:
                return
            if time.monotonic() > deadline:
                log = (self.folder / "log").read_text()
                raise SystemExit(f"{' '.join(words)}: no {promised!r} within {PATIENCE_S} s:\n{done.stdout}{done.stderr}{log}")
            time.sleep(0.3)


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tests.first_hour", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", default=f"file://{ROOT}", help="what `git clone` takes; default: the newest commit of this checkout")
    parser.add_argument("--folder", type=Path, help="where the empty folder is made")
    parser.add_argument("--keep", action="store_true", help="leave the folder")
    options = parser.parse_args(arguments)
    from serial_bench import SerialBench  # pymodbus is there once `make setup` has run

    logging.getLogger("pymodbus_internal").setLevel(logging.CRITICAL)
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # the scan also asks for registers that the two do not have
    folder = Path(tempfile.mkdtemp(prefix="first-hour-", dir=options.folder))
    try:
        with SerialBench(folder) as bench:
            hour = FirstHour(folder, bench.path, options.source)
            hour.run()
    finally:
        if not options.keep:
            shutil.rmtree(folder)
    for step, command, seconds in hour.rows:
        print(f"step {step}  {seconds:6.1f} s  {command}")
    print(f"from `git clone` to a controller that runs and is configured: {sum(row[2] for row in hour.rows):.0f} s")


if __name__ == "__main__":
    main()
