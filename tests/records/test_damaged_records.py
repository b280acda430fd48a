"""A damaged record: whatever is wrong, there is one plain message with the path of the key, and no crash."""

import copy
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reluctant.core.canonical_json import dumps
from reluctant.records.parts import RecordError
from reluctant.records.schema import SCHEMA, DataRecord, HistoryRecord, RunRecord
from reluctant.records.store import Store, checksum
from reluctant.records.study_records import StudyRecords
from reluctant.study import Run, Study
from tests.support.records import record
from tests.support.strategies import texts, values

STUDY = Study(activation="prelu", seed=1, epochs=2, robustness=True)
RUN = next(STUDY.runs())
CONTENT: dict[str, Any] = json.loads(dumps(record(RUN).to_json()))
Path_ = tuple[str | int, ...]
DELETED = ...  # in place of a value: the key is left out


def changed(path: Path_, value: object = DELETED, content: Any = CONTENT) -> Any:
    """A copy of the content with another value at a path, or without it."""
    if not path:
        return value
    result = copy.deepcopy(content)
    inner = result
    for step in path[:-1]:
        inner = inner[step]
    if value is DELETED:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return result


def message(content: object) -> str:
    with pytest.raises(RecordError) as error:
        RunRecord.read(content)
    return str(error.value)


FAULTS: list[tuple[Path_, object, str]] = [
    ((), [1], "it is not a table of keys"),
    ((), None, "it is not a table of keys"),
    (("schema",), "2", "schema must be a whole number from 1, not '2'"),
    (("schema",), True, "schema must be a whole number from 1, not True"),
    (("schema",), 0, "schema must be a whole number from 1, not 0"),
    (
        ("schema",),
        SCHEMA + 1,
        f"it has schema {SCHEMA + 1}, and this version of reluctant reads up to {SCHEMA}; install a newer one",
    ),
    (("run",), DELETED, "run is missing"),
    (("run",), 3, "run: must be a table with an 'activation'"),
    (("run", "activation"), DELETED, "run: must be a table with an 'activation'"),
    (("run", "lr"), float("nan"), "run: nan is not a finite number"),
    (("recipe",), "2", "recipe must be a whole number, not '2'"),
    (("recipe",), 2.5, "recipe must be a whole number, not 2.5"),
    (("recipe",), True, "recipe must be a whole number, not True"),
    (("diverged",), "never", "diverged must be a whole number, not 'never'"),
    (("layers",), {}, "layers must be a list, not {}"),
    (("layers", 1, "kind"), None, "layers.2.kind must be a string, not None"),
    (("start",), [], "start must be a table of keys, not []"),
    (("start", "sites"), DELETED, "start.sites is missing"),
    (
        ("start", "sites", "activation", "units"),
        "many",
        "start.sites.activation.units must be a whole number, not 'many'",
    ),
    (("start", "sites", "activation", "in"), [0.5], "start.sites.activation.in.2 is missing"),
    (
        ("start", "layers", "head.linear"),
        [1.0, 2.0],
        "start.layers.head.linear: must be a list of 3 numbers: gradient, weight, update",
    ),
    (("epochs",), DELETED, "epochs is missing"),
    (("epochs",), "all", "epochs must be a list, not 'all'"),
    (("epochs", 1, "epoch"), None, "epochs.2.epoch must be a whole number, not None"),
    (("epochs", 1, "loss", "test"), DELETED, "epochs.2.loss.test is missing"),
    (("epochs", 1, "loss", "test"), "low", "epochs.2.loss.test must be a number, not 'low'"),
    (("epochs", 0, "loss", "test"), float("inf"), "epochs.1.loss.test must be a finite number, not inf"),
    (("epochs", 0, "seconds", "train"), [], "epochs.1.seconds.train must be a number, not []"),
    (
        ("epochs", 0, "confusion"),
        DELETED,
        "epochs.1: an epoch holds either 'confusion' (classes) or 'sums' (predicted numbers)",
    ),
    (("epochs", 0, "confusion", "test"), 7, "epochs.1.confusion.test must be a list, not 7"),
    (("epochs", 0, "confusion", "test", 1, 2), 0.5, "epochs.1.confusion.test.2.3 must be a whole number, not 0.5"),
    (
        ("epochs", 0, "confusion", "test", 1, 2),
        2**63,
        f"epochs.1.confusion.test.2.3 must be less than {2**63}, not {2**63}",
    ),
    (("final", "loss"), DELETED, "final.loss is missing"),
    (("final", "confusion", 0, 0), "x", "final.confusion.1.1 must be a whole number, not 'x'"),
    (("final", "calibration", "brier"), None, "final.calibration.brier must be a number, not None"),
    (("shape", "x"), [1], "shape.x.2 is missing"),
    (("shape", "f"), {}, "shape.f must be a list, not {}"),
    (("test_predictions",), DELETED, "test_predictions is missing"),
    (("test_predictions",), 3, "test_predictions must be a string, not 3"),
    (("data",), DELETED, "data is missing"),
    (("warnings",), "none", "warnings must be a list, not 'none'"),
    (("environment",), 3, "environment: must be a string or a table of keys"),
]


