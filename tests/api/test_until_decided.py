"""Studies that grow until every comparison is decided: which runs they train, and that nothing else decides it."""

import shutil
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import reluctant
from reluctant.analysis import ReportData
from reluctant.analysis.headline import headline
from reluctant.api.until_decided import until_decided
from reluctant.core.errors import StudyError
from reluctant.engines import Done, Events, Message
from reluctant.records.study_dir import StudyDir
from reluctant.records.study_records import StudyRecords
from reluctant.study import Study
from reluctant.verification.folder import verify_folders
from tests.support.scored import scored_record
from tests.support.small import SMALL, records

LEVELS = {"relu": 0.90, "elu": 0.96, "gelu": 0.90, "silu": 0.91}  # elu is better at once, gelu the same later
FIELDS: dict[str, Any] = {
    "activation": list(LEVELS), "seed": "until decided", "epochs": 1,
    "compare": {"metric": "accuracy", "margin": 0.01}, "until_decided": {"most": 12},
}  # fmt: skip


def train(folder: StudyDir, study: Study, stop: int | None = None) -> Events:
    """In place of an engine: store a made-up record for every missing run, `stop` at most."""
    missing = folder.missing(study)
    folder.write_study(study)
    for run in missing[:stop]:
        rng = np.random.default_rng([int(run.seed), zlib.crc32(run.activation.encode())])
        spread = 0.02 if run.activation == "silu" else 0.003
        record = scored_record(run, [LEVELS[run.activation] + spread * float(rng.standard_normal())])
        folder.save(run, record)
        yield Done(run, folder.store.read(run.key))


def grow(path: Path, *, stop: int | None = None, **changes: Any) -> list[str]:
    """Let a study grow in a folder; what it says after each look."""
    study, folder = Study(**{**FIELDS, **changes}), StudyDir(path)
    study = folder.continued(study)
    events = until_decided(study, folder, lambda grown: train(folder, grown, stop))
    return [event.text for event in events if isinstance(event, Message)]


def seeds(path: Path) -> dict[str, int]:
    """How many seeds each arm was trained with."""
    runs = [run.record.run for run in StudyRecords.read(path)]
    return {arm: sum(run.activation == arm for run in runs) for arm in LEVELS}


def test_what_is_decided_gets_no_more_seeds(tmp_path: Path) -> None:
    texts = grow(tmp_path)
    trained, found = seeds(tmp_path), StudyRecords.read(tmp_path)
    assert trained["elu"] == 5
    assert 5 < trained["gelu"] < 12
    assert trained["silu"] == trained["relu"] == 12  # silu stays open: its runs vary too much
    assert found.missing == 0
    assert [look.seeds for look in found.looks] == list(range(5, 13))
    assert found.looks[0].decided == {"elu": "better"}
    assert found.looks[-1].decided == {"elu": "better", "gelu": "the same"}
    assert texts[0].startswith("after 5 seeds: decided: ELU (better); still open: GELU and SiLU (")
    assert texts[-1].startswith("after 12 seeds: decided: ELU (better) and GELU (the same); still open: SiLU (")
    data = ReportData.of(found)
    (growth,) = [text for text in headline(data) if text.startswith("The study was looked at")]
    assert growth.startswith(
        "The study was looked at after every seed from 5 to 12; decided: ELU after 5 and GELU after "
    )
    assert {c.arm: c.verdict.value for c in data.one_setting.comparison.family} == {
        "elu": "better", "gelu": "the same", "silu": "undecided",
    }  # fmt: skip
    assert data.missing == 0


def test_the_study_ends_where_all_is_decided(tmp_path: Path) -> None:
    grow(tmp_path, activation=["relu", "elu", "gelu"], until_decided={"most": 60})
    looks = StudyRecords.read(tmp_path).looks
    assert len(looks[-1].decided) == 2
    assert all(len(look.decided) < 2 for look in looks[:-1])


@pytest.mark.parametrize("stop", [1, 7])
def test_a_study_that_is_stopped_grows_the_same(stop: int, tmp_path: Path) -> None:
    grow(tmp_path / "whole")
    for _ in range(60):
        grow(tmp_path / "parts", stop=stop)
    for name in ("looks.jsonl", "study.toml"):
        assert (tmp_path / "parts" / name).read_text() == (tmp_path / "whole" / name).read_text()
    assert records(tmp_path / "parts") == records(tmp_path / "whole")


def test_a_plain_study_may_go_on_until_decided(tmp_path: Path) -> None:
    plain, folder = Study(**{**FIELDS, "seed": list(range(6)), "until_decided": None}), StudyDir(tmp_path)
    list(train(folder, plain))
    grow(tmp_path)
    looks = StudyRecords.read(tmp_path).looks
    assert looks[0].seeds == 6
    assert seeds(tmp_path)["elu"] == 6
    history = StudyRecords.read(tmp_path).history
    assert [sorted(change.changed) for change in history] == [["until_decided"]]


