"""A study: read whole, every fault at once, and the runs it is made of."""

import itertools
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reluctant.core.errors import StudyError
from reluctant.study import Run, Study, bundled
from reluctant.study.study import AXES
from tests.support.strategies import FIELDS, studies, values


def fault(**keys: Any) -> str:
    """The message that these keys, beside `activation = 'relu'`, are answered with."""
    with pytest.raises(StudyError) as answer:
        Study(**{"activation": "relu", **keys})
    return str(answer.value)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("lr", "fast", "lr: a number is wanted, not 'fast'"),
        ("lr", True, "lr: a number is wanted, not True"),
        ("lr", None, "lr: a number is wanted, not None"),
        ("lr", [[0.1]], "lr: a number is wanted, not [0.1]"),
        ("lr", {"x": 1}, "lr: a number is wanted, not {'x': 1}"),
        ("lr", -0.1, "lr: should be greater than 0, not -0.1"),
        ("lr", 0, "lr: should be greater than 0, not 0"),
        ("lr", float("nan"), "lr: a finite number is wanted, not nan"),
        ("lr", float("inf"), "lr: a finite number is wanted, not inf"),
        ("lr", 10**400, "lr: a number is wanted, not 1000"),
        pytest.param(
            "lr", 10**5000, "lr: a number is wanted, not a number of thousands of digits", id="huge"
        ),
        ("lr", [], "lr: an empty list; give at least one value"),
        ("lr", [1, 1.0], "lr: 1.0 stands here twice"),
        ("seed", -1, "seed: should be greater than or equal to 0, not -1"),
        ("seed", 2**63, "seed: should be less than 9223372036854775808, not 9223372036854775808"),
        ("seed", 1.5, "seed: a whole number is wanted, not 1.5"),
        ("seed", True, "seed: a whole number is wanted, not True"),
        ("seed", "0..9", "seed: a whole number is wanted, not '0..9'"),
        ("seed", [], "seed: an empty list"),
        ("seed", [0, 1, 0], "seed: 0 stands here twice"),
        ("batch_size", 0, "batch_size: should be greater than or equal to 1, not 0"),
        ("epochs", 0, "epochs: should be greater than or equal to 1, not 0"),
        ("epochs", 10**7, "epochs: should be less than or equal to 1000000, not 10000000"),
        ("threads", 0, "threads: should be greater than or equal to 1, not 0"),
        ("train_fraction", 0, "train_fraction: should be greater than 0, not 0"),
        ("train_fraction", 1.0, "train_fraction: should be less than 1, not 1.0"),
        ("keep_weights", 1, "keep_weights: true or false is wanted, not 1"),
        ("keep_weights", "yes", "keep_weights: true or false is wanted, not 'yes'"),
        ("name", 3, "name: a text is wanted, not 3"),
        ("name", "", "name: string should have at least 1 character, not ''"),
        ("name", "x" * 101, "name: string should have at most 100 characters, not 'xxx"),
        ("about", ["a"], "about: a text is wanted, not ['a']"),
        ("activation", [], "activation: an empty list"),
        ("activation", "relo", "activation: no activation is called 'relo'; did you mean 'relu'"),
        ("activation", [3], "activation: a name is a text such as 'relu', not 3"),
        ("activation", [["relu"]], "activation: a name is a text such as 'relu', not ['relu']"),
        ("activation", ["relu", "relu"], "activation: 'relu' stands here twice; aliases count as the same"),
        ("activation", ["silu", "Swish"], "activation: 'silu' stands here twice"),
        ("activation", ["elu", "elu(alpha=1.0)"], "activation: 'elu' stands here twice"),
        ("activation", ["a:b(x=1)", "a:b( x = 1.0 )"], "activation: 'a:b(x=1)' stands here twice"),
        ("activation", "softmax", "activation: 'softmax' is not an activation for a study: it couples"),
        ("activation", "relu(alpha=1)", "activation: relu takes no parameters, so not 'alpha'"),
        ("model", "vgg", "model: no model is called 'vgg'; known: convnet"),
        ("dataset", "mnits", "dataset: no data set is called 'mnits'; did you mean 'mnist'"),
        ("optimizer", "adm", "optimizer: no optimizer is called 'adm'; did you mean 'adam'"),
        ("optimizer", "adam(momentum=1)", "optimizer: adam has no parameter 'momentum'; it has beta1"),
        ("optimizer", "sgd(momentum=true)", "optimizer: sgd: momentum is a number, not True"),
        ("init", "normal(std=0)", "init: normal: std must be above 0, not 0"),
        ("lrr", 0.1, "no key is called 'lrr'; did you mean 'lr'?"),
        ("learning-rate", 0.1, "no key is called 'learning-rate'; "),
        ("momentum", 0.9, "no key is called 'momentum'; the keys are name, about, activation, seed, "),
        ("self", 1, "no key is called 'self'; the keys are name"),
        ("compare", 3, "compare: a table of keys is wanted, not 3"),
        ("compare", [{}], "compare: a table of keys is wanted, not [{}]"),
        ("compare", {"metrik": "f1"}, "no key is called 'compare.metrik'; did you mean 'metric'?"),
        ("compare", {"zzz": 1}, "no key is called 'compare.zzz'; the keys are metric, baseline, margin"),
        (
            "compare",
            {"metric": "acuracy"},
            "compare.metric: no metric is called 'acuracy'; did you mean 'accuracy'",
        ),
        ("compare", {"metric": 3}, "compare.metric: a text is wanted, not 3"),
        ("compare", {"margin": -1}, "compare.margin: should be greater than or equal to 0, not -1"),
        ("compare", {"margin": True}, "compare.margin: a number is wanted, not True"),
        ("compare", {"baseline": "elu"}, "compare.baseline: 'elu' is not among the activations (relu)"),
        (
            "compare",
            {"baseline": "relo"},
            "compare.baseline: no activation is called 'relo'; did you mean 'relu'",
        ),
    ],
)
def test_a_fault_names_its_key_and_what_to_write(key: str, value: Any, words: str) -> None:
    assert fault(**{key: value}).startswith(words)


