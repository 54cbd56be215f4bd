"""Who may charge: a token, or a start from afar, becomes an answer (C01 to C16).

Order: the local list, the cache, the CSMS; while offline list, cache and the rule for unknown identifiers. A token at
an EVSE where charging is authorised is a request to stop: granted to the same token, to one of its group, to a master pass.
A question to the CSMS that gets no answer is decided as if offline.
"""

from ampacity.ocpp.authorization.cache import LAPSED, group_of
from ampacity.ocpp.evse import Authorization, same_token

if False:  # for the type checker
    from ampacity.ocpp.authorization.key_codes import KeyCodes
    from ampacity.ocpp.evse import OcppEvse
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Call, Message, Reply, Token

NOBODY: "Token" = {"idToken": "", "type": "NoAuthorization"}
QUESTIONS_MAX = 16
KEY_CODE = "KeyCode"


class Question:
    """One identifier that the CSMS is asked for. stops: it was presented to end the authorisation at the EVSE; shown: see `contract`."""

    def __init__(
        self, evse: "OcppEvse", token: "Token", stops: bool, trigger: str, remote_id: "int | None", shown: "Message | None" = None,
    ) -> None:
        self.evse = evse
        self.token = token
        self.stops = stops
        self.trigger = trigger
        self.remote_id = remote_id
        self.shown = shown


