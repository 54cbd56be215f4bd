"""The core of the console: a line in, the text of the answer out. Knows no socket; one instance per connection.

The target (a role) gives: `view()` → dict; `why(evse)` → text; `log` (base/log); `limit(target, limit_da, watts,
ttl_ms, now_ms)` with either value None, both None: withdraw; `settings` (SettingTable); `access` (Access);
`version` (text); `commands`: dict word → row, for what only this role can do, all for the installer. A row is
(usage, function(words, now_ms) → text). A command that a person should think about has a question as third item, and is
done only after `yes`. A fourth item, function(words) → bool, limits that to the lines for which it returns True; it may raise
Rejected, for a line that would be refused after the question as well. The target may give `about(word)` → the text of
`help WORD`. A refusal raises Rejected there, is counted here ("console_refused") and changes nothing.

A dangerous line is not executed at once: its answer is a question, and `yes` as the next line executes it. Who knows what they
do, a program above all, writes `--yes` behind the command. So a dumb terminal is as safe as a program with a cursor, and
nothing but the text of the lines decides what happens.
"""

from ampacity.base import strict_json
from ampacity.base.errors import NotNow, Rejected
from ampacity.base.printable import is_digits
from ampacity.console.error_texts import UnknownName, UsageError, meant, sentence
from ampacity.console.login_throttle import LOCAL
from ampacity.console.render import plain, render, render_site
from ampacity.console.settings import is_number, parse_da

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any

    from ampacity.base.clock import Clock
    from ampacity.console.access import PasswordChange, PasswordCheck
    from ampacity.console.interfaces import Command, Target

    Words = list[str] | tuple[str, ...]

LINE_MAX = 512
LOG_LINES = 20
LOG_LINES_MAX = 200
TTL_S_MAX = 604800
ASK = "sure? "
YES_MS = 60000  # a question is forgotten after that

# word: (may the user?, usage)
COMMANDS = (
    ("help", True, "help [COMMAND]"),
    ("show", True, "show [site | evse NAME | circuit NAME | bus | ocpp | update | version | counters | settings] [--json]"),
    ("why", True, "why EVSE"),
    ("log", True, "log [LINES]"),
    ("login", True, "login PASSWORD"),
    ("logout", True, "logout"),
    ("limit", False, "limit TARGET AMPS | WATTSW | off [SECONDS]"),
    ("set", False, "set KEY VALUE [commit]"),
    ("commit", False, "commit"),
    ("rollback", False, "rollback"),
    ("password", False, "password NEW"),
)
LISTS = {"evse": "evses", "circuit": "circuits"}
PARTS = {"bus": "buses", "ocpp": "ocpp", "update": "update"}


