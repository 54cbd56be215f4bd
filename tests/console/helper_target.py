"""A role as the console sees it."""

from ampacity.base.errors import Rejected
from ampacity.base.log import Log
from ampacity.console.access import Access, text_of
from ampacity.console.changes import Changes
from ampacity.console.error_texts import UnknownName
from ampacity.console.pbkdf2 import Derivation
from ampacity.console.settings import Setting, SettingTable
from ampacity.store.document_store import DocumentStore
from ampacity.store.memory_files import MemoryFiles

VIEW = {
    "mode": "regulating",
    "circuits": {"main": {"margin_a": [10.0, 12.5, 9.0], "other_a": [20.0, 20.0, 20.0], "meter": "ok"}},
    "evses": {
        "evse-1": {"online": True, "order_a": 16.0, "bound_a": [16.0, 16.0, 16.0], "reserve_a": 0.0,
                   "measured_a": [15.9, 15.9, 15.9], "status": "Charging", "why": "…", "transaction": None},
        "evse-2": {"online": False, "order_a": None, "bound_a": [0.0], "reserve_a": 0.0, "measured_a": [0.0],
                   "status": "Unavailable", "why": "…", "transaction": None},
    },
    "ocpp": {"connected": True, "queue": 0},
    "buses": {"rs485-1": {"frames": 12, "errors": 0}},
}  # fmt: skip


class Still:
    """A clock that stands."""

    def __init__(self, now_ms=1000):
        self.ms = now_ms

    def now_ms(self):
        return self.ms

    def now_us(self):
        return self.ms * 1000


def said(console, text, role, now_ms):
    """The answer to a line, however many slices it takes."""
    answer = console.line(text, role, now_ms)
    while answer is None:
        answer = console.continue_line(Still(now_ms))
    return answer


def finished(work, now_ms=1000):
    """What a check or a change of the password comes to."""
    result = None
    while result is None:
        result = work.step(Still(now_ms))
    return result


def set_quickly(store, phrase, name="access"):
    """A password that one round opens, in place of ten thousand."""
    salt = b"s" * 16
    made = Derivation(salt, phrase.encode(), 1)
    made.step(Still())
    store.put(name, {"kind": "pbkdf2-sha256", "rounds": 1, "salt": text_of(salt), "hash": text_of(made.digest)})


class Target:
    def __init__(self, files=None):
        self.files = files or MemoryFiles()
        self.store = DocumentStore(self.files)
        self.log = Log()
        self.access = Access(self.store, lambda n: bytes(range(n)), target_us=1)
        self.present = False
        self.returned = []
        self.changes = Changes(self.store, self.log, lambda now_ms: "", lambda: self.present, lambda what, now_ms: self.returned.append(what))
        self.applied = []
        self.limits = []
        self.restarts = 0
        self.commands = {
            "isolate": ("isolate EVSE on|off", self.isolate),
            "restart": ("restart", self.restart, "charging pauses."),
        }
        self.version = "0.1.0"
        self.settings = SettingTable(
            [
                Setting("share.slot_s", "int", 900, self.note("slot"), 60, 86400, unit="s"),
                Setting("share.deadband", "da", 5, self.note("deadband"), 0, 50),
                Setting("share.rotate", "bool", True, self.note("rotate")),
                Setting("time.source", "choice", "csms", self.note("source"), choices=("csms", "ntp")),
                Setting("ocpp.password", "text", "", self.note("password"), secret=True),
                Setting("site.slot_owner", "text", "", self.refuse),
            ],
            self.store,
        )

    def view(self):
        return VIEW

    def why(self, name):
        if name not in VIEW["evses"]:
            raise UnknownName("EVSE", name, sorted(VIEW["evses"]))
        return "16.0 A: garage L2 (63.0 A) -> house 31.2 A"

    def limit(self, target, limit_da, watts, ttl_ms, now_ms):
        if target not in ("site", "main", "evse-1"):
            raise Rejected("target", target, "site, main, evse-1")
        self.limits.append((target, limit_da, watts, ttl_ms))

    def noted(self, words):
        return " ".join(words)

    def about(self, word):
        return "Starts anew." if word == "restart" else None

    def restart(self, words, now_ms):
        self.restarts += 1
        return "restarting"

    def isolate(self, words, now_ms):
        return "isolated " + words[0]

    def note(self, name):
        return lambda value: self.applied.append((name, value))

    def refuse(self, value):
        raise Rejected("site.slot_owner", value, "nothing, ever")
