"""The commands `ampacity check` and `ampacity run`."""

import errno
import json
import os
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from ampacity.base.errors import Busy, Rejected
from ampacity.ports.lock import FolderLock
from ampacity.ports.watchdog import need_device
from ampacity_host.configure import SiteErrors, check_report, compile_site, load_site, secondary_config
from ampacity_host.configure.analysis.site_migration import after_change
from ampacity_host.configure.analysis.terminal_report import finding_line, show, show_mistakes
from ampacity_host.configure.analysis.unmeasured import unmeasured_outlets
from ampacity_host.configure.running.fallback_folder import Refuses, fallback_folder, refusing, report_refusal
from ampacity_host.configure.running.kept_evidence import kept_evidence
from ampacity_host.configure.running.last_source import digest_of, record, was_sent
from ampacity_host.configure.running.supervisor import ENDED, Program, supervise
from ampacity_host.configure.site_file.tls import FILES, own_tls
from ampacity_host.failure import failed
from ampacity_host.rig.control_channel.fields import FieldError
from ampacity_host.rig.process.runtime import command

BUSY, UNUSABLE = 75, 78
RUN_LOCK = "run.lock"  # held by the supervisor; `lock` by the controller itself


@dataclass(frozen=True)
class Slots:
    """root: folder with two slots; inbox: where bundles appear, None: in the root."""

    root: Path
    inbox: Path | None = None

    def facts(self) -> dict[str, Any]:
        """For boot.json. Raises ValueError where the root is a file."""
        from ampacity_host.configure.running.slots import check_root

        check_root(self.root)
        found = {"update": str(self.root.absolute())}
        return found if self.inbox is None else found | {"bundles": str(self.inbox.resolve())}


def check_command(path: Path, as_json: bool, data: Path | None = None) -> int:
    """Print the report on a site file; 0 if it holds, 1 if not, 2 if there is no such file. data: whose tests count."""
    if not path.is_file():
        return failed(f"no site file {path}", 2)
    try:
        site, kept = load_site(path), kept_evidence(data)
        result = check_report(site, kept)
    except SiteErrors as errors:
        return show_errors(errors, path, as_json)
    except (OSError, ValueError) as problem:
        return failed(problem, 2)
    if data is not None:
        change = after_change(compile_site(site), kept)
        result["findings"] += change.pop("findings") + unmeasured_outlets(compile_site(site), data)
        result["change"] = change
    if as_json:
        print(json.dumps(result))
    else:
        show(result, Console())
    return 0 if result["ok"] else 1


def show_errors(errors: SiteErrors, path: Path, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"ok": False, "file": str(path), "mistakes": [mistake.as_dict() for mistake in errors.mistakes], "findings": []}))
    else:
        show_mistakes(errors.mistakes, Console())
    return 1


def accepted(path: Path, secondary: str | None, line: str | None = None, data: Path | None = None) -> dict[str, Any] | None:
    """The configuration that a site file gives a controller; None (said on standard error) if it is refused."""
    try:
        site = load_site(path, starting=True)
        result: dict[str, Any] = check_report(site, known_tests(data))
    except SiteErrors as errors:
        print(errors, file=sys.stderr)
        return None
    for told in site.warnings:
        if told.field in FILES:
            print(f"warning: {told}", file=sys.stderr)
    for found in result["findings"]:
        print(finding_line(found), file=sys.stderr)
    if not result["ok"]:
        return None
    facts = compile_site(site)
    if secondary is None:
        return facts
    try:
        config = secondary_config(facts, secondary, line)
    except KeyError:
        own = [e["name"] for e in facts["evses"] if e["kind"] == "ampacity"]
        print(f'ampacity: no EVSE "{secondary}" of kind "ampacity"; have: {", ".join(own) or "none"}', file=sys.stderr)
        return None
    try:
        tls = own_tls(site, secondary)
    except KeyError as missing:
        print(f'ampacity: EVSE "{secondary}" is on a bus with tls; write its certificate_pem and key_pem ({missing} is missing)', file=sys.stderr)
        return None
    if tls:
        config["tcp"] = config["tcp"] | {"tls": tls}
    return config


