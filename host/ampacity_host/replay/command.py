"""`ampacity replay`: the site under recorded sessions and recorded other load, on a virtual clock, judged by the plant."""

import csv
import json
import os
import sys
import time
from pathlib import Path

from ampacity_host.configure import SiteErrors, compile_site, load_site
from ampacity_host.places import CHECKOUT
from ampacity_host.progress_line import ProgressLine
from ampacity_host.replay import sessions
from ampacity_host.replay.other_load import OtherLoadRecording
from ampacity_host.replay.results import Recorder, circuit_totals, violations, write_files
from ampacity_host.replay.session_player import SessionPlayer
from ampacity_host.replay.sessions import ColumnError, SessionFile, parse_columns
from ampacity_host.replay.simulation import make_simulation
from ampacity_host.replay.time_left import TimeLeft
from ampacity_host.replay.times import DAY_S, TimeReader
from ampacity_host.rig.base.cascade import Cascade, has_below
from ampacity_host.rig.control_channel.fields import FieldError
from ampacity_host.rig.setup import plant_seed

OK, VIOLATION, USAGE = 0, 1, 2
EXTRA_S_MAX = DAY_S  # after the last day, for its cars to get theirs
RUN_OUT_MS = 300_000
HINT = "--no-bytes hands orders over as facts, without the frames, and is quicker"
DAYS_MAX = 3_660
FAULTS_MAX = 3_600


class UsageError(Exception):
    """An option that makes no sense."""


def run(args):
    """args: attributes as in the command line. The exit code: 0, 1 for a violation or a refused site, 2 wrong usage."""
    try:
        return Replay(args).run()
    except SiteErrors as errors:
        print_line(str(errors))
        return VIOLATION
    except (UsageError, ColumnError, FieldError, OSError, ValueError, csv.Error) as error:
        print_line(str(error))
        return USAGE


def print_line(text):
    print("ampacity replay: %s" % text, file=sys.stderr, flush=True)


def find_data(path):
    """The file itself, else the one of that name in the folder AMPACITY_DATA; a checkout without one has it in shared/data next to it."""
    named = os.environ.get("AMPACITY_DATA")
    folder = Path(named) if named else CHECKOUT.parent / "shared" / "data" if CHECKOUT else None
    for place in [Path(path), folder / path] if folder else [Path(path)]:
        if place.is_file():
            return place
    where = "%s" % folder if named else "%s (AMPACITY_DATA is not set)" % (folder or "a folder of recordings")
    raise UsageError("%s: there is no such file, neither here nor in %s" % (path, where))


