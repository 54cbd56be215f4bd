"""`ampacity …`: the one entry point. Each command imports its room only when it is called."""

import json as writer
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ampacity_host.cli.spelling import Group

if TYPE_CHECKING:
    from ampacity_host.console.controller_option import ControllerRef

app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="One primary EV charger runs a whole site: check it, rehearse it, run it.",
)

OK, REFUSED, USAGE, NO_CONNECTION = 0, 1, 2, 3
SIMULATION = ("matplotlib", "ocpp", "pymodbus", "websockets")  # the extra of pyproject.toml


class Runtime(StrEnum):
    """What the firmware runs on."""

    cpython = "cpython"
    micropython = "micropython"
    micropython32 = "micropython32"


class ClockKind(StrEnum):
    """Wall time, or a virtual clock that moves only when told."""

    real = "real"
    virtual = "virtual"


class Phases(StrEnum):
    """Where a one-phase recording goes."""

    l1 = "l1"
    all = "all"


def fail(text: str, status: int) -> "typer.Exit":
    """The exception that ends a command with one line on standard error."""
    typer.echo(f"ampacity: {text}", err=True)
    return typer.Exit(status)


@contextmanager
def simulation() -> Iterator[None]:
    """Rooms of the simulation are imported within. Ends with 2 where their packages are not installed."""
    try:
        yield
    except ModuleNotFoundError as problem:
        if str(problem.name).split(".")[0] not in SIMULATION:
            raise
        hint = "install ampacity with its extra `simulation`: pip install '.[simulation]'"
        raise fail(f"no package {problem.name} here, which the simulation needs; {hint}", USAGE) from None


def there(site: Path | None) -> Path | None:
    """The site file, which every command wants to be there."""
    if site is not None and not site.is_file():
        raise fail(f"no site file {site}", USAGE)
    return site


def folder(text: str) -> Path:
    """A data folder's path; an empty one, as of a variable that is not set, would be the current directory."""
    if not text:
        raise typer.BadParameter("it is empty; name a folder, . for the current one")
    return Path(text)


def at_least(least: int) -> Callable[[float | None], float | None]:
    """Refuses a number below it, in a sentence."""

    def read(value: float | None) -> float | None:
        if value is not None and not value >= least:
            raise typer.BadParameter(f"{value:g} is not allowed; use {least} or more")
        return value

    return read


SiteArgument = Annotated[Path, typer.Argument(metavar="SITE.toml", help="the site file", callback=there)]
ControllerOption = Annotated[
    str | None, typer.Option("--controller", metavar="DIR|HOST:PORT|TTY", help="its data folder, its console, or a serial device with its console")
]
PromptOption = Annotated[str, typer.Option("--controller", metavar="TTY", help="serial device with the controller's MicroPython prompt")]
FolderOption = Annotated[str, typer.Option("--folder", metavar="FOLDER", help="data folder on the controller")]
SecondaryOption = Annotated[str | None, typer.Option("--secondary", metavar="EVSE", help="the configuration of that EVSE's own controller")]
LineOption = Annotated[str | None, typer.Option("--line", metavar="PORT", help="with --secondary: its own serial port")]
JsonOption = Annotated[bool, typer.Option("--json", help="one JSON object on standard output")]


def told(wanted: bool) -> None:
    """--version."""
    if wanted:
        version()
        raise typer.Exit


def reached(controller: str | None) -> "ControllerRef":
    """What --controller names. Ends with 2 if it can be none, with 3 if there is no such folder, or no controller in it."""
    from ampacity_host.console.controller_option import WAYS, kept_address, parse_controller

    if controller is None:
        raise fail(f"name the controller: --controller {WAYS}", USAGE)
    try:
        found = parse_controller(controller)
    except PermissionError:
        raise fail(f"--controller: this user may not look into the folder of {controller}", NO_CONNECTION) from None
    except ValueError as problem:
        if "/" in controller and not Path(controller).exists():
            raise fail(f"no data folder {controller}", NO_CONNECTION) from None
        raise fail(f"--controller: {problem}", USAGE) from None
    if found.folder is not None:
        try:
            kept_address(found.folder)
        except ValueError as problem:
            raise fail(str(problem), NO_CONNECTION) from None
    return found


@app.callback()
def common(
    version: Annotated[bool, typer.Option("--version", help="the version of the firmware and of this program", is_eager=True, callback=told)] = False,
) -> None:
    """One primary EV charger runs a whole site: check it, rehearse it, run it."""


