"""JSON on the wire: RFC 8259, one verdict for both runtimes."""

from collections import OrderedDict

from vectors_json import BAD, GOOD, WRITTEN

from ampacity.base.json_parser import Parser
from ampacity.base.rng import Rng
from ampacity.base.strict_json import Written, dumps, floor_da, loads
from check import raises


def same(a, b):
    return type(a) is type(b) and a == b


def test_each_good_text_gives_its_value():
    for text, value in GOOD:
        assert same(loads(text), value), text
        assert same(loads(text.encode()), value), text
        assert same(Parser(text.encode(), 16).document(), value), text


def test_each_bad_text_is_a_value_error():
    for data in BAD:
        with raises(ValueError):
            print("taken:", data[:40], loads(data))


def test_a_number_with_fraction_or_exponent_is_a_float():
    assert isinstance(loads("1.0"), float) and isinstance(loads("1e2"), float)
    assert isinstance(loads("10"), int)


def test_the_error_names_the_position():
    with raises(ValueError) as e:
        loads('{"a":1,"b":[1,]}')
    assert "at 14" in str(e)
    with raises(ValueError) as e:
        loads('{"a":1,"a":2}')
    assert "the same key twice at 7" in str(e)


def test_size_and_depth_have_bounds():
    assert loads("[1]", size_max=3) == [1]
    with raises(ValueError):
        loads("[12]", size_max=3)
    with raises(ValueError):
        loads('"\u20ac"', size_max=4)
    assert loads("[[]]", depth_max=2) == [[]]
    with raises(ValueError):
        loads("[[]]", depth_max=1)
    with raises(ValueError):
        loads('[{"a":[1,{}]}]', depth_max=3)


def test_a_lone_surrogate_in_a_str_is_refused():
    with raises(ValueError):
        loads('"' + chr(0xD83D) + '"')


def test_each_value_is_written_compact():
    for value, text in WRITTEN:
        assert dumps(value) == text, text
        assert loads(dumps(value)) == (value if not isinstance(value, list) else loads(text))


def test_an_ordered_dict_keeps_its_order():
    assert dumps(OrderedDict([("z", 1), ("a", OrderedDict([("y", 2), ("b", 3)]))])) == '{"z":1,"a":{"y":2,"b":3}}'


def test_text_that_is_written_already_goes_in_as_it_is():
    assert dumps({"b": [Written('{"a":"\u00e4"}'), 1], "a": Written("2")}) == '{"a":2,"b":[{"a":"\u00e4"},1]}'


def test_a_value_that_json_lacks_is_not_written():
    box = []
    box.append(box)
    for value in (b"a", bytearray(1), object(), {1: 2}, {"a": [b"x"]}, 1e308 * 10, -1e308 * 10, box):
        with raises(ValueError):
            dumps(value)
    with raises(ValueError):
        dumps(1e308 * 10 - 1e308 * 10)


def random_value(rng, depth):
    kind = rng.below(8 if depth else 5)
    if kind < 2:
        return rng.between(-100000, 2000000000)
    if kind == 2:
        return rng.below(1000) / 8
    if kind < 5:
        return "".join([chr(rng.below(0x250)) for _ in range(rng.below(6))])
    if kind == 5:
        return {"k%d" % rng.below(9): random_value(rng, depth - 1) for _ in range(rng.below(4))}
    return [random_value(rng, depth - 1) for _ in range(rng.below(4))]


def test_written_json_reads_back():
    rng = Rng(1)
    for _ in range(300):
        value = random_value(rng, 4)
        assert loads(dumps(value)) == value
        assert Parser(dumps(value).encode(), 16).document() == value


def test_any_changed_byte_gives_a_value_or_a_value_error_and_both_parsers_agree():
    rng = Rng(2)
    good = '[2,"19\\u00e9",{"a":[1.5,-3,true],"\u20ac":null}]'.encode()
    for _ in range(2000):
        data = bytearray(good)
        data[rng.below(len(data))] = rng.below(256) if rng.chance(300) else b'[]{}",:\\0e.- '[rng.below(13)]
        assert verdict(loads, bytes(data)) == verdict(portable, bytes(data)), data


def portable(data):
    from ampacity.base.utf8 import is_utf8

    if not is_utf8(data):
        raise ValueError("not UTF-8")
    return Parser(data, 16).document()


def verdict(parse, data):
    try:
        return dumps(parse(data))
    except ValueError:
        return "refused"


def test_amperes_are_floored_to_deciamperes_with_slack_for_binary_fractions():
    for amps, da in ((16, 160), (16.1, 161), (6.3, 63), (12.7, 127), (15.99, 159), (0, 0), (0.1, 1), (-0.05, -1)):
        assert floor_da(amps) == da, amps
    assert [floor_da(n / 10) for n in range(800)] == list(range(800))
    for amps in (True, None, "16", 1e9, 1e308 * 10, 1e308 * 10 - 1e308 * 10):
        with raises(ValueError):
            floor_da(amps)
