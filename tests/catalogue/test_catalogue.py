"""Properties of every row of every table of the catalogue, and what each table must contain."""

import re
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reluctant.catalogue import (
    ACTIVATIONS,
    DATASETS,
    MODELS,
    OPTIMIZERS,
    Activation,
    Catalogue,
    DatasetEntry,
    Entry,
    Parameter,
)
from reluctant.core.display import normalised
from reluctant.core.errors import StudyError
from reluctant.core.names import canonical_value, parse
from tests.support.loops import faults
from tests.support.strategies import TABLES, arguments_of, spelled, written

ROWS = [(table, row) for table in TABLES for row in table]
PARAMETERS = [(table, row, parameter) for table, row in ROWS for parameter in row.parameters]
NUMBERS = [case for case in PARAMETERS if type(case[2].default) in (int, float)]
by_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.kind)

OfRow = tuple[Catalogue[Any], Entry]
OfParameter = tuple[Catalogue[Any], Entry, Parameter]


def case_name(case: OfRow | OfParameter) -> str:
    """`activation elu alpha`."""
    return " ".join([case[0].kind, *(part.name for part in case[1:])])


@by_table
def test_every_name_and_alias_means_one_row(table: Catalogue[Any]) -> None:
    known = [normalised(name) for row in table for name in (row.name, *row.aliases)]
    refused = [normalised(name) for name in table.refused]
    assert sorted(known + refused) == sorted(set(known + refused))


def test_a_row_is_complete() -> None:
    def check(case: OfRow) -> None:
        table, row = case
        assert parse(row.name).head == row.name == row.name.lower()
        assert row.title
        assert len(row.purpose.split()) > 3
        assert row.source
        without_code = ("initialisation", "schedule", "augmentation")
        assert re.fullmatch(r"[a-z_.]+:\w+", row.code) or table.kind in without_code
        assert len({parameter.name for parameter in row.parameters}) == len(row.parameters)
        assert all(parameter.meaning for parameter in row.parameters)

    assert faults(check, ROWS, case_name) == {}


def test_case_hyphens_underscores_and_aliases_find_the_row() -> None:
    def check(case: OfRow) -> None:
        table, row = case
        for name in (row.name, *row.aliases):
            for text in (name, name.upper(), name.title(), name.replace("_", "-"), name.replace("_", "")):
                assert str(table.canonical(text)) == row.name
                assert text in table
                assert table[text] is row

    assert faults(check, ROWS, case_name) == {}


@by_table
@settings(max_examples=40)
@given(data=st.data())
def test_a_canonical_name_is_canonical(table: Catalogue[Any], data: st.DataObject) -> None:
    name = table.canonical(data.draw(spelled(table)))
    assert table.canonical(str(name)) == name
    assert parse(str(name)) == name


@by_table
@settings(max_examples=40)
@given(data=st.data())
def test_the_order_of_arguments_does_not_count(table: Catalogue[Any], data: st.DataObject) -> None:
    row = data.draw(st.sampled_from(table.rows))
    arguments = data.draw(arguments_of(row))
    other = dict(data.draw(st.permutations(list(arguments.items()))))
    assert str(table.canonical(written(row.name, arguments))) == str(table.canonical(written(row.name, other)))


@by_table
@settings(max_examples=40)
@given(data=st.data())
def test_a_name_gives_all_parameters_with_their_types(table: Catalogue[Any], data: st.DataObject) -> None:
    row = data.draw(st.sampled_from(table.rows))
    arguments = data.draw(arguments_of(row))
    full = table.arguments(table.canonical(written(row.name, arguments)))
    assert {key: (type(value), value) for key, value in full.items()} == {
        key: (type(value), type(value)(arguments.get(key, value))) for key, value in row.defaults().items()
    }