class Replay:
    """One run: recordings in, books out."""

    def __init__(self, args):
        self._args = args
        self._site = load_site(args.site)
        self._facts = compile_site(self._site)
        self._cascade = self._make_cascade() if has_below(self._facts) else None
        if self._cascade is not None:
            self._facts = self._cascade.flat
        self._times = TimeReader(self._facts["time"]["tz"])
        self._seed = args.seed if args.seed is not None else plant_seed(self._site)
        if not args.faults <= FAULTS_MAX:
            raise UsageError("--faults %s: 0..%d an hour" % (args.faults, FAULTS_MAX))
        self._columns = parse_columns(args.columns)
        self._read_sessions()
        self._mains = self._read_mains()

    def _make_cascade(self):
        """All levels, where the site has primaries below."""
        if self._args.no_bytes:
            raise UsageError("--no-bytes: a site with primaries below is replayed with all bytes")
        try:
            return Cascade(self._site, self._facts)
        except KeyError as unknown:
            raise UsageError("evse %s: a replay needs the site file of a primary below (site = …)" % unknown) from None

    # ---- recordings

    def _read_sessions(self):
        given = {role: column for role, column in self._columns.items() if role in sessions.ROLES}
        file = SessionFile(find_data(self._args.sessions), self._times, given)
        for reason, count in sorted(file.refused.items()):
            print_line("%d of %d rows left out: %s" % (count, file.rows, reason))
        if not file.sessions:
            raise UsageError("%s: no row makes sense" % self._args.sessions)
        first_s = self._times.read(self._args.from_date, False) if self._args.from_date else file.sessions[0].arrival_s
        self._start_s = self._times.local_day_start(first_s)
        last_s = file.sessions[-1].arrival_s
        self._days = self._args.days or max(1, (last_s - self._start_s) // DAY_S + 1)
        if self._days > DAYS_MAX:
            raise UsageError("%d days, at most %d; choose with --from and --days" % (self._days, DAYS_MAX))
        end_s = self._start_s + self._days * DAY_S
        self._sessions = [one for one in file.sessions if self._start_s <= one.arrival_s < end_s]
        if not self._sessions:
            raise UsageError("no session arrives in the %d days from %s on" % (self._days, self._args.from_date))

    def _read_mains(self):
        if not self._args.mains:
            return None
        given = {role: column for role, column in self._columns.items() if role not in sessions.ROLES}
        mains = OtherLoadRecording(find_data(self._args.mains), self._times, self._facts["phases"], self._facts["voltage_v"], given,
                      self._args.mains_phases)
        if mains.refused:
            print_line("%d rows of the other load left out" % mains.refused)
        mains.begin(self._start_s)
        return mains

    def _car(self):
        """(phases, da) of a car that no column describes."""
        if not self._args.car:
            return 3, 160
        try:
            phases, amps = self._args.car.split(",")
            car = int(phases), int(float(amps) * 10 + 1e-6)
        except (ValueError, OverflowError) as error:
            raise UsageError("--car %s: use PHASES,AMPS such as 1,16" % self._args.car) from error
        if not 1 <= car[0] <= 3 or not 0 < car[1] <= 10_000:
            raise UsageError("--car %s: 1 to 3 phases, more than 0 A" % self._args.car)
        return car

    # ---- the run

    def run(self):
        args = self._args
        simulation = make_simulation(args, self._facts, self._seed, self._start_s, self._cascade)
        plant = simulation.plant
        if self._mains is not None:
            plant.play_mains(self._mains)
        driver = SessionPlayer(plant, self._sessions, self._start_s, self._car())
        driver.on_plug = simulation.on_plug
        recorder = Recorder(plant) if args.out else None
        began_s = time.monotonic()
        self._play(simulation)
        self._run_out(simulation, driver)
        not_full = driver.end()
        if not_full:
            print_line("%d cars still wanted more a day after the last one came; what they had got by then counts" % not_full)
        plant.close()
        wall_s = time.monotonic() - began_s
        simulation.close()
        result = self._result(simulation, driver, wall_s)
        if args.out:
            title = "%s: %d days from %s, %d sessions" % (self._facts["name"], self._days, self._times.words(self._start_s)[:10], driver.asked)
            written = write_files(Path(args.out), plant, recorder, driver, self._start_s, self._times.zone, title)
        self._print_result(result)
        if args.out:
            print_line("written: %s" % ", ".join(map(str, written)))
        return VIOLATION if result["violations"] else OK

    def _play(self, simulation):
        """The days that were asked for."""
        plant = simulation.plant
        total_ms = 1000 * self._days * DAY_S + 1000
        slow = not (self._args.no_bytes or self._args.unmanaged or self._cascade)
        progress = ProgressLine(sys.stderr)
        pace = TimeLeft(total_ms, progress, print_line, HINT if slow else "")
        while (done_ms := plant.now_ms - plant.start_ms) < total_ms:
            simulation.run_ms(min(pace.slice_ms, total_ms - done_ms))
            done_ms = plant.now_ms - plant.start_ms
            pace.passed(done_ms, self._times.words(self._start_s + done_ms // 1000))
        progress.end()

    def _run_out(self, simulation, driver):
        """Continues until every car has left or is full and none waits: then the results are final."""
        plant = simulation.plant
        end_ms = plant.now_ms + EXTRA_S_MAX * 1000
        while plant.now_ms < end_ms and not driver.settled():
            simulation.run_ms(RUN_OUT_MS)
        self._simulated_s = (plant.now_ms - plant.start_ms) / 1000

    def _result(self, simulation, driver, wall_s):
        return {
            "days": self._days,
            "sessions": {"asked": driver.asked, "served": driver.served, "in_full": driver.in_full, "turned_away": driver.turned_away},
            "energy_wh": {"asked": driver.asked_wh, "delivered": driver.delivered_wh},
            "circuits": circuit_totals(simulation.plant), "orders": simulation.orders(), "frames": simulation.frames(), "ocpp": simulation.ocpp(),
            "violations": violations(simulation.plant), "speed": round(self._simulated_s / max(1e-9, wall_s), 1)}

    def _print_result(self, result):
        if self._args.json:
            print(json.dumps(result), flush=True)
            return
        sessions, energy = result["sessions"], result["energy_wh"]
        print("%d days, %d sessions: %d served, %d in full, %d turned away" % (
            result["days"], sessions["asked"], sessions["served"], sessions["in_full"], sessions["turned_away"]))
        print("energy: %.1f of %.1f kWh (%.1f %%)" % (energy["delivered"] / 1000, energy["asked"] / 1000,
                                                     100 * energy["delivered"] / max(1, energy["asked"])))
        for name, books in result["circuits"].items():
            print("%s: least margin %s A, above rating %s ms%s" % (
                name, books["min_margin_a"], books["over_ms"], ", its breaker would trip" if books["would_trip"] else ""))
        print("%d violations; %d orders, %d frames; %.0f times real time" % (
            len(result["violations"]), result["orders"], result["frames"], result["speed"]), flush=True)
