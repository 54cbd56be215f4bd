"""Who may charge: a token, or a start from afar, becomes an answer (C01 to C16).

Order: the local list, the cache, the CSMS; while offline list, cache and the rule for unknown identifiers. A token at
an EVSE where somebody is authorised is a wish to stop: granted to the same token, to one of its group, to a master pass.
A question to the CSMS that gets no answer is decided as if offline.
"""

from ampacity.ocpp.point import Authorization, same_token

NOBODY = {"idToken": "", "type": "NoAuthorization"}
QUESTIONS_MAX = 16


class Question:
    """One identifier that the CSMS is asked for. stops: it was presented to end what goes on at the EVSE."""

    def __init__(self, point, token, stops, trigger, remote_id):
        self.point = point
        self.token = token
        self.stops = stops
        self.trigger = trigger
        self.remote_id = remote_id


class Authorizer:
    def __init__(self, station):
        self._station = station
        self._questions = []

    def plugged(self, point, now_ms):
        """With authorisation switched off, a car that plugs in is authorised."""
        if not self._station.model.on("AuthCtrlr", "Enabled") and point.auth is None:
            point.auth = Authorization(NOBODY, "", "Authorized")
            self._station.actions.append(("start", point.id, "", None))

    def presented(self, evse_id, token, now_ms):
        """A token at the reader. evse_id 0: a reader of the whole station."""
        point = self._station.point(evse_id) if evse_id else self._choose(token)
        if point is None:
            return self._tell(0, token, False, "NoEvse")
        if any(q.point is point for q in self._questions):
            return None
        if point.auth is not None:
            return self._stop(point, token, now_ms)
        return self.begin(point, token, "Authorized", None, now_ms)

    def begin(self, point, token, trigger, remote_id, now_ms):
        """Decide whether `token` may charge at `point`; asks the CSMS where the rules say so."""
        refusal = self._closed(point)
        if refusal:
            return self._tell(point.id, token, False, refusal)
        found = self._known(token, now_ms)
        if found is not None and self._suffices(found):
            return self._grant(point, token, found[1], trigger, remote_id, now_ms)
        if self._station.accepted() and not self._hopeless(found):
            return self._ask(Question(point, token, False, trigger, remote_id))
        return self._offline(point, token, found, trigger, remote_id, now_ms)

    def pull(self, now_ms):
        """The next Authorize request, or None."""
        if not self._questions:
            return None
        question = self._questions[0]

        def done(kind, payload, now_ms):
            self._questions.pop(0)
            self._answered(question, kind, payload, now_ms)

        return ("Authorize", {"idToken": question.token}, done)

    def offline(self, now_ms):
        """The connection is gone: whoever waits for the CSMS is decided now."""
        waiting, self._questions = self._questions, []
        for question in waiting:
            self._answered(question, "lost", None, now_ms)

    def learn(self, token, info, now_ms):
        """An idTokenInfo from the CSMS, whatever it came with (C10.FR.04, C10.FR.05)."""
        if self._station.model.on("AuthCacheCtrlr", "Enabled"):
            self._station.cache.put(token, info, self._station.unix_s(now_ms))

    def _choose(self, token):
        """Which EVSE a token at a common reader means: where it is authorised, else a car that waits, else a free one."""
        points = self._station.points
        for point in points:
            if point.auth is not None and same_token(point.auth.token, token):
                return point
        for wanted in (True, False):
            for point in points:
                if point.auth is None and point.plugged == wanted and not self._closed(point):
                    return point
        return None

    def _stop(self, point, token, now_ms):
        if same_token(point.auth.token, token):
            return self._end(point, token, now_ms)
        found = self._known(token, now_ms)
        if found is not None and self._suffices(found) and found[1]:
            if found[1] == self._master():
                return self._master_pass(token, now_ms)
            if found[1] == point.auth.group:
                return self._end(point, token, now_ms)
        if not self._station.accepted():
            return self._tell(point.id, token, False, "ConcurrentTx")
        return self._ask(Question(point, token, True, "StopAuthorized", None))

    def _ask(self, question):
        if len(self._questions) >= QUESTIONS_MAX:
            return self._tell(question.point.id, question.token, False, "Busy")
        self._questions.append(question)
        return None

    def _answered(self, question, kind, payload, now_ms):
        point, token = question.point, question.token
        if kind != "result":
            if question.stops:
                return self._tell(point.id, token, False, "NoAnswer")
            found = self._known(token, now_ms)
            return self._offline(point, token, found, question.trigger, question.remote_id, now_ms)
        info = payload["idTokenInfo"]
        self.learn(token, info, now_ms)
        group = (info.get("groupIdToken") or {"idToken": ""})["idToken"]
        if info["status"] != "Accepted" or info.get("evseId") and point.id not in info["evseId"]:
            status = "NotAtThisLocation" if info["status"] == "Accepted" else info["status"]
            return self._tell(point.id, token, False, status)
        if question.stops and point.auth is not None and group and group != self._master() and group == point.auth.group:
            return self._end(point, token, now_ms)
        if question.stops and group != self._master():
            return self._tell(point.id, token, False, "ConcurrentTx")
        return self._grant(point, token, group, question.trigger, question.remote_id, now_ms)

    def _grant(self, point, token, group, trigger, remote_id, now_ms):
        if group and group == self._master():
            return self._master_pass(token, now_ms)
        if point.auth is not None or self._closed(point):
            return self._tell(point.id, token, False, self._closed(point) or "ConcurrentTx")
        self._tell(point.id, token, True, "Accepted")
        return self._station.transactions.authorized(point, Authorization(token, group, trigger, remote_id), now_ms)

    def _end(self, point, token, now_ms):
        self._tell(point.id, token, True, "Stopped")
        self._station.transactions.deauthorize(point, "StopAuthorized", "Local", now_ms, token)

    def _master_pass(self, token, now_ms):
        """C16: it starts nothing, it stops everything."""
        self._tell(0, token, True, "MasterPass")
        for point in self._station.points:
            if point.auth is not None or point.tx is not None:
                self._station.transactions.deauthorize(point, "StopAuthorized", "MasterPass", now_ms, token)

    def _known(self, token, now_ms):
        """(status, group, "list" or "cache") as far as it may be used here, or None."""
        station, model = self._station, self._station.model
        now_s = station.unix_s(now_ms)
        if model.on("LocalAuthListCtrlr", "Enabled"):
            found = station.local_list.find(token, now_s)
            if found is not None:
                return found + ("list",)
        if model.on("AuthCacheCtrlr", "Enabled"):
            found = station.cache.find(token, now_s, model.number("AuthCacheCtrlr", "LifeTime"))
            if found is not None:
                return found + ("cache",)
        return None

    def _suffices(self, found):
        """Accepted, and this connection state lets us rely on it."""
        variable = "LocalPreAuthorize" if self._station.accepted() else "LocalAuthorizeOffline"
        return found[0] == "Accepted" and self._station.model.on("AuthCtrlr", variable)

    def _hopeless(self, found):
        """Known as not accepted, and we are told not to ask again; or not to ask at all."""
        model = self._station.model
        if model.on("AuthCtrlr", "DisableRemoteAuthorization"):
            return True
        if found is None or found[0] == "Accepted":
            return False
        return model.on("LocalAuthListCtrlr" if found[2] == "list" else "AuthCacheCtrlr", "DisablePostAuthorize")

    def _offline(self, point, token, found, trigger, remote_id, now_ms):
        """C13, C15: known and accepted, or unknown and the operator lets them."""
        model = self._station.model
        if not self._station.may_serve():
            return self._tell(point.id, token, False, "NotAcceptedYet")
        known = found is not None and found[0] == "Accepted" and model.on("AuthCtrlr", "LocalAuthorizeOffline")
        if known or found is None and model.on("AuthCtrlr", "OfflineTxForUnknownIdEnabled"):
            return self._grant(point, token, found[1] if found else "", trigger, remote_id, now_ms)
        return self._tell(point.id, token, False, found[0] if found else "Unknown")

    def _closed(self, point):
        """Why nobody can begin here, or None."""
        if self._station.resets.scheduled():
            return "ResetScheduled"
        status = self._station.availability.status(point)
        return status if status in ("Unavailable", "Faulted") else None

    def _master(self):
        return self._station.model.text("AuthCtrlr", "MasterPassGroupId") or None

    def _tell(self, evse_id, token, accepted, info):
        self._station.actions.append(("authorized", evse_id, token["idToken"], accepted, info))