def test_defaults_fit_and_are_left_out() -> None:
    def check(case: OfRow) -> None:
        table, row = case
        assert str(table.canonical(written(row.name, row.defaults()))) == row.name
        assert table.arguments(table.canonical(row.name)) == row.defaults()

    assert faults(check, ROWS, case_name) == {}


def test_a_default_passes_its_own_check() -> None:
    def check(case: OfParameter) -> None:
        _, _, parameter = case
        assert parameter.check(parameter.default) == canonical_value(parameter.default)

    assert faults(check, PARAMETERS, case_name) == {}


def checked_value(parameter: Parameter, value: object) -> str:
    """What a parameter makes of a value."""
    try:
        return repr(parameter.check(value))
    except StudyError:
        return "refused"


def test_whole_numbers_count_by_value() -> None:
    def check(case: OfParameter) -> None:
        _, _, parameter = case
        wholes = (0, 1, 2, 8, 14)
        as_whole = [checked_value(parameter, whole) for whole in wholes]
        assert as_whole == [checked_value(parameter, float(whole)) for whole in wholes]
        assert set(as_whole) & {"0", "1", "8"}

    assert faults(check, NUMBERS, case_name) == {}


def test_1_and_1_0_are_the_same_argument() -> None:
    assert str(ACTIVATIONS.canonical("elu(alpha=2)")) == str(ACTIVATIONS.canonical("elu(alpha=2.0)")) == "elu(alpha=2)"
    assert str(ACTIVATIONS.canonical("elu(alpha=1)")) == "elu"


def values_of_wrong_type(parameter: Parameter) -> list[object]:
    """Values of other types than the parameter's."""
    other: list[object] = [[1], None, {"a": 1}]
    if isinstance(parameter.default, bool):
        return [*other, 1, 0, "True"]
    if isinstance(parameter.default, str):
        return [*other, 1, True, 0.5]
    return [*other, True, False, "1", "fast"]


def test_a_wrong_type_is_refused_by_name() -> None:
    def check(case: OfParameter) -> None:
        table, row, parameter = case
        for value in values_of_wrong_type(parameter):
            with pytest.raises(
                StudyError, match=rf"^{row.name}: {parameter.name} must be .*, not {re.escape(repr(value))}"
            ):
                table.canonical(written(row.name, {parameter.name: value}))

    assert faults(check, PARAMETERS, case_name) == {}


def values_out_of_range(parameter: Parameter) -> list[float]:
    """Values just beyond the parameter's bounds."""
    beyond = []
    if parameter.low is not None:
        beyond += [parameter.low - 1e-6, parameter.low - 1e9]
    if parameter.high is not None:
        beyond += [parameter.high + 1e-6, parameter.high + 1e9]
    if parameter.above is not None:
        beyond += [parameter.above, parameter.above - 1]
    if parameter.below is not None:
        beyond += [parameter.below, parameter.below + 1]
    return beyond


def test_a_value_out_of_range_is_refused_by_name() -> None:
    def check(case: OfParameter) -> None:
        table, row, parameter = case
        assert bool(values_out_of_range(parameter)) == bool(parameter.range())
        for value in values_out_of_range(parameter):
            words = f"{row.name}: {parameter.name} must be {parameter.range()}, not "
            with pytest.raises(StudyError, match=re.escape(words)):
                table.canonical(written(row.name, {parameter.name: value}))

    assert faults(check, NUMBERS, case_name) == {}


def test_no_parameter_is_infinite() -> None:
    def check(case: OfParameter) -> None:
        table, row, parameter = case
        for value in ("1e999", "-1e999", "9" * 30):
            with pytest.raises(StudyError, match=r"finite|large"):
                table.canonical(f"{row.name}({parameter.name}={value})")

    assert faults(check, NUMBERS, case_name) == {}


def test_no_parameter_is_nan() -> None:
    def check(case: OfParameter) -> None:
        _, _, parameter = case
        with pytest.raises(StudyError):
            parameter.check(float("nan"))

    assert faults(check, NUMBERS, case_name) == {}


