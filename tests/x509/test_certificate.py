"""One certificate: what is read of it, and what is refused."""

import vectors_x509 as known
from ampacity.x509.certificate import CERT_SIGN, CERTIFICATE_BYTES_MAX, CLIENT_AUTH, DIGITAL_SIGNATURE, Certificate
from ampacity.x509.hash_data import hash_data
from ampacity.x509.times import time_s
from check import raises

NEW_YEAR_2026_S, NEW_YEAR_2031_S = 1767225600, 1924992000


def refusal(der):
    try:
        Certificate(der)
    except ValueError as e:
        return str(e)
    return None


def test_a_station_certificate_is_read():
    found = Certificate(known.STATION)
    assert (found.common_name, found.organization, found.serial) == ("S1", "Ampacity", b"\x12\x67")
    assert (found.not_before_s, found.not_after_s) == (NEW_YEAR_2026_S, NEW_YEAR_2031_S)
    assert found.key.kind == "EC" and found.algorithm == ("EC", "SHA256") and not found.is_ca and not found.foreign
    assert found.may_use(DIGITAL_SIGNATURE) and not found.may_use(CERT_SIGN) and found.may_serve_as(CLIENT_AUTH)


def test_an_authority_is_read():
    found = Certificate(known.SUB)
    assert found.is_ca and found.path_max == 0 and found.may_use(CERT_SIGN) and not found.may_use(DIGITAL_SIGNATURE)
    assert found.issuer == Certificate(known.ROOT).subject != found.subject
    assert Certificate(known.ROOT).path_max is None
    long = Certificate(known.RSA_ROOT)
    assert long.key.kind == "RSA" and long.key.exponent == 65537 and long.key.modulus >> 2047 == 1
    assert Certificate(known.LONG_ROOT).key.kind == ""


def test_a_purpose_and_a_critical_extension_are_seen():
    assert not Certificate(known.STATION_SERVER).may_serve_as(CLIENT_AUTH)
    assert Certificate(known.STATION_CONSTRAINED).foreign


def test_every_shorter_text_is_refused():
    for size in range(len(known.STATION)):
        assert refusal(known.STATION[:size]), size
    assert refusal(known.STATION + b"\0") and refusal(bytes(CERTIFICATE_BYTES_MAX + 1))


def test_no_changed_byte_gives_another_error_than_a_clean_one():
    refused = 0
    for at in range(len(known.SUB)):
        for change in (0x01, 0x80, 0xFF):
            der = known.SUB[:at] + bytes((known.SUB[at] ^ change,)) + known.SUB[at + 1 :]
            refused += refusal(der) is not None  # any other exception fails the test
    assert len(known.SUB) < refused < 3 * len(known.SUB)


def test_a_point_that_is_not_on_the_curve_is_refused():
    at = known.STATION.find(Certificate(known.STATION).key.point)
    assert "P-256" in refusal(known.STATION[:at] + b"\1" + known.STATION[at + 1 :])


def test_times_are_read_as_the_standard_has_them():
    for text, wanted in ((b"\x17\x0d260101000000Z", NEW_YEAR_2026_S), (b"\x18\x0f20310101000000Z", NEW_YEAR_2031_S),
                         (b"\x17\x0d500101000000Z", -631152000), (b"\x18\x0f20280229235959Z", 1835481599), (b"\x17\x0d700101000000Z", 0),
                         (b"\x18\x0f99991231235959Z", 253402300799)):
        assert time_s(text, 0, len(text)) == (wanted, len(text)), text
    for text in (b"\x17\x0d260229000000Z", b"\x17\x0d261301000000Z", b"\x17\x0d260101240000Z", b"\x17\x0b2601010000Z", b"\x17\x0d260101000000+",
                 b"\x18\x0f2026010100000.Z", b"\x17\x0d26010100 000Z", b"\x18\x0f21000229000000Z", b"\x17\0", b"\x02\x01\x00"):
        with raises(ValueError):
            time_s(text, 0, len(text))


def test_a_certificate_is_named_as_ocpp_names_it():
    root = Certificate(known.ROOT)
    found = hash_data(root, root.key_raw)
    assert found["serialNumber"] == "abc" and found["hashAlgorithm"] == "SHA256" and len(found["issuerKeyHash"]) == 64
    assert len(hash_data(root, root.key_raw, "SHA384")["issuerNameHash"]) == 96
    assert hash_data(Certificate(known.SUB), root.key_raw)["issuerKeyHash"] == found["issuerKeyHash"]
