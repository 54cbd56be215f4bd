"""Which CSMS, and how: the site file's own, or what a CSMS has set for the station (network profiles, OCPP B09 and B10).

Profiles are tried in the order of NetworkConfigurationPriority, each NetworkProfileConnectionAttempts times (B10.FR.03), from the
first one after a start (B10.FR.04), from the one in use after a loss. When all have failed, the one that worked last has as many
attempts, whether or not it is still in the list (B10.FR.07); then all begin again (B10.FR.08), without end (B10.FR.09) and with the
back-off of the link. They are read at the start: what is set later applies from the next start.

A profile works once its CSMS has accepted the station and was heard on this connection, and the connection has lasted STEADY_MS.
While there is another profile to try, one whose CSMS leaves the station waiting is left: see the four times below. With one
profile alone nothing is ever left.

Once a connection with a security profile has worked, no lower security profile is used, whatever a CSMS has set (A05), and
whatever became of the kept data: only the installer's site file can go back.
"""

from ampacity.base.errors import Rejected
from ampacity.base.url import shown_url
from ampacity.ocpp.provisioning.set_network_profile import DOC as NETWORK_DOC

if False:  # for the type checker
    from typing import Any

    from ampacity.base.log import Log
    from ampacity.net.link import LinkConfig
    from ampacity.ocpp.station import Station
    from ampacity.roles.interfaces import RolePlatform, SiteFacts
    from ampacity.roles.storage.persistence import Persistence

FLOOR_DOC = "upstream_floor"
OWN_DOC = "upstream_own"  # what the site file said at the last start
LAST_DOC = "upstream_last"  # the network profile that worked last
STEADY_MS = 10000  # a connection that ends earlier is a failed attempt
SILENT_MS = 35000  # MessageTimeout, and time to answer: without any answer by then the attempt has failed
REJECTED_MS_MAX = 300000  # by the last BootNotification that may be Rejected: closing is permitted then (B03.FR.04)
PENDING_MS_MAX = 1800000  # against B02.FR.06, which would keep the station permanently; meanwhile no new driver may charge
ATTEMPTS_MAX = 100  # of NetworkProfileConnectionAttempts
BELOW = (
    "security profile %d was in use, or its record is damaged, and no network profile with it can be read;"
    " another url or security_profile in the site file overrides it"
)
PLAIN, TLS, CERTIFICATE = 1, 2, 3  # security profiles: the last without TLS, the first with it, the one with a client certificate


def secure(config: "LinkConfig", ocpp: "SiteFacts", platform: "RolePlatform") -> None:
    """Put a security profile in force: 0 and 1 plain, 2 a password over TLS, 3 a certificate of our own over TLS.

    config: the LinkConfig to change, with its password set. ocpp: security_profile, root_pem, certificate_pem, key_pem.
    What cannot be used is kept there as the reason why there is no connection.
    """
    config.secure = ocpp.get("security_profile", PLAIN) > PLAIN
    config.certified, config.tls, config.unusable = False, None, None
    if not config.secure:
        return
    from ampacity.ports.tls_credentials import credentials

    try:
        files = credentials(ocpp, False)
        if ocpp["security_profile"] == CERTIFICATE:
            config.password, config.certified = None, True
            if files.key is None:
                raise Rejected("certificate_pem", "none", "certificate_pem and key_pem for security profile 3")
        config.tls = platform.client_tls(files)
    except Rejected as e:
        config.unusable = "tls: %s" % e


