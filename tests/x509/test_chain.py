"""Signatures and chains, of both kinds of keys; the digests that they need."""

import vectors_x509 as known
from ampacity.x509.certificate import Certificate
from ampacity.x509.chain import is_signed_by, verify_chain
from ampacity.x509.pss import salt_of
from ampacity.x509.sha512 import digest
from ampacity.x509.signatures import verify
from ampacity.x509.slices import at_once
from check import raises

NOW_S = 1795176000  # 2026-11-20


def chained(*names, roots=("ROOT",), now_s=NOW_S):
    """None, or why the chain is refused."""
    chain, trusted = [[Certificate(getattr(known, name)) for name in some] for some in (names, roots)]
    try:
        return at_once(verify_chain(chain, trusted, now_s)).der and None
    except ValueError as e:
        return str(e)


def test_a_chain_to_a_root_that_is_installed_is_valid():
    assert chained("STATION") is None
    assert chained("STATION", "ROOT") is None
    assert chained("STATION_OF_SUB", "SUB") is None
    assert chained("STATION_OF_SUB", "SUB", "ROOT", roots=("NEXT_ROOT", "ROOT")) is None
    assert chained("STATION_OF_RSA", roots=("RSA_ROOT",)) is None
    assert chained("STATION_OF_NEXT", "CROSS") is None


def test_a_chain_that_does_not_hold_is_refused_with_the_reason():
    for names, why in (
        (("STATION_OF_NEXT",), "does not lead to a root"), (("STATION_BY_NEXT",), "does not lead to a root"),
        (("STATION_OF_SUB",), "does not lead"),
        (("STATION_ENDED",), "not valid after"), (("STATION_EARLY",), "not valid before"), (("STATION_CONSTRAINED",), "critical extension"),
        (("STATION_OF_SUB", "NO_CA"), "not a certificate authority"), (("STATION_OF_SUB", "NO_SIGNER"), "no keyCertSign"),
        (("STATION", "SUB"), "not signed by the next one"), (("STATION_OF_SUBSUB", "SUB_OF_SUB", "SUB"), "path length"), (("ROOT",), "alone"),
        (("STATION",) * 6, "6 certificates"), ((), "0 certificates"),
    ):  # fmt: skip
        found = chained(*names)
        assert found is not None and why in found, (names, found)
    assert "not valid after" in chained("STATION", now_s=NOW_S + 10**9)
    assert "not known" in chained("STATION", now_s=None)


def signed(certificate, issuer=None):
    one = Certificate(certificate)
    return at_once(is_signed_by(one, Certificate(issuer or certificate)))


def test_signatures_with_each_digest_and_both_kinds_of_keys():
    for name in ("ROOT", "ROOT_384", "RSA_ROOT", "RSA_ROOT_512", "NEXT_ROOT"):
        assert signed(getattr(known, name)) is True, name
    assert signed(known.SUB, known.ROOT) is True and signed(known.SUB, known.NEXT_ROOT) is False
    with raises(ValueError):
        signed(known.LONG_ROOT)


def test_a_changed_signature_or_a_changed_text_is_not_signed():
    for der in (known.ROOT, known.RSA_ROOT):
        root = Certificate(der)
        for at in (0, 1, 5, len(root.signature) // 2, len(root.signature) - 1):
            changed = bytearray(root.signature)
            changed[at] ^= 1
            assert at_once(verify(root.key, root.algorithm, root.signed, bytes(changed))) is False, at
        assert at_once(verify(root.key, root.algorithm, root.signed + b"\0", root.signature)) is False
        assert at_once(verify(root.key, root.algorithm, root.signed, root.signature + b"\0")) is False
        assert at_once(verify(root.key, ("EC" if root.key.kind == "RSA" else "RSA", "SHA256"), root.signed, root.signature)) is False
    rsa = Certificate(known.RSA_ROOT).key
    assert at_once(verify(rsa, ("RSA", "SHA256"), b"x", rsa.modulus.to_bytes(256, "big"))) is False


def test_the_long_digests_are_those_of_the_standard():
    assert at_once(digest(b"abc", 64))[:8] == bytes.fromhex("ddaf35a193617aba")  # FIPS 180-4, examples
    assert at_once(digest(b"abc", 48)).hex().startswith("cb00753f45a35e8bb5a03d699ac65007")
    long = b"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"
    assert at_once(digest(long, 64))[:8] == bytes.fromhex("8e959b75dae313da") and at_once(digest(long, 48))[:6] == bytes.fromhex("09330c33f711")


def test_rsa_pss_is_verified_by_its_parameters_and_refused_with_another_digest():
    assert chained("STATION_OF_PSS", roots=("RSA_ROOT",)) is None
    assert "RSA-PSS with SHA-256 for both" in chained("STATION_OF_PSS_384", roots=("RSA_ROOT",))
    found, key = Certificate(known.STATION_OF_PSS), Certificate(known.RSA_ROOT).key
    assert found.algorithm == ("PSS", "SHA256", 0)
    assert not at_once(verify(key, ("PSS", "SHA256", 32), found.signed, found.signature))


def test_parameters_of_rsa_pss_have_defaults_and_a_form():
    sha256, of_mgf1 = "300b0609608648016503040201", "06092a864886f70d010108"
    both = "a00d" + sha256 + "a11a3018" + of_mgf1 + sha256
    for text, salt in (
        ("3000", None), ("3005a203020100", None), ("3005a303020101", None),  # SHA-1
        ("300da00b300906052b0e03021a0500", None), ("300fa00d" + sha256, None), ("301ca11a3018" + of_mgf1 + sha256, None),
        ("302b" + both, 20), ("3030" + both + "a203020100", 0), ("3030" + both + "a203020130", 48), ("3030" + both + "a303020101", 20),
        ("3031" + both + "a20402020100", 256), ("302b" + both.replace("030402", "030403"), None),
    ):  # fmt: skip
        raw = bytes.fromhex(text)
        assert salt_of(raw, 0, len(raw)) == salt, text
    for text in (
        "", "0500", "3005a303020102", "3005a403020100", "300aa203020100a203020100", "3005a2030201ff", "3007a2050203010000", "3005a003020101",
    ):  # fmt: skip
        raw = bytes.fromhex(text)
        with raises(ValueError):
            salt_of(raw, 0, len(raw))


def test_a_key_for_rsa_pss_alone_is_refused_by_its_kind():
    plain, alone = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"
    assert known.RSA_ROOT.count(plain) == 1
    with raises(ValueError) as e:
        Certificate(known.RSA_ROOT.replace(plain, alone))
    assert "a public key for RSA-PSS alone" in str(e)
