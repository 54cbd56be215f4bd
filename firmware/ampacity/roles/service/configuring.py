"""The configuration of this controller over its console: read without its secrets, sent in pieces, checked here, committed on trial.

    config info                     what is active: bytes and SHA-256 of its CBOR without secrets, which secrets it has
    config read OFFSET              the next bytes of that, base64
    config settings                 settings that differ from their default, as `set` takes them
    transfer begin configuration …  a new one comes (console/transfer.py); at its end the digest, every rule of a start, what changes; from
                                    then on it is staged for `commit`

A secret that is null in what comes stays as it is here. Nothing is written before `commit`; a wrong configuration replaces nothing.
"""

from binascii import b2a_base64

from ampacity.base import strict_json
from ampacity.base.errors import NotNow, Rejected
from ampacity.base.printable import is_digits
from ampacity.console.access import LOGINS
from ampacity.console.error_texts import UsageError
from ampacity.console.transfer import MemorySink
from ampacity.roles.configuration import site_comparison
from ampacity.roles.configuration.site_trial import SITE, SiteTrial, digest
from ampacity.update.cbor import CONFIGURATION, decode, encode

if False:  # for the type checker
    from collections.abc import Callable, Generator, Iterator
    from typing import Any

    from ampacity.console.changes import Session
    from ampacity.roles.interfaces import ConfiguredTarget, Files, RolePlatform, SiteFacts
    from ampacity.store.document_store import DocumentStore

USAGE = "config info | read OFFSET | settings"
NAME = "configuration"  # of the transfer
BYTES_MAX = 262144
PIECE_BYTES = 336  # of an answer: 448 characters of base64
LEFT_MS = 600000  # what was sent and not committed is forgotten after that
LINES_MAX = 24  # changes that an answer lists
COMPILED = "one compiled by `ampacity configure push`"
DEFECTS = (KeyError, TypeError, ValueError, AttributeError, IndexError, ArithmeticError)


class Incoming(MemorySink):
    """A new configuration on its way: each `end` does a slice of the work, so that the safety loop runs in between.

    work: function(data) that gives None after each slice, then the answer. within_memory: function(function) that calls it, and raises NotNow
    where the memory does not suffice.
    """

    def __init__(
        self, size: int, wanted: bytes, work: "Callable[[bytes], Iterator[str | None]]", within_memory: "Callable[[Callable[[], Any]], Any]",
    ) -> None:  # fmt: skip
        MemorySink.__init__(self, size, wanted, BYTES_MAX, self._begin)
        self._work = work
        self._within_memory = within_memory
        self._slices: "Iterator[str | None] | None" = None

    def write(self, offset: int, data: bytes) -> int:
        """Takes all of it. Raises NotNow."""
        return self._within_memory(lambda: MemorySink.write(self, offset, data))  # type: ignore[no-any-return]

    def _begin(self, data: bytes) -> str:
        self._slices = self._work(data)
        return ""

    def end(self) -> "str | None":
        """The next slice. Raises Rejected."""
        return self._within_memory(self._slice)  # type: ignore[no-any-return]

    def _slice(self) -> "str | None":
        if self._slices is None and MemorySink.end(self) is None:
            return None
        return next(self._slices)  # type: ignore[arg-type]  # begun

    def abort(self) -> None:
        """Forgets what came."""
        MemorySink.abort(self)
        self._slices = None


