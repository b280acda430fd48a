"""Names: parsed and never evaluated, looked up without regard to case, loaded from the current folder."""

import importlib
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reluctant.core.display import did_you_mean, nearest_names, normalised, quoted
from reluctant.core.errors import StudyError
from reluctant.core.names import LONGEST, Name, canonical_value, parse
from reluctant.core.user_objects import load_user_object
from tests.support.strategies import names, values


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("relu", Name("relu")),
        ("  relu \n", Name("relu")),
        ("relu()", Name("relu")),
        ("Leaky-ReLU( negative_slope = 0.002 , )", Name("Leaky-ReLU", {"negative_slope": 0.002})),
        ("my_lab.acts:Serf.Wide(beta=2)", Name("my_lab.acts:Serf.Wide", {"beta": 2})),
        ("a(x=-1, y=+2, z=-0.5)", Name("a", {"x": -1, "y": 2, "z": -0.5})),
        ("a(x=True, y=false, z=[true, None])", Name("a", {"x": True, "y": False, "z": [True, None]})),
        ("a(x='b, c', y=(1, [2.0]), z={'k': 3.0})", Name("a", {"x": "b, c", "y": [1, [2]], "z": {"k": 3}})),
        ("a(\n  x=1,\n  y=2\n)", Name("a", {"x": 1, "y": 2})),
    ],
)
def test_a_name_is_read(text: str, name: Name) -> None:
    assert parse(text) == name


def test_arguments_are_written_in_one_order() -> None:
    assert str(parse("elu( b=1.0,a = 'x' )")) == "elu(a='x', b=1)"


def test_only_a_colon_makes_a_name_user_defined() -> None:
    assert [parse(text).is_user_defined for text in ("relu", "my.relu", "my:relu", "elu(x='a:b')")] == [
        False,
        False,
        True,
        False,
    ]


@given(names)
def test_what_is_written_is_read_back(name: Name) -> None:
    assert parse(str(name)) == name


def read_back(text: str) -> bool | None:
    """Whether a text is read back once written; None where it is refused."""
    try:
        name = parse(text)
    except StudyError:
        return None
    return parse(str(name)) == name


@given(st.text(max_size=40) | st.text("relu(a=1.e9_-+'\"[]{}, :#\\\n\0tjbf)", max_size=40).map(lambda s: f"a({s})"))
def test_any_text_is_a_name_or_an_error(text: str) -> None:
    assert read_back(text) in (None, True)


@given(names, st.data())
def test_a_damaged_name_is_a_name_or_an_error(name: Name, data: st.DataObject) -> None:
    text = str(name)
    at = data.draw(st.integers(0, len(text)))
    damaged = text[:at] + data.draw(st.text(max_size=3)) + text[at + data.draw(st.integers(0, 3)) :]
    assert read_back(damaged) in (None, True)


@pytest.mark.parametrize(
    "expression",
    [
        "__import__('pathlib').Path('{path}').touch()",
        "open('{path}', 'w')",
        "[open('{path}', 'w')]",
        "exec('open(chr(47))')",
        "(lambda: 1)()",
        "[x for x in (1, 2)]",
        "f'{{1}}'",
        "9**9**9",
        "x.y.z",
        "2 * 3",
        "not 1",
        "~1",
    ],
)
@pytest.mark.parametrize("form", ["relu({})", "relu(x={})", "relu(x={}, y=1)", "relu(*{})", "relu(**{})"])
def test_nothing_is_ever_evaluated(expression: str, form: str, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    with pytest.raises(StudyError):
        parse(form.format(expression.format(path=trace)))
    assert not trace.exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "()",
        "1relu",
        "relu(",
        "relu)",
        "relu(a=1))",
        "relu(a=1)(b=2)",
        "relu(a=1);b()",
        "relu(a=1)+_()",
        "relu(a:=1)",
        "relu(None=1)",
        "relu(class=1)",
        "relu elu",
        "a:b:c",
        ":b",
        "a:",
        "a:b-c",
        "ｒelu",
        "rélu",
        "relu\0",
        "relu(a='\0')",
        "\ud800",
        "relu(a='\ud800')",
        r"relu(a='\ud800')",
        r"relu(a={'\ud800': 1})",
        r"relu(a='\d')",
        "relu(a=1if 1else 2)",
        "relu(a=1or 2)",
        "relu(a=1e999)",
        "relu(a=-1e999)",
        "relu(a=[1e999])",
        "relu(a=9223372036854775808)",
        "relu(a={1: 1})",
        "relu(a={[]: 1})",
        "relu(a={1})",
        "relu(a=b'x')",
        "relu(a=1j)",
        "relu(a=1+2j)",
        "relu(a=...)",
        "relu(a=" + "9" * 900 + ")",
        "relu(a=" + "-" * 900 + "1)",
        "relu(a=" + "not " * 200 + "1)",
        "relu(a=" + "[" * 400 + "]" * 400 + ")",
        "relu(a=" + "(" * 400 + ")" * 400 + ")",
        "relu(a=" + "x." * 400 + "x)",
        "relu(a=" + "1+" * 400 + "1)",
        "relu(a=" + "f(" * 90 + ")" * 90 + ")",
        "relu(a=" + "lambda:" * 120 + "1)",
        "relu(a=" + "x if y else " * 70 + "1)",
        "r" * (LONGEST + 1),
        "relu(" + "a" * 10**6 + "=1)",
    ],
    ids=lambda text: ascii(text[:24]),
)
def test_other_texts_are_errors(text: str) -> None:
    with pytest.raises(StudyError):
        parse(text)