@app.command(epilog="Exit codes: 0 the site holds, 1 it is refused, 2 wrong usage, 3 no such data folder.")
def check(
    site: SiteArgument,
    json: JsonOption = False,
    controller: Annotated[
        Path | None, typer.Option("--controller", metavar="DIR", help="its data folder: its tests count, and what its old site still holds")
    ] = None,
) -> None:
    """Check SITE.toml: every mistake with its place, the worst-case sums, the times, and what ignorance costs."""
    from ampacity_host.configure.command import check_command

    if controller is not None and not controller.is_dir():
        raise fail(f"no data folder {controller}", NO_CONNECTION)
    raise typer.Exit(check_command(site, json, controller))


@app.command(epilog="Exit codes: the controller's own; 1 the site is refused, 2 wrong usage, 78 its configuration cannot be used.")
def run(
    site: SiteArgument,
    data: Annotated[Path, typer.Option("--data", metavar="DIR", parser=folder, help="the controller's data folder")],
    runtime: Annotated[Runtime, typer.Option(help="what the firmware runs on")] = Runtime.cpython,
    console: Annotated[str, typer.Option("--console", metavar="HOST:PORT", help="where its console listens; port 0: any free one")] = "127.0.0.1:0",
    secondary: SecondaryOption = None,
    line: LineOption = None,
    watchdog: Annotated[str | None, typer.Option(metavar="DEVICE", help="hardware watchdog that the safety loop feeds: /dev/watchdog")] = None,
    json: Annotated[bool, typer.Option("--json", help="one JSON object first: where the console listens")] = False,
) -> None:
    """Compile SITE.toml into DIR and run the controller there until it ends; started again when it asks for it."""
    from ampacity_host.cli.standard_streams import forgive
    from ampacity_host.configure.command import free_address, run_command
    from ampacity_host.configure.running.supervisor import note_signals

    came = note_signals()
    forgive()
    if json:
        try:
            console = free_address(console)
        except ValueError as problem:
            raise fail(f"--console: {problem}", USAGE) from None
        print(writer.dumps({"console": console, "data": str(data), "runtime": runtime.value, "secondary": secondary}), flush=True)
    raise typer.Exit(run_command(site, data, runtime.value, console, secondary, line, watchdog, came))


@app.command(epilog="Exit codes: 0 stopped, 1 the site is refused, 2 wrong usage. When all is up it prints one line of JSON.")
def rig(
    site: SiteArgument,
    control: Annotated[str, typer.Option(metavar="HOST:PORT", help="the control channel; port 0: any free one")] = "127.0.0.1:0",
    runtime: Annotated[Runtime, typer.Option(help="what the firmware runs on")] = Runtime.cpython,
    clock: Annotated[ClockKind, typer.Option(help="virtual: one process, time moves by `advance`")] = ClockKind.real,
    csms: Annotated[str | None, typer.Option(metavar="URL", help="a CSMS that is there already")] = None,
    bench_csms: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="start the bench CSMS there")] = None,
    no_csms: Annotated[bool, typer.Option("--no-csms", help="no CSMS: every car is served without asking")] = False,
    ocpp: Annotated[str | None, typer.Option(metavar="VERSION", help="OCPP version, instead of the site file's: 2.0.1")] = None,
    data: Annotated[Path | None, typer.Option(metavar="DIR", parser=folder, help="data folder; default: a new temporary one")] = None,
    seed: Annotated[int | None, typer.Option(help="chance of the plant; default: the site file's")] = None,
    mains: Annotated[Path | None, typer.Option(metavar="CSV", help="recorded other load")] = None,
    heap: Annotated[int | None, typer.Option(metavar="KIB", callback=at_least(32), help="MicroPython heap of each controller")] = None,
    ui: Annotated[bool, typer.Option("--ui/--headless", help="show the live state on this terminal")] = False,
    json: Annotated[bool, typer.Option("--json", help="nothing more: the line that says that all is up is JSON anyway")] = False,
) -> None:
    """Start the whole site on this desk: firmware, buses, independent devices, cars, CSMS, and a control channel."""
    if sum((csms is not None, bench_csms is not None, no_csms)) > 1:
        raise fail("--csms, --bench-csms and --no-csms exclude each other", USAGE)
    if clock is ClockKind.virtual and runtime is not Runtime.cpython:
        raise fail(f"--runtime {runtime.value} cannot run on --clock virtual; use --runtime cpython", USAGE)
    if clock is ClockKind.virtual and csms is not None:
        raise fail("--csms cannot be reached on --clock virtual; use --bench-csms or --no-csms", USAGE)
    with simulation():
        from ampacity_host.rig.main import run as start

    raise typer.Exit(start(plain(locals())))