class Console:
    """One person's or program's console. `line(text, role, now_ms)`: role "user" or "installer", by the door.

    peer: the address it comes from, for whose wrong passwords it waits; None: no network's.
    """

    def __init__(self, target: "Target", peer: "str | None" = None) -> None:
        self.target = target
        self._peer = peer or LOCAL
        self.staged: "dict[str, Any]" = {}
        self.logged_in = False
        self._work: "PasswordChange | PasswordCheck" = None  # type: ignore[assignment]  # what takes longer than a line may
        self._then: "Callable[[bool, int], str]" = None  # type: ignore[assignment]  # what becomes of it
        self._asked: "tuple[list[str], int] | None" = None  # (the line that was asked about, until when `yes` does it)
        self.open = True  # cleared by the server when the connection has ended

    def line(self, text: str, role: str, now_ms: int) -> "str | None":
        """The answer to one line, without a line end. Refusals start with "error: ", questions with ASK.

        None: ask go_on for it, with the loop between.
        """
        return self._caught(self._words, text, role, now_ms)

    def go_on(self, clock: "Clock") -> "str | None":
        """The next slice of what takes longer (a password); the answer when it is done, else None."""
        return self._caught(self._slice, clock)

    def _words(self, text: str, role: str, now_ms: int) -> "str | None":
        if len(text) > LINE_MAX:
            raise Rejected("line", "%d characters" % len(text), "at most %d" % LINE_MAX)
        words = text.split()
        if words == ["no"] and self._asked is not None:
            self._asked = None
            return "not done"
        return self._run(self._answered(words, now_ms), role, now_ms) if words else ""

    def _slice(self, clock: "Clock") -> "str | None":
        result = self._work.step(clock)
        return None if result is None else self._then(result, clock.now_ms())

    def _caught(self, function: "Callable[..., str | None]", *arguments: "Any") -> "str | None":
        try:
            return function(*arguments)
        except Rejected as e:
            self.target.log.counter("console_refused")
            return "error: " + sentence(e)
        except OSError as e:
            self.target.log.counter("console_failed")
            return "error: storage: %s" % e

    def _answered(self, words: "list[str]", now_ms: int) -> "list[str]":
        """The words to do: those that were asked about, once `yes` comes next."""
        asked, self._asked = self._asked, None
        if words != ["yes"]:
            return words
        if asked is None or now_ms >= asked[1]:
            raise NotNow("yes", "", "no question is open")
        return asked[0] + ["--yes"]

    def _run(self, words: "list[str]", role: str, now_ms: int) -> "Any":
        word = words[0] if words[0] != "state" else "show"
        installer = role == "installer" or self.logged_in
        for name, for_user, usage in COMMANDS:
            if name == word:
                self._need(installer or for_user, name)
                no_more_than(usage, words)
                return getattr(self, "_" + name)(words[1:], now_ms)
        extra = self.target.commands.get(word)
        if extra is None:
            raise Rejected("command", word, "`help` lists them" + meant(word, self._known()))
        self._need(installer, word)
        sure = "--yes" in words
        words = [each for each in words if each != "--yes"]
        no_more_than(extra[0], words)
        question = None if sure else question_of(extra, words[1:])
        if question:
            self._asked = (words, now_ms + YES_MS)
            return "%s%s: %s\n`yes` confirms, anything else cancels." % (ASK, " ".join(words), question)
        self.target.asked_by = self  # type: ignore[attr-defined]
        return extra[1](words[1:], now_ms)

    def _known(self) -> "list[str]":
        return [name for name, _, _ in COMMANDS] + sorted(self.target.commands)

    def _need(self, allowed: bool, word: str) -> None:
        if not allowed:
            raise Rejected(word, "", "installer rights; login as installer first: `login PASSWORD`")

    # for all users

    def _help(self, words: "list[str]", now_ms: int) -> str:
        if len(words) > 1:
            raise UsageError(usage_of("help"), words)
        if words:
            return self._help_of(words[0])
        return "\n".join([usage for _, _, usage in COMMANDS] + sorted([row[0] for row in self.target.commands.values()]))

    def _help_of(self, word: str) -> str:
        from ampacity.console.help_texts import ABOUT

        for name, _, usage in COMMANDS:
            if name == word:
                return usage + "\n" + ABOUT[name]
        if word not in self.target.commands:
            raise UnknownName("command", word, self._known())
        about = getattr(self.target, "about", None)
        text = about(word) if about else None
        return self.target.commands[word][0] + ("\n" + text if text else "")

    def _show(self, words: "list[str]", now_ms: int) -> str:
        as_json = "--json" in words
        words = [word for word in words if word != "--json"]
        part = words[0] if words else "site"
        if len(words) > (2 if part in LISTS else 1):
            raise UsageError(usage_of("show"), words)
        facts = self._facts(part, words[1] if len(words) > 1 else None)
        if as_json:
            return strict_json.dumps(facts)
        if part == "site" and "circuits" in facts:
            return render_site(facts)
        return render(facts) or "nothing"

    def _facts(self, part: str, name: "str | None") -> "Any":
        target = self.target
        if part == "version":
            return {"version": target.version}
        if part == "counters":
            return dict(target.log.counters)
        if part == "settings":
            return self._settings()
        view = target.view()
        if part == "site":
            return view
        if part in PARTS:
            return view.get(PARTS[part]) or {}
        if part not in LISTS:
            raise UnknownName("part", part, ["site", "evse", "circuit", "bus", "ocpp", "update", "version", "counters", "settings"])
        items = view.get(LISTS[part]) or {}
        if name is None:
            raise Rejected("show " + part, "", "a name: " + ", ".join(sorted(items)))
        if name not in items:
            raise UnknownName(part, name, sorted(items))
        return items[name]

    def _settings(self) -> "dict[str, str]":
        table, out = self.target.settings, {}
        for row in table.rows:
            out[row.key] = "%s (%s)" % (table.shown(row.key), row.allowed())
            if row.key in self.staged:
                out[row.key] += ", staged: " + row.shown(self.staged[row.key])
        return out

    def _why(self, words: "list[str]", now_ms: int) -> str:
        if len(words) != 1:
            raise UsageError(usage_of("why"), words)
        return self.target.why(words[0])

    def _log(self, words: "list[str]", now_ms: int) -> str:
        count = LOG_LINES
        if words:
            count = int(words[0]) if is_number(words[0]) and len(words) == 1 else 0
        if not 1 <= count <= LOG_LINES_MAX:
            raise Rejected("log", " ".join(words), "1..%d lines" % LOG_LINES_MAX)
        log = self.target.log
        pushed_out = log.needed()
        lines = pushed_out + log.since(0)[len(pushed_out) :][-count:]
        return "\n".join(["%d %d.%03d %s %s" % (n, ms // 1000, ms % 1000, level, text) for n, ms, level, text in lines])

    def _login(self, words: "list[str]", now_ms: int) -> None:
        self.logged_in = False
        self._work, self._then = self.target.access.check(" ".join(words), now_ms, self._peer), self._checked

    def _checked(self, right: bool, now_ms: int) -> str:
        self.logged_in = right
        if not right:
            self.target.log.add("warning", "console: wrong password, from " + self._peer, now_ms)
            raise NotNow("login", "", "wrong password")
        return "installer"

    def _logout(self, words: "list[str]", now_ms: int) -> str:
        self.logged_in = False
        self.staged = {}
        return "user" if self.target.access.is_set() else "no password is set: this session keeps installer rights; `password NEW` sets one"

    # for the installer

    def _limit(self, words: "list[str]", now_ms: int) -> str:
        if len(words) not in (2, 3):
            raise UsageError(usage_of("limit"), words)
        limit_da = watts = None
        if words[1] != "off":
            limit_da, watts = parse_limit(words[1])
        ttl_ms = parse_ttl_ms(words[2]) if len(words) == 3 else None
        self.target.limit(words[0], limit_da, watts, ttl_ms, now_ms)
        return "ok"

    def _set(self, words: "list[str]", now_ms: int) -> str:
        if not words:
            raise UsageError(usage_of("set") + "; `show settings` lists the keys", words)
        at_once = len(words) > 2 and words[-1] == "commit"
        row = self.target.settings.row(words[0])
        if len(words) == 1:
            raise Rejected(row.key, "", "a value: " + row.allowed())
        self.staged[row.key] = row.parse(" ".join(words[1:-1] if at_once else words[1:]), words[0])
        if at_once:
            return self._commit((), now_ms)
        return "%s: %s staged in this session; commit or rollback" % (row.key, row.shown(self.staged[row.key]))

    def _commit(self, words: "Words", now_ms: int) -> str:
        staged = self.staged
        if not staged:
            return "nothing staged"
        table = self.target.settings
        changes = ["%s: %s to %s" % (key, table.shown(key), table.row(key).shown(staged[key])) for key in sorted(staged)]
        table.commit(staged)
        self.staged = {}
        for change in changes:
            self.target.log.add("info", "set " + change, now_ms)
        return "\n".join(changes)

    def _rollback(self, words: "list[str]", now_ms: int) -> str:
        count = len(self.staged)
        self.staged = {}
        return "%s discarded" % plain(count)

    def _password(self, words: "list[str]", now_ms: int) -> None:
        self._work, self._then = self.target.access.change(" ".join(words)), self._changed

    def _changed(self, _: bool, now_ms: int) -> str:
        self.target.log.add("info", "console: the installer's password was set", now_ms)
        return "ok"


def question_of(row: "Command", words: "list[str]") -> "str | None":
    """What a command of the target asks before it does these words (those behind the command); None: nothing. Raises Rejected."""
    if len(row) == 2 or (len(row) == 4 and not row[3](words)):
        return None
    return row[2]


def usage_of(word: str) -> str:
    """How one of the console's own commands is written."""
    return [usage for name, _, usage in COMMANDS if name == word][0]


def no_more_than(usage: str, words: "list[str]") -> None:
    """Raises Misused where a command that takes no words has some."""
    if " " not in usage and len(words) > 1:
        raise UsageError(usage, words[1:])


def parse_limit(text: str) -> "tuple[int | None, int | None]":
    """(da, None) or (None, watts) of "16", "16.5", "16A", "11000W". Raises Rejected."""
    if text[-1:] in ("W", "w"):
        if is_digits(text[:-1]) and len(text) <= 8:
            return None, int(text[:-1])
    else:
        limit_da = parse_da(text)
        if limit_da is not None:
            return limit_da, None
    raise Rejected("limit", text, "0 to 999999.9 A with at most one decimal, 0W to 9999999W, or off")


def parse_ttl_ms(text: str) -> int:
    """Seconds, 1..604800 (also "90s"), in milliseconds. Raises Rejected."""
    digits = text[:-1] if text[-1:] == "s" else text
    if not is_digits(digits) or not 1 <= int(digits) <= TTL_S_MAX:
        raise Rejected("seconds", text, "1..%d" % TTL_S_MAX)
    return int(digits) * 1000
