"""The reader takes one form of each value and names whatever has another."""

from ampacity.base.errors import Rejected
from ampacity.update.cbor import CONFIGURATION, decode, encode
from check import raises

SAME = (0, 1, 23, 24, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**64 - 1, -1, -24, -25, -257, -(2**64), b"", b"abc", "", "gr\u00fcn", [], {})


def hexed(text):
    return bytes.fromhex(text.replace(" ", ""))


def refused(text, place, allowed):
    with raises(Rejected) as e:
        decode(hexed(text), "thing")
    assert e.field == "thing, byte %d" % place and allowed in e.allowed, str(e.error)


def test_what_is_encoded_is_read_back():
    for value in SAME:
        assert decode(encode(value), "thing") == value
    nested = {1: [1, {2: [b"x", "y"]}], -1: "z", "text": b"w"}
    assert decode(encode(nested), "thing") == nested


def test_the_examples_of_rfc_8949_appendix_a_that_have_a_form_here():
    for text, value in (
        ("1903e8", 1000), ("1b000000e8d4a51000", 1000000000000), ("1bffffffffffffffff", 18446744073709551615),
        ("3bffffffffffffffff", -18446744073709551616), ("3903e7", -1000), ("4401020304", b"\1\2\3\4"), ("6449455446", "IETF"),
        ("62c3bc", "\u00fc"), ("83 01 82 02 03 82 04 05", [1, [2, 3], [4, 5]]), ("a201020304", {1: 2, 3: 4}),
        ("a2 61 61 01 61 62 82 02 03", {"a": 1, "b": [2, 3]}),
    ):  # fmt: skip
        assert decode(hexed(text), "thing") == value and encode(value) == hexed(text)


def test_keys_are_written_in_the_order_of_their_bytes():
    assert encode({100: 0, -1: 0, "z": 0, "aa": 0, 10: 0}) == hexed("a5 0a00 186400 2000 617a00 62616100")


def test_a_number_in_a_longer_form_than_it_needs_is_refused():
    for text in ("1817", "190018", "1900ff", "1a0000ffff", "1b00000000ffffffff", "3817", "5800", "7801 61", "9800", "b800"):
        refused(text, 0, "shortest form")


def test_a_second_byte_after_the_end_is_refused():
    refused("00 00", 1, "no trailing bytes")
    refused("", 0, "bytes that follow")


def test_a_length_beyond_the_end_is_refused_before_anything_is_allocated():
    for text in ("5bffffffffffffffff", "9bffffffffffffffff", "bbffffffffffffffff", "7affffffff61", "42 00", "82 00", "a1 00", "19 01", "1a0001"):
        with raises(Rejected) as e:
            decode(hexed(text), "thing")
        assert "bytes that follow" in e.allowed


def test_keys_twice_or_out_of_order_are_refused():
    refused("a2 01 00 01 00", 3, "each key once")
    refused("a2 02 00 01 00", 3, "order of their bytes")
    refused("a2 6161 00 01 00", 4, "order of their bytes")
    refused("a1 40 00", 1, "integers or texts")
    refused("a1 80 00", 1, "integers or texts")


def test_true_and_false_are_no_keys():
    for text in ("a1 f5 01", "a2 01 02 f5 03", "a1 f4 01"):
        with raises(Rejected) as e:
            decode(hexed(text), "thing", 0, CONFIGURATION)
        assert "integers or texts as keys" in e.allowed


def test_indefinite_lengths_tags_floats_and_simple_values_are_refused():
    for text in ("5f 41 00 ff", "7f ff", "9f ff", "bf ff", "1c", "1d", "1e", "1f"):
        refused(text, 0, "definite lengths")
    for text in ("c0 00", "d2 00", "f4", "f5", "f6", "f7", "f9 3c00", "fa 00000000", "fb 0000000000000000", "f8 20", "ff"):
        refused(text, 0, "integers, byte strings, texts, arrays and maps")


def test_deep_nesting_and_many_items_are_refused():
    decode(hexed("81 81 81 81 00"), "thing")
    refused("81 81 81 81 80", 4, "at most 4 levels")
    with raises(Rejected) as e:
        decode(encode([0] * 1024), "thing")
    assert "at most 1024 items" in e.allowed
    assert len(decode(encode([0] * 1023), "thing")) == 1023


def test_text_that_is_no_utf8_is_refused():
    for text in ("61 ff", "62 c0 80", "63 ed a0 80", "61 c3"):
        refused(text, 0, "UTF-8")


def test_what_has_no_form_is_not_written():
    for value in (None, True, 1.5, 2**64, -(2**64) - 1, [None], {b"x": None}):
        with raises(ValueError):
            encode(value)


def test_a_configuration_also_has_false_true_and_null_in_one_form_and_is_deeper():
    site = {"a": [True, False, None, {"b": [[[[[1]]]]]}], "text": "x"}
    raw = encode(site, simple=True)
    assert decode(raw, "thing", 0, CONFIGURATION) == site and b"\xf5\xf4\xf6" in raw
    for other in ("f7", "f820", "f0", "fa00000000", "e0"):
        with raises(Rejected):
            decode(hexed(other), "thing", 0, CONFIGURATION)
    with raises(Rejected):
        decode(hexed("81" * 13 + "00"), "thing", 0, CONFIGURATION)


def test_a_bundle_has_neither_false_nor_null():
    for text in ("f4", "f5", "f6", "a1 01 f6"):
        with raises(Rejected):
            decode(hexed(text), "thing")
    for value in (True, None, [None]):
        with raises(ValueError):
            encode(value)
