"""Which CSMS, and how: the site file's own, or what a CSMS has set for the station (network profiles, OCPP B09 and B10).

Profiles are tried in the order of NetworkConfigurationPriority, each NetworkProfileConnectionAttempts times. They are
read at the start: what is set later applies from the next start. Once a connection with a security profile has worked, no
lower security profile is used, whatever a CSMS has set (A05), and whatever became of the kept data: only the installer's site
file can go back.
"""

from ampacity.base.errors import Rejected
from ampacity.ocpp.provisioning.set_network_profile import DOC as NETWORK_DOC

if False:  # for the type checker
    from ampacity.base.log import Log
    from ampacity.net.link import LinkConfig
    from ampacity.ocpp.station import Station
    from ampacity.roles.interfaces import RolePlatform, SiteFacts
    from ampacity.roles.storage.persistence import Persistence

FLOOR_DOC = "upstream_floor"
OWN_DOC = "upstream_own"  # what the site file said at the last start
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
    from ampacity.ports.tls_credentials import TlsCredentials

    try:
        files = TlsCredentials(ocpp.get("root_pem"), ocpp.get("certificate_pem"), ocpp.get("key_pem"))
        if ocpp["security_profile"] == CERTIFICATE:
            config.password, config.certified = None, True
            if files.key is None:
                raise Rejected("certificate_pem", "none", "certificate_pem and key_pem for security profile 3")
        config.tls = platform.client_tls(files)
    except Rejected as e:
        config.unusable = "tls: %s" % e


class NetworkProfiles:
    """station: asked for its profiles once. config: of the link, changed before its attempts. ocpp: of the site facts."""

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
        known = [one for one in station.network() if one["security_profile"] >= self._floor]
        self._profiles: "list[SiteFacts]" = known or [own]
        self._at = self._failed = 0
        self._used: "SiteFacts" = None  # type: ignore[assignment]  # until _use()
        self._use()

    def _heed_installer(self, own: "SiteFacts") -> None:
        """Another upstream in the site file is the installer's word: what a CSMS had set is forgotten."""
        before = self._persistence.documents.get(OWN_DOC)
        if before == own:
            return
        now_ms = self._station.now_ms
        if before is not None:
            self._station.documents.try_put(NETWORK_DOC, {})
            self._persistence.put(FLOOR_DOC, {}, now_ms)
            self._log.add("warning", "upstream: changed by the site file to %s" % own["url"], now_ms)
        self._persistence.put(OWN_DOC, own, now_ms)

    def before_attempt(self, now_ms: int) -> None:
        """The link is about to try: the next profile's turn, when this one had its attempts."""
        if self._failed >= self._station.model.number("OCPPCommCtrlr", "NetworkProfileConnectionAttempts"):
            self._failed = 0
            self._at = (self._at + 1) % len(self._profiles)
            self._use()
            if len(self._profiles) > 1:
                self._log.add("warning", "upstream: trying network profile %d: %s" % (self._used["slot"], self._used["url"]), now_ms)
        self._failed += 1

    def connected(self, now_ms: int) -> None:
        """This one works; nothing less secure from now on."""
        self._failed = 0
        in_use = self._used["security_profile"]
        self._station.config["security_profile"] = in_use
        if in_use > self._floor:
            self._floor = in_use
            self._profiles = [one for one in self._profiles if one["security_profile"] >= in_use]
            self._at = self._profiles.index(self._used)
            self._persistence.put(FLOOR_DOC, {"security_profile": in_use}, now_ms)

    def password(self, text: str) -> None:
        """A new password; with a certificate of our own none is sent."""
        if not self._config.certified:
            self._config.password = text

    def _use(self) -> None:
        profile = self._profiles[self._at]
        if profile is self._used:
            return
        self._used = profile
        self._config.url = profile["url"]
        self._config.password = self._station.password() or self._ocpp.get("password")
        facts = dict(self._ocpp)
        facts["security_profile"] = profile["security_profile"]
        secure(self._config, facts, self._platform)
        if profile["security_profile"] < self._floor:
            self._config.unusable = BELOW % self._floor