def test_a_missing_activation_is_named() -> None:
    with pytest.raises(StudyError, match=r"^activation: this key is missing$"):
        Study()


def test_all_faults_come_at_once() -> None:
    answer = fault(
        lr=["fast", -1],
        seed=[],
        model="vgg",
        dataset="mnits",
        optimizer="adm",
        lrr=1,
        epochs=True,
        compare={"metric": "f7", "margn": 1},
    ).splitlines()
    assert answer[0] == "10 faults"
    assert sorted(line.strip().partition(";")[0].partition(", not")[0] for line in answer[1:]) == [
        "compare.metric: no metric is called 'f7'",
        "dataset: no data set is called 'mnits'",
        "epochs: a whole number is wanted",
        "lr: a number is wanted",
        "lr: should be greater than 0",
        "model: no model is called 'vgg'",
        "no key is called 'compare.margn'",
        "no key is called 'lrr'",
        "optimizer: no optimizer is called 'adm'",
        "seed: an empty list",
    ]


def test_a_baseline_that_takes_no_part_is_told_with_the_rest() -> None:
    answer = fault(lr="fast", compare={"baseline": "elu"})
    assert answer.startswith("2 faults")
    assert "compare.baseline: 'elu' is not among the activations (relu)" in answer


def test_no_message_is_endless() -> None:
    assert len(fault(lr="x" * 10**6)) < 200
    assert len(fault(name="x" * 10**6)) < 250


@settings(max_examples=150)
@given(st.dictionaries(st.sampled_from([*FIELDS, "activation", "name", "about", "compare", "other"]), values))
def test_any_keys_are_a_study_or_a_fault_in_words(keys: dict[str, Any]) -> None:
    try:
        assert Study(**keys).size > 0
    except StudyError as answer:
        assert "pydantic" not in str(answer)  # noqa: PT017
        assert answer.__cause__ is None  # noqa: PT017


