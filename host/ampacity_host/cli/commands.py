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

from ampacity_host.cli import completion, configure_commands
from ampacity_host.cli.board_commands import boards, selftest
from ampacity_host.cli.bundle_commands import bundles
from ampacity_host.cli.controller import NO_CONNECTION, USAGE, ControllerOption, fail, reached
from ampacity_host.cli.image_commands import add_to
from ampacity_host.cli.new_site import EPILOG, new
from ampacity_host.cli.spelling import Group

if TYPE_CHECKING:
    pass

app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="One primary EV charger runs a whole site: check, simulate and operate it.",
)

OK, REFUSED = 0, 1
SIMULATION = ("matplotlib", "ocpp", "pymodbus", "websockets")  # the extra of pyproject.toml


class Runtime(StrEnum):
    """What the firmware runs on."""

    cpython = "cpython"
    micropython = "micropython"
    micropython32 = "micropython32"


class ClockKind(StrEnum):
    """Wall time, or a virtual clock that moves only by `advance`."""

    real = "real"
    virtual = "virtual"


class Phases(StrEnum):
    """Supply phases of a single-phase recording."""

    l1 = "l1"
    all = "all"


@contextmanager
def simulation() -> Iterator[None]:
    """Imports of simulation packages belong inside. Ends with 2 where they are not installed."""
    try:
        yield
    except ModuleNotFoundError as problem:
        if str(problem.name).split(".")[0] not in SIMULATION:
            raise
        hint = "install ampacity with its extra `simulation`: pip install '.[simulation]'"
        raise fail(f"package {problem.name} of the simulation is not installed; {hint}", USAGE) from None


def there(site: Path | None) -> Path | None:
    """The site file; ends with 2 where it does not exist."""
    if site is not None and not site.is_file():
        raise fail(f"no site file {site}", USAGE)
    return site


def folder(text: str) -> Path:
    """Path of a data folder; an empty text, as from an unset variable, would be the current directory."""
    if not text:
        raise typer.BadParameter("must not be empty; use . for the current folder")
    return Path(text)


def at_least(least: int) -> Callable[[float | None], float | None]:
    """Reader that refuses numbers below `least`."""

    def read(value: float | None) -> float | None:
        if value is not None and not value >= least:
            raise typer.BadParameter(f"{value:g} is not allowed; use {least} or more")
        return value

    return read


SiteArgument = Annotated[Path, typer.Argument(metavar="SITE.toml", help="the site file", callback=there, autocompletion=completion.site_files)]
SecondaryOption = Annotated[
    str | None, typer.Option("--secondary", metavar="EVSE", help="configure the controller inside this EVSE", autocompletion=completion.evses)
]
LineOption = Annotated[str | None, typer.Option("--line", metavar="PORT", help="with --secondary: its serial port")]
JsonOption = Annotated[bool, typer.Option("--json", help="one JSON object on standard output")]


def on_version(wanted: bool) -> None:
    """--version."""
    if wanted:
        version()
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", help="version of the firmware and of this program", is_eager=True, callback=on_version)
    ] = False,
) -> None:
    """One primary EV charger runs a whole site: check, simulate and operate it."""


app.command(epilog=EPILOG)(new)
app.command(epilog="Exit codes: 0 no failure, 1 a failure, 2 wrong usage or no such board, 3 no connection.")(selftest)


@app.command(epilog="Exit codes: 0 the check passes, 1 the site is refused, 2 wrong usage, 3 no such data folder.")
def check(
    site: SiteArgument,
    json: JsonOption = False,
    controller: Annotated[
        Path | None, typer.Option("--controller", metavar="DIR", help="data folder: include its test results and previous site")
    ] = None,
) -> None:
    """Check SITE.toml: mistakes with their lines, worst-case sums, times, and the cost of missing evidence."""
    from ampacity_host.configure.command import check_command

    if controller is not None and not controller.is_dir():
        raise fail(f"no data folder {controller}", NO_CONNECTION)
    raise typer.Exit(check_command(site, json, controller))