@app.command("rig do", epilog="Exit codes: 0 done, 1 the rig refuses, 2 wrong usage, 3 no rig there.")
def rig_do(
    words: Annotated[list[str], typer.Argument(metavar="OPERATION [WORDS]", help="plug bay-1 max_a=16, unplug bay-1, ev bay-1 pause, state")],
    control: Annotated[str | None, typer.Option("--control", metavar="HOST:PORT", help="its control channel; default: your last rig's")] = None,
    json: JsonOption = False,
) -> None:
    """One thing done to a rig that runs: `ampacity rig do plug bay-1 max_a=16`, `ampacity rig do fault cut bay-2`."""
    with simulation():
        from ampacity_host.rig.control_channel.do_command import do_command

    raise typer.Exit(do_command(words, control, json))


@app.command(epilog="Exit codes: 0 done, 1 a violation or a refused site, 2 wrong usage. Progress goes to standard error.")
def replay(
    site: SiteArgument,
    sessions: Annotated[Path, typer.Option(metavar="CSV", help="recorded charging sessions")],
    mains: Annotated[Path | None, typer.Option(metavar="CSV", help="recorded other load")] = None,
    mains_phases: Annotated[Phases, typer.Option(help="where one-phase load goes")] = Phases.l1,
    from_date: Annotated[str | None, typer.Option("--from", metavar="DATE", help="first day")] = None,
    days: Annotated[int | None, typer.Option(callback=at_least(1), help="how many days, 1 or more; default: all")] = None,
    columns: Annotated[str | None, typer.Option(metavar="NAME=COLUMN,…", help="headers that are not known by themselves")] = None,
    car: Annotated[str | None, typer.Option(metavar="PHASES,AMPS", help="every car; default 3,16 or the file's column")] = None,
    faults: Annotated[float, typer.Option(callback=at_least(0), metavar="RATE", help="random faults an hour")] = 0.0,
    seed: Annotated[int | None, typer.Option(help="chance; default: the site file's")] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="CSV and plots")] = None,
    json: JsonOption = False,
    unmanaged: Annotated[bool, typer.Option("--unmanaged", help="every EVSE at its maximum")] = False,
    no_bytes: Annotated[bool, typer.Option("--no-bytes", help="orders as facts instead of frames")] = False,
) -> None:
    """Drive the site with recorded sessions and other load on a virtual clock, and judge what flowed."""
    with simulation():
        from ampacity_host.replay.main import run as start

    raise typer.Exit(start(plain(locals())))


@app.command(epilog="Exit codes: 0 every rule held, 1 one was broken or the site did not come up, 2 wrong usage.")
def demo(
    runtime: Annotated[Runtime | None, typer.Option(help="what the firmware runs on; default: MicroPython if there is one")] = None,
    lines: Annotated[bool, typer.Option("--lines", help="lines instead of the live view, as without a terminal")] = False,
    chart: Annotated[Path | None, typer.Option(metavar="FILE", help="the picture at the end, PNG or SVG; default out/demo.png")] = None,
    json: Annotated[bool, typer.Option("--json", help="one JSON object as the last line")] = False,
) -> None:
    """A rig with a story: a garage with eight chargers, a house, a cut line, a killed primary. Takes under two minutes."""
    with simulation():
        from ampacity_host.demo.main import run as start

    raise typer.Exit(start(runtime.value if runtime else None, lines or None, chart, as_json=json))


@app.command(
    epilog="Exit codes: 0 done, 1 the controller refused it, 2 wrong usage, 3 no connection.",
    context_settings={"ignore_unknown_options": True},  # `show --json` is the controller's word, not ours
)
def console(
    words: Annotated[list[str] | None, typer.Argument(metavar="COMMAND", help="one command; none: an interactive console")] = None,
    controller: ControllerOption = None,
    json: Annotated[bool, typer.Option("--json", help="one JSON object: the controller's own, or its answer as \"text\"")] = False,
) -> None:
    """Talk to a controller's console: `ampacity console --controller DIR show`."""
    from ampacity_host.console.command import console_command

    raise typer.Exit(console_command(" ".join(words or []), reached(controller), json))


