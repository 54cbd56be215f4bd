"""The installer's commands for what the CSMS otherwise looks after: variables back to their default, known tokens."""

from ampacity.base.errors import NotNow, Rejected

if False:  # for the type checker
    from ampacity.console.interfaces import Command
    from ampacity.ocpp.messages import Message, Token
    from ampacity.roles.interfaces import UpstreamFace
    from ampacity.roles.primary_face import PrimaryFace

STATUSES = ("Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx", "NoCredit", "Unknown")
TYPES = ("ISO14443", "ISO15693", "KeyCode", "eMAID", "MacAddress", "Local", "Central")
TOKEN_CHARACTERS_MAX = 36


class OcppCommands:
    """primary: whose upstream is meant. `commands`: as the console takes them."""

    def __init__(self, primary: "PrimaryFace") -> None:
        self.primary = primary
        self.commands: "dict[str, Command]" = {
            "default": ("default COMPONENT.VARIABLE", self._default),
            "token": ("token cache | list ID TYPE STATUS [GROUP]", self._token),
        }

    def _upstream(self, word: str) -> "UpstreamFace":
        if self.primary.upstream is None:
            raise NotNow(word, "", "this site has no [ocpp] section")
        return self.primary.upstream

    def _default(self, words: "list[str]", now_ms: int) -> str:
        """Sets an OCPP variable back to its default."""
        upstream = self._upstream("default")
        if len(words) != 1 or "." not in words[0]:
            raise Rejected("default", " ".join(words), "COMPONENT.VARIABLE")
        component, variable = words[0].split(".", 1)
        row = upstream.station.model.find(0, component, variable)
        if row is None or row.mutability != "RW" or row.default == "@":
            raise Rejected("default", words[0], "a variable that can be set and has a default")
        return upstream.variable(component, variable, row.default, now_ms)

    def _token(self, words: "list[str]", now_ms: int) -> str:
        """What this controller knows of an identifier while the CSMS cannot be asked."""
        station = self._upstream("token").station
        if not 4 <= len(words) <= 5 or words[0] not in ("cache", "list") or len(words[1]) > TOKEN_CHARACTERS_MAX:
            raise Rejected("token", "%d words" % len(words), "cache | list ID TYPE STATUS [GROUP]")
        if words[2] not in TYPES:
            raise Rejected("type", words[2], ", ".join(TYPES))
        if words[3] not in STATUSES:
            raise Rejected("status", words[3], ", ".join(STATUSES))
        token: Token = {"idToken": words[1], "type": words[2]}
        info: Message = {"status": words[3]}
        if len(words) == 5:
            info["groupIdToken"] = {"idToken": words[4], "type": words[2]}
        if words[0] == "cache":
            station.cache.put(token, info, station.unix_s(now_ms))
            return "ok"
        known = station.local_list
        return known.update(known.version + 1, False, [{"idToken": token, "idTokenInfo": info}])