@app.command(epilog="Exit codes: those of the controller; 1 the site is refused, 2 wrong usage, 78 the configuration cannot be used.")
def run(
    site: SiteArgument,
    data: Annotated[Path, typer.Option("--data", metavar="DIR", parser=folder, help="data folder of the controller")],
    runtime: Annotated[Runtime, typer.Option(help="runtime of the firmware")] = Runtime.cpython,
    console: Annotated[str, typer.Option("--console", metavar="HOST:PORT", help="address of the console; port 0: any free port")] = "127.0.0.1:0",
    secondary: SecondaryOption = None,
    line: LineOption = None,
    watchdog: Annotated[str | None, typer.Option(metavar="DEVICE", help="hardware watchdog, fed by the safety loop, such as /dev/watchdog")] = None,
    console_line: Annotated[str | None, typer.Option("--console-line", metavar="PORT", help="serial device for a console, 115200 baud, 8N1")] = None,
    presence: Annotated[str | None, typer.Option(metavar="gpio:N", help="input that is closed while a person at the controller commits")] = None,
    slots: Annotated[Path | None, typer.Option("--slots", metavar="DIR", help="folder with two slots for updates: ampacity bundle slots")] = None,
    bundle_folder: Annotated[
        Path | None, typer.Option("--bundle-folder", metavar="DIR", help="where bundles of a USB stick appear; default: inbox in --slots")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object first, with the address of the console")] = False,
) -> None:
    """Compile SITE.toml into DIR and run the controller there; restart it on request."""
    from ampacity_host.cli.standard_streams import forgive
    from ampacity_host.configure.command import Slots, free_address, run_command
    from ampacity_host.configure.running.supervisor import note_signals

    came = note_signals()
    forgive()
    if json:
        try:
            console = free_address(console)
        except ValueError as problem:
            raise fail(f"--console: {problem}", USAGE) from None
        print(writer.dumps({"console": console, "data": str(data), "runtime": runtime.value, "secondary": secondary}), flush=True)
    doors = {"console_line": console_line, "presence": presence}
    if bundle_folder is not None and slots is None:
        raise fail("--bundle-folder goes with --slots", USAGE)
    updates = None if slots is None else Slots(slots, bundle_folder)
    raise typer.Exit(run_command(site, data, runtime.value, console, secondary, line, watchdog, came, doors, updates))


@app.command(epilog="Exit codes: 0 stopped, 1 the site is refused, 2 wrong usage. Prints one line of JSON when the rig is ready.")
def rig(
    site: SiteArgument,
    control: Annotated[str, typer.Option(metavar="HOST:PORT", help="address of the control channel; port 0: any free port")] = "127.0.0.1:0",
    runtime: Annotated[Runtime, typer.Option(help="runtime of the firmware")] = Runtime.cpython,
    clock: Annotated[ClockKind, typer.Option(help="real, or virtual: one process, time moves by `advance`")] = ClockKind.real,
    csms: Annotated[str | None, typer.Option(metavar="URL", help="connect to this CSMS")] = None,
    bench_csms: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="start the bench CSMS at this address")] = None,
    no_csms: Annotated[bool, typer.Option("--no-csms", help="no CSMS: cars charge without authorization")] = False,
    ocpp: Annotated[str | None, typer.Option(metavar="VERSION", help="OCPP version: 2.0.1; default: that of the site file")] = None,
    data: Annotated[Path | None, typer.Option(metavar="DIR", parser=folder, help="data folder; default: a new temporary one")] = None,
    seed: Annotated[int | None, typer.Option(help="random seed of the plant; default: that of the site file")] = None,
    mains: Annotated[Path | None, typer.Option(metavar="CSV", help="recorded other load")] = None,
    heap: Annotated[int | None, typer.Option(metavar="KIB", callback=at_least(32), help="MicroPython heap of each controller")] = None,
    ui: Annotated[bool, typer.Option("--ui/--headless", help="show the live state on this terminal")] = False,
    json: Annotated[bool, typer.Option("--json", help="no effect: the ready line is always JSON")] = False,
) -> None:
    """Simulate the whole site: firmware, buses, independent devices, cars, CSMS, and a control channel."""
    if sum((csms is not None, bench_csms is not None, no_csms)) > 1:
        raise fail("--csms, --bench-csms and --no-csms exclude each other", USAGE)
    if clock is ClockKind.virtual and runtime is not Runtime.cpython:
        raise fail(f"--runtime {runtime.value} cannot run on --clock virtual; use --runtime cpython", USAGE)
    if clock is ClockKind.virtual and csms is not None:
        raise fail("--csms cannot be reached on --clock virtual; use --bench-csms or --no-csms", USAGE)
    with simulation():
        from ampacity_host.rig.command import run as start

    raise typer.Exit(start(plain(locals())))