def test_an_unknown_parameter_is_refused_by_name() -> None:
    def check(case: OfRow) -> None:
        table, row = case
        with pytest.raises(StudyError, match=rf"^{row.name} .*'zq_zq'"):
            table.canonical(f"{row.name}(zq_zq=1)")

    assert faults(check, ROWS, case_name) == {}


def test_a_mistyped_parameter_suggests_the_nearest() -> None:
    def check(case: OfParameter) -> None:
        table, row, parameter = case
        with pytest.raises(StudyError, match=rf"did you mean .*'{parameter.name}'"):
            table.canonical(f"{row.name}({parameter.name}x=1)")

    assert faults(check, PARAMETERS, case_name) == {}


@by_table
def test_an_unknown_name_lists_the_known_ones(table: Catalogue[Any]) -> None:
    with pytest.raises(StudyError, match=f"^no {table.kind} is called 'zqzqzq'; known: {table.rows[0].name}"):
        table.canonical("zqzqzq")


def test_a_mistyped_name_suggests_the_nearest() -> None:
    def check(case: OfRow) -> None:
        table, row = case
        with pytest.raises(StudyError, match=rf"^no {table.kind} is called '{row.name}q'; did you mean .*'{row.name}'"):
            table.canonical(f"{row.name}q")

    assert faults(check, ROWS, case_name) == {}


def test_relo_suggests_relu() -> None:
    with pytest.raises(StudyError) as fault:
        ACTIVATIONS.canonical("relo")
    assert str(fault.value).startswith("no activation is called 'relo'; did you mean 'relu'")
    assert str(fault.value).endswith("? Your own is written 'module:name'.")


@pytest.mark.parametrize("table", [ACTIVATIONS, MODELS, DATASETS], ids=lambda table: table.kind)
def test_a_user_defined_name_stays_as_written(table: Catalogue[Any]) -> None:
    name = table.canonical("lab.acts:Serf(z=1.0, a=[True, 'x'])")
    assert str(name) == "lab.acts:Serf(a=[True, 'x'], z=1)"
    assert table.arguments(name) == {"a": [True, "x"], "z": 1}


@pytest.mark.parametrize("table", [t for t in TABLES if not t.own], ids=lambda table: table.kind)
def test_some_tables_refuse_user_defined_names(table: Catalogue[Any]) -> None:
    with pytest.raises(StudyError, match="'lab:x'"):
        table.canonical("lab:x")


@pytest.mark.parametrize(
    ("table", "text", "words"),
    [
        (ACTIVATIONS, "rrelu(lower=0.5, upper=0.1)", "rrelu: lower must not be above upper"),
        (ACTIVATIONS, "rrelu(lower=0.5)", "rrelu: lower must not be above upper"),
        (ACTIVATIONS, "hardtanh(min_val=2)", "hardtanh: min_val must not be above max_val"),
        (OPTIMIZERS, "sgd(nesterov=True)", "sgd: nesterov needs momentum"),
        (OPTIMIZERS, "adam(momentum=0.9)", "adam has no parameter 'momentum'; it has beta1, beta2"),
        (ACTIVATIONS, "relu(alpha=1)", "relu takes no parameters, so not 'alpha'"),
        (ACTIVATIONS, "gelu(approximate='fast')", "approximate must be one of none, tanh, not 'fast'"),
        (ACTIVATIONS, "elu(alpha=-1)", "elu: alpha must be at least 0, not -1"),
        (MODELS, "convnet(dropout=1)", "convnet: dropout must be at least 0 and below 1, not 1"),
    ],
)
def test_the_messages_of_faults(table: Catalogue[Any], text: str, words: str) -> None:
    with pytest.raises(StudyError, match=re.escape(words)):
        table.canonical(text)


