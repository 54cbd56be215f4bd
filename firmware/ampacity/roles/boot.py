"""From a data folder to a running role."""

import os
import sys

from ampacity.base import strict_json
from ampacity.base.address import parse_address
from ampacity.base.compat import collect_each, const, forget, mem_free
from ampacity.base.errors import Busy, Rejected
from ampacity.base.log import Log
from ampacity.ports.platform import EXIT_BUSY, EXIT_CONFIG, EXIT_RESTART, EXIT_USAGE
from ampacity.store.disk_files import DiskFiles

if False:  # for the type checker
    from collections.abc import Coroutine
    from typing import Any

    from ampacity.ports.lock import FolderLock
    from ampacity.roles.configuration.site_trial import SiteTrial
    from ampacity.roles.interfaces import RolePlatform, SiteFacts

_SITE_BYTES_MAX = const(1048576)
COLLECT_BYTES = 32768
_LOG_LINES = const(100)
_SMALL_HEAP_BYTES = const(524288)
_SMALL_LOG_LINES = const(50)
ROLES = ("primary", "secondary")
BOOT = "role s meter s console s? console_line s? presence s? echo b store s medium s reason s lines d cut_at_write i update s bundles s"
LEAVES = ("circuit.trusted.site.tree circuit.trusted.device.order_book circuit.trusted.permits circuit.trusted.metering.meter_estimator "
          "circuit.policy.queue.demand")  # of the deepest chains of imports
PROFILE_LEAVES = "bus.profile.registers.readings bus.profile.orders.order_recipe bus.profile.proof.settings_audit"
TRIAL = "/site_trial.set"  # of configuration/site_trial.py


def log_lines() -> int:
    """How many lines of the log are kept: fewer on a board without memory in addition to its chip's."""
    free = mem_free()
    return _LOG_LINES if free is None or free > _SMALL_HEAP_BYTES else _SMALL_LOG_LINES


def read_json(folder: str, name: str, required: bool = True) -> "Any":
    """The JSON document `folder/name`; None when it is absent and not required. Raises Rejected."""
    try:
        if os.stat(folder + "/" + name)[6] > _SITE_BYTES_MAX:
            raise Rejected(name, "too large", "at most %d bytes" % _SITE_BYTES_MAX)
        with open(folder + "/" + name, "rb") as f:
            data = f.read()
    except OSError:
        if required:
            raise Rejected(name, "absent", "a file in the data folder " + folder)
        return None
    try:
        return strict_json.loads(data, size_max=_SITE_BYTES_MAX)
    except ValueError as e:
        raise Rejected(name, str(e), "a JSON document")


def make_platform(folder: str, boot: "dict[str, Any]") -> "RolePlatform":
    """The Platform that this code runs on. boot: the facts of boot.json."""
    files = DiskFiles(boot.get("store") or folder + "/store")
    from ampacity.ports.detect import detect_platform

    platform: RolePlatform = detect_platform()[0](folder, boot, files)  # type: ignore[arg-type, assignment]
    if boot.get("sim"):
        from ampacity.roles.service.fault_injection import bench_files
        platform.files = bench_files(files, platform.stall, boot.get("cut_at_write", 0))
    return platform


def lock_folder(folder: str) -> "FolderLock | None":
    """One controller for a data folder; None where there is no folder to lock. Busy: another one runs there."""
    if sys.platform != "linux" or not is_folder(folder):
        return None
    from ampacity.ports.lock import FolderLock  # a board has one program

    return FolderLock(folder)


def is_folder(path: str) -> bool:
    """Is there a folder at this path? False also where it cannot be looked at."""
    try:
        return bool(os.stat(path)[0] & 0x4000)
    except OSError:
        return False


def run_loop(main: "Coroutine[Any, Any, None]") -> "int | None":
    """Run the coroutine on this platform's own loop."""
    from ampacity.ports.detect import detect_platform

    run = detect_platform()[1]
    forget("ampacity.ports.detect")
    return run(main)