def test_more_seeds_may_be_allowed_later(tmp_path: Path) -> None:
    grow(tmp_path, until_decided={"most": 6})
    assert seeds(tmp_path)["relu"] == 6
    grow(tmp_path, until_decided={"most": 8})
    assert seeds(tmp_path)["relu"] == 8
    grow(tmp_path, until_decided={"most": 8})  # nothing is left to do
    assert [look.seeds for look in StudyRecords.read(tmp_path).looks] == [5, 6, 7, 8]


def test_hours_end_it_after_a_look(tmp_path: Path) -> None:
    texts = grow(tmp_path, until_decided={"most": 12, "hours": 1e-9})
    assert seeds(tmp_path)["relu"] == 5
    assert texts[-1].endswith("h are over; the same command again goes on from here")


def test_a_damaged_file_of_looks_is_named_and_replaced(tmp_path: Path) -> None:
    grow(tmp_path)
    before = (tmp_path / "looks.jsonl").read_text()
    (tmp_path / "looks.jsonl").write_text(before[:-20])
    assert StudyRecords.read(tmp_path).damaged == ("looks.jsonl",)
    assert any("looks.jsonl" in str(f.path) for f in verify_folders(tmp_path).findings)
    _, messages = StudyDir(tmp_path).recover()
    assert any("looks.jsonl is damaged" in text for text in messages)
    grow(tmp_path)
    assert (tmp_path / "looks.jsonl").read_text() == before


def test_the_control_keeps_its_seeds(tmp_path: Path) -> None:
    few, many = (Study(**{**FIELDS, "control": True}).model_copy(update={"seed": tuple(range(n))}) for n in (5, 9))
    assert few.control_seeds == many.control_seeds[:5]
    assert not set(many.control_seeds) & set(range(12))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"until_decided": {"most": 4}}, r"start = 5 seeds are more than most = 4"),
        ({"until_decided": {"most": 106}}, r"until_decided\.most"),
        ({"until_decided": {"start": 2}}, r"until_decided\.start"),
        ({"until_decided": {"hours": 0}}, r"until_decided\.hours"),
        ({"until_decided": {"until": 3}}, r"until_decided\.until"),
        ({"compare": {"looks": "at the end"}}, "leave out compare.looks"),
        ({"activation": "relu"}, "give several activations"),
        ({"seed": [3, 4, 5]}, "leave out seed"),
    ],
)
def test_what_cannot_grow_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError, match=message):
        Study(**{**FIELDS, **changes})


def test_the_file_of_a_growing_study_reads_back(tmp_path: Path) -> None:
    study = Study(**FIELDS)
    assert study.seed == (0, 1, 2, 3, 4)
    (tmp_path / "s.toml").write_text(study.to_toml())
    assert Study.read(tmp_path / "s.toml") == study
    (tmp_path / "t.toml").write_text('activation = ["relu", "elu"]\nseed = "until decided"\n')
    assert Study.read(tmp_path / "t.toml").until_decided is not None


def test_seeds_count_in_the_order_in_which_they_joined(tmp_path: Path) -> None:
    """Whoever could order seeds after having seen their scores would find a difference in one study of five."""
    folder, plain = StudyDir(tmp_path), {**FIELDS, "until_decided": None}
    list(train(folder, Study(**{**plain, "seed": [0, 1, 2]})))
    later = folder.continued(Study(**{**plain, "seed": [9, 8, 2, 1, 0]}))
    assert later.seed == (0, 1, 2, 9, 8)
    another = Study(**{**plain, "seed": [9, 8]})
    assert folder.continued(another) == another


@pytest.mark.resume
@pytest.mark.slow  # above, a study that grows is stopped; test_end_to_end.py has workers
def test_workers_change_nothing_of_a_study_that_grows(tmp_path: Path) -> None:
    options: dict[str, Any] = {
        "model": SMALL, "data": "digits", "epochs": 1, "seeds": "until decided",
        "until_decided": {"start": 3, "most": 4}, "metric": "accuracy", "margin": 0.0001,
    }  # fmt: skip
    one = reluctant.compare(["relu", "elu"], folder=tmp_path / "one", engine="serial", **options)
    two = reluctant.compare(["relu", "elu"], folder=tmp_path / "two", workers=2, **options)
    assert len(one) == len(two) == 8
    assert records(tmp_path / "one") == records(tmp_path / "two")
    assert (tmp_path / "one" / "looks.jsonl").read_text() == (tmp_path / "two" / "looks.jsonl").read_text()
    # stopped after some runs, by another engine, it becomes the same study
    shutil.copytree(tmp_path / "two", tmp_path / "part")
    for path in sorted((tmp_path / "part" / "runs").glob("*.json"))[::2]:
        path.unlink()
    lines = (tmp_path / "part" / "looks.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "part" / "looks.jsonl").write_text("".join(lines[:1]))
    reluctant.compare(["relu", "elu"], folder=tmp_path / "part", engine="serial", **options)
    assert records(tmp_path / "part") == records(tmp_path / "one")
    assert [look.seeds for look in StudyRecords.read(tmp_path / "part").looks] == [3, 4]