@app.command(epilog="Exit codes: 0 over, whatever was found; 1 ended early; 2 wrong usage; 3 no such port, host or controller.")
def scan(
    site: Annotated[Path | None, typer.Argument(metavar="SITE.toml", help="whose watchdogs are waited for", callback=there)] = None,
    port: Annotated[str | None, typer.Option("--port", metavar="TTY", help="serial device of this computer, on the line to scan")] = None,
    tcp: Annotated[str | None, typer.Option("--tcp", metavar="HOST[:PORT],…", help="devices or gateways that speak Modbus TCP")] = None,
    controller: ControllerOption = None,
    bus: Annotated[str | None, typer.Option("--bus", metavar="NAME", help="with --controller: which of its buses")] = None,
    units: Annotated[str | None, typer.Option(metavar="1-32", help="addresses; default 1-32, with --full 1-247")] = None,
    baud: Annotated[str | None, typer.Option(metavar="19200E1,…", help="settings; default: the likely ones, with --full all")] = None,
    full: Annotated[bool, typer.Option("--full", help="all addresses and all settings")] = False,
    ascii: Annotated[bool, typer.Option("--ascii", help="Modbus ASCII instead of RTU")] = False,
    standing: Annotated[bool, typer.Option("--standing", help="you see to it that this bus may stand: ask at once")] = False,
    json: JsonOption = False,
) -> None:
    """What is on this line? Listens first, waits until what was in service has fallen back, then asks. Never writes."""
    if sum(each is not None for each in (port, tcp, controller)) != 1:
        raise fail("name one place: --port TTY, --tcp HOST:PORT or --controller DIR|HOST:PORT|TTY", USAGE)
    ref = None if controller is None else reached(controller)
    from ampacity_host.scan.command import scan_command

    raise typer.Exit(scan_command(SimpleNamespace(**locals())))


@app.command(epilog="Exit codes: 0 everything passed, 1 something did not (the report says what), 2 wrong usage, 3 no connection, 130 Ctrl-C.")
def commission(
    evses: Annotated[list[str] | None, typer.Argument(metavar="EVSE", help="which; default: all of the site")] = None,
    controller: ControllerOption = None,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="the report; .html and .json are written")] = Path("commissioning.html"),
    by: Annotated[str | None, typer.Option("--by", metavar="NAME", help="who signs it off")] = None,
    unattended: Annotated[bool, typer.Option("--unattended", help="nobody is there: what only eyes see is left out")] = False,
    no_scan: Annotated[bool, typer.Option("--no-scan", help="do not look first who is on the buses")] = False,
    json: JsonOption = False,
) -> None:
    """Test every charge point of a site with a person's eyes: wiring, meters, currents, fail-safe; and write it all down."""
    from ampacity_host.commission.command import commission_command

    raise typer.Exit(commission_command(evses or [], reached(controller), out, json, by, unattended, not no_scan))


@app.command(epilog="Exit codes: 0 in service and its test passed; 1 refused or failed; 2 wrong usage; 3 no connection; 130 Ctrl-C.")
def replace(
    evse: Annotated[str, typer.Argument(metavar="EVSE", help="the place whose unit was replaced")],
    controller: ControllerOption = None,
    serial: Annotated[str | None, typer.Option(metavar="NUMBER", help="the new unit's serial number; without it you are asked")] = None,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="the site's report, renewed; .html and .json")] = Path("commissioning.html"),
    by: Annotated[str | None, typer.Option("--by", metavar="NAME", help="who signs the report")] = None,
    unattended: Annotated[bool, typer.Option("--unattended", help="nobody is asked what only eyes see: it stays not done")] = False,
    no_test: Annotated[bool, typer.Option("--no-test", help="accepted, set and proven only; the test is for later")] = False,
    json: JsonOption = False,
) -> None:
    """A new unit at an old place: its serial number is accepted, its settings are written and read back, it alone is tested."""
    from ampacity_host.scan.replace import replace_command

    ref = reached(controller)
    raise typer.Exit(replace_command(SimpleNamespace(**locals())))


@app.command(
    epilog="Exit codes: 0 written and read back, 1 the site is refused or the read-back differs, 2 wrong usage, 3 no connection."
)
def push(
    site: SiteArgument, controller: PromptOption, folder: FolderOption = "", secondary: SecondaryOption = None, line: LineOption = None,
    json: JsonOption = False,
) -> None:
    """Write the compiled SITE.toml to a MicroPython controller, read it back and restart it."""
    from ampacity_host.configure.push_pull import push_command

    raise typer.Exit(push_command(site, controller, folder, secondary, line, json))


