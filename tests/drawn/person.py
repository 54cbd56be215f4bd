"""A person who reads `why`: does what it names, once the cause of it is gone, and nothing else.

Whoever is left to a person must charge after that; so no reason is a free pass. `given`: command → how often it was asked for.
"""

import re

COMMAND = re.compile(r"`(unlock|replace|confirm|trust|accept|gone) ([^` ]+)`")
RESTART = re.compile(r"(?:restart it|switch it on), or open its feeder and `isolate ([^` ]+) on`")
UNTESTED = re.compile(r"(?:^|; )([^ ;]+): power-on value [^;]*; (?:declare it, or )?`commission start` tests it")
TESTS = "commission start"
AGAIN = {"replug": "unplug the car and plug it in again", "card": "authorize it at the EVSE"}
SERIAL = re.compile(r"(?:serial number|new) (\S+?)[,:;.]?(?:\s|$)")


class Person:
    """one: the Table."""

    def __init__(self, one):
        self.one, self.given = one, {}

    def clear(self, left):
        """left: {EVSE: why}. What was done, in words; nothing: `why` asks for nothing."""
        asked = set()
        for evse, why in self._with_parents(left):
            below = evse.rpartition(".")[0]  # the primary that says so, "": the top
            asked |= {(below, verb, name or evse) for verb, name in self.names(why)}
        return [self._do(*one) for one in sorted(asked)]

    def names(self, why):
        """{(verb, of which EVSE, circuit or meter; None: of that one itself)} of what it asks a person for."""
        asked = {(found[1], found[2]) for found in COMMAND.finditer(why)}
        asked |= {("restart", found[1]) for found in RESTART.finditer(why)}
        asked |= {(TESTS, found[1]) for found in UNTESTED.finditer(why)}
        return asked | {(verb, None) for verb, words in AGAIN.items() if words in why}

    def _with_parents(self, left):
        """Each, and where its parent limits it what the parent says of that primary."""
        for evse, why in left.items():
            yield evse, why
            while "by parent" in why:
                evse = evse.rpartition(".")[0]
                why = self.one.why(evse)
                yield evse, why

    def _do(self, below, verb, name):
        self.given[verb] = self.given.get(verb, 0) + 1
        if verb == "restart":
            answer = self.one.fault("restart", name)
        elif verb == TESTS:
            answer = {"text": "passed" if self.one.rig.commissioned(name) else "not possible now"}
        elif verb == "replug":
            self.one.unplug(name)
            self.one.go(5_000)
            self.one.plug(name)
            answer = {}
        elif verb == "card":
            answer = self.one.rig.answer("present_token", token="card-" + name, type="ISO14443", evse=name)
        else:
            answer = self._say(below, "%s %s" % (verb, name))
            number = SERIAL.search(answer.get("text", "")) if verb == "replace" else None
            if verb == "replace":
                answer = self._say(below, "replace %s serial=%s" % (name, number[1] if number else "none"))
        return "%s %s %s: %s" % (below, verb, name, answer.get("text", answer.get("error", "ok")))

    def _say(self, below, line):
        return self.one.rig.answer("console", text=line, **({"of": below} if below else {}))
