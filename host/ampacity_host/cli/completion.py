"""What a shell completes besides commands and options: site files, devices, EVSEs. Each looks only when the shell asks."""

import json
from pathlib import Path
from typing import Any


def site_files(incomplete: str) -> list[str]:
    """TOML files and folders that begin so."""
    folder, slash, begun = incomplete.rpartition("/")
    start = folder + slash
    try:
        found = [each for each in Path(start or ".").iterdir() if each.name.startswith(begun) and (begun or not each.name.startswith("."))]
    except OSError:
        return []
    return sorted([start + each.name + "/" for each in found if each.is_dir()] + [start + each.name for each in found if each.suffix == ".toml"])


def devices(incomplete: str) -> list[str]:
    """Kinds of EVSEs and profiles of meters."""
    return sorted({*kinds(incomplete), *profiles(incomplete)})


def kinds(incomplete: str) -> list[str]:
    """Kinds of EVSEs, also behind kind=."""
    return named("evse", "kind=", incomplete, ["ampacity", "local"])


def profiles(incomplete: str) -> list[str]:
    """Profiles of meters, also behind profile=."""
    return named("meter", "profile=", incomplete, [])


def named(kind: str, key: str, incomplete: str, own: list[str]) -> list[str]:
    from ampacity_host.places import PROFILES

    start = key if incomplete.startswith(key) else ""
    known = [path.stem[len(kind) + 1 :] for path in PROFILES.glob(f"{kind}-*.toml")]
    return sorted(start + name for name in (*known, *own) if (start + name).startswith(incomplete))


def evses(ctx: Any, incomplete: str) -> list[str]:
    """EVSEs of the site file or the data folder in the same command line."""
    return of_the_site(ctx, incomplete, "evse")


def buses(ctx: Any, incomplete: str) -> list[str]:
    """Buses of the data folder in the same command line."""
    return of_the_site(ctx, incomplete, "bus")


def of_the_site(ctx: Any, incomplete: str, kind: str) -> list[str]:
    import tomllib

    try:
        site = ctx.params.get("site") or next((word for word in ctx.args if word.endswith(".toml")), None)  # args: before a begun option
        if site:
            tables = tomllib.loads(Path(site).read_text(encoding="utf-8")).get(kind, [])
        else:
            folder = Path(ctx.params.get("controller") or "")
            path = next(each for each in (folder / "site.json", folder / "primary" / "site.json") if each.is_file())
            tables = json.loads(path.read_text(encoding="utf-8"))["evses" if kind == "evse" else "buses"]
        return sorted(table["name"] for table in tables if table["name"].startswith(incomplete))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, StopIteration):
        return []  # a shell shows nothing, and no traceback