@app.command(epilog="Exit codes: 0 done, 1 the controller has no configuration, 2 wrong usage, 3 no connection.")
def pull(
    controller: PromptOption,
    folder: FolderOption = "",
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="default: standard output")] = None,
    json: Annotated[bool, typer.Option("--json", help="with --out: one JSON object on standard output; what is fetched is JSON anyway")] = False,
) -> None:
    """Fetch the compiled configuration from a MicroPython controller."""
    from ampacity_host.configure.push_pull import pull_command

    status = pull_command(controller, folder, out)
    if json and out is not None:
        typer.echo(writer.dumps({"ok": not status, "out": str(out)}))
    raise typer.Exit(status)


@app.command(epilog="Exit codes: 0 the same, 1 it differs or the site is refused, 2 wrong usage, 3 no connection.")
def diff(
    site: SiteArgument, controller: PromptOption, folder: FolderOption = "", secondary: SecondaryOption = None, line: LineOption = None,
    json: JsonOption = False,
) -> None:
    """Show where a MicroPython controller's configuration differs from SITE.toml; secrets are not shown."""
    from ampacity_host.configure.push_pull import diff_command

    raise typer.Exit(diff_command(site, controller, folder, secondary, line, json))


@app.command(epilog="Exit codes: 0 found, 1 nothing has that name, 2 wrong usage.")
def devices(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="a part of its name, its maker or its model; none: all of them")] = None,
    json: JsonOption = False,
) -> None:
    """Which EVSEs and meters are known, and what is known of one."""
    from ampacity_host.profiles.command import devices_command

    raise typer.Exit(devices_command(name, json))


profiles = typer.Typer(no_args_is_help=True, help="Files that describe a device.")
app.add_typer(profiles, name="profile", epilog="Exit codes: those of the command; 2 wrong usage.")


@profiles.callback()
def profile() -> None:
    """Files that describe a device."""


@profiles.command("check", epilog="Exit codes: 0 it can be used, 1 it cannot, 2 wrong usage or no such file.")
def profile_check(file: Annotated[Path, typer.Argument(metavar="FILE.toml", help="a profile, in whatever folder")], json: JsonOption = False) -> None:
    """Everything that is wrong with a device profile, or what it says where nothing is."""
    from ampacity_host.profiles.command import profile_check_command

    raise typer.Exit(profile_check_command(file, json))


reports = typer.Typer(no_args_is_help=True, help="What a controller recorded.")
app.add_typer(reports, name="report", epilog="Exit codes: those of the report; 2 wrong usage.")


@reports.callback()
def report() -> None:
    """What a controller recorded."""


@reports.command(epilog="Exit codes: 0 read, 1 some breaker may not have held, 2 wrong usage, 3 no such data folder.")
def excursions(
    controller: Annotated[Path, typer.Option("--controller", metavar="DIR", help="its data folder")], json: JsonOption = False
) -> None:
    """Currents above a rating: when, how long, A·s and I²t above it, and the breaker's verdict."""
    from ampacity_host.report.excursions import report_command

    raise typer.Exit(report_command(controller, json))


@reports.command("commission", epilog="Exit codes: 0 as it was written, 1 changed after it was written, 2 no such report.")
def report_commission(
    file: Annotated[Path, typer.Argument(metavar="FILE.json", help="what `ampacity commission` wrote")],
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.html", help="default: beside it")] = None,
    json: JsonOption = False,
) -> None:
    """Render a commissioning report as HTML, and check its fingerprint."""
    from ampacity_host.commission.command import report_command

    raise typer.Exit(report_command(file, out, json))


@app.command(epilog="Exit code: 0.")
def version(json: JsonOption = False) -> None:
    """The version of the firmware and of this program."""
    import platform

    import ampacity

    facts = {"ampacity": ampacity.__version__, "python": platform.python_version()}
    typer.echo(writer.dumps(facts) if json else f"ampacity {facts['ampacity']} (Python {facts['python']})")


def plain(options: dict[str, Any]) -> SimpleNamespace:
    """A command's options as the rooms take them: attributes with the options' names, enums as texts, paths as texts."""
    taken = {name: value for name, value in options.items() if name != "start"}
    return SimpleNamespace(**{name: str(value) if isinstance(value, StrEnum | Path) else value for name, value in taken.items()})


def main() -> None:
    """The program. Ctrl-C ends it with 130 and without a traceback."""
    from ampacity_host.cli.standard_streams import guarded, open_missing

    open_missing()
    try:
        guarded(app)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