@pytest.mark.parametrize("name", [*FIELDS, "activation"])
@given(data=st.data())
@settings(max_examples=10)
def test_a_list_of_one_is_the_value(name: str, data: st.DataObject) -> None:
    value = data.draw(FIELDS[name]) if name in FIELDS else "elu"
    study = Study(**{"activation": "relu", name: value})
    assert (
        study
        == Study(**{"activation": "relu", name: [value]})
        == Study(**{"activation": "relu", name: (value,)})
    )
    assert len(getattr(study, name)) == 1


def test_defaults_are_a_runs() -> None:
    (run,) = Study(activation="relu", seed=0).runs()
    assert run == Run("relu")
    assert Study(activation="relu").seed == (0, 1, 2, 3, 4)


def test_names_are_canonical() -> None:
    study = Study(
        activation=["Swish", "ELU(alpha=1)"], model="ConvNet()", dataset="Sklearn-Digits", optimizer="SGD"
    )
    assert study.activation == ("silu", "elu")
    assert (study.model, study.dataset, study.optimizer) == (("convnet",), ("digits",), ("sgd",))


def test_the_baseline_is_the_first_or_the_stated_activation() -> None:
    assert Study(activation=["elu", "relu"]).baseline == "elu"
    assert Study(activation=["elu", "silu"], compare={"baseline": "Swish"}).baseline == "silu"


def test_a_study_cannot_be_changed() -> None:
    study = Study(activation="relu")
    with pytest.raises(ValueError, match="frozen"):
        setattr(study, "lr", (1.0,))  # noqa: B010


def test_seeds_vary_slowest_and_activations_fastest() -> None:
    study = Study(activation=["relu", "elu"], seed=[7, 3], lr=[0.1, 0.2], dataset=["mnist", "digits"])
    told = [(run.seed, run.dataset, run.lr, run.activation) for run in study.runs()]
    assert told == list(itertools.product((7, 3), ("mnist", "digits"), (0.1, 0.2), ("relu", "elu")))


@settings(max_examples=60)
@given(studies())
def test_size_is_the_number_of_different_runs(keys: dict[str, Any]) -> None:
    study = Study(**keys)
    runs = list(itertools.islice(study.runs(), 3000))
    assert len(runs) == min(study.size, 3000)
    assert len({run.key for run in runs}) == len(runs)


@settings(max_examples=60)
@given(studies())
def test_a_study_stopped_between_seeds_is_balanced(keys: dict[str, Any]) -> None:
    study = Study(**keys)
    block = study.size // len(study.seed)
    first = list(itertools.islice(study.runs(), block))
    assert {run.seed for run in first} == {study.seed[0]}
    assert {run.activation for run in first} == set(study.activation)


def test_every_run_field_is_an_axis() -> None:
    assert {"activation", "seed", *AXES} == set(Run("relu").to_dict())


def test_many_seeds_are_read_without_delay() -> None:
    assert Study(activation="relu", seed=list(range(300_000))).size == 300_000


