"""From the command line's options to a compiled site: the CSMS, the OCPP version, the seed."""

from urllib.parse import urlsplit

from ampacity_host.configure import compile_site, load_site
from ampacity_host.configure.site_file.ocpp_versions import refusal
from ampacity_host.configure.site_file.tls import own_tls
from ampacity_host.rig.base.cascade import Cascade, has_below

BENCH_IDENTITY = "AMP-BENCH"


class UsageError(Exception):
    """An invalid option."""


def host_port(option, text):
    """("127.0.0.1", 9000) of "127.0.0.1:9000"; the host is optional. UsageError for anything else."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535:
        raise UsageError("%s: %r is no HOST:PORT" % (option, text))
    return host or "127.0.0.1", int(port)


def ws_url(option, text):
    """The unchanged URL. UsageError if it is not a WebSocket URL."""
    try:
        parts = urlsplit(text)
        fine = parts.scheme in ("ws", "wss") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fine = False
    if not fine:
        raise UsageError("%s: %r is no ws://HOST[:PORT][/PATH]" % (option, text))
    return text


class Setup:
    """site: the SiteFile; facts: compiled; bench_csms: (host, port) of the bench CSMS to start, None for none."""

    def __init__(self, args):
        self.site = load_site(args.site)
        self.facts = compile_site(self.site)
        self.seed = args.seed if args.seed is not None else plant_seed(self.site)
        self.bench_csms = None
        self._choose(args)
        self.cascade = self._cascade() if has_below(self.facts) else None  # with primaries below
        if getattr(args, "clock", "virtual") == "virtual":
            self._need_no_tls((self.cascade.flat if self.cascade else self.facts)["buses"])

    def own_tls(self, name):
        """The certificates of a secondary, None if its bus has no tls. UsageError: its entry names none."""
        site, own = self.site, name
        if self.cascade is not None:
            member = self.cascade.owner(name)
            site, own = member.site, name[len(member.prefix):]
        try:
            return own_tls(site, own)
        except KeyError as missing:
            raise UsageError("evse %s: its bus has tls, and %s is missing" % (name, missing)) from None

    def _need_no_tls(self, buses):
        """Real cryptography takes real time, so it requires the real clock."""
        secure = [bus["name"] for bus in buses if bus.get("tls")]
        if secure:
            raise UsageError("--clock virtual: bus %s has tls; use --clock real" % secure[0])

    def _cascade(self):
        try:
            return Cascade(self.site, self.facts)
        except KeyError as unknown:
            raise UsageError("evse %s: the rig needs the site file of a primary below (site = …)" % unknown) from None

    def _choose(self, args):
        """The three CSMS options, or the values of the site file."""
        ocpp = self.facts["ocpp"]
        if args.ocpp and (wrong := refusal(args.ocpp)):
            raise UsageError("--ocpp: %s; %s" % wrong)
        if args.no_csms:
            self.facts["ocpp"] = None
            return
        if args.bench_csms:
            self.bench_csms = host_port("--bench-csms", args.bench_csms)
        elif not args.csms and ocpp:
            self.bench_csms = ("127.0.0.1", 0)
        if self.bench_csms or args.csms:
            self.facts["ocpp"] = ocpp = dict(ocpp or default_upstream())
            if args.csms:
                ocpp["url"] = ws_url("--csms", args.csms)
            if self.bench_csms or ocpp["url"].startswith("ws://"):
                ocpp["security_profile"] = min(1, ocpp["security_profile"])  # the bench CSMS has no certificate
            elif ocpp["security_profile"] < 2:
                raise UsageError("--csms: wss://… needs [ocpp] with security_profile 2 or 3 and root_pem")
        if ocpp and args.ocpp:
            ocpp["version"] = args.ocpp


def default_upstream():
    return {"version": "2.0.1", "identity": BENCH_IDENTITY, "url": None, "security_profile": 0, "password": None}


def plant_seed(site):
    """`[plant].seed` of the site file, 1 without."""
    plant = getattr(site, "plant", None)
    seed = None
    if plant is not None:
        try:
            seed = plant["seed"]
        except (KeyError, TypeError):
            seed = None
    return 1 if seed is None else int(seed)
