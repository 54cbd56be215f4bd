"""A chain of certificates up to a root that is installed (RFC 5280, section 6, as far as a station needs it), in slices.

Judged are signatures, names, dates, and what an issuer may do: basicConstraints with the path length, keyUsage. A critical extension that
is not judged (name constraints …) refuses the chain.
"""

from ampacity.base.wallclock import shown_date
from ampacity.x509.certificate import CERT_SIGN
from ampacity.x509.signatures import verify
from ampacity.x509.slices import until_result

if False:  # for the type checker
    from collections.abc import Iterator

    from ampacity.x509.certificate import Certificate

CHAIN_MAX = 5  # certificates in a chain without its root


def check_dates(certificate: "Certificate", now_s: "int | None", what: str) -> None:
    """ValueError: it is not valid at this time. now_s None: the time is not known, and nothing can be said."""
    if now_s is None:
        raise ValueError("%s: the time of day is not known, so its validity is not" % what)
    if now_s < certificate.not_before_s:
        raise ValueError("%s: not valid before %s" % (what, shown_date(certificate.not_before_s * 1000)))
    if now_s > certificate.not_after_s:
        raise ValueError("%s: not valid after %s" % (what, shown_date(certificate.not_after_s * 1000)))


def check_issuer(certificate: "Certificate", what: str) -> None:
    """ValueError: its key may not sign certificates."""
    if not certificate.is_ca:
        raise ValueError("%s: not a certificate authority (basicConstraints)" % what)
    if not certificate.may_use(CERT_SIGN):
        raise ValueError("%s: its keyUsage has no keyCertSign" % what)
    if certificate.foreign:
        raise ValueError("%s: a critical extension that this controller cannot judge" % what)


def verify_chain(chain: "list[Certificate]", roots: "list[Certificate]", now_s: "int | None") -> "Iterator[Certificate | None]":
    """Yields None while there is more to do, then the root. ValueError: why the chain is not valid.

    chain: the leaf first, each signed by the next; the root itself may be the last one. roots: those that are trusted.
    """
    if not 1 <= len(chain) <= CHAIN_MAX:
        raise ValueError("a chain of %d certificates; 1 to %d are possible" % (len(chain), CHAIN_MAX))
    known = [root.der for root in roots]
    if chain[-1].der in known:
        chain = chain[:-1]
        if not chain:
            raise ValueError("the chain is a root certificate alone")
    for i, certificate in enumerate(chain):
        what = "certificate %d of the chain" % (i + 1)
        check_dates(certificate, now_s, what)
        if i:
            check_issuer(certificate, what)
            if certificate.path_max is not None and certificate.path_max < i - 1:
                raise ValueError("%s: its path length permits %d authorities below it" % (what, certificate.path_max))
        elif certificate.foreign:
            raise ValueError("%s: a critical extension that this controller cannot judge" % what)
        if i + 1 < len(chain):
            yield from _verify_link(certificate, chain[i + 1], what)
    yield from _verify_to_root(chain, roots, now_s)


def is_signed_by(certificate: "Certificate", issuer: "Certificate") -> "Iterator[bool | None]":
    """Yields None while there is more to do, then whether the issuer has signed it. ValueError: that cannot be verified here."""
    if certificate.issuer != issuer.subject:
        yield False
        return
    yield from verify(issuer.key, certificate.algorithm, certificate.signed, certificate.signature)


def _verify_link(certificate: "Certificate", issuer: "Certificate", what: str) -> "Iterator[None]":
    if not (yield from until_result(is_signed_by(certificate, issuer))):
        raise ValueError("%s: not signed by the next one" % what)


def _verify_to_root(chain: "list[Certificate]", roots: "list[Certificate]", now_s: "int | None") -> "Iterator[Certificate | None]":
    last = chain[-1]
    why = ""
    for root in roots:
        if root.subject != last.issuer:
            continue
        try:
            check_dates(root, now_s, "root certificate")
            if root.path_max is not None and root.path_max < len(chain) - 1:
                raise ValueError("root certificate: its path length permits %d authorities below it" % root.path_max)
            if (yield from until_result(is_signed_by(last, root))):
                yield root
                return
        except ValueError as e:
            why = str(e)
    raise ValueError(why or "the chain does not lead to a root certificate that is installed")