@pytest.mark.parametrize("value", [None, 1, 1.5, True, b"relu", ["relu"], {}, 10**5000], ids=lambda g: str(type(g)))
def test_only_a_text_is_a_name(value: object) -> None:
    with pytest.raises(StudyError, match="a name is a string such as 'relu', not "):
        parse(value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("elu(0.5)", "'elu(0.5)': give every argument its name, as in 'elu(alpha=0.5)'"),
        ("elu(**{'alpha': 1})", "give every argument its name"),
        ("elu(alpha=1, alpha=2)", "'elu(alpha=1, alpha=2)': alpha is given twice"),
        ("elu(alpha=big)", "big is neither a number, a quoted string, true/false"),
        ("elu(alpha=1e999)", "inf is not a finite number"),
        ("elu(alpha=99999999999999999999999)", "9999999999999999999… is too large a number"),
        ("elu(alpha=)", "write for example"),
        ("my elu", "write 'relu', 'elu(alpha=0.5)' or 'module:name(key=value)'"),
        ("x" * 2000, "a name of 2000 characters is too long (at most 1000)"),
        ("a:b(x=[" + "1," * 490 + "])", "too long once written out"),
    ],
)
def test_an_error_says_what_to_write(text: str, words: str) -> None:
    with pytest.raises(StudyError, match=re.escape(words)):
        parse(text)


def test_a_long_name_is_quoted_short() -> None:
    with pytest.raises(StudyError) as fault:
        parse("elu(alpha=" + "1+" * 400 + "x)")
    assert len(quoted("x" * 10**6)) == 100
    assert str(fault.value).startswith("'elu(alpha=1+1+")


def test_deep_but_readable_lists_are_read() -> None:
    assert str(parse("a(x=" + "[" * 90 + "]" * 90 + ")")) == "a(x=" + "[" * 90 + "]" * 90 + ")"


@pytest.mark.parametrize(
    ("value", "same"),
    [(1.0, 1), (-0.0, 0), (1e17, 10**17), (2.0**62, 2**62), ((1, 2.0), [1, 2]), ({"a": (1.0,)}, {"a": [1]})],
)
def test_numbers_count_by_value(value: object, same: object) -> None:
    assert repr(canonical_value(value)) == repr(same)


@pytest.mark.parametrize("value", [True, False, None, "1", 0.5, 1e300, 2**63 - 1, -(2**63) + 1])
def test_other_values_stay_as_they_are(value: object) -> None:
    assert repr(canonical_value(value)) == repr(value)


@given(values)
def test_a_canonical_value_stays_as_it_is(value: object) -> None:
    assert repr(canonical_value(canonical_value(value))) == repr(canonical_value(value))


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), 2**63, 10**5000, 1j, b"", {1}, {1: 2}, object(), [float("nan")], "\udfff"],
    ids=lambda value: str(type(value)),
)  # fmt: skip
def test_values_that_no_name_can_contain_are_refused(value: object) -> None:
    with pytest.raises(StudyError):
        canonical_value(value)