class Authorizer:
    """The rules of C01 to C16; what follows goes to `station.actions` and to the transactions."""

    def __init__(self, station: "StationFace") -> None:
        self._station = station
        self._questions: "list[Question]" = []
        self._lost: "list[Question]" = []  # the connection was lost before the CSMS was asked
        self._later: "list[OcppEvse]" = []  # with a car that plugged in before the station was accepted, authorisation switched off
        self._key_codes: "KeyCodes | None" = None  # from the first wrong one on
        self._at_station: "list[int]" = []  # EVSEs whose last key code came from a reader of the whole station

    def plugged(self, evse: "OcppEvse", now_ms: int) -> None:
        """With authorisation switched off, a car that plugs in is authorised; not while the CSMS has answered Pending or Rejected (B03.FR.01)."""
        self._later = [other for other in self._later if other is not evse]
        if self._station.model.on("AuthCtrlr", "Enabled") or evse.auth is not None or self._is_kept(evse, NOBODY, ""):
            return
        if self._station.boot.status is None or self._station.may_serve():
            evse.auth = Authorization(NOBODY, "", "Authorized")
        else:
            self._later.append(evse)

    def accepted(self, now_ms: int) -> None:
        """The CSMS has accepted the station: cars that waited for it are authorised."""
        later, self._later = self._later, []
        self._station.turns.add("accepted", later, self._begin_unasked)

    def _begin_unasked(self, evse: "OcppEvse", now_ms: int) -> None:
        if evse.plugged and evse.auth is None and not self._station.model.on("AuthCtrlr", "Enabled") and not self._is_kept(evse, NOBODY, ""):
            self._station.transactions.authorized(evse, Authorization(NOBODY, "", "Authorized"), now_ms)

    def presented(self, evse_id: int, token: "Token", now_ms: int) -> None:
        """A token at the reader. evse_id 0: a reader of the whole station."""
        if len(token["idToken"]) > 36:  # of IdTokenType
            return self._report(evse_id, token, False, "Invalid")
        evse = self._station.evse(evse_id) if evse_id else self._choose(token)
        if token["type"] == KEY_CODE and self._must_wait(evse_id, evse, now_ms):
            return self._report(0 if evse is None else evse.id, token, False, "TooManyAttempts")
        if evse is None:
            return self._report(0, token, False, "NoEvse")
        if self._is_asked(evse):
            return None
        if evse.auth is not None:
            return self._stop(evse, token, now_ms)
        return self.begin(evse, token, "Authorized", None, now_ms)

    def _must_wait(self, reader: int, evse: "OcppEvse | None", now_ms: int) -> bool:
        """Is it too early for another key code? reader: an EVSE, 0: of the whole station; evse: the one that is meant."""
        if evse is not None:
            self._at_station = [each for each in self._at_station if each != evse.id] + ([] if reader else [evse.id])
        if self._key_codes is None:
            return False
        if not reader and self._key_codes.waits(0, any([each.auth is not None for each in self._station.evses]), now_ms):
            return True
        return evse is not None and self._key_codes.waits(evse.id, evse.auth is not None, now_ms)

    def contract(self, evse_id: int, token: "Token", shown: "Message", now_ms: int) -> None:
        """A contract certificate that a car showed (C07). shown: what an AuthorizeRequest has of it; of one that could be judged here the
        hashes, else the chain. It never stops what is authorised."""
        evse: OcppEvse = self._station.evse(evse_id)  # type: ignore[assignment]  # one of those given at the start
        if self._is_asked(evse):
            return self._report(evse_id, token, False, "Busy")
        if evse.auth is not None:
            same = same_token(evse.auth.token, token)
            return self._report(evse_id, token, same, "Accepted" if same else "ConcurrentTx")
        return self.begin(evse, token, "Authorized", None, now_ms, shown)

    def begin(
        self, evse: "OcppEvse", token: "Token", trigger: str, remote_id: "int | None", now_ms: int, shown: "Message | None" = None,
    ) -> None:
        """Decide whether `token` may charge at `evse`; asks the CSMS where the rules say so, always for a contract (C07.FR.01)."""
        refusal = self._closed(evse)
        if refusal:
            return self._report(evse.id, token, False, refusal)
        found = self._known(evse, token, now_ms)
        ask = self._station.accepted() and not self._hopeless(found)
        served = self._station.may_serve()  # B03.FR.01: else _offline refuses it
        if served and not self._station.model.on("AuthCtrlr", "Enabled"):
            return self._grant(evse, token, found[1] if found else "", trigger, remote_id, now_ms)
        if served and found is not None and self._suffices(found) and not (ask and shown):
            return self._grant(evse, token, found[1], trigger, remote_id, now_ms)
        if ask:
            return self._ask(Question(evse, token, False, trigger, remote_id, shown))
        if self._station.accepted() and found is None:  # DisableRemoteAuthorization: unknown identifiers are a matter of being offline
            return self._report(evse.id, token, False, "Unknown")
        return self._offline(evse, token, found, trigger, remote_id, now_ms)

    def pull(self, now_ms: int) -> "Call | None":
        """The next Authorize request, or None."""
        if not self._questions:
            return None
        question = self._questions[0]

        def done(kind: str, payload: "Reply", now_ms: int) -> None:
            self._questions.pop(0)
            self._answered(question, kind, payload, now_ms)

        return ("Authorize", dict(question.shown or {}, idToken=question.token), done)

    def offline(self, now_ms: int) -> None:
        """The connection is gone: each question that waits for the CSMS is decided without it, one EVSE after the other."""
        waiting, self._questions = self._questions, []
        self._lost += waiting
        self._station.turns.add("offline", [question.evse for question in self._lost], self._decide_lost, True)

    def _decide_lost(self, evse: "OcppEvse", now_ms: int) -> None:
        for question in [each for each in self._lost if each.evse is evse]:
            self._lost.remove(question)
            self._answered(question, "lost", None, now_ms)

    def _is_asked(self, evse: "OcppEvse") -> bool:
        """Is a question about this EVSE not decided yet?"""
        return any([question.evse is evse for question in self._questions + self._lost])

    def learn(self, token: "Token", info: "Message", now_ms: int) -> None:
        """An idTokenInfo from the CSMS, whatever it came with (C10.FR.04, C10.FR.05)."""
        tariff = self._station.optional.offered("tariff", now_ms) if "personalMessage" in info or "language1" in info else None
        if tariff is not None:
            tariff.know(token, info)
        if self._station.model.on("AuthCacheCtrlr", "Enabled"):
            self._station.cache.put(token, info, self._station.unix_s(now_ms))

    def _choose(self, token: "Token") -> "OcppEvse | None":
        """Which EVSE a token at a common reader means: where it is authorised, else a car that waits, else a free one."""
        station = self._station
        for evse in station.evses:
            if evse.auth is not None and same_token(evse.auth.token, token):
                return evse
        open_to = [[evse for evse in station.evses if evse.auth is None and not self._closed(evse)]]
        reservations = station.optional.find("reservation")
        if reservations is not None and open_to[0]:
            found = self._known(open_to[0][0], token, station.now_ms)  # for its group, which is that of every EVSE
            open_to = reservations.ranked(open_to[0], token, found[1] if found else "")
        for evses in open_to:
            for wanted in (True, False):
                for evse in evses:
                    if evse.plugged == wanted:
                        return evse
        return None

    def _stop(self, evse: "OcppEvse", token: "Token", now_ms: int) -> None:
        auth: Authorization = evse.auth  # type: ignore[assignment]  # charging is authorised
        if same_token(auth.token, token):
            return self._end(evse, token, now_ms)
        found = self._known(evse, token, now_ms)
        if found is not None and self._suffices(found) and found[1]:
            if found[1] == self._master():
                return self._master_pass(token, now_ms)
            if found[1] == auth.group:
                return self._end(evse, token, now_ms)
        if not self._station.accepted() or self._hopeless(found):
            return self._report(evse.id, token, False, "ConcurrentTx")
        return self._ask(Question(evse, token, True, "StopAuthorized", None))

    def _ask(self, question: "Question") -> None:
        if len(self._questions) >= QUESTIONS_MAX:
            return self._report(question.evse.id, question.token, False, "Busy")
        self._questions.append(question)
        return None

    def _answered(self, question: "Question", kind: str, payload: "Reply", now_ms: int) -> None:
        evse, token = question.evse, question.token
        if kind != "result":
            offline = self._station.model.on("ISO15118Ctrlr", "ContractValidationOffline")
            if question.stops or question.shown and (not offline or "certificate" in question.shown):
                return self._report(evse.id, token, False, "NoAnswer")
            found = self._known(evse, token, now_ms)
            return self._offline(evse, token, found, question.trigger, question.remote_id, now_ms)
        info = payload["idTokenInfo"]
        self.learn(token, info, now_ms)
        group = group_of(info)
        certificate = payload.get("certificateStatus", "Accepted")
        if certificate != "Accepted":
            return self._report(evse.id, token, False, certificate)
        if info["status"] != "Accepted" or info.get("evseId") and evse.id not in info["evseId"]:
            status = "NotAtThisLocation" if info["status"] == "Accepted" else info["status"]
            return self._report(evse.id, token, False, status)
        if question.stops and evse.auth is not None and group and group != self._master() and group == evse.auth.group:
            return self._end(evse, token, now_ms)
        if question.stops and group != self._master():
            return self._report(evse.id, token, False, "ConcurrentTx")
        return self._grant(evse, token, group, question.trigger, question.remote_id, now_ms)

    def _grant(self, evse: "OcppEvse", token: "Token", group: str, trigger: str, remote_id: "int | None", now_ms: int) -> None:
        if group and group == self._master():
            return self._master_pass(token, now_ms)
        if evse.auth is not None or self._closed(evse) or self._is_anothers(evse, token):
            return self._report(evse.id, token, False, self._closed(evse) or "ConcurrentTx")
        if self._is_kept(evse, token, group):
            return self._report(evse.id, token, False, "Reserved")
        self._report(evse.id, token, True, "Accepted")
        return self._station.transactions.authorized(evse, Authorization(token, group, trigger, remote_id), now_ms)

    def _end(self, evse: "OcppEvse", token: "Token", now_ms: int) -> None:
        self._report(evse.id, token, True, "Stopped")
        self._station.transactions.deauthorize(evse, "StopAuthorized", "Local", now_ms, token)

    def _is_anothers(self, evse: "OcppEvse", token: "Token") -> bool:
        """The transaction of an identifier that is no longer authorized is still open: no other identifier continues it (C01.FR.23)."""
        tx = evse.tx
        return tx is not None and tx.ending is None and tx.token is not None and not same_token(tx.token, token)

    def _master_pass(self, token: "Token", now_ms: int) -> None:
        """C16: it starts nothing, it stops everything."""
        self._report(0, token, True, "MasterPass")
        meant = [(evse, evse.auth or evse.tx) for evse in self._station.evses if evse.auth is not None or evse.tx is not None]

        def stop(evse: "OcppEvse", now_ms: int) -> None:
            if (evse, evse.auth or evse.tx) in meant:  # else another one began there
                self._station.transactions.deauthorize(evse, "StopAuthorized", "MasterPass", now_ms, token)

        self._station.turns.add("master", [evse for evse, _ in meant], stop, True)

    def _known(self, evse: "OcppEvse", token: "Token", now_ms: int) -> "tuple[str, str, str] | None":
        """(status at this EVSE, group, "list" or "cache") as far as it may be used here, or None."""
        station, model = self._station, self._station.model
        now_s = station.unix_s(now_ms)
        if model.on("LocalAuthListCtrlr", "Enabled"):
            found = station.local_list.find(token, now_s, evse.id)
            if found is not None:
                return found + ("list",)
        if model.on("AuthCacheCtrlr", "Enabled"):
            found = station.cache.find(token, now_s, model.number("AuthCacheCtrlr", "LifeTime"), evse.id)
            if found is not None:
                return found + ("cache",)
        return None

    def _suffices(self, found: "tuple[str, str, str]") -> bool:
        """Accepted, and this connection state lets us rely on it."""
        variable = "LocalPreAuthorize" if self._station.accepted() else "LocalAuthorizeOffline"
        return found[0] == "Accepted" and self._station.model.on("AuthCtrlr", variable)

    def _hopeless(self, found: "tuple[str, str, str] | None") -> bool:
        """Known as not accepted, and a variable forbids to ask again; or one forbids to ask at all."""
        model = self._station.model
        if model.on("AuthCtrlr", "DisableRemoteAuthorization") or not model.on("AuthCtrlr", "Enabled"):
            return True
        if found is None or found[0] in ("Accepted", LAPSED):
            return False
        return model.on("LocalAuthListCtrlr" if found[2] == "list" else "AuthCacheCtrlr", "DisablePostAuthorize")

    def _offline(
        self, evse: "OcppEvse", token: "Token", found: "tuple[str, str, str] | None", trigger: str, remote_id: "int | None", now_ms: int,
    ) -> None:
        """C13, C15: known and accepted, or unknown and the operator lets them."""
        model = self._station.model
        if not self._station.may_serve():
            return self._report(evse.id, token, False, "NotAcceptedYet")
        known = found is not None and found[0] == "Accepted" and model.on("AuthCtrlr", "LocalAuthorizeOffline")
        if known or found is None and model.on("AuthCtrlr", "OfflineTxForUnknownIdEnabled"):
            return self._grant(evse, token, found[1] if found else "", trigger, remote_id, now_ms)
        return self._report(evse.id, token, False, found[0] if found else "Unknown")

    def _closed(self, evse: "OcppEvse") -> "str | None":
        """Why charging cannot begin here, or None."""
        if self._station.resets.scheduled():
            return "ResetScheduled"
        status = self._station.availability.status(evse)
        return status if status in ("Unavailable", "Faulted") else None

    def _is_kept(self, evse: "OcppEvse", token: "Token", group: str) -> bool:
        """Is this EVSE reserved for another identifier (H03)?"""
        reservations = self._station.optional.find("reservation")
        return reservations is not None and bool(reservations.refuses(evse, token, group))

    def _master(self) -> "str | None":
        return self._station.model.text("AuthCtrlr", "MasterPassGroupId") or None

    def _report(self, evse_id: int, token: "Token", accepted: bool, info: str) -> None:
        if token["type"] == KEY_CODE and (self._key_codes is not None or not accepted):
            self._judged(evse_id, accepted, info)
        self._station.actions.append(("authorized", evse_id, token["idToken"], accepted, info))
        cars = self._station.optional.find("iso15118")
        if cars is not None:
            cars.authorized(evse_id, token, accepted, info)

    def _judged(self, evse_id: int, accepted: bool, info: str) -> None:
        """A key code was right or wrong (C04.FR.06)."""
        if self._key_codes is None:
            from ampacity.ocpp.authorization.key_codes import KeyCodes

            self._key_codes = KeyCodes()
        self._key_codes.judged(evse_id, accepted, info, self._station.now_ms)
        if evse_id in self._at_station:
            self._key_codes.judged(0, accepted, info, self._station.now_ms)