@app.command("rig do", epilog="Exit codes: 0 done, 1 the rig refuses, 2 wrong usage, 3 no connection to a rig.")
def rig_do(
    words: Annotated[list[str], typer.Argument(metavar="OPERATION [WORDS]", help="plug bay-1 max_a=16, unplug bay-1, ev bay-1 pause, state")],
    control: Annotated[str | None, typer.Option("--control", metavar="HOST:PORT", help="control channel; default: the rig started last")] = None,
    json: JsonOption = False,
) -> None:
    """Perform one operation on a running rig: `ampacity rig do plug bay-1 max_a=16`, `ampacity rig do fault cut bay-2`."""
    with simulation():
        from ampacity_host.rig.control_channel.do_command import do_command

    raise typer.Exit(do_command(words, control, json))


@app.command(epilog="Exit codes: 0 done, 1 a violation or a refused site, 2 wrong usage. Progress is on standard error.")
def replay(
    site: SiteArgument,
    sessions: Annotated[Path, typer.Option(metavar="CSV", help="recorded charging sessions")],
    mains: Annotated[Path | None, typer.Option(metavar="CSV", help="recorded other load")] = None,
    mains_phases: Annotated[Phases, typer.Option(help="supply phases of single-phase load")] = Phases.l1,
    from_date: Annotated[str | None, typer.Option("--from", metavar="DATE", help="first day")] = None,
    days: Annotated[int | None, typer.Option(callback=at_least(1), help="how many days, 1 or more; default: all")] = None,
    columns: Annotated[str | None, typer.Option(metavar="NAME=COLUMN,…", help="meaning of unknown column headers")] = None,
    car: Annotated[str | None, typer.Option(metavar="PHASES,AMPS", help="every car; default 3,16 or the column of the file")] = None,
    faults: Annotated[float, typer.Option(callback=at_least(0), metavar="RATE", help="random faults per hour")] = 0.0,
    seed: Annotated[int | None, typer.Option(help="random seed; default: that of the site file")] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="folder for CSV files and plots")] = None,
    json: JsonOption = False,
    unmanaged: Annotated[bool, typer.Option("--unmanaged", help="compare: every EVSE at its maximum")] = False,
    no_bytes: Annotated[bool, typer.Option("--no-bytes", help="simulate orders without Modbus frames")] = False,
) -> None:
    """Replay recorded sessions and other load on a virtual clock, and check the currents against the ratings."""
    with simulation():
        from ampacity_host.replay.command import run as start

    raise typer.Exit(start(plain(locals())))


@app.command(epilog="Exit codes: 0 no rule was broken, 1 a rule was broken or the site did not start, 2 wrong usage.")
def demo(
    runtime: Annotated[Runtime | None, typer.Option(help="runtime of the firmware; default: MicroPython if installed")] = None,
    lines: Annotated[bool, typer.Option("--lines", help="print lines instead of the live view")] = False,
    chart: Annotated[Path | None, typer.Option(metavar="FILE", help="chart of the run, PNG or SVG; default out/demo.png")] = None,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object as the last line")] = False,
) -> None:
    """Demonstrate a garage with eight EVSEs: other load, a cut line, a killed primary. Takes under two minutes."""
    with simulation():
        from ampacity_host.demo.command import run as start

    raise typer.Exit(start(runtime.value if runtime else None, lines or None, chart, as_json=json))