def write_json(path: Path, value: object) -> None:
    """Replace a file as a whole."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)  # it may hold a password or a private key
    new.write_text(json.dumps(value) + "\n")
    os.replace(new, path)


def free_address(address: str) -> str:
    """HOST:PORT with port 0 replaced by a free one. Raises ValueError for anything else."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"{address!r} is not HOST:PORT")
    if port != "0":
        return address
    with socket.socket() as probe:
        probe.bind((host, 0))
        return f"{host}:{probe.getsockname()[1]}"


def own_folder(data: Path) -> None:
    """The data folder, which is made if it is missing: for its owner alone, also where an earlier version left it open."""
    if not data.exists():
        data.parent.mkdir(parents=True, exist_ok=True)
        data.mkdir(mode=0o700, exist_ok=True)
    elif not (data / "site.json").exists():
        return
    elif data.stat().st_mode & 0o077:
        try:
            data.chmod(0o700)
        except OSError as error:
            if error.errno == errno.EROFS:
                raise
    if data.stat().st_mode & 0o077:
        print(f"warning: other users can read {data} with its passwords and keys: its file modes cannot be changed", file=sys.stderr)


def prepare(
    config: dict[str, Any], data: Path, role: str, name: str, console: str, more: dict[str, Any] | None = None, source: str | None = None,
) -> None:  # fmt: skip
    """Write site.json, boot.json and console.json into the data folder. source: digest of the site file; None: site.json is always written."""
    own_folder(data)
    address = free_address(console)
    if source is not None and was_sent(data, source):
        print("ampacity: the configuration sent over the console is active, not that of the site file, which is older", file=sys.stderr)
    else:
        write_json(data / "site.json", config)
        if source is not None:
            record(data, source)
    boot: dict[str, Any] = {"role": role, "name": name, "console": address, "echo": True}
    boot.update(more or {})
    if (data / ENDED).exists():
        boot["reason"] = "Software"
        (data / ENDED).unlink()
    write_json(data / "boot.json", boot)
    write_json(data / "console.json", {"console": address})


def run_command(path: Path, data: Path, runtime: str, console: str, secondary: str | None, line: str | None,
                watchdog: str | None = None, came: Sequence[int] = (), doors: dict[str, str | None] | None = None,
                slots: Slots | None = None) -> int:  # fmt: skip
    """Compile, write and run the controller in the foreground; its exit status. came: signals of `note_signals`.

    doors: `console_line` and `presence` for boot.json.
    """
    config = accepted(path, secondary, line, None if secondary else data)
    if config is None:
        return 1
    lines = [config] if secondary else [bus for bus in config["buses"] if bus["kind"] == "rtu"]
    if config.get("parent"):
        lines.append(config["parent"])
    if any("tcp" not in each and each.get("port", "virtual") == "virtual" for each in lines):
        return failed("this site has a virtual port: run it with `ampacity rig`, or name a real port (--line for a secondary)", 2)
    boot: dict[str, Any] = {} if watchdog is None else {"watchdog": watchdog}
    boot |= {name: value for name, value in (doors or {}).items() if value is not None}
    try:
        if watchdog is not None:
            need_device(watchdog)
        boot |= slots.facts() if slots is not None else {}
        need_reading(data)
        if secondary is None:
            print_change(config, data)
        role, source = "secondary" if secondary else "primary", digest_of(path, secondary, line)
        held, data = settle(config, data, role, secondary or "primary", console, boot, source)
        program, environment = command(runtime, data)
    except Busy as busy:
        return failed(busy, BUSY)
    except Rejected as refused:
        return failed(f"--watchdog: {watchdog!r} is not allowed; use {refused.allowed}", UNUSABLE)
    except (PermissionError, NotADirectoryError, FileExistsError) as problem:
        return failed(f"--data: {unfit(data, problem)}", 2)
    except (ValueError, OSError, FieldError) as problem:
        return failed(problem, 2)
    try:
        return supervise(program, environment, data, came, None if slots is None else chooser(slots, runtime, data))
    finally:
        held.close()


