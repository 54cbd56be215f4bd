"""The console's core: a typed line in, the answer's text out. Knows no socket; each connection has one of its own.

The target (a role) gives: `view()` → dict; `why(evse)` → text; `log` (base/log); `limit(target, limit_da, watts,
ttl_ms, now_ms)` with either value None, both None: withdraw; `settings` (SettingTable); `access` (Access);
`version` (text); `commands`: dict word → (usage, function(words, now_ms) → text) for what only this role can do, all
for the installer. Whatever is refused raises Rejected there, is counted here ("console_refused") and changes nothing.
"""

from ampacity.base import strict_json
from ampacity.base.errors import Rejected
from ampacity.base.printable import is_digits
from ampacity.console.render import plain, render, render_site
from ampacity.console.settings import is_number, parse_da

LINE_MAX = 512
LOG_LINES = 20
LOG_LINES_MAX = 200
TTL_S_MAX = 604800

# word: (may the user?, usage)
COMMANDS = (
    ("help", True, "help"),
    ("show", True, "show [site | evse NAME | circuit NAME | bus | ocpp | version | counters | settings] [--json]"),
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
PARTS = {"bus": "buses", "ocpp": "ocpp"}


class Console:
    """One person's or program's console. `line(text, role, now_ms)`: role "user" or "installer", by the door."""

    def __init__(self, target):
        self.target = target
        self.staged = {}
        self.logged_in = False
        self._work = self._then = None  # what takes longer than a line may, and what becomes of it
        self.open = True  # its door says when nobody is there any more

    def line(self, text, role, now_ms):
        """The answer to one line, without a line end. Refusals start with "error: ". None: ask go_on for it, with the loop between."""
        return self._answered(self._words, text, role, now_ms)

    def go_on(self, clock):
        """The next slice of what takes longer (a password); the answer when it is done, else None."""
        return self._answered(self._slice, clock)

    def _words(self, text, role, now_ms):
        if len(text) > LINE_MAX:
            raise Rejected("line", "%d characters" % len(text), "at most %d" % LINE_MAX)
        words = text.split()
        return self._run(words, role, now_ms) if words else ""

    def _slice(self, clock):
        result = self._work.step(clock)
        return None if result is None else self._then(result, clock.now_ms())

    def _answered(self, function, *arguments):
        try:
            return function(*arguments)
        except Rejected as e:
            self.target.log.counter("console_refused")
            return "error: " + str(e)
        except OSError as e:
            self.target.log.counter("console_failed")
            return "error: storage: %s" % e

    def _run(self, words, role, now_ms):
        word = words[0] if words[0] != "state" else "show"
        installer = role == "installer" or self.logged_in
        for name, for_user, _ in COMMANDS:
            if name == word:
                self._need(installer or for_user, name)
                return getattr(self, "_" + name)(words[1:], now_ms)
        extra = self.target.commands.get(word)
        if extra is None:
            known = [name for name, _, _ in COMMANDS] + sorted(self.target.commands)
            raise Rejected("command", word, ", ".join(known))
        self._need(installer, word)
        self.target.asked_by = self
        return extra[1](words[1:], now_ms)

    def _need(self, allowed, word):
        if not allowed:
            raise Rejected(word, "user", "login as installer first")

    # for everybody

    def _help(self, words, now_ms):
        return "\n".join([usage for _, _, usage in COMMANDS] + sorted([row[0] for row in self.target.commands.values()]))

    def _show(self, words, now_ms):
        as_json = "--json" in words
        words = [word for word in words if word != "--json"]
        part = words[0] if words else "site"
        facts = self._facts(part, words[1] if len(words) > 1 else None)
        if as_json:
            return strict_json.dumps(facts)
        if part == "site" and "circuits" in facts:
            return render_site(facts)
        return render(facts) or "nothing"

    def _facts(self, part, name):
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
            raise Rejected("show", part, "site, evse, circuit, bus, ocpp, version, counters or settings")
        items = view.get(LISTS[part]) or {}
        if name not in items:
            raise Rejected(part, name, ", ".join(sorted(items)))
        return items[name]

    def _settings(self):
        table, out = self.target.settings, {}
        for row in table.rows:
            out[row.key] = "%s (%s)" % (table.shown(row.key), row.allowed())
            if row.key in self.staged:
                out[row.key] += ", staged: " + row.shown(self.staged[row.key])
        return out

    def _why(self, words, now_ms):
        if len(words) != 1:
            raise Rejected("why", " ".join(words), "why EVSE")
        return self.target.why(words[0])

    def _log(self, words, now_ms):
        count = int(words[0]) if words and is_number(words[0]) else LOG_LINES
        if not 1 <= count <= LOG_LINES_MAX:
            raise Rejected("log", count, "1..%d lines" % LOG_LINES_MAX)
        lines = self.target.log.since(0)[-count:]
        return "\n".join(["%d %d.%03d %s %s" % (n, ms // 1000, ms % 1000, level, text) for n, ms, level, text in lines])

    def _login(self, words, now_ms):
        self.logged_in = False
        self._work, self._then = self.target.access.check(" ".join(words), now_ms), self._checked

    def _checked(self, right, now_ms):
        self.logged_in = right
        if not right:
            self.target.log.add("warning", "console: wrong password", now_ms)
            raise Rejected("login", "***", "the installer's password")
        return "installer"

    def _logout(self, words, now_ms):
        self.logged_in = False
        self.staged = {}
        return "user"

    # for the installer

    def _limit(self, words, now_ms):
        if len(words) not in (2, 3):
            raise Rejected("limit", " ".join(words), "TARGET and AMPS, WATTSW or off, then SECONDS if it is to end")
        limit_da = watts = None
        if words[1] != "off":
            limit_da, watts = parse_limit(words[1])
        ttl_ms = parse_ttl_ms(words[2]) if len(words) == 3 else None
        self.target.limit(words[0], limit_da, watts, ttl_ms, now_ms)
        return "ok"

    def _set(self, words, now_ms):
        if len(words) < 2:
            raise Rejected("set", " ".join(words), "KEY VALUE; `show settings` lists them")
        at_once = len(words) > 2 and words[-1] == "commit"
        row = self.target.settings.row(words[0])
        self.staged[row.key] = row.parse(" ".join(words[1:-1] if at_once else words[1:]))
        if at_once:
            return self._commit((), now_ms)
        return "%s: %s staged; commit or rollback" % (row.key, row.shown(self.staged[row.key]))

    def _commit(self, words, now_ms):
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

    def _rollback(self, words, now_ms):
        count = len(self.staged)
        self.staged = {}
        return "%s forgotten" % plain(count)

    def _password(self, words, now_ms):
        self._work, self._then = self.target.access.change(" ".join(words)), self._changed

    def _changed(self, done, now_ms):
        self.target.log.add("info", "console: the installer's password was set", now_ms)
        return "ok"


def parse_limit(text):
    """(da, None) or (None, watts) of "16", "16.5", "16A", "11000W". Raises Rejected."""
    if text[-1:] in ("W", "w"):
        if is_digits(text[:-1]) and len(text) <= 8:
            return None, int(text[:-1])
    else:
        limit_da = parse_da(text)
        if limit_da is not None:
            return limit_da, None
    raise Rejected("limit", text, "amperes with at most one decimal, watts as 11000W, or off")


def parse_ttl_ms(text):
    """Seconds, 1..604800 (also "90s"), in milliseconds. Raises Rejected."""
    digits = text[:-1] if text[-1:] == "s" else text
    if not is_digits(digits) or not 1 <= int(digits) <= TTL_S_MAX:
        raise Rejected("seconds", text, "1..%d" % TTL_S_MAX)
    return int(digits) * 1000
