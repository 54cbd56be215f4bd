"""Site files: read and checked in one go, compiled to what the firmware is configured with, reported on."""

from functools import partial
from pathlib import Path
from typing import Any

from ampacity_host.configure.compiler.cascade import resolve
from ampacity_host.configure.compiler.device_facts import check_devices
from ampacity_host.configure.compiler.site_facts import compile_site, secondary_config
from ampacity_host.configure.site_file.mistakes import Collector, Mistake, SiteErrors
from ampacity_host.configure.site_file.parser import SiteFile, parse
from ampacity_host.configure.site_file.structure import check_structure

__all__ = ["Mistake", "SiteErrors", "SiteFile", "check_report", "compile_site", "load_site", "secondary_config"]


def load_site(path: "str | Path", instead: "str | None" = None, starting: bool = False) -> SiteFile:
    """Read a site file. Raises SiteErrors with every mistake of form and structure that it has.

    The sums of safety.md section 4 are not checked here: `check_report`, and the controller itself, do that. instead: TOML that
    represents the contents of the file. starting: certificates and keys that cannot be used are warnings: a controller starts without them.
    """
    return load_below(Path(path), (), instead, starting)


def load_below(path: Path, above: "tuple[Path, ...]", instead: "str | None" = None, starting: bool = False) -> SiteFile:
    """The same for a file that others lead to. above: those, resolved."""
    collector = Collector(str(path), starting)
    site = parse(path, collector, instead)
    resolve(site, collector, above, partial(compile_below, starting=starting))
    if site.whole:
        check_structure(site, collector)
    check_devices(site, collector)
    collector.refuse()
    site.warnings = collector.warnings()
    return site


def compile_below(path: Path, above: "tuple[Path, ...]", starting: bool = False) -> "tuple[SiteFile, dict[str, Any], dict[str, Any]]":
    """A site below: what was read, its report, and its facts where that is clean; both empty where it has no parent."""
    site = load_below(path, above, None, starting)
    told: dict[str, Any] = {} if site.parent is None else check_report(site)
    return site, told, compile_site(site) if told.get("ok") else {}


def check_report(site: SiteFile, kept: dict[str, Any] | None = None) -> "dict[str, object]":
    """The report of `ampacity check` on a readable site file, as JSON-able data."""
    from ampacity_host.configure.analysis.site_report import report

    return report(site, kept, load_site)