def chooser(slots: Slots, runtime: str, data: Path) -> Program:
    """What each start of the controller runs."""
    from ampacity_host.configure.running.slots import SlotChoice

    return SlotChoice(slots.root.absolute(), runtime, data).program


def need_reading(data: Path) -> None:
    """Raises PermissionError where evidence that may not be read would be taken for a damaged one."""
    for folder in (data, data / "store"):
        try:
            os.listdir(folder)
            os.stat(f"{folder}/.")
        except PermissionError:
            raise
        except OSError:  # not there yet, or a medium that refuses
            return


def unfit(data: Path, problem: OSError) -> str:
    """Why that cannot be the data folder, and what could."""
    if isinstance(problem, PermissionError):
        return f"no read and write access to {data}; change its owner, or choose another folder"
    return f"{data} is not a folder and cannot be created; choose another folder"


def settle(
    config: dict[str, Any], data: Path, role: str, name: str, console: str, boot: dict[str, Any], source: str | None = None,
) -> tuple[Any, Path]:  # fmt: skip
    """(the lock, the folder in which the controller runs): the data folder, or a temporary one if its medium refuses."""
    both = Locks()
    try:
        return both, settled(both, config, data, role, name, console, boot, source)
    except BaseException:
        both.close()
        raise


def settled(
    locks: "Locks", config: dict[str, Any], data: Path, role: str, name: str, console: str, boot: dict[str, Any], source: str | None,
) -> Path:  # fmt: skip
    """The folder in which the controller runs, prepared, with its locks."""
    try:
        with refusing():
            locks.add(sole(data))
            prepare(config, data, role, name, console, boot, source)
            return data
    except Refuses as refusal:
        locks.keep(data)
        folder = fallback_folder(data)
        boot = boot | {"store": str(data / "store"), "medium": report_refusal(data, folder, refusal)}
        locks.add(sole(folder))
        prepare(config, folder, role, name, console, boot)
        address = json.loads((folder / "console.json").read_text())["console"]
        print(f"ampacity: its console is at {address}: ampacity console --controller {address}", file=sys.stderr)
        return folder


class Locks:
    """The lock of the data folder and, where its medium refuses, that of the temporary folder; a second process finds it in either case."""

    def __init__(self) -> None:
        self._held: list[Any] = []

    def add(self, lock: Any) -> None:
        self._held.append(lock)

    def keep(self, data: Path) -> None:
        """The lock of the data folder, as far as the medium permits. Busy: another process has it."""
        if not self._held:
            try:
                self.add(FolderLock(str(data), RUN_LOCK))
            except OSError:
                pass

    def close(self) -> None:
        while self._held:
            self._held.pop().close()


def known_tests(data: Path | None) -> dict[str, Any] | None:
    """The evidence in the journal; of a damaged one nothing counts, as in the controller."""
    try:
        return kept_evidence(data)
    except ValueError:
        return None


def print_change(facts: dict[str, Any], data: Path) -> None:
    """What of the old site still counts, on standard error."""
    try:
        change = after_change(facts, kept_evidence(data))
    except ValueError as problem:
        print(f"warning: {problem}", file=sys.stderr)
        return
    for row in change["left"]:
        print(f"warning: {row['text']}", file=sys.stderr)
    for found in change["findings"]:
        print(finding_line(found), file=sys.stderr)


def sole(data: Path) -> Any:
    """The lock of the one `ampacity run` of a data folder, before anything in it is changed.

    Busy: there is another, or a controller that outlived its own.
    """
    own_folder(data)
    held = FolderLock(str(data), RUN_LOCK)
    try:
        FolderLock(str(data)).close()
    except Busy:
        held.close()
        raise
    return held