def echo_line(line: "tuple[int, int, str, str]") -> None:
    """One line of the log on standard output, for a terminal or the system's journal."""
    _n, now_ms, level, text = line
    print_line("%d.%03d %s %s" % (now_ms // 1000, now_ms % 1000, level, text))


def print_line(text: str) -> None:
    """A line on standard output, at once where that has a buffer; an error of a full or closed one is ignored."""
    try:
        print(text)
        if hasattr(sys.stdout, "flush"):
            sys.stdout.flush()
    except OSError:
        pass


def flush_output() -> None:
    """What standard output did not take is forgotten: a last try at the interpreter's end would change the exit status."""
    try:
        if hasattr(sys.stdout, "flush"):
            sys.stdout.flush()
    except OSError:
        sys.stdout = None


def lines_of(config: object) -> "list[SiteFacts]":
    """The facts of every serial line that this configuration opens: its buses, its parent's, or a secondary's own."""
    if not isinstance(config, dict):
        return []
    found = [bus for bus in config.get("buses") or () if isinstance(bus, dict) and bus.get("kind") == "rtu"]
    found += [each for each in (config, config.get("parent")) if isinstance(each, dict)]
    return [each for each in found if each.get("port")]


def checked_boot(boot: "Any") -> "dict[str, Any]":
    """The facts of boot.json. Raises Rejected with the field and what it may be."""
    from ampacity.roles.configuration.field_types import check_fields

    if not isinstance(boot, dict):
        raise Rejected("boot.json", boot, "an object")
    check_fields(boot, BOOT, "boot.json")
    if boot.get("role", ROLES[0]) not in ROLES:
        raise Rejected("boot.json role", boot["role"], " or ".join(ROLES))
    console = boot.get("console")
    if console:
        try:
            parse_address(console)
        except Rejected as e:
            raise Rejected("boot.json console", console, e.allowed)
    forget("ampacity.roles.configuration.field_types")
    return boot


def begun_trial(folder: str, store: str, log: "Log") -> "SiteTrial | None":
    """The trial of a new site.json that this start is a part of; None: there is none, or the previous file has just returned."""
    try:
        os.stat(store + TRIAL)
    except OSError:
        return None
    from ampacity.roles.configuration.site_trial import trial_of

    trial = trial_of(folder, store)
    try:
        text = trial.start()
    except OSError as e:
        text = "the trial of the configuration cannot be settled: %s" % e
    if text is None:
        return trial if trial.is_running() else None
    log.add("warning", "configuration: " + text, 0)
    return None


def refused_on_trial(trial: "SiteTrial", error: object) -> int:
    """The controller cannot run on the new site.json: the previous one returns at once. The exit status."""
    print_line("configuration: on trial and refused: %s; the previous one returns" % error)
    try:
        trial.revert()
    except OSError as e:
        print_line("configuration: %s" % e)
    return EXIT_RESTART


def import_leaves(config: "dict[str, Any]") -> None:
    """Imports first what a primary would import from the deepest of its imports.

    In MicroPython's unix port an import inside an import takes 4.6 KB of the stack, which is 40 KB where a word has 32 bits (Raspberry Pi OS of
    32 bits, armhf): from the top a primary takes more. A board allows shorter paths and takes far less.
    """
    if sys.platform == "linux":
        for name in (LEAVES + " " + PROFILE_LEAVES if config.get("profiles") else LEAVES).split():
            __import__("ampacity." + name)


async def run_role(folder: str, boot: "dict[str, Any]", config: "dict[str, Any]", log: "Log") -> None:
    """Run the role that boot names until it ends. Raises Rejected for a configuration that it cannot run on."""
    platform = make_platform(folder, boot)
    trouble = boot.get("medium") or getattr(platform.files, "trouble", None)
    if trouble:
        log.add("error", "storage: %s: nothing is saved, and saved state may be unknown" % trouble, platform.clock.now_ms())
    exposed = getattr(platform.files, "exposed", None)
    if exposed:
        log.add("warning", "storage: " + exposed, platform.clock.now_ms())
    for line in lines_of(config):
        platform.look(line)
    if boot.get("role", "primary") == "secondary":
        from ampacity.roles import secondary as role
    else:
        import_leaves(config)
        from ampacity.roles import primary as role  # type: ignore[no-redef]
        if isinstance(config, dict) and config.get("ocpp"):
            from ampacity.roles.charging import upstream  # noqa: F401 - as much again: before the watchdog runs
            from ampacity.roles.charging.kept_messages import read_kept
            platform.kept = read_kept(platform.files)
    await platform.start()
    running = role.run(platform, config, log)
    del config  # the primary keeps it in a smaller form
    return await running


def main(arguments: "list[str]") -> int:
    """arguments: [data folder], and behind it the letter of the slot that the boot stage started. Returns the exit status of the process."""
    if not 1 <= len(arguments) <= 2:
        print_line("usage: ampacity DATA_DIR [SLOT]")
        return EXIT_USAGE
    folder = arguments[0]
    log = Log(log_lines())
    collect_each(COLLECT_BYTES)
    held = trial = None
    try:
        held = lock_folder(folder)
        boot = checked_boot(read_json(folder, "boot.json", required=False) or {})
        if len(arguments) == 2:
            boot["slot"] = arguments[1]
        if boot.get("echo"):
            log.echo = echo_line
        trial = begun_trial(folder, boot.get("store") or folder + "/store", log)
        return run_loop(run_role(folder, boot, read_json(folder, "site.json"), log)) or 0
    except (Rejected, MemoryError) as e:
        if trial is not None:
            return refused_on_trial(trial, e)
        if isinstance(e, MemoryError):
            raise
        print_line("configuration: " + str(e))
        return EXIT_CONFIG
    except Busy as e:
        print_line("ampacity: " + str(e))
        return EXIT_BUSY
    except KeyboardInterrupt:
        return 0
    finally:
        if held is not None:
            held.close()
        flush_output()