@pytest.mark.parametrize(("path", "value", "expected"), FAULTS, ids=lambda value: str(value)[:40])
def test_every_kind_of_fault_has_one_plain_message(path: Path_, value: object, expected: str) -> None:
    assert message(changed(path, value)) == expected


def test_the_undamaged_record_is_read() -> None:
    assert RunRecord.read(CONTENT).run == RUN


def test_several_faults_are_listed_and_many_are_counted() -> None:
    two = changed(("final", "loss"), DELETED, changed(("data",), 3))
    assert message(two) == "2 mistakes\n  final.loss is missing\n  data must be a string, not 3"
    many = changed(("epochs",), [{}] * 1000)
    lines = message(many).splitlines()
    assert lines[0] == "3,000 mistakes"
    assert lines[1] == "  epochs.1.epoch is missing"
    assert len(lines) == 7
    assert lines[-1] == "  and 2,995 more"


def test_no_message_is_endless() -> None:
    for path in (("data",), ("schema",), ("epochs",), ("recipe",), ("final", "loss")):
        for value in (10**4000, ["x" * 10**6], {"x": ["y"] * 10**5}):
            assert len(message(changed(path, value))) < 250


def test_the_message_of_the_store_names_the_file_too(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add(RUN.key, changed(("epochs", 1, "loss", "test"), "low"))
    with pytest.raises(RecordError) as error:
        store.read(RUN.key)
    fault = "epochs.2.loss.test must be a number, not 'low'"
    assert str(error.value) == f"{store.path(RUN.key)} is no record of a run: {fault}"


def test_a_record_under_the_name_of_another_run_is_damage(tmp_path: Path) -> None:
    store, other = Store(tmp_path), Run("elu")
    store.add(other.key, CONTENT)
    with pytest.raises(RecordError, match=f"holds the record of another run, {RUN.key}"):
        store.read(other.key)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"images": {}, "test_labels": ""}, "sha256 is missing"),
        ({"sha256": "1", "images": {}, "test_labels": ""}, "'images' does not say how many inputs train, valid"),
        ({"sha256": "1", "images": {}}, "it holds either 'test_labels' or 'test_targets'"),
        ({"sha256": "1", "images": 3, "test_labels": ""}, "images must be a table of keys, not 3"),
        (3, "its content must be a table of keys, not 3"),
    ],
)
def test_a_damaged_description_of_data_has_a_message_too(content: object, expected: str) -> None:
    with pytest.raises(RecordError) as error:
        DataRecord.read(content)
    assert expected in str(error.value)


def test_a_damaged_line_of_the_history_has_a_message_too() -> None:
    with pytest.raises(RecordError, match="changed must be a table of keys, not 3"):
        HistoryRecord.read({"date": "2026-01-01", "looked": True, "changed": 3})


# Any change at all.

any_value = values | st.sampled_from([10**400, -(2**63) - 1, float("nan"), float("inf"), "\ud800", {"1": 2}])


def paths(content: object, above: Path_ = ()) -> Iterator[Path_]:
    """The paths of all values; of a list its first three items."""
    yield above
    if isinstance(content, dict):
        for key in content:
            yield from paths(content[key], (*above, key))
    elif isinstance(content, list):
        for i in range(min(len(content), 3)):
            yield from paths(content[i], (*above, i))


PATHS = list(paths(CONTENT))


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """The record with one to three changes: another value, a missing key, a further key."""
    content: Any = CONTENT
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(PATHS))
        kind = draw(st.sampled_from(["replace", "delete", "add"]))
        try:
            if kind == "replace":
                content = changed(path, draw(any_value), content)
            elif kind == "delete" and path:
                content = changed(path, DELETED, content)
            else:
                content = changed((*path, draw(texts)), draw(any_value), content)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change removed the place
    return content


@settings(max_examples=100)
@given(mutated())
def test_any_changed_record_is_read_or_refused(content: Any) -> None:
    text = ""
    try:
        result = RunRecord.read(content)
    except RecordError as error:
        text = str(error)
        assert text
    else:
        assert RunRecord.read(result.to_json()) == result
    assert "pydantic" not in text


@settings(max_examples=100)
@given(content=mutated())
def test_a_folder_with_any_changed_record_is_read(content: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The checksum is right, so that nothing but the schema stands between the content and the arrays."""
    folder = tmp_path_factory.getbasetemp() / "changed"
    (folder / "runs").mkdir(parents=True, exist_ok=True)
    (folder / "study.toml").write_text(STUDY.to_toml(), "utf-8")
    path = Store(folder / "runs").path(RUN.key)
    if isinstance(content, dict):
        with suppress(ValueError):  # NaN and half characters have no checksum
            content = {**content, "sha256": checksum(content)}
    path.write_text(json.dumps(content), "utf-8")
    records = StudyRecords.read(folder)
    assert len(records) + len(records.damaged) == 1
    if records.damaged:
        assert records.damaged == (f"runs/{RUN.key}.json",)