@settings(max_examples=100)
@given(keys=studies())
def test_a_study_comes_back_from_its_file(
    keys: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    study = Study(**keys)
    path = tmp_path_factory.getbasetemp() / "study.toml"
    path.write_text(study.to_toml(), encoding="utf-8")
    assert Study.read(path) == Study.read(str(path)) == study


def test_a_written_study_is_written_as_people_write_it() -> None:
    written = tomllib.loads(Study(activation="relu", seed=[0, 1], lr=0.1).to_toml())
    assert (written["activation"], written["seed"], written["lr"]) == ("relu", [0, 1], 0.1)
    assert "about" not in written
    assert "baseline" not in written["compare"]


def test_the_article_is_the_articles_study() -> None:
    study = Study.read("article")
    assert (study.name, study.size, study.baseline) == ("article", 20, "relu")
    assert study.activation == ("relu", "leaky_relu(negative_slope=0.002)", "elu", "gelu")
    assert (study.dataset, study.lr, study.epochs, study.batch_size) == (("mnist",), (0.006,), (10,), (32,))
    assert (study.model, study.optimizer) == (("convnet",), ("adam(beta1=0.89)",))
    assert (study.compare.metric, study.compare.margin) == ("f1", 0.002)


@pytest.mark.parametrize("name", ["quick", "article"])
def test_a_bundled_study_is_called_by_its_name(name: str) -> None:
    study = Study.read(name)
    assert study.name == name
    assert study.about
    assert study == Study.read(bundled()[name])
    assert study.size == len(list(study.runs()))


def test_every_bundled_study_is_valid() -> None:
    assert set(bundled()) >= {"quick", "article"}
    assert {Study.read(name).name for name in bundled()} == set(bundled())


@pytest.mark.parametrize("content", ["activation = 'relu'\n", "\ufeffactivation = 'relu'\r\n"])
def test_a_file_is_read_as_editors_write_it(content: str, tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_bytes(content.encode())
    assert Study.read(tmp_path / "s.toml").activation == ("relu",)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"activation = ", "s.toml is not TOML: Invalid value"),
        (b"activation = 'relu'\nactivation = 'elu'", "is not TOML: Cannot overwrite a value"),
        (b"lr = " + b"[" * 5000, "is not TOML: "),
        (b"seed = " + b"9" * 5000, "is not TOML: "),
        (b"\xff\xfe", "s.toml is not a text file in UTF-8"),
        (b"a\0b = 1", "is not TOML: "),
        (b"activation = 'relu'\nlr = 'fast'", "s.toml: lr: a number is wanted, not 'fast'"),
        (b"activation = 'relu'\nlr = nan", "s.toml: lr: a finite number is wanted, not nan"),
        (b"activation = 'relu'\nlr = 1979-05-27", "lr: a number is wanted, not datetime.date(1979, 5, 27)"),
        (b"activation = 'relu'\n[lr]\nx = 1", "lr: a number is wanted, not {'x': 1}"),
        (b"activation = 'relu'\nself = 1", "no key is called 'self'"),
        (b"", "s.toml: activation: this key is missing"),
    ],
)
def test_a_faulty_file_is_named_with_its_fault(content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_bytes(content)
    with pytest.raises(StudyError, match=re.escape(words)):
        Study.read(tmp_path / "s.toml")


@given(content=st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_file_is_a_study_or_a_fault(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(content)
    with pytest.raises(StudyError, match=r"any\.toml"):
        Study.read(path)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("qick", "no study is called 'qick'; did you mean 'quick'? Your own is a .toml file."),
        (
            "zzz",
            f"no study is called 'zzz'; bundled are {', '.join(bundled())}",
        ),
        (
            "none.toml",
            f"there is no file none.toml; bundled studies: {', '.join(bundled())}",
        ),
        (Path("none.toml"), "there is no file none.toml"),
        ("", ". is a folder; give the study file in it"),
        ("folder", "folder is a folder; give the study file in it"),
        ("folder.toml", "folder.toml is a folder; give the study file in it"),
        ("file.toml/x.toml", "file.toml/x.toml' cannot be read: "),
        ("a" * 5000, "aaa… cannot be read: "),
        ("a" * 5000 + ".toml", "aaa… cannot be read: "),
        ("a\0b.toml", "cannot be read: "),
        ("\0", "cannot be read: "),
    ],
    ids=lambda value: ascii(str(value)[:20]),
)
def test_what_cannot_be_read_is_named(
    source: str | Path, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "file.toml").touch()
    with pytest.raises(StudyError, match=re.escape(words)):
        Study.read(source)


def test_a_bundled_name_is_not_looked_for_in_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quick").write_text("activation = 'elu'")
    assert Study.read("quick").name == "quick"
    assert Study.read("./quick").activation == ("elu",)


@pytest.mark.parametrize("key", ["claim", "published"])
def test_one_table_where_a_list_is_wanted_is_told_how_to_write_it(key: str) -> None:
    with pytest.raises(StudyError, match=rf"^{key}: a list of tables is wanted, each written \[\[…\]\]"):
        Study(**{"activation": "relu", key: {"value": 3}})