def test_parameters_that_fit_only_together_are_taken_together() -> None:
    assert str(OPTIMIZERS.canonical("SGD(nesterov=true, momentum=0.9)")) == "sgd(momentum=0.9, nesterov=True)"
    assert str(ACTIVATIONS.canonical("rrelu(upper=0.2, lower=0.2)")) == "rrelu(lower=0.2, upper=0.2)"
    assert str(ACTIVATIONS.canonical("hardtanh(min_val=2, max_val=3)")) == "hardtanh(max_val=3, min_val=2)"


def test_what_is_not_element_wise_is_refused_with_its_reason() -> None:
    def check(name: str) -> None:
        message = "is not an activation for a study: " + ACTIVATIONS.refused[name]
        for text in (name, name.upper(), name.replace("_", ""), f"{name}(dim=1)"):
            with pytest.raises(StudyError, match=message):
                ACTIVATIONS.canonical(text)

    assert faults(check, ACTIVATIONS.refused) == {}


@pytest.mark.parametrize("name", ["Softmax", "LogSoftmax", "Softmin", "Softmax2d", "MultiheadAttention"])
def test_pytorchs_other_layers_are_among_the_refused(name: str) -> None:
    assert normalised(name) in {normalised(refused) for refused in ACTIVATIONS.refused}


def test_the_activations() -> None:
    assert {
        "celu",
        "elu",
        "gelu",
        "hardshrink",
        "hardsigmoid",
        "hardswish",
        "hardtanh",
        "identity",
        "leaky_relu",
        "logsigmoid",
        "mish",
        "prelu",
        "relu",
        "relu6",
        "rrelu",
        "selu",
        "sigmoid",
        "silu",
        "softplus",
        "softshrink",
        "softsign",
        "tanh",
        "tanhshrink",
        "threshold",
    } <= {row.name for row in ACTIVATIONS}
    assert len(ACTIVATIONS) == len(list(ACTIVATIONS)) == 140


def test_an_activation_has_a_formula_a_sentence_and_known_traits() -> None:
    def check(row: Activation) -> None:
        assert "x" in row.formula
        assert row.formula.count("{") == row.formula.count("}")
        assert re.fullmatch(r"[A-Z].*\.", row.purpose)
        assert row.traits <= {"learned", "stochastic", "bounded", "monotone", "smooth", "discontinuous"}

    assert faults(check, ACTIVATIONS, lambda row: row.name) == {}


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("Swish", "silu"),
        ("swish-1", "silu"),
        ("lrelu", "leaky_relu"),
        ("LeakyReLU", "leaky_relu"),
        ("linear", "identity"),
        ("logistic", "sigmoid"),
        ("HSwish", "hardswish"),
        ("LogSigmoid", "logsigmoid"),
        ("thresholded-relu", "threshold"),
    ],
)
def test_aliases(alias: str, name: str) -> None:
    assert str(ACTIVATIONS.canonical(alias)) == name


CLASSES = {"waves": 8, "cifar100": 100} | dict.fromkeys(
    ("idx", "npz", "csv", "images", "diabetes", "text", "shakespeare", "tinyshakespeare"), 0
)


def test_a_data_set_lists_its_files_and_classes() -> None:
    def check(row: DatasetEntry) -> None:
        assert bool(row.files) == bool(row.mirrors)
        assert all(size > 0 and re.fullmatch("[0-9a-f]{64}", sha256) for size, sha256 in row.files.values())
        assert all(re.fullmatch(r"https?://\S+", mirror) for mirror in row.mirrors)
        assert len(row.files) == 1 or all(mirror.endswith("/") for mirror in row.mirrors)
        assert len(set(row.classes)) == len(row.classes) == CLASSES.get(row.name, 10)

    assert faults(check, DATASETS, lambda row: row.name) == {}


def test_tables_need_no_torch() -> None:
    code = (
        "import sys, reluctant.catalogue, reluctant.study; "
        "print(sorted({'torch', 'pandas', 'scipy', 'sklearn', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
