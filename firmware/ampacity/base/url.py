"""Addresses of the upstream: `ws://host:port/path`, nothing that a station does not need."""

from binascii import hexlify
from hashlib import sha256

from ampacity.base.errors import Rejected
from ampacity.base.printable import is_digits

if False:  # for the type checker
    from typing import Any

PORTS = {"ws": 80, "wss": 443, "http": 80, "https": 443}
SHOWN_MAX = 80
_PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"


class Url:
    """scheme, host (without brackets), port, path (with query, from "/" on), host_header."""

    def __init__(self, scheme: str, host: str, port: int, path: str) -> None:
        self.scheme = scheme
        self.host = host
        self.port = port
        self.path = path
        shown = "[%s]" % host if ":" in host else host
        self.host_header = shown if port == PORTS[scheme] else "%s:%d" % (shown, port)

    def below(self, segment: str) -> "Url":
        """The same with `segment`, percent-encoded (RFC 3986, 2.1), as one more last part of the path."""
        path, mark, query = self.path.partition("?")
        path = path if path.endswith("/") else path + "/"
        return Url(self.scheme, self.host, self.port, path + quote(segment) + mark + query)


def shown_url(text: str) -> str:
    """What logs, journals and answers show of an address, also of a wrong one: no user, no password, no query, at most 80 characters."""
    scheme, mark, rest = text.partition("://")
    if not mark:
        scheme, rest = "", text
    kept = rest.split("?")[0].split("#")[0]
    if "@" in kept:
        kept = "***@" + kept[kept.rfind("@") + 1 :]
    elif "@" in rest and "/" not in kept:  # a password with ? or #
        kept = "***"
    return (scheme[:16] + mark + kept)[:SHOWN_MAX]


def same_peer(one: "dict[str, Any]", before: "dict[str, Any]") -> bool:
    """May `one` have the secret that `before` had: is it for the same scheme, host and port, no less protected, and behind the same root?

    Who names another root certificate may stand between both ends. Of what is kept only the digest of the root is known: see peer_facts.
    """
    for key in ("host", "tcp_port"):
        if one.get(key) != before.get(key):
            return False
    origins = [str(each.get("url")).split("?")[0].split("/")[:3] for each in (one, before)]
    profiles: "list[int]" = [each.get("security_profile", 1) for each in (one, before)]
    if profiles[1] >= 2 and root_of(one) != root_of(before):  # with TLS
        return False
    return origins[0] == origins[1] and profiles[0] >= profiles[1]


def peer_facts(ocpp: "dict[str, Any]") -> "dict[str, Any]":
    """What same_peer needs of an upstream, in a few bytes."""
    return {"url": ocpp["url"], "security_profile": ocpp.get("security_profile", 1), "root": root_of(ocpp)}


def root_of(facts: "dict[str, Any]") -> str:
    """Digest of the root certificate of an upstream."""
    return facts["root"] if "root" in facts else str(hexlify(sha256((facts.get("root_pem") or "").encode()).digest()[:8]), "ascii")


def parse_url(text: str, schemes: "tuple[str, ...]" = ("ws", "wss")) -> "Url":
    """The Url in `text`; Rejected with what is wrong. No user and password, no fragment, no white space."""
    scheme, mark, rest = text.partition("://")
    if not mark or scheme.lower() not in schemes:
        raise Rejected("url", shown_url(text), "://, ".join(schemes) + "://")
    if "@" in text.split("?")[0]:
        raise Rejected("url", shown_url(text), "no user and password")
    if len(text) > 512 or "#" in text:
        raise Rejected("url", shown_url(text), "at most 512 characters, no #")
    for c in text:
        if not "!" <= c <= "~":
            raise Rejected("url", shown_url(text), "ASCII without spaces")
    at = min([i for i in (rest.find("/"), rest.find("?"), len(rest)) if i >= 0])
    host, port = _host_port(rest[:at], PORTS[scheme.lower()], text)
    path = rest[at:] if rest[at : at + 1] == "/" else "/" + rest[at:]
    return Url(scheme.lower(), host, port, path)


def without_login(text: str) -> "tuple[str, str]":
    """A URL without its `user:password@`, and that part, percent-decoded ("": there is none). ValueError: its encoding is wrong."""
    scheme, mark, rest = text.partition("://")
    at = min([i for i in (rest.find("/"), rest.find("?"), len(rest)) if i >= 0])
    login, found, _ = rest[:at].rpartition("@")
    if not mark or not found:
        return text, ""
    parts = login.encode().split(b"%")
    if [part for part in parts[1:] if len(part) < 2]:
        raise ValueError("percent-encoding of user and password")
    decoded = parts[0] + b"".join([bytes((int(part[:2].decode(), 16),)) + part[2:] for part in parts[1:]])
    return scheme + mark + rest[len(login) + 1 :], decoded.decode()


def _host_port(text: str, default: int, whole: str) -> "tuple[str, int]":
    host, port = text, ""
    if text.startswith("["):
        host, mark, port = text[1:].partition("]")
        if not mark or port and port[0] != ":":
            host = ""
        port = port[1:]
    elif ":" in text:
        host, _, port = text.partition(":")
    if not host or not is_digits(port) and port or port and not 1 <= int(port) <= 65535:
        raise Rejected("url", shown_url(whole), "HOST or HOST:PORT")
    return host, int(port) if port else default


def quote(text: str) -> str:
    """Percent-encode all but unreserved characters (RFC 3986, 2.3)."""
    return "".join([c if c in _PLAIN else "".join(["%%%02X" % b for b in c.encode()]) for c in text])
