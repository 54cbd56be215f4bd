"""The notation for shapes of documents: what fits, and the name of the first field that does not."""

from ampacity.base.document_shape import Shape, WrongShape, check_shape
from check import raises

FITS = (
    ("i0..5", 0), ("i0..5", 5), ("i-3..", 10**12), ("n", 0.5), ("n", 7), ("b", False), ("s3", "abc"), ("(on off)", "on"), ("x", None), ("x", 1.5),
    ("?i0..5", None), ("?[i0..5*2]", [1]), ("[i0..5*2]", []), ("[i0..5,?s3,b]", [1, None, True]), ("{}", {"any": []}),
    ("{a:i0..5,b?:{c:s3}}", {"a": 1, "new": 2}), ("{a:i0..5,b?:{c:s3}}", {"a": 1, "b": {"c": ""}}), ("{*:[i0..5*3]}", {"x": [1], "y": []}),
    ("<i0..5|[s3*2]>", 4), ("<i0..5|[s3*2]>", ["a"]), ("{a:<(x y)|?i0..5>,b:b}", {"a": None, "b": True}),
    ("[[s3,?i0..5]*2]", [["a", None], ["b", 2]]),
)  # fmt: skip
FAILS = (
    ("i0..5", 6, "6"), ("i0..5", -1, "-1"), ("i0..5", True, "true or false"), ("i0..5", 1.0, "a number"), ("n", -1, "-1"), ("b", 1, "number 1"),
    ("s3", "abcd", "at most 3"), ("s3", None, "null"), ("(on off)", "o", "on, off"), ("x", [], "a list"), ("[i0..5*2]", {}, "an object"),
    ("[i0..5*2]", [1, 2, 3], "at most 2"), ("[i0..5,b]", [1], "longer"), ("[i0..5,b]", [1, True, 3], "of 2"), ("[i0..5,b]", [1, 1], "[1]"),
    ("{a:{b:[s3*9]}}", {"a": {"b": ["", 5]}}, "a.b[1]"), ("{a:i0..5}", {}, "a is missing"), ("{a:i0..5,c:b}", {"a": 1}, "c is missing"),
    ("{*:i0..5}", {"left": "x"}, "left"), ("<i0..5|[s3*2]>", "a", "a list"), ("{a?:()}", {"a": 1}, "a is"), ("i0..5", 10**40, "digits"),
)  # fmt: skip


def test_what_fits_passes():
    for shape, value in FITS:
        assert check_shape(value, shape) is None


def test_what_does_not_fit_is_named():
    for shape, value, said in FAILS:
        with raises(WrongShape) as e:
            check_shape(value, shape)
        assert said in str(e), (shape, value, str(e))


class Counted:
    """A text that counts how often a letter of it is looked at."""

    def __init__(self, text):
        self.text, self.looks = text, 0

    def __getitem__(self, at):
        self.looks += 1
        return self.text[at]

    def __len__(self):
        return len(self.text)

    def find(self, part, start):
        return self.text.find(part, start)


def test_one_shape_judges_many_values_and_reads_its_text_once():
    text = Counted("<{a:(one),p:{" + ",".join(["field_%d?:[s40*9]" % n for n in range(9)]) + "}}|{a:(two),p:{}}>")
    shape, looks = Shape(text), []
    for value in ({"a": "two", "p": {}}, {"a": "one", "p": {}}, {"a": "two", "p": {}}, {"a": "one", "p": {"field_3": ["x"]}}):
        before = text.looks
        shape.check(value)
        looks.append(text.looks - before)
        with raises(WrongShape):
            shape.check({"a": "three", "p": {}})
        with raises(WrongShape):
            shape.check({"a": "one", "p": {"field_3": [5]}})
    assert looks[2] * 5 < looks[0], looks


def test_the_text_of_a_document_is_never_quoted():
    with raises(WrongShape) as e:
        check_shape({"password": "hunter2-hunter2"}, "{password:i0..5}")
    assert "hunter2" not in str(e) and "password" in str(e)
