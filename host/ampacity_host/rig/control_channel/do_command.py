"""`ampacity rig do plug bay-1`: one operation of the control channel of a running rig, typed as words.

The rig writes the address of its channel to a file of its user, so that the rig started last needs no address.
"""

import contextlib
import json
import os
import shlex
import sys
from pathlib import Path
from typing import Any

from ampacity.ports.lock import is_running, own_process
from ampacity_host.configure.site_file.toml_text import near
from ampacity_host.failure import failed
from ampacity_host.rig.base import bench
from ampacity_host.rig.control_channel import external_limit
from ampacity_host.rig.control_channel.client import RigClient, RigError
from ampacity_host.rig.control_channel.operations import KNOWN
from ampacity_host.rig.fault_injection import injector
from ampacity_host.rig.plant import car
from ampacity_host.rig.setup import UsageError, host_port

OK, REFUSED, USAGE, NO_CONNECTION = 0, 1, 2, 3
HELLO_S_MAX, ANSWER_S_MAX = 10, 120
ORDER = {
    # operation: the fields of its words, in order; the last one with "…" takes the rest
    "plug": ("evse",), "unplug": ("evse",), "ev": ("evse", "action"), "present_token": ("token", "evse"), "button": ("evse", "name"),
    "bay": ("evse", "occupied", "token"), "background": ("circuit", "l1", "l2", "l3"), "safety_load": ("name", "on"),
    "fault": ("kind", "target", "on"), "primary": ("action", "n"), "config_set": ("key", "value"), "config_delete": ("key",),
    "seed": ("store", "token"), "limit": ("target", "amps", "ttl_s"), "console": ("text…",), "advance": ("ms",),
    "csms": ("method", "payload…"), "csms_log": ("since",), "worst": ("since_ms",), "site": ("text…",),
}  # fmt: skip
MORE = {
    # operation: its further fields, from the modules that read them
    "plug": (*car.FIELDS, "car"), "fault": injector.OPTIONS, "limit": external_limit.OPTIONS, "provision": bench.PROVISION_FIELDS,
    "present_token": ("type",), "ev": ("message",), "seed": ("type", "status", "group"),
}  # fmt: skip
BEFORE = {"console": ("of",), "csms": ("timeout_ms",)}  # fields that may precede words which take the rest
LISTS = ("phases", "inputs")  # L1,L2 means ["L1", "L2"]
TEXTS = ("text", "token", "mac", "key", "type", "group", "evse", "target", "circuit", "name")  # never a number or a flag
FLAGS = {"on": True, "off": False, "yes": True, "no": False, "true": True, "false": False}


class WrongWords(Exception):
    """Words that are not an operation; the text gives the correct form."""


class NoRig(Exception):
    """No rig, or a different one; the text names the remedy."""


def do_command(words: list[str], control: str | None, as_json: bool = False) -> int:
    """0 done, 1 the rig refuses, 2 wrong usage, 3 no rig found."""
    try:
        op, fields = request_of(words)
    except WrongWords as problem:
        return failed(problem, USAGE)
    if control is not None and not is_address(control):
        return failed(f"--control: {control!r} is not HOST:PORT with a port of 1..65535", USAGE)
    kept = kept_rig() if control is None else {"control": control}
    if kept is None:
        return failed("you have no running rig; start one with `ampacity rig`, or name its control channel: --control HOST:PORT", NO_CONNECTION)
    address = kept["control"]
    try:
        answer = asked(kept, op, fields)
    except RigError as refused:
        return failed(f"{op}: {refused}", REFUSED)
    except NoRig as problem:
        return failed(problem, NO_CONNECTION)
    except (OSError, ValueError) as problem:
        return failed(f"no rig at {address}: {getattr(problem, 'strerror', None) or problem}", NO_CONNECTION)
    print(json.dumps(answer_fields(answer)) if as_json else in_words(answer))
    return REFUSED if op == "console" and str(answer.get("text")).startswith("error: ") else OK


def is_address(text: str) -> bool:
    try:
        return host_port("--control", text)[1] > 0
    except UsageError:
        return False


def answer_fields(answer: dict[str, Any]) -> dict[str, Any]:
    """The fields of an answer without those of the protocol."""
    return {key: value for key, value in answer.items() if key not in ("id", "ok", "stopping")}


def in_words(answer: dict[str, Any]) -> str:
    """An answer other than a refusal, for people."""
    fields = answer_fields(answer)
    return str(fields["text"]) if list(fields) == ["text"] else json.dumps(fields, indent=2) if fields else "ok"


