"""Registers to whole numbers, on a machine whose floats nobody may trust."""

from ampacity.bus.profile.registers.codec import decode, divide, encode


def field(kind, mul=1, div=1, rounding="n", markers=(), shift=0, width=0):
    return ["x", 3, 0, 1, kind, mul, div, rounding, list(markers), shift, width, -1]


def test_a_single_float_is_scaled_without_a_float():
    assert decode(field("f32", 10), b"\x41\x84\x7a\xe1") == 166  # 16.56 A
    assert decode(field("f32", 10), b"\xc1\x84\x7a\xe1") == -166
    assert decode(field("f32", 1000), b"\x4b\x80\x00\x01") == 16777218000  # no single holds this product
    assert decode(field("f32", 10), b"\x00\x00\x00\x01") == 0  # the least there is
    assert decode(field("f32", 10), b"\x80\x00\x00\x00") == 0


def test_a_double_is_scaled_without_a_float():
    assert decode(field("f64", 1, 1000), b"\x41\x67\x8c\x29\xdc\xcc\xcc\xcd") == 12346  # 12345678.9 Wh


def test_a_value_marked_as_not_a_number_is_none():
    for raw in (b"\x7f\xc0\x00\x00", b"\xff\xff\xff\xff", b"\x7f\x80\x00\x00", b"\xff\x80\x00\x00"):
        assert decode(field("f32", 10), raw) is None
    assert decode(field("f64"), b"\x7f\xf8" + bytes(6)) is None
    assert decode(field("i16", markers=[0x8000]), b"\x80\x00") is None
    assert decode(field("u32", markers=[0xFFFFFFFF]), b"\xff\xff\xff\xff") is None


def test_a_float_out_of_range_is_not_a_reading():
    assert decode(field("f32", 10), b"\x7f\x7f\xff\xff") is None


def test_signs_word_orders_and_bit_fields():
    assert decode(field("i16"), b"\xff\xfe") == -2
    assert decode(field("i32"), b"\xff\xff\xff\xfe") == -2
    assert decode(field("i64"), b"\xff" * 7 + b"\xfe") == -2
    assert decode(field("u32"), b"\x00\x01\x00\x02") == 65538
    assert decode(field("u32<"), b"\x00\x02\x00\x01") == 65538
    assert decode(field("u64<"), b"\x00\x04\x00\x03\x00\x02\x00\x01") == 0x0001000200030004
    assert decode(field("f32<", 10), b"\x7a\xe1\x41\x84") == 166
    assert decode(field("u16", shift=8, width=7), b"\x83\x55") == 3


def test_text_and_letters_lose_their_padding():
    assert decode(field("text"), b"AB12\x00\x00 ") == "AB12"
    assert decode(field("letter"), b"\x00C") == "C"


def test_a_scale_register_moves_the_point_and_nonsense_in_it_gives_none():
    assert decode(field("i16", 10), b"\x00\x7b", -1) == 123  # 12.3 A
    assert decode(field("i16", 10), b"\x00\x7b", 1) == 12300
    assert decode(field("i16", 10), b"\x00\x7b", -32768) is None


def test_division_rounds_as_specified():
    assert [divide(7, 2), divide(-7, 2), divide(5, 4), divide(-5, 4)] == [4, -4, 1, -1]
    assert [divide(5, 4, "u"), divide(-5, 4, "u"), divide(7, 4, "d"), divide(-7, 4, "d")] == [2, -2, 1, -1]


def test_setpoints_are_rounded_down_to_what_the_register_can_hold():
    assert encode("u16", (160, 1)) == b"\x00\xa0"
    assert encode("u16", (159, 10)) == b"\x00\x0f"
    assert encode("u32", (70000, 1)) == b"\x00\x01\x11\x70"
    assert encode("u32<", (70000, 1)) == b"\x11\x70\x00\x01"
    assert encode("f32", (16, 1)) == b"\x41\x80\x00\x00"
    assert encode("f32", (61, 10)) == b"\x40\xc3\x33\x33"  # 6.1 lies between two singles
    assert encode("f32", (0, 10)) == b"\x00\x00\x00\x00"


def test_every_float_setpoint_reads_back_as_no_more_than_was_ordered():
    for limit_da in range(60, 801):
        shown = decode(field("f32", 10, 1, "u"), encode("f32", (limit_da, 10)))
        assert limit_da - 1 < shown <= limit_da
