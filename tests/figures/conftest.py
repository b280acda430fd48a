"""Studies to draw, each written and analysed on first use."""

from collections.abc import Callable

import pytest

from reluctant.analysis.report_data import ReportData
from reluctant.analysis.setting_data import SettingData
from reluctant.records.study_records import StudyRecords
from reluctant.study import Study
from tests.support.figures import FOUR, HOSTILE, MANY, all_diverged
from tests.support.records import study_records

STUDIES = {
    "four": Study(activation=FOUR, epochs=8),
    "one seed": Study(activation=FOUR, seed=3, epochs=5),
    "one epoch": Study(activation=FOUR, epochs=1),
    "two epochs": Study(activation=("relu", "elu"), epochs=2, seed=(0, 1)),
    "one activation": Study(activation="relu", epochs=4),
    "some diverged": Study(activation=FOUR, epochs=6),
    "all diverged": Study(activation=FOUR, epochs=4, seed=(0, 1)),
    "hostile": Study(activation=HOSTILE, epochs=4, seed=(0, 1), name="<b>n</b>"),
    "nothing": Study(activation=FOUR),
    "forty": Study(activation=MANY, epochs=6, seed=(0, 1, 2)),
}
DIVERGED = {
    "some diverged": {("elu", 0): 1, ("elu", 2): 3, **{("gelu", seed): 2 for seed in range(5)}},
    "all diverged": all_diverged(STUDIES["all diverged"]),
}


@pytest.fixture(scope="session")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], SettingData]:
    """The analysis of a study by its name in `STUDIES`."""
    analysed: dict[str, SettingData] = {}

    def analyse(name: str) -> SettingData:
        if name not in analysed:
            path = tmp_path_factory.mktemp("study")
            if name == "nothing":
                (path / "study.toml").write_text(STUDIES[name].to_toml(), "utf-8")
                records = StudyRecords.read(path)
            else:
                records = study_records(path, STUDIES[name], DIVERGED.get(name))
            analysed[name] = ReportData.of(records).one_setting
        return analysed[name]

    return analyse