@app.command(
    epilog="Exit codes: 0 done, 1 the controller refused, 2 wrong usage, 3 no connection.",
    context_settings={"ignore_unknown_options": True},  # `show --json` belongs to the controller
)
def console(
    words: Annotated[list[str] | None, typer.Argument(metavar="COMMAND", help="one command; default: an interactive console")] = None,
    controller: ControllerOption = None,
    json: Annotated[bool, typer.Option("--json", help="one JSON object: that of the controller, or its answer as \"text\"")] = False,
) -> None:
    """Use the console of a controller: `ampacity console --controller DIR show`."""
    from ampacity_host.console.command import console_command

    raise typer.Exit(console_command(" ".join(words or []), reached(controller), json))


@app.command(epilog="Exit codes: 0 complete, 1 ended early, 2 wrong usage, 3 no such port, host or controller.")
def scan(
    site: Annotated[Path | None, typer.Argument(metavar="SITE.toml", help="site file: wait until its watchdogs have expired", callback=there)] = None,
    port: Annotated[str | None, typer.Option("--port", metavar="TTY", help="serial device of this computer on the line to scan")] = None,
    tcp: Annotated[str | None, typer.Option("--tcp", metavar="HOST[:PORT],…", help="Modbus TCP devices or gateways")] = None,
    controller: ControllerOption = None,
    bus: Annotated[
        str | None, typer.Option("--bus", metavar="NAME", help="with --controller: one of its buses", autocompletion=completion.buses)
    ] = None,
    units: Annotated[str | None, typer.Option(metavar="1-32", help="addresses; default 1-32, with --full 1-247")] = None,
    baud: Annotated[str | None, typer.Option(metavar="19200E1,…", help="serial settings; default: common ones, with --full all")] = None,
    full: Annotated[bool, typer.Option("--full", help="all addresses and all settings")] = False,
    ascii: Annotated[bool, typer.Option("--ascii", help="Modbus ASCII instead of RTU")] = False,
    standing: Annotated[bool, typer.Option("--standing", help="skip the wait: you ensure that this bus may stop")] = False,
    json: JsonOption = False,
) -> None:
    """Find the devices on a bus: listen, wait until watchdogs have expired, then read. Never writes."""
    if sum(each is not None for each in (port, tcp, controller)) != 1:
        raise fail("name one place: --port TTY, --tcp HOST:PORT or --controller DIR|HOST:PORT|TTY", USAGE)
    ref = None if controller is None else reached(controller)
    from ampacity_host.scan.command import scan_command

    raise typer.Exit(scan_command(SimpleNamespace(**locals())))


@app.command(epilog="Exit codes: 0 all tests passed, 1 failed or not done (see the report), 2 wrong usage, 3 no connection, 130 Ctrl-C.")
def commission(
    evses: Annotated[
        list[str] | None, typer.Argument(metavar="EVSE", help="EVSEs to test; default: all of the site", autocompletion=completion.evses)
    ] = None,
    controller: ControllerOption = None,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="report file; .html and .json are written")] = Path("commissioning.html"),
    by: Annotated[str | None, typer.Option("--by", metavar="NAME", help="name of the person who signs the report")] = None,
    unattended: Annotated[bool, typer.Option("--unattended", help="no installer present: skip the steps that need one")] = False,
    no_scan: Annotated[bool, typer.Option("--no-scan", help="do not scan the buses first")] = False,
    json: JsonOption = False,
) -> None:
    """Guide the installer through the tests of every EVSE: wiring, meters, currents, fail-safe; write a report."""
    from ampacity_host.commission.command import commission_command

    raise typer.Exit(commission_command(evses or [], reached(controller), out, json, by, unattended, not no_scan))