class Configuring:
    """One controller. target: what its console works on. role: "primary" or "secondary".

    check: function(facts) → as at a start; raises Rejected. restart: function(text, now_ms).
    """

    def __init__(
        self, platform: "RolePlatform", documents: "DocumentStore", target: "ConfiguredTarget", role: str,
        check: "Callable[[SiteFacts], object]", restart: "Callable[[str, int], object]",
    ) -> None:
        self._folder = folder_files(platform)
        self.trial = None if self._folder is None else SiteTrial(documents, platform.files, self._folder)
        self._role = role
        self._target = target
        self._settings = target.settings
        self._access = target.access
        self._changes = target.changes
        self._check = check
        self._restart = restart
        self._clock = platform.clock
        self._staged: "bytes | None" = None
        self._facts: "dict[str, Any]" = {}
        self._sender: "Session | None" = None
        self._out = b""  # what `read` gives
        self._until_ms = 0
        self._words: "dict[str, tuple[int, Callable[..., object]]]" = {
            "info": (1, self._info), "read": (2, self._read), "settings": (1, self._set_values),
        }  # fmt: skip

    # for the console

    def command(self, words: "list[str]", now_ms: int) -> str:
        """`config …`. Raises Rejected."""
        self._look(now_ms)
        if not words or words[0] not in self._words or len(words) != self._words[words[0]][0]:
            raise UsageError(USAGE, words)
        return str(self._within_memory(lambda: self._words[words[0]][1](*words[1:])))

    def _look(self, now_ms: int) -> None:
        if self._folder is None:
            raise NotNow("config", "", "this controller has no data folder")
        if now_ms >= self._until_ms:
            self.discard()
        self._until_ms = now_ms + LEFT_MS

    def _within_memory(self, work: "Callable[[], Any]") -> "Any":
        try:
            return work()
        except MemoryError:
            self.discard()
            raise NotNow("config", "", "too little memory is free: send it at the MicroPython prompt of the board")

    def begin_trial(self, now_ms: int) -> None:
        """At the start of a role: is its configuration on trial?"""
        if self.trial is None:
            return
        if self.trial.is_running():
            self._changes.confirmation.begin(self.trial, self.trial.record().get("minutes", 0), now_ms)
        elif self.trial.was_undone():
            self._changes.undone(self.trial.what, now_ms)

    def staged(self) -> "dict[str, Any] | None":
        """What is known of the configuration that waits for `commit`; None: there is none."""
        return self._facts if self._staged is not None else None

    def sender(self) -> "Session | None":
        """The session that sent it to the end; None: there is none."""
        return self._sender

    def discard(self) -> None:
        """What was sent is forgotten."""
        self._staged = self._sender = None
        self._facts = {}
        self._out = b""

    def commit(self, console: "Session", minutes: int, now_ms: int) -> str:
        """The next start runs on what was sent, on trial. Raises Rejected, OSError: nothing changes."""
        if minutes < 1 or self._staged is None or self.trial is None:
            raise Rejected("commit", minutes, "1..120 minutes for a configuration: the restart may cut off who sent it")
        safety = self._facts["safety"]
        if safety and not console.present():
            text = "it touches safety; use the serial console, or close the presence input while you commit"
            raise NotNow(safety[0].split(":")[0], "", text)
        staged, facts = self._staged, self._facts
        self.discard()
        self._arm(staged, facts, console.who(), minutes, now_ms)
        return "restarting with it on trial for %d min: `commit confirm` keeps it, else the previous one returns" % minutes

    def commit_signed(self, data: bytes, facts: "dict[str, Any]", who: str, minutes: int, now_ms: int, ocpp: bool = False) -> None:
        """The next start runs on what a bundle brought and `judged` gave: its signature replaces the presence of a person (decision 21).

        ocpp: as of SiteTrial.arm.
        Raises NotNow: a change is on trial, or waits for the restart; OSError: nothing changes.
        """
        self._changes.confirmation.need_none()
        self._arm(data, facts, who, minutes, now_ms, ocpp, by_bundle=True)

    def is_by_person(self) -> bool:
        """Is what is in force not what a bundle brought?"""
        return self.trial is not None and self.trial.is_by_person()

    def asked_in_presence(self) -> bool:
        """Is who asks now at the controller (decision 21)?"""
        asked_by: "Any" = self._target.asked_by
        return bool(asked_by.present())

    def _arm(
        self, data: bytes, facts: "dict[str, Any]", who: str, minutes: int, now_ms: int, ocpp: bool = False, by_bundle: bool = False
    ) -> None:
        self.trial.arm(data, minutes, ocpp, by_bundle)  # type: ignore[union-attr]  # nothing is judged without a data folder
        self._restart(NAME, now_ms)  # armed without a restart, the next power cut would begin the trial
        head = "configuration %s, fields that change: %d" % (facts["sha256"][:16], facts["count"])
        self._changes.journal.add(who, [head] + (facts["safety"] or facts["changes"][:1]), now_ms)  # rule 15: with their former and new values

    # the words

    def _info(self) -> str:
        found, raw = self._active()
        text = digest(raw)
        phase = None if self.trial is None else self.trial.record().get("phase")
        return strict_json.dumps({"role": self._role, "bytes": len(raw), "sha256": text, "secrets": found, "trial": phase})

    def _read(self, offset: str) -> str:
        at = number("offset", offset, BYTES_MAX)
        if at == 0 or not self._out:
            self._out = self._active()[1]
        if at > len(self._out):
            raise Rejected("offset", at, "0..%d" % len(self._out))
        piece = self._out[at : at + PIECE_BYTES]
        if at + len(piece) >= len(self._out):
            self._out = b""
        return str(b2a_base64(piece), "ascii").strip()

    def _set_values(self) -> str:
        passwords = ["password " + role for role in LOGINS if self._access.is_set(role)]
        return strict_json.dumps({"settings": self._settings.changed_values(), "secrets": self._settings.secrets_set() + passwords})

    def open_sink(self, size: int, wanted: bytes, now_ms: int) -> "Incoming":
        """What takes a new configuration. Raises Rejected."""
        self._look(now_ms)
        self._changes.confirmation.need_none()
        self.trial.need_none()  # type: ignore[union-attr]  # `_look` has looked
        self.discard()
        return Incoming(size, wanted, self._stage, self._within_memory)

    def _stage(self, data: bytes) -> "Iterator[str | None]":
        """Judges and stages it: None after each slice, then what is known of it. Raises Rejected."""
        self._staged, self._facts = yield from self.judged(data)
        self._sender = self._target.asked_by  # type: ignore[assignment]  # a console
        self._until_ms = self._clock.now_ms() + LEFT_MS
        yield strict_json.dumps(self._facts)

    def judged(self, data: bytes) -> "Generator[None, None, tuple[bytes, dict[str, Any]]]":
        """None after each slice; returns (site.json, what is known of it) of the CBOR of a configuration. Raises Rejected as a start would."""
        if self._folder is None:
            raise NotNow("config", "", "this controller has no data folder")
        try:
            return (yield from self._looked_at(data))
        except DEFECTS as e:  # a value of another type than a compiler writes
            raise Rejected(NAME, "%s: %s" % (type(e).__name__, e), COMPILED)

    def _looked_at(self, data: bytes) -> "Generator[None, None, tuple[bytes, dict[str, Any]]]":
        sha256 = digest(data)
        new = decode(data, NAME, 0, CONFIGURATION)
        yield None
        old = self._present()
        if not isinstance(new, dict) or new.get("role") != old.get("role"):
            raise Rejected("role", new.get("role") if isinstance(new, dict) else "none", "the configuration of a " + self._role)
        kept: "list[str]" = []
        missing: "list[str]" = []
        site_comparison.fill_secrets(new, old, "", kept, missing)
        yield None
        facts = self._compared(old, new)
        del old
        yield None
        staged = strict_json.dumps(new).encode()
        yield None
        self._verdict(new)
        facts.update({"sha256": sha256, "kept": kept, "missing": missing})
        return staged, facts

    def _compared(self, old: "dict[str, Any]", new: "dict[str, Any]") -> "dict[str, Any]":
        """How many fields differ, the first of them, and the first that touch safety."""
        lines: "list[str]" = []
        safety: "list[str]" = []
        count = unsaid = 0
        for path, one, other in site_comparison.changes(old, new):
            count += 1
            if len(lines) < LINES_MAX:
                lines.append(site_comparison.line_of(path, one, other))
            if not site_comparison.touches_safety(path, self._role):
                continue
            if len(safety) < LINES_MAX:
                safety.append(site_comparison.line_of(path, one, other))
            else:
                unsaid += 1
        if unsaid:
            safety.append("more fields that touch safety: %d" % unsaid)
        return {"count": count, "changes": lines, "safety": safety}

    def _verdict(self, new: "SiteFacts") -> None:
        """Raises Rejected where a start with it would be refused."""
        self._check(new)

    def _active(self) -> "tuple[list[str], bytes]":
        """(paths of its secrets, CBOR without them) of the configuration that is active."""
        found: "list[str]" = []
        return found, encode(site_comparison.without_secrets(self._present(), "", found), simple=True)

    def _present(self) -> "dict[str, Any]":
        raw = self._folder.read(SITE)  # type: ignore[union-attr]  # `command` has looked
        try:
            found = strict_json.loads(raw or b"", size_max=BYTES_MAX * 2)
        except ValueError as e:
            raise Rejected(SITE, str(e), "a JSON document of at most %d bytes" % (BYTES_MAX * 2))
        if not isinstance(found, dict):
            raise Rejected(SITE, "another value", "an object")
        return found


def number(field: str, text: str, most: int) -> int:
    """A whole number of a line. Raises Rejected."""
    if not is_digits(text) or len(text) > 7 or int(text) > most:
        raise Rejected(field, text, "0..%d" % most)
    return int(text)


def folder_files(platform: "RolePlatform") -> "Files | None":
    """The files door of the data folder, which has site.json; None on a bench without one."""
    if platform.data_files is None and platform.folder:
        from ampacity.store.disk_files import DiskFiles

        platform.data_files = DiskFiles(platform.folder)
    return platform.data_files  # type: ignore[no-any-return]
