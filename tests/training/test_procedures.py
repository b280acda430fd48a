"""A user-defined procedure derives from the standard training and overrides what differs."""

from pathlib import Path
from typing import Any

import pytest

from reluctant import run as run_study
from reluctant.core.errors import StudyError
from reluctant.study import Run, Study
from reluctant.training import Training, build_training, preflight
from tests.support import small


def training_of(procedure: str) -> Training:
    return build_training(small.run(procedure=procedure), small.digits())


def test_the_standard_procedure_is_the_default_and_no_part_of_a_key() -> None:
    assert type(training_of("standard")) is Training
    assert Run("relu").canonical() == {"activation": "relu"}


def test_a_user_defined_procedure_decides_the_numbers() -> None:
    one, two, three = (training_of(name) for name in ("standard", "tests.support.own_procedures:Twice",
                                                "tests.support.own_procedures:Twice(times=1)"))  # fmt: skip
    first, second, third = (next(iter(each)) for each in (one, two, three))
    assert second.loss != first.loss
    assert third.loss == first.loss


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("tests.support.own_procedures:Stranger", "is no class derived from"),
        ("tests.support.own_procedures:Twice(tims=3)", "its class takes times"),
        ("tests.support.own_procedures:Nothing", "Nothing"),
        ("tests.support.own_procedures:Outdated", "overrides pass_over, .* rename it to train_epoch"),
    ],
)
def test_a_wrong_procedure_is_refused_before_anything_trains(name: str, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        preflight(Study(activation="relu", procedure=name))


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(StudyError, match="did you mean 'standard'"):
        Study(activation="relu", procedure="standart")


def test_a_record_names_the_procedure_and_its_source(tmp_path: Path) -> None:
    own: dict[str, Any] = {"procedure": "tests.support.own_procedures:Twice", "model": small.SMALL}
    study = Study(activation="relu", seed=[0], epochs=1, **own)
    (result,) = run_study(study, tmp_path / "out", engine="serial")
    assert result.run.procedure == "tests.support.own_procedures:Twice"
    assert "tests.support.own_procedures:Twice" in result.record.sources