def asked(kept: dict[str, Any], op: str, fields: dict[str, Any]) -> dict[str, Any]:
    """The answer of the rig, after its identification: a different server at its address receives nothing."""
    address, ended = kept["control"], ended_error(kept)
    if "process" in kept and os.path.exists("/proc/self/stat") and not is_running(kept["process"]):
        raise ended
    if not is_rig(address, kept.get("process")):
        raise ended if "process" in kept else NoRig(f"the server at {address} is not a rig")
    with RigClient(address, ANSWER_S_MAX) as rig:
        answer: dict[str, Any] = rig.ask(op, **fields)
        return answer


def is_rig(address: str, process: str | None) -> bool:
    """Does a rig listen there and, if its process is known, that rig? OSError: the port is closed."""
    try:
        with RigClient(address, HELLO_S_MAX) as rig:
            hello = rig.ask("hello")
        return "ops" in hello and process in (None, hello.get("process"))
    except ConnectionRefusedError:
        if process is None:
            raise
        return False
    except (TimeoutError, ConnectionError, ValueError, TypeError, KeyError, AttributeError, RigError):
        return False


def ended_error(kept: dict[str, Any]) -> "NoRig":
    started = kept.get("started") or "ampacity rig FILE"
    return NoRig(f"the rig at {kept['control']} has ended; start it with: {started}")


def request_of(words: list[str]) -> tuple[str, dict[str, Any]]:
    """(operation, fields) of words: those of the operation in order, others as FIELD=VALUE. Raises WrongWords."""
    if not words or words[0] not in KNOWN:
        close = near(words[0], KNOWN) if words else None
        wrong = f"no operation {words[0]!r}" if words else "no operation"
        raise WrongWords(f"{wrong}, did you mean {close}?" if close else f"{wrong}; name one: " + ", ".join(KNOWN))
    op, plain = words[0], ORDER.get(words[0], ())
    fields: dict[str, Any] = {}
    left = list(words[1:])
    while left and left[0].partition("=")[0] in BEFORE.get(op, ()) and named(left[0]):
        key, _, text = left.pop(0).partition("=")
        fields[key] = text if key == "of" else value_of(key, text)
    for name in plain:
        if not left or (named(left[0]) and not name.endswith("…")):
            break
        word = " ".join(left) if name.endswith("…") else left[0]
        left = [] if name.endswith("…") else left[1:]
        fields[name.rstrip("…")] = value_of(name.rstrip("…"), word)
    for word in left:
        if not named(word):
            raise WrongWords(f"{op}: {word!r} is one word too many; usage: {usage_of(op)}")
        key, _, text = word.partition("=")
        need_known(op, key)
        place = fields.setdefault("car", {}) if op == "plug" and key in car.FIELDS else fields
        place[key] = value_of(key, text)
    if op == "limit":
        fields.setdefault("source", "console")
        if fields.get("amps") is False:  # `limit main off`
            fields["amps"] = None
    return op, fields


def need_known(op: str, key: str) -> None:
    """Raises WrongWords for a field that the operation does not have: the rig ignores unknown fields."""
    known = [name.rstrip("…") for name in (*ORDER.get(op, ()), *BEFORE.get(op, ()), *MORE.get(op, ()))]
    if key not in known:
        close = near(key, known)
        meant = f", did you mean {close}?" if close else ";"
        raise WrongWords(f"{op}: no field {key!r}{meant} " + ("it has: " + ", ".join(known) if known else "it has none"))


def named(word: str) -> bool:
    return "=" in word and word.split("=")[0].isidentifier()


def usage_of(op: str) -> str:
    return " ".join([op, *(name.upper() for name in ORDER.get(op, ())), "[FIELD=VALUE …]"])


def value_of(key: str, text: str) -> Any:
    """A number, a flag, JSON, else the text unchanged."""
    if key in TEXTS:
        return text
    if text.lower() in FLAGS:
        return FLAGS[text.lower()]
    try:
        return json.loads(text)
    except ValueError:
        return text.split(",") if key in LISTS else text


# address of the rig started last


def address_file() -> Path:
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "ampacity" / "rig.json"


def kept_rig() -> dict[str, Any] | None:
    """The rig started last: its address, its process, and the words that started it. None: there is none."""
    try:
        kept = json.loads(address_file().read_text())
        return kept if all(isinstance(kept[key], str) for key in ("control", "process", "started")) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remember(address: str) -> None:
    """Records that a rig of this process listens there; a failure to write is ignored."""
    file = address_file()
    started = shlex.join(["ampacity", *sys.argv[1:]])
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = file.with_suffix(f".{os.getpid()}")
        new.write_text(json.dumps({"control": address, "process": own_process(), "started": started}))
        os.replace(new, file)


def forget(address: str) -> None:
    """Removes the record of the rig."""
    if (kept_rig() or {}).get("control") == address:
        with contextlib.suppress(OSError):
            address_file().unlink()