class NetworkProfiles:
    """station: asked for its profiles once. config: of the link, changed before its attempts. ocpp: of the site facts.

    The link calls before_attempt, opened, connected (it works) and closed; step gives a reason to leave a connection.
    """

    def __init__(
        self, station: "Station", config: "LinkConfig", ocpp: "SiteFacts", platform: "RolePlatform", persistence: "Persistence", log: "Log",
    ) -> None:
        self._station = station
        self._config = config
        self._ocpp = ocpp
        self._platform = platform
        self._persistence = persistence
        self._log = log
        own = {"slot": 0, "url": ocpp["url"], "security_profile": ocpp.get("security_profile", PLAIN)}
        self._heed_installer(own)
        self._floor: int = (persistence.documents.get(FLOOR_DOC) or {}).get("security_profile", 0)
        if FLOOR_DOC in persistence.documents.damaged:
            self._floor = TLS
        known = [one for one in station.network_slots.ordered() if one["security_profile"] >= self._floor]
        self._profiles: "list[SiteFacts]" = known or [own]
        last = persistence.documents.get(LAST_DOC) or {}
        self._last: "SiteFacts | None" = None
        if last.get("security_profile", -1) >= self._floor:
            self._last = self._profiles[self._profiles.index(last)] if last in self._profiles else last
        self._at = self._tried = self._failed = 0  # index of the profile in use; how many had their attempts; attempts of this one
        self._not_before_ms: "dict[str, int]" = {}  # URL: until then its CSMS wants no BootNotification
        self._opened_ms: "int | None" = None
        self._since_ms: "int | None" = None  # the first connection of this profile's turn
        self._works = False
        self._refused = False  # the certificate of the CSMS, in the last attempt
        self._other_certificate = False  # another certificate than in the attempts before
        self._used = self._csms = self._profiles[0]  # _csms: the one that knows the station, or gets its BootNotification next
        self._apply()

    def _heed_installer(self, own: "SiteFacts") -> None:
        """Another upstream in the site file overrides what a CSMS had set."""
        before = self._persistence.documents.get(OWN_DOC)
        if before == own:
            return
        now_ms = self._station.now_ms
        if before is not None:
            self._station.documents.try_put(NETWORK_DOC, {})
            self._persistence.put(FLOOR_DOC, {}, now_ms)
            self._persistence.put(LAST_DOC, {}, now_ms)
            self._log.add("warning", "upstream: changed by the site file to %s" % shown_url(own["url"]), now_ms)
        self._persistence.put(OWN_DOC, own, now_ms)

    def before_attempt(self, now_ms: int) -> None:
        """The link is about to try: the next profile's turn, when this one had its attempts."""
        certificates = self._station.optional.find("certificates") if self._refused else None
        if certificates is not None and certificates.store.turn():
            self._apply()
        self._refused = False
        if self._failed >= self._station.model.number("OCPPCommCtrlr", "NetworkProfileConnectionAttempts"):
            self._failed = 0
            self._use(self._next(now_ms), now_ms)
            if self._other_certificate:
                self._other_certificate = False
                self._apply()
        self._failed += 1

    def opened(self, now_ms: int) -> None:
        """The WebSocket is open. A CSMS that is not the one of the connection before gets a BootNotification (B10.FR.10)."""
        self._opened_ms = now_ms
        if self._since_ms is None:
            self._since_ms = now_ms
        self._station.config["slot"] = self._used["slot"] or 1
        self._station.config["security_profile"] = self._used["security_profile"]
        if self._csms is not self._used:
            self._change_csms(now_ms)

    def connected(self, now_ms: int) -> None:
        """Its CSMS has accepted the station and was heard; nothing less secure from now on (A05.FR.06)."""
        self._works = True
        in_use = self._used["security_profile"]
        certificates = self._certificates() if in_use > PLAIN else None
        if certificates is not None:
            certificates.works(in_use == CERTIFICATE, now_ms)
        if in_use > self._floor:
            self._floor = in_use
            self._profiles = [one for one in self._profiles if one["security_profile"] >= in_use] or [self._used]
            if self._last is not None and self._last["security_profile"] < in_use:
                self._last = None
            self._persistence.put(FLOOR_DOC, {"security_profile": in_use}, now_ms)
            self._station.network_slots.forget_below(in_use)

    def closed(self, now_ms: int) -> None:
        """The connection has ended."""
        self._look(now_ms)
        self._opened_ms, self._works = None, False

    def step(self, now_ms: int) -> "str | None":
        """Why the connection is to be left now, or None; returned once."""
        self._look(now_ms)
        if self._opened_ms is None or self._works or not self._others(now_ms):
            return None
        reason = self._overdue(now_ms)
        if reason is not None:
            self._opened_ms = None
        return reason

    def distrusted(self) -> None:
        """The CSMS's certificate was refused: with a root that was replaced and is kept for this the next attempt may succeed (M05.FR.14). Not
        at another CSMS than the one that worked last (M05.FR.15). May be called more than once for an attempt."""
        self._refused = self._last is None or self._last["url"] == self._used["url"]

    def roots_pem(self) -> "str | None":
        """The root certificates that a CSMS is verified with."""
        certificates = self._station.optional.find("certificates")
        return self._ocpp.get("root_pem") if certificates is None else certificates.store.roots_pem()

    def renew(self) -> None:
        """The station has another certificate of its own, or other roots: the next attempt uses them, and is the first of its profile."""
        self._failed = self._tried = 0
        if self._used in self._profiles:
            self._at = self._profiles.index(self._used)
        self._apply()

    def password(self, text: str) -> None:
        """A new password; with a certificate of our own none is sent."""
        if not self._config.certified:
            self._config.password = text

    def _look(self, now_ms: int) -> None:
        """Does it work for long enough by now?"""
        if self._opened_ms is None or not self._works or self._failed == 0 or now_ms - self._opened_ms < STEADY_MS:
            return
        self._failed = 0
        self._since_ms = None
        self._not_before_ms.pop(self._used["url"], None)
        self._at = self._tried = -1
        if self._used in self._profiles:
            self._at, self._tried = self._profiles.index(self._used), 0
        if self._last is not self._used:
            self._last = self._used
            self._persistence.put(LAST_DOC, self._used, now_ms)

    def _overdue(self, now_ms: int) -> "str | None":
        """What has taken too long, or None."""
        since_ms: int = self._since_ms  # type: ignore[assignment]  # it is open
        status, due_ms = self._station.registration()
        if status is None or status == "Accepted":
            asked_ms = max(self._opened_ms or 0, self._not_before_ms.get(self._used["url"], 0))
            return None if now_ms - asked_ms < SILENT_MS else "link lost: no valid answer"
        if status == "Rejected" and due_ms - since_ms <= REJECTED_MS_MAX or status == "Pending" and now_ms - since_ms < PENDING_MS_MAX:
            return None
        self._failed = ATTEMPTS_MAX  # its turn is over
        return "link lost: the CSMS answers " + status

    def _others(self, now_ms: int) -> bool:
        """Is there another CSMS that may be tried now?"""
        for one in self._profiles + [self._last or self._used]:
            if one["url"] != self._used["url"] and self._may(one, now_ms):
                return True
        return False

    def _may(self, profile: "SiteFacts", now_ms: int) -> bool:
        return self._not_before_ms.get(profile["url"], now_ms) <= now_ms

    def _next(self, now_ms: int) -> "SiteFacts":
        """The profile whose turn it is; one whose CSMS wants to be asked later is passed over, if not all do."""
        passed = []
        for _ in range(len(self._profiles) + 1):
            profile = self._following()
            if self._may(profile, now_ms):
                return profile
            passed.append(profile)
        return min(passed, key=lambda one: self._not_before_ms[one["url"]])

    def _following(self) -> "SiteFacts":
        self._tried += 1
        if self._tried == len(self._profiles) and self._last is not None:
            self._alternate(True)
            return self._last
        if self._tried >= len(self._profiles):
            self._alternate(False)
            self._tried, self._at = 0, -1
        self._at = (self._at + 1) % len(self._profiles)
        return self._profiles[self._at]

    def _alternate(self, old: bool) -> None:
        """The list has ended: while a renewed certificate is on trial, the one before has its turn too (A02.FR.28). Without a profile that worked
        before the two take turns."""
        certificates = self._certificates() if self._used["security_profile"] == CERTIFICATE else None
        if certificates is not None:
            signing = certificates.signing
            self._other_certificate = signing.use_old(old) if self._last is not None else signing.other()

    def _use(self, profile: "SiteFacts", now_ms: int) -> None:
        before = self._used
        self._since_ms = None
        if profile is before:
            return
        status, due_ms = self._station.registration()
        if status is not None and status != "Accepted" and self._csms is before:
            self._not_before_ms[before["url"]] = due_ms
        self._used = profile
        if status != "Accepted":
            self._change_csms(now_ms)
        certificates = self._station.optional.find("certificates")
        if certificates is not None:  # the CSMS that worked last is known by the replaced root, another one by the new root (M05.FR.15, M05.FR.16)
            certificates.store.choose(self._last is not None and profile["url"] == self._last["url"])
        self._apply()
        self._log.add("warning", "upstream: trying network profile %d: %s" % (profile["slot"], shown_url(profile["url"])), now_ms)

    def _certificates(self) -> "Any":
        """What the CSMS has installed (ocpp/security/certificates.py); None: nothing so far, and no certificate of the station whose end is to be
        watched, or an image without this block."""
        if self._used["security_profile"] != CERTIFICATE:
            return self._station.optional.find("certificates")
        try:
            return self._station.optional.get("certificates", self._station.now_ms)
        except ImportError:
            return None

    def _change_csms(self, now_ms: int) -> None:
        self._csms = self._used
        self._station.change_csms(max(now_ms, self._not_before_ms.get(self._used["url"], now_ms)))

    def _apply(self) -> None:
        """Have the link use it."""
        profile = self._used
        self._config.url = profile["url"]
        self._config.password = self._station.password() or self._ocpp.get("password")
        facts = dict(self._ocpp)
        facts["security_profile"] = profile["security_profile"]
        if profile["security_profile"] > PLAIN:
            certificates = self._certificates()
            facts.update(certificates.tls_facts() if certificates is not None else {})
        secure(self._config, facts, self._platform)
        if profile["security_profile"] < self._floor:
            self._config.unusable = BELOW % self._floor