@pytest.mark.parametrize("text", ["leaky_relu", "Leaky-ReLU", "LEAKYRELU", "leaky-re_lu", "leakyrelu"])
def test_case_hyphen_and_underscore_do_not_count(text: str) -> None:
    assert normalised(text) == "leakyrelu"


@pytest.mark.parametrize(
    ("text", "known", "near"),
    [
        ("relo", ["elu", "relu", "tanh", "rrelu"], ["relu", "rrelu"]),
        ("Leeky-Relu", ["leaky_relu", "tanh"], ["leaky_relu"]),
        ("zzz", ["relu", "tanh"], []),
        ("relu", [], []),
        ("aaaa", ["aaab", "aaac", "aaad", "aaae"], ["aaae", "aaad", "aaac"]),
    ],
)
def test_the_closest_names_come_first(text: str, known: list[str], near: list[str]) -> None:
    assert nearest_names(text, known) == near


def test_a_suggestion_is_the_closest_name_or_empty() -> None:
    assert did_you_mean("relo", ["relu", "tanh"]) == "; did you mean 'relu'?"
    assert did_you_mean("relo", ["rrelu", "relu"]) == "; did you mean 'relu' or 'rrelu'?"
    assert did_you_mean("xyz", ["relu"]) == ""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder; what is imported from it is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    importlib.invalidate_caches()
    return tmp_path


def test_a_user_module_may_be_in_the_current_folder(folder: Path) -> None:
    (folder / "lab.py").write_text("class Wide:\n    class Inner:\n        answer = 42\n")
    assert load_user_object("lab:Wide", "activation").__name__ == "Wide"
    assert load_user_object("lab:Wide.Inner.answer", "activation") == 42


def test_a_user_module_may_be_in_a_package(folder: Path) -> None:
    (folder / "labs").mkdir()
    (folder / "labs" / "acts.py").write_text("Serf = 'serf'\n")
    assert load_user_object("labs.acts:Serf", "activation") == "serf"


def test_a_user_module_may_be_installed(folder: Path) -> None:
    assert load_user_object("numpy:pi", "activation") == pytest.approx(3.14159265)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("1 / 0", "importing 'lab' failed: ZeroDivisionError: division by zero"),
        ("raise SystemExit('usage')", "importing 'lab' failed: SystemExit: usage"),
        ("def", "importing 'lab' failed: SyntaxError"),
        ("import no_such_part", "there is no module 'no_such_part' here"),
        ("raise ModuleNotFoundError('gone')", "there is no module 'lab' here"),
        ("from math import no_such", "importing 'lab' failed: ImportError"),
    ],
)
def test_a_module_that_fails_to_import_says_why(source: str, words: str, folder: Path) -> None:
    (folder / "lab.py").write_text(source + "\n")
    with pytest.raises(StudyError, match=re.escape(words)) as fault:
        load_user_object("lab:Serf", "activation")
    assert str(fault.value).startswith("activation 'lab:Serf': ")


@pytest.mark.parametrize("head", ["no_such_module:x", "a..b:c", "a.:b", "numpy.no:x"])
def test_a_missing_module_is_named(head: str, folder: Path) -> None:
    with pytest.raises(StudyError, match=r"there is no module '.+' here or among the installed packages"):
        load_user_object(head, "model")


def test_a_missing_attribute_has_a_suggestion(folder: Path) -> None:
    (folder / "lab.py").write_text("Serf = 1\n_hidden = 2\n")
    with pytest.raises(StudyError, match=re.escape("'lab' has no 'Serv'; did you mean 'Serf'?")):
        load_user_object("lab:Serv", "activation")
    with pytest.raises(StudyError, match=r"'lab' has no 'Other'$"):
        load_user_object("lab:Other", "activation")


@pytest.mark.parametrize("head", ["numpy:pi..x", "numpy:pi."])
def test_an_empty_attribute_name_is_an_error(head: str, folder: Path) -> None:
    with pytest.raises(StudyError, match="'numpy' has no ''"):
        load_user_object(head, "activation")


@settings(max_examples=30)
@given(heads := st.from_regex(r"[a-z]{1,6}(\.[a-z]{1,6})?:[a-z]{1,6}", fullmatch=True).map(lambda h: f"zz_{h}"))
def test_loading_an_unknown_module_is_always_an_error(head: str) -> None:
    before = list(sys.path)
    try:
        with pytest.raises(StudyError, match="there is no module"):
            load_user_object(head, "activation")
    finally:
        sys.path[:] = before
