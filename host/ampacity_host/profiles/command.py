"""The commands `ampacity devices` and `ampacity profile check`."""

import json
from pathlib import Path
from typing import Any

from ampacity.circuit.trusted.errors import Rejected
from ampacity_host.configure.site_file.mistakes import SiteErrors
from ampacity_host.configure.site_file.toml_repair import Rest
from ampacity_host.configure.site_file.toml_text import near, read_toml
from ampacity_host.failure import failed
from ampacity_host.profiles.compiler import compile_profile
from ampacity_host.profiles.facts import evse_facts, meter_facts
from ampacity_host.profiles.failsafe_classes import CLASSES, device_class
from ampacity_host.profiles.loader import blocked, checked, load, names

OWN = {
    "local": ("the primary's own charging point", "no bus"),
    "ampacity": ("a secondary of this firmware, or a primary below", "rtu, tcp"),
}


def devices_command(name: str | None, as_json: bool) -> int:
    """Lists what there is, or what has `name` in it; one alone is explained. 0 found, 1 none found."""
    rows = [row for row in all_rows() if name is None or name.lower() in called(row)]
    exact = [row for row in rows if name is not None and row["name"] == name.lower().removeprefix("evse-").removeprefix("meter-")]
    rows = exact or rows
    if as_json:
        print(json.dumps({"devices": rows}))
    elif len(rows) == 1:
        print("\n".join(explained(rows[0])))
    else:
        print("\n".join(listed(rows)))
    if rows:
        return 0
    close = near(str(name), [row["name"] for row in all_rows()])
    hint = f"did you mean {close}?" if close else "`ampacity devices` lists all; docs/adding-a-charger.md says how one is added"
    return failed(f"no device has {name!r} in its name, manufacturer or models; {hint}", 1)


def called(row: dict[str, Any]) -> str:
    """All that a device is called."""
    return " ".join([row["name"], row["vendor"], *row["models"], *row["also_sold_as"]]).lower()


def all_rows() -> list[dict[str, Any]]:
    """Our own kinds first, then EVSEs, then meters."""
    own = [{"kind": "evse", "name": name, "vendor": "Ampacity", "models": [what], "link": {"media": [media]}} for name, (what, media) in OWN.items()]
    return [row_of(each) for each in own] + [row_of(load(f"{kind}-{name}")) for kind in ("evse", "meter") for name in names(kind)]


def row_of(profile: dict[str, Any]) -> dict[str, Any]:
    row = {key: profile.get(key, "") for key in ("kind", "name", "vendor", "evidence")}
    row |= {key: list(profile.get(key, [])) for key in ("models", "also_sold_as", "notes", "sources")}
    row["media"] = profile["link"]["media"]
    other = profile["kind"] != "evse" or profile["name"] in OWN
    row["class"] = "" if other else device_class(profile)
    row["blocked"] = "" if other else blocked(profile) or ""
    return row


def listed(rows: list[dict[str, Any]]) -> list[str]:
    wide = max((len(row["name"]) for row in rows), default=0)
    lines = [f"{row['kind']:5}  {row['name']:{wide}}  {', '.join(row['media']):9}  {row['vendor']}: {', '.join(row['models'])}" for row in rows]
    return [line if len(line) <= 150 else line[:149].rsplit(", ", 1)[0] + ", …" for line in lines]


def explained(row: dict[str, Any]) -> list[str]:
    """One device, and how the site file names it."""
    lines = [f"{row['name']}: {row['vendor']}, {', '.join(row['models'])}"]
    if row["also_sold_as"]:
        lines.append("also sold as: " + ", ".join(row["also_sold_as"]))
    lines.append("bus: " + ", ".join(row["media"]))
    if row["class"]:
        lines.append(f"after loss of the primary: class {row['class']}, {CLASSES[row['class']]}")
    if row["blocked"]:
        lines.append("cannot be regulated: " + row["blocked"])
    if row["evidence"]:
        lines.append("evidence: " + row["evidence"])
    lines += ["note: " + note for note in row["notes"]] + ["source: " + source for source in row["sources"]]
    key = "kind" if row["kind"] == "evse" else "profile"
    return [*lines, f'in the site file: [[{row["kind"]}]] with {key} = "{row["name"]}"']


def profile_check_command(path: Path, as_json: bool) -> int:
    """0 the profile is valid, 1 it is not, 2 there is no such file."""
    if not path.is_file():
        return failed(f"no profile file {path}", 2)
    problems, profile = problems_of(path)
    if as_json:
        print(json.dumps({"ok": not problems, "file": str(path), "problems": problems}))
    elif problems:
        print("\n".join(f"error: {problem}" for problem in problems))
    else:
        assert profile is not None
        print("\n".join(explained(row_of(profile))))
        print(f"{path}: this profile can be used; it belongs into the firmware's folder of profiles as {profile['kind']}-{profile['name']}.toml")
    return 1 if problems else 0


def problems_of(path: Path) -> tuple[list[str], dict[str, Any] | None]:
    """Each as a sentence with the file's name; and the profile, where it can be read."""
    try:
        _, written = read_toml(path, "profile")
    except SiteErrors as errors:
        return [str(mistake) for mistake in errors.mistakes] + [f"{path}: {text}" for text in beyond(errors.rest)], None
    profile, problems = checked(written)
    if not problems:
        problems = unusable(profile)
    kind, name = profile.get("kind"), profile.get("name")
    if kind in ("evse", "meter") and isinstance(name, str) and path.name not in (f"{kind}-{name}.toml", f"{name}.toml"):
        problems.append(f'name: "{name}" belongs into a file {kind}-{name}.toml')
    return [f"{path}: {problem}" for problem in problems], profile


def beyond(rest: object) -> list[str]:
    """What is wrong with the rest of a file that is no TOML; of what may be missing nothing is said where a line was lost."""
    if not isinstance(rest, Rest):
        return []
    problems = checked(rest.values)[1]
    return [text for text in problems if not rest.lost or not (": is missing" in text or ": no register" in text or "registers." in text)]


def unusable(profile: dict[str, Any]) -> list[str]:
    """What the schema cannot see: whether facts and tables can be made of it."""
    try:
        compile_profile(profile)
        if profile["kind"] == "evse":
            evse_facts(profile, {"max_a": 16, "power_on_a": 16})
        else:
            meter_facts(profile, {})
    except Rejected as refused:
        return [] if refused.field in ("max_a", "min_a", "fallback_a", "watchdog_s", "power_on_a", "boot_s") else [str(refused)]
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as missing:
        return [f"something that the tables need is missing or of a wrong kind: {missing!r}"]
    return []