@app.command(epilog="Exit codes: 0 in service and test passed, 1 refused or failed, 2 wrong usage, 3 no connection, 130 Ctrl-C.")
def replace(
    evse: Annotated[str, typer.Argument(metavar="EVSE", help="the EVSE whose device was replaced", autocompletion=completion.evses)],
    controller: ControllerOption = None,
    serial: Annotated[str | None, typer.Option(metavar="NUMBER", help="serial number of the new device; default: asked for")] = None,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="report file; .html and .json are written")] = Path("commissioning.html"),
    by: Annotated[str | None, typer.Option("--by", metavar="NAME", help="name of the person who signs the report")] = None,
    unattended: Annotated[bool, typer.Option("--unattended", help="no installer present: skip the steps that need one")] = False,
    no_test: Annotated[bool, typer.Option("--no-test", help="accept, configure and prove only; no test")] = False,
    json: JsonOption = False,
) -> None:
    """Put a replaced device into service: accept its serial number, write and read back its settings, test it."""
    from ampacity_host.scan.replace import replace_command

    ref = reached(controller)
    raise typer.Exit(replace_command(SimpleNamespace(**locals())))


configure_commands.add_to(app, SiteArgument, SecondaryOption, LineOption, reached)


@app.command(epilog="Exit codes: 0 found, 1 no match, 2 wrong usage.")
def devices(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="part of a name, manufacturer or model; default: all devices", autocompletion=completion.devices),
    ] = None,
    json: JsonOption = False,
) -> None:
    """List the known EVSEs and meters, or show the details of one."""
    from ampacity_host.profiles.command import devices_command

    raise typer.Exit(devices_command(name, json))


profiles = typer.Typer(no_args_is_help=True, help="Device profiles: TOML files that describe a device.")
app.add_typer(profiles, name="profile", epilog="Exit codes: those of the command; 2 wrong usage.")


@profiles.callback()
def profile() -> None:
    """Device profiles: TOML files that describe a device."""


@profiles.command("check", epilog="Exit codes: 0 valid, 1 invalid, 2 wrong usage or no such file.")
def profile_check(file: Annotated[Path, typer.Argument(metavar="FILE.toml", help="a device profile")], json: JsonOption = False) -> None:
    """Check a device profile: list its mistakes, or summarize a valid one."""
    from ampacity_host.profiles.command import profile_check_command

    raise typer.Exit(profile_check_command(file, json))


app.add_typer(boards, name="board", epilog="Exit codes: those of the command; 2 wrong usage.")
add_to(app)

reports = typer.Typer(no_args_is_help=True, help="Reports from the records of a controller.")
app.add_typer(reports, name="report", epilog="Exit codes: those of the report; 2 wrong usage.")


@reports.callback()
def report() -> None:
    """Reports from the records of a controller."""


@reports.command(epilog="Exit codes: 0 read, 1 a breaker may have tripped, 2 wrong usage, 3 no such data folder.")
def excursions(
    controller: Annotated[Path, typer.Option("--controller", metavar="DIR", help="data folder of the controller")], json: JsonOption = False
) -> None:
    """List currents above a rating: time, duration, A·s and I²t above it, and whether the breaker may have tripped."""
    from ampacity_host.report.excursion_report import report_command

    raise typer.Exit(report_command(controller, json))


@reports.command("commission", epilog="Exit codes: 0 unchanged since it was written, 1 changed, 2 no such report.")
def report_commission(
    file: Annotated[Path, typer.Argument(metavar="FILE.json", help="the report that `ampacity commission` wrote")],
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.html", help="default: next to FILE.json")] = None,
    json: JsonOption = False,
) -> None:
    """Render a commissioning report as HTML, and check its fingerprint."""
    from ampacity_host.commission.command import report_command

    raise typer.Exit(report_command(file, out, json))


app.add_typer(bundles, name="bundle", epilog="Exit codes: those of the command; 2 wrong usage.")


@app.command(epilog="Exit code: 0.")
def version(json: JsonOption = False) -> None:
    """Show the version of the firmware and of this program."""
    import platform

    import ampacity

    facts = {"ampacity": ampacity.__version__, "python": platform.python_version()}
    typer.echo(writer.dumps(facts) if json else f"ampacity {facts['ampacity']} (Python {facts['python']})")


def plain(options: dict[str, Any]) -> SimpleNamespace:
    """The options of a command as attributes with the same names; enums and paths become texts."""
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
