"""The core of the console: a line in, the text of the answer out. Knows no socket; one instance per connection.

The target (a role) gives: `view()` → dict; `why(evse)` → text; `log` (base/log); `limit(target, limit_da, watts,
ttl_ms, now_ms)` with either value None, both None: withdraw; `settings` (SettingTable); `access` (Access);
`version` (text); `changes` (Changes: what is on trial, who changed what); `commands`: dict word → row, for what only this role can do, all
for the installer, but for lines whose first two words are in `viewable`, if the target has it. A row is
(usage, function(words, now_ms) → text). A command that a person should think about has a question as third item, and is
done only after `yes`. A fourth item, function(words) → bool, limits that to the lines for which it returns True; it may raise
Rejected, for a line that would be refused after the question as well. The target may give `about(word)` → the text of
`help WORD`. A refusal raises Rejected there, is counted here ("console_refused") and changes nothing.

A dangerous line is not executed at once: its answer is a question, and `yes` as the next line executes it. Who knows what they
do, a program above all, writes `--yes` behind the command. So a dumb terminal is as safe as a program with a cursor, and
nothing but the text of the lines decides what happens.
"""

from ampacity.base import strict_json
from ampacity.base.compat import const
from ampacity.base.errors import NotNow, Rejected
from ampacity.base.printable import is_digits
from ampacity.console.access import INSTALLER, LOGINS, MANUFACTURER, NETWORK, NONE, VIEWER, higher, rank
from ampacity.console.confirmation import parse_minutes
from ampacity.console.error_texts import UnknownName, UsageError, meant, sentence
from ampacity.console.login_throttle import LOCAL
from ampacity.console.render import plain, render, render_site
from ampacity.console.settings import is_number, parse_da

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any

    from ampacity.base.clock import Clock
    from ampacity.console.access import PasswordChange, PasswordCheck
    from ampacity.console.changes import Session
    from ampacity.console.interfaces import Command, Target

    Words = list[str] | tuple[str, ...]

LINE_MAX = 512
_LOG_LINES = const(20)
_LOG_MAX = const(200)
_TTL_S_MAX = const(604800)
_LIMIT_DA_MAX = const(63000)  # as it is stored
ASK = "sure? "
NO_MEMORY = "error: too little memory is free"
_YES_MS = const(60000)  # a question is forgotten after that
_SHA256_DIGITS = const(16)  # the least that name a configuration

# word, least role, usage
COMMANDS = (
    ("help", NONE, "help [COMMAND]"),
    ("show", VIEWER, "show [site | evse NAME | circuit NAME | bus | ocpp | messages | update | version | counters | settings | changes] [--json]"),
    ("why", VIEWER, "why EVSE"),
    ("log", VIEWER, "log [LINES | changes]"),
    ("login", NONE, "login [viewer | installer | manufacturer] PASSWORD"),
    ("logout", NONE, "logout"),
    ("limit", INSTALLER, "limit TARGET AMPS | WATTSW | off [SECONDS]"),
    ("set", INSTALLER, "set KEY VALUE [commit [MINUTES]]"),
    ("commit", INSTALLER, "commit [MINUTES [SHA256] | confirm]"),
    ("rollback", INSTALLER, "rollback"),
    ("password", INSTALLER, "password [viewer | installer | manufacturer] NEW"),
    ("interface", INSTALLER, "interface [network | serial ROLE]"),
)
LISTS = {"evse": "evses", "circuit": "circuits"}
PARTS = {"bus": "buses", "ocpp": "ocpp", "messages": "messages", "update": "update"}


class Console:
    """One person's or program's console. `line(text, role, now_ms)`: the role without a login, by the door.

    peer: the address it comes from, for whose wrong passwords it waits; None: no network's. door: the interface, "network" or "serial".
    """

    def __init__(self, target: "Target", peer: "str | None" = None, door: str = NETWORK) -> None:
        self.target = target
        self.door = door
        self._peer = peer or LOCAL
        self.staged: "dict[str, Any]" = {}
        self._login_role = self._role = NONE  # by its login; of the line that is answered now
        self._login_at = 0  # of access.changes
        self._work: "PasswordChange | PasswordCheck" = None  # type: ignore[assignment]  # what takes longer than a line may
        self._then: "Callable[[bool, int], str]" = None  # type: ignore[assignment]  # what becomes of it
        self._asked: "tuple[list[str], int] | None" = None  # (the line that was asked about, until when `yes` does it)
        self._now_ms = 0
        self.open = True  # cleared by the server when the connection has ended

    @property
    def logged_in(self) -> bool:
        """Has it shown a password?"""
        return self.login_role != NONE

    @property
    def login_role(self) -> str:
        """The role by its login, which ends when another session changes a password or the role of an interface."""
        return self._login_role if self._login_at == self.target.access.changes else NONE

    def who(self) -> str:
        """Role and interface, for the journal of changes."""
        return "%s at %s" % (self._role, self.door if self._peer == LOCAL else "%s %s" % (self.door, self._peer))

    def present(self) -> bool:
        """Is a person at the controller (decision 21)? Before a password is set there are only consoles of the machine itself."""
        access = self.target.access
        return self.door != NETWORK or not access.is_set() or self.target.changes.present()

    def line(self, text: str, role: str, now_ms: int) -> "str | None":
        """The answer to one line, without a line end. Refusals start with "error: ", questions with ASK.

        None: ask continue_line for it, with the loop between.
        """
        return self._caught(self._words, text, role, now_ms)

    def continue_line(self, clock: "Clock") -> "str | None":
        """The next slice of what takes longer (a password); the answer when it is done, else None."""
        return self._caught(self._slice, clock)

    def completions(self, before: str, begun: str, role: str) -> "list[str]":
        """Words that may come next in a line: see completion.py. role: as for `line`."""
        from ampacity.console.completion import words_after

        return words_after(self.target, COMMANDS, higher(role, self.login_role), before, begun)

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
        except (OSError, MemoryError) as e:
            self.target.log.counter("console_failed")
            return "error: storage: %s" % e if isinstance(e, OSError) else NO_MEMORY

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
        self._role = higher(role, self.login_role)
        for name, least, usage in COMMANDS:
            if name == word:
                self._need(NONE if name == "password" and not self.target.access.is_set() else least, name)
                no_more_than(usage, words)
                return getattr(self, "_" + name)(words[1:], now_ms)
        extra = self.target.commands.get(word)
        if extra is None:
            raise Rejected("command", word, "`help` lists them" + meant(word, self._known()))
        self._need(VIEWER if " ".join(words[:2]) in getattr(self.target, "viewable", ()) else INSTALLER, word)
        sure = "--yes" in words
        words = [each for each in words if each != "--yes"]
        no_more_than(extra[0], words)
        question = None if sure else question_of(extra, words[1:])
        if question:
            self._asked = (words, now_ms + _YES_MS)
            return "%s%s: %s\n`yes` confirms, anything else cancels." % (ASK, " ".join(words), question)
        self.target.asked_by = self  # type: ignore[attr-defined]
        answer = extra[1](words[1:], now_ms)
        noted = self.target.noted(words)
        if noted:
            self._note(noted, now_ms)
        return answer

    def _known(self) -> "list[str]":
        return [name for name, _, _ in COMMANDS] + sorted(self.target.commands)

    def _need(self, least: str, word: str) -> None:
        if rank(self._role) < rank(least):
            if least != MANUFACTURER and not self.target.access.is_set():
                raise Rejected(word, "", least + " rights: the site is commissioned, so set a password first: `password NEW`, then `login NEW`")
            login = "login PASSWORD" if least == INSTALLER else "login %s PASSWORD" % least
            raise Rejected(word, "", "%s rights; login as %s first: `%s`" % (least, least, login))

    def _note(self, text: str, now_ms: int) -> None:
        """A line in the journal of changes."""
        self.target.changes.journal.add(self.who(), [text], now_ms)

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
        self._now_ms = now_ms
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
        if part == "changes":
            return self._changes()
        view = target.view()
        if part == "site":
            return view
        if part in PARTS:
            return view.get(PARTS[part]) or {}
        if part not in LISTS:
            raise UnknownName("part", part, ["site", "evse", "circuit"] + sorted(PARTS) + ["version", "counters", "settings", "changes"])
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

    def _changes(self) -> "dict[str, Any]":
        """What is staged, and what is on trial."""
        table, changes = self.target.settings, self.target.changes
        out: "dict[str, Any]" = {"staged": {key: "%s to %s" % (table.shown(key), table.row(key).shown(self.staged[key])) for key in self.staged}}
        staged = changes.staged()
        if staged is not None:
            out["configuration"] = staged
        what = changes.confirmation.what()
        if what:
            out["on_trial"] = {"what": what, "left_s": changes.confirmation.left_s(self._now_ms)}
        return out

    def _why(self, words: "list[str]", now_ms: int) -> str:
        if len(words) != 1:
            raise UsageError(usage_of("why"), words)
        return self.target.why(words[0])

    def _log(self, words: "list[str]", now_ms: int) -> str:
        if words == ["changes"]:
            return "\n".join(self.target.changes.journal.lines()) or "no changes are recorded"
        count = _LOG_LINES
        if words:
            count = int(words[0]) if is_number(words[0]) and len(words) == 1 else 0
        if not 1 <= count <= _LOG_MAX:
            raise Rejected("log", " ".join(words), "1..%d lines, or changes" % _LOG_MAX)
        log = self.target.log
        pushed_out = log.needed()
        lines = pushed_out + log.since(0)[len(pushed_out) :][-count:]
        return "\n".join(["%d %d.%03d %s %s" % (n, ms // 1000, ms % 1000, level, text) for n, ms, level, text in lines])

    def _login(self, words: "list[str]", now_ms: int) -> None:
        self._login_role = NONE
        role, phrase = role_and_rest(words)
        access = self.target.access
        if rank(role) > rank(access.greatest(self.door)):
            raise Rejected("login", role, "at the %s interface at most %s" % (self.door, access.greatest(self.door)))
        self._work = access.check(phrase, now_ms, self._peer, role)
        at = access.changes
        self._then = lambda right, now_ms: self._checked(right, role, at, now_ms)

    def _checked(self, right: bool, role: str, at: int, now_ms: int) -> str:
        if not right:
            self.target.log.add("warning", "console: wrong password, from " + self._peer, now_ms)
            raise NotNow("login", "", "wrong password")
        self._login_role, self._login_at = role, at
        if not self.logged_in:
            raise NotNow("login", "", "a password was changed meanwhile; login again")
        return role

    def _logout(self, words: "list[str]", now_ms: int) -> str:
        self._login_role = NONE
        self.staged = {}
        access = self.target.access
        return access.role_at(self.door) if access.is_set() else "no password is set: this session keeps installer rights; `password NEW` sets one"

    # for the installer

    def _limit(self, words: "list[str]", now_ms: int) -> str:
        if len(words) not in (2, 3):
            raise UsageError(usage_of("limit"), words)
        limit_da = watts = None
        if words[1] != "off":
            limit_da, watts = parse_limit(words[1])
        ttl_ms = parse_ttl_ms(words[2]) if len(words) == 3 else None
        self.target.limit(words[0], limit_da, watts, ttl_ms, now_ms)
        self._note("limit " + " ".join(words), now_ms)
        return "ok"

    def _set(self, words: "list[str]", now_ms: int) -> str:
        if not words:
            raise UsageError(usage_of("set") + "; `show settings` lists the keys", words)
        row = self.target.settings.row(words[0])
        at = words.index("commit") if "commit" in words[2:] else len(words)
        if len(words) == 1:
            raise Rejected(row.key, "", "a value: " + row.allowed())
        value = row.parse(" ".join(words[1:at]), words[0])
        minutes = words[at + 1 :]
        parse_minutes(minutes)
        self._need_presence(row.safety, row.key)
        self.staged[row.key] = value
        if at < len(words):
            return self._commit(minutes, now_ms)
        return "%s: %s staged in this session; commit or rollback" % (row.key, row.shown(self.staged[row.key]))

    def _need_presence(self, needed: bool, field: str) -> None:
        """Raises NotNow where a person at the controller is needed and nothing shows that there is one."""
        if needed and not self.present():
            raise NotNow(field, "", "it touches safety; use the serial console, or close the presence input while you commit")

    def _commit(self, words: "Words", now_ms: int) -> str:
        """Settings of this session, or else the configuration that was sent; on trial but for 0 minutes."""
        changes = self.target.changes
        if list(words) == ["confirm"]:
            what = changes.confirmation.confirm()
            self._note("%s confirmed" % what, now_ms)
            return "%s confirmed" % what
        named = words[-1] if words and len(words[-1]) >= _SHA256_DIGITS else None
        minutes = parse_minutes(words if named is None else words[:-1])
        sent = self._sent(named)
        if not self.staged and sent is None:
            return "nothing staged"
        changes.confirmation.need_none(self.target.settings.what if sent is None and minutes else None)
        if self.staged and sent is not None:
            raise NotNow("commit", "", "settings and a configuration are staged; `rollback` discards what this session has")
        if sent is not None:
            return changes.commit_configuration(self, minutes, now_ms)
        return self._commit_settings(minutes, now_ms)

    def _sent(self, named: "str | None") -> "dict[str, Any] | None":
        """What is known of the configuration that this `commit` means: the one with this digest, or what this session has sent."""
        changes = self.target.changes
        sent = changes.staged()
        if named is not None and (sent is None or sent["sha256"][: len(named)] != named):
            raise NotNow("commit", named, "%s was sent: send it again" % ("none" if sent is None else "another configuration"))
        if named is None and sent is not None and changes.sender() is not self:
            if not self.staged:
                raise NotNow("commit", "", "another session has sent a configuration; `show changes` shows it, `commit MINUTES SHA256` commits it")
            return None
        return sent

    def _commit_settings(self, minutes: int, now_ms: int) -> str:
        staged, table = self.staged, self.target.settings
        for key in sorted(staged):
            self._need_presence(table.row(key).safety, key)
        lines = ["%s: %s to %s" % (key, table.shown(key), table.row(key).shown(staged[key])) for key in sorted(staged)]
        table.commit(staged, minutes > 0)
        self.staged = {}
        for line in lines:
            self.target.log.add("info", "set " + line, now_ms)
        self.target.changes.journal.add(self.who(), lines, now_ms)
        if minutes:
            self.target.changes.confirmation.begin(table, minutes, now_ms)
            lines.append("on trial for %d min: `commit confirm` keeps it, else the previous settings return" % minutes)
        return "\n".join(lines)

    def _rollback(self, words: "list[str]", now_ms: int) -> str:
        """What this session has staged and sent is discarded; where nothing is, what is on trial returns at once."""
        changes, other = self.target.changes, self._other()
        count = len(self.staged)
        self.staged = {}
        if other is None and changes.staged() is not None:
            changes.discard()
            count += 1
        if count or not changes.confirmation.what():
            if not count and other is not None:
                raise NotNow("rollback", "", "what is staged was sent by another session, %s" % other.who())
            return "%s discarded" % plain(count)
        what = changes.confirmation.revert(now_ms)
        self._note("%s on trial undone" % what, now_ms)
        return "%s: as before the commit" % what

    def _other(self) -> "Session | None":
        """The session that has sent what is staged, if it is another one that is still there."""
        sender = self.target.changes.sender()
        return None if sender is None or sender is self or not sender.open else sender

    def _password(self, words: "list[str]", now_ms: int) -> None:
        role, phrase = role_and_rest(words)
        access = self.target.access
        first = not access.is_set() and not access.is_set(role)  # at this machine: in the factory, or before there are rights
        if rank(role) > rank(self._role) and not first:
            self._need(role, "password")
        self._work = access.change(phrase, role)
        self._then = lambda _, now_ms: self._changed(role, now_ms)

    def _changed(self, role: str, now_ms: int) -> str:
        self.target.log.add("info", "console: the password of the %s was set" % role, now_ms)
        self._note("password of the %s set" % role, now_ms)
        self._end_others()
        return "ok"

    def _end_others(self) -> None:
        """All logins but this one's have ended."""
        role = self.login_role
        self.target.access.changes += 1
        self._login_role, self._login_at = role, self.target.access.changes

    def _interface(self, words: "list[str]", now_ms: int) -> str:
        """Which role a login at each interface gives at most."""
        access = self.target.access
        if not words:
            return "\n".join(["%s: %s" % (door, access.greatest(door)) for door in access.doors()])
        if len(words) != 2:
            raise UsageError(usage_of("interface"), words)
        self._need(MANUFACTURER, "interface")
        access.set_greatest(words[0], words[1])
        self._note("interface %s: at most %s" % (words[0], words[1]), now_ms)
        self._end_others()
        return "ok"


def role_and_rest(words: "list[str]") -> "tuple[str, str]":
    """(role, phrase) of the words behind `login` or `password`; without a role it is the installer's."""
    if len(words) > 1 and words[0] in LOGINS:
        return words[0], " ".join(words[1:])
    return INSTALLER, " ".join(words)


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
        if limit_da is not None and limit_da <= _LIMIT_DA_MAX:
            return limit_da, None
    raise Rejected("limit", text, "0 to 6300 A with at most one decimal, 0W to 9999999W, or off")


def parse_ttl_ms(text: str) -> int:
    """Seconds, 1..604800 (also "90s"), in milliseconds. Raises Rejected."""
    digits = text[:-1] if text[-1:] == "s" else text
    if not is_digits(digits) or not 1 <= int(digits) <= _TTL_S_MAX:
        raise Rejected("seconds", text, "1..%d" % _TTL_S_MAX)
    return int(digits) * 1000
