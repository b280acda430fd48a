"""Verification: a sound folder has no contradictions, and every kind of contradiction is found."""

import base64
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import reluctant
from reluctant.analysis import ReportData
from reluctant.cli.main import CANNOT, DONE, SOME_FAILED, execute
from reluctant.core.environment import environment_id
from reluctant.records.store import Store
from reluctant.records.study_records import StudyRecords
from reluctant.report import render_page, write_report
from reluctant.study import RECIPE, Study
from reluctant.verification.findings import Finding
from reluctant.verification.folder import verify_folders
from reluctant.verification.page import check_page, compare_page
from reluctant.verification.retraining import first_difference, retrain, sample_runs
from tests.support import records
from tests.support.small import SMALL

STUDY = Study(name="small", model=SMALL, activation=["relu", "prelu"], seed=[0, 1], epochs=2)
Record = dict[str, Any]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `reluctant run` leaves it, without its report."""
    folder = tmp_path_factory.mktemp("trained") / "s"
    reluctant.run(STUDY, folder, engine="serial")
    return folder


@pytest.fixture
def folder(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "s"))


def files(folder: Path) -> list[Path]:
    return sorted((folder / "runs").glob("*.json"))


def forge(path: Path, change: Callable[[Record], Any]) -> Path:
    """Change a record and give it the checksum that fits."""
    record = json.loads(path.read_text())
    change(record)
    Store(path.parent).add(path.stem, record)
    return path


def contradictions(*folders: Path) -> list[str]:
    return [str(finding) for finding in verify_folders(*folders).contradictions]


def read_data(folder: Path) -> ReportData:
    return ReportData.of(StudyRecords.read(folder))


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file and folder with the time of its last change: a file made and deleted changes its folder."""
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in (folder, *folder.rglob("*"))
    }


def answer(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    status = execute(["verify", *map(str, arguments)])
    out, err = capsys.readouterr()
    return status, out, err


# Folders without contradictions.


def test_a_sound_folder_is_left_as_it_is(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_report(read_data(folder), folder)
    before = snapshot(folder)
    status, out, err = answer(capsys, folder)
    assert (status, err) == (DONE, "")
    assert out == f"{folder}: small, 4 of 4 runs have a record that can be read\nno contradictions\n"
    assert snapshot(folder) == before


def test_an_unfinished_folder_is_sound(folder: Path) -> None:
    files(folder)[0].unlink()
    assert contradictions(folder) == []
    assert [str(f) for f in verify_folders(folder).findings] == [
        f"{folder / 'report.html'}: is not there; `reluctant report` draws it"
    ]
    shutil.rmtree(folder / "runs")
    assert contradictions(folder) == []


def test_without_a_study_there_is_nothing_to_verify(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folders in ([tmp_path / "none"], [folder, tmp_path / "none"]):
        status, _, err = answer(capsys, *folders)
        assert status == CANNOT
        assert "holds no study" in err


def test_a_diverged_run_is_sound(tmp_path: Path) -> None:
    names = ["tests.support.own_activations:Exploding", "tests.support.own_activations:Gate"]
    reluctant.run(Study(model=SMALL, activation=names, seed=[0], epochs=2), tmp_path / "s", engine="serial")
    assert StudyRecords.read(tmp_path / "s").runs[0].diverged == 1
    assert contradictions(tmp_path / "s") == []


# What contradicts itself within one record.


def _wander(record: Record, split: str, epoch: int = -1) -> None:
    """An image of class 0 that was predicted right becomes one predicted as class 1."""
    matrix = record["epochs"][epoch]["confusion"][split]
    matrix[0][0] -= 1
    matrix[0][1] += 1


def _more(record: Record, split: str, true: int = 0, by: int = 1) -> None:
    """More images of a class, in every epoch alike."""
    for epoch in record["epochs"]:
        epoch["confusion"][split][true][true] += by


def _cell(value: object) -> Callable[[Record], None]:
    def change(record: Record) -> None:
        record["epochs"][0]["confusion"]["valid"][3][4] = value

    return change


def _loss(value: object, split: str = "valid") -> Callable[[Record], None]:
    return lambda record: record["epochs"][0]["loss"].update({split: value})


def _predictions(record: Record, predicted: Any) -> None:
    record["test_predictions"] = base64.b64encode(np.asarray(predicted, np.uint8).tobytes()).decode()


def _train_on_more(record: Record) -> None:
    _more(record, "train")
    record["final"]["confusion"][0][0] += 1


def _epoch(number: int) -> Callable[[Record], Record]:
    return lambda record: dict(record)["epochs"][number - 1]


FORGED: dict[str, tuple[Callable[[Record], Any], str]] = {
    "counts swapped": (lambda r: _wander(r, "test"), "test_predictions give"),
    "an image more": (lambda r: _more({"epochs": [_epoch(2)(r)]}, "test"), "test matrix of epoch 2 counts"),
    "negative": (_cell(-1), "valid matrix of epoch 1 is no square table of counts"),
    "a fraction": (_cell(1.0), "epochs.1.confusion.valid.4.5 must be a whole number, not 1.0"),
    "a truth": (_cell(True), "epochs.1.confusion.valid.4.5 must be a whole number, not True"),
    "ragged": (lambda r: _epoch(1)(r)["confusion"]["test"][0].pop(), "no square table of counts"),
    "no matrix": (lambda r: _epoch(1)(r)["confusion"].update(test=7), "confusion.test must be a list, not 7"),
    "fewer classes": (lambda r: _epoch(1)(r)["confusion"].update(test=[[1]]), "not the same shape in every"),
    "no loss": (_loss(None), "is no record of a run: epochs.1.loss.valid must be a number, not None"),
    "a word": (_loss("nan"), "epochs.1.loss.valid must be a number, not 'nan'"),
    "a truth as loss": (_loss(True), "epochs.1.loss.valid must be a number, not True"),
    "below nothing": (_loss(-0.5), "it cannot be below 0"),
    "too good": (_loss(1e-6, "train"), "every wrong one costs at least ln 2"),
    "no time": (lambda r: _epoch(2)(r)["seconds"].update(train=-1.0), "time of epoch 2 is -1.0"),
    "an epoch gone": (lambda r: r["epochs"].pop(), "it has 1 epochs, and its run has 2"),
    "misnumbered": (lambda r: _epoch(2)(r).update(epoch=1), "its epochs are numbered 1, 1"),
    "diverged at last": (lambda r: r.update(diverged=2), "it diverged in epoch 2 and has 2 epochs before"),
    "diverged never": (lambda r: r.update(diverged=7), "in epoch 7, and its run has epochs 1 to 2"),
    "no final": (lambda r: r.update(final=None), "no final training score although it did not diverge"),
    "another final": (lambda r: r["final"]["confusion"].reverse(), "final training matrix counts"),
    "final loss": (lambda r: r["final"].update(loss=[]), "final.loss must be a number, not []"),
    "no base64": (lambda r: r.update(test_predictions="*"), "test_predictions cannot be read"),
    "too few": (lambda r: _predictions(r, [1, 2]), "test_predictions are of 2 images"),
    "no class": (lambda r: _predictions(r, [12] * 360), "name class 12, and there are 10 classes"),
    "trained on more": (_train_on_more, "training and validation matrices count"),
    "no run": (lambda r: r.pop("run"), "run is missing"),
    "no epochs": (lambda r: r.update(epochs={}), "epochs must be a list, not {}"),
    "half an epoch": (lambda r: _epoch(1)(r).pop("loss"), "epochs.1.loss is missing"),
    "no sources": (lambda r: r.update(sources=["x"]), "sources must be a table of keys"),
    "no run at all": (lambda r: r.update(run={"seed": {}}), "run: must be a table with an 'activation'"),
    "a number too large": (lambda r: r["run"].update(lr=10**30), "is too large a number"),
    "another run": (lambda r: r["run"].update(seed=7), "holds the record of another run"),
}


@pytest.mark.parametrize("which", FORGED)
def test_a_record_that_contradicts_itself_is_found(folder: Path, which: str) -> None:
    change, message = FORGED[which]
    path = forge(files(folder)[1], change)
    lines = contradictions(folder)
    assert [line for line in lines if line.startswith(f"{path}: ") and message in line], lines
    assert all(str(path) in line for line in lines)


def test_predictions_are_compared_with_columns_where_no_labels_are_known(folder: Path) -> None:
    shutil.rmtree(folder / "data")
    assert contradictions(folder) == []
    forge(files(folder)[0], lambda r: _wander(r, "test"))
    (line,) = contradictions(folder)
    assert "in the columns of its last test matrix" in line


# Records that differ from the others.


def _reclassed(record: Record) -> None:
    """An image of class 1 is one of class 0."""
    _more(record, "valid", 0)
    _more(record, "valid", 1, by=-1)


SHARED: dict[str, tuple[Callable[[Record], Any], str]] = {
    "recipe": (lambda r: r.update(recipe=9), f"its recipe is 9, and {RECIPE} in"),
    "data": (lambda r: r.update(data="f" * 64), f"SHA-256 of the data digits is {'f' * 64}, and "),
    "code": (lambda r: r["sources"].update({SMALL: "e" * 64}), f"SHA-256 of the code {SMALL} is {'e' * 64}"),
    "images": (_reclassed, "number of valid images by class (digits at train_fraction 0.92"),
}


@pytest.mark.parametrize("which", SHARED)
def test_a_record_that_is_not_like_the_others_is_found(folder: Path, which: str) -> None:
    change, message = SHARED[which]
    path = forge(files(folder)[0], change)  # the first is not taken for the rule
    lines = contradictions(folder)
    assert [line for line in lines if line.startswith(f"{path}: ") and message in line], lines
    assert not [line for line in lines if not line.startswith(str(path))]


def test_test_labels_that_no_record_has_are_found(folder: Path) -> None:
    (path,) = (folder / "data").glob("*.json")
    description = json.loads(path.read_text())
    labels = bytearray(base64.b64decode(description["test_labels"]))
    labels[0] = (labels[0] + 1) % 10
    path.write_text(json.dumps({**description, "test_labels": base64.b64encode(labels).decode()}))
    assert len([line for line in contradictions(folder) if line.endswith(f"in {path}")]) == 4


@pytest.mark.parametrize("content", ["{", "[]", '{"sha256": "x"}'])
def test_a_description_of_data_that_is_none_is_found(folder: Path, content: str) -> None:
    (path,) = (folder / "data").glob("*.json")
    path.write_text(content)
    assert [
        line
        for line in contradictions(folder)
        if line == f"{path}: is no description of data; copy it again, or let `reluctant run` write it"
    ]


def test_a_description_of_data_under_another_name_is_found(folder: Path) -> None:
    (path,) = (folder / "data").glob("*.json")
    other = path.rename(path.with_name("0000.json"))
    assert [line for line in contradictions(folder) if line.startswith(f"{other}: describes the data")]


def test_environments_are_there_and_are_what_they_are_called(folder: Path) -> None:
    (path,) = (folder / "environments").glob("*.json")
    content = path.read_text()
    path.write_text(content.replace('"cores"', '"kernels"'))
    assert contradictions(folder) == [
        f"{path}: is not what its name is the hash of: the description of the machine was changed"
    ]
    path.unlink()
    (line,) = contradictions(folder)
    assert f"and there is no {path}; copy it from the folder" in line
    path.write_text(content)
    forge(files(folder)[0], lambda r: r.update(environment="../../x"))
    assert "names the environment '../../x', which is not a name of one" in contradictions(folder)[0]


def test_damaged_renamed_and_foreign_files(folder: Path) -> None:
    first, second, third, _ = files(folder)
    first.write_text(first.read_text()[:-100])
    second.write_text(second.read_text().replace('"lr":0.001', '"lr":0.002', 1))
    renamed = third.rename(third.with_name("0" * 20 + ".json"))
    foreign = records.record(next(iter(Study(activation="elu", seed=5).runs())))
    Store(folder / "runs").add(key := Study(activation="elu", seed=5).runs().__next__().key, foreign)
    (folder / "runs" / "notes.txt").write_text("mine")
    findings = {f.path.name: (f.is_contradiction, f.message) for f in verify_folders(folder).findings}
    again = "; `reluctant run` moves it to damaged/ and trains its run again"
    assert findings[first.name] == (True, f"is not a complete JSON file{again}")
    assert findings[second.name] == (True, f"is damaged: its checksum does not match{again}")
    assert findings[renamed.name] == (True, f"holds the record of another run, {third.stem}{again}")
    assert findings[f"{key}.json"] == (
        False, "is foreign: the study has no such run (elu, seed 5); it counts nowhere")  # fmt: skip
    assert findings["notes.txt"][0] is False


def test_a_damaged_history_is_found(folder: Path) -> None:
    path = folder / "history.jsonl"
    for content in ("{", '{"date": "today"}', "[1]"):
        path.write_text(content + "\n")
        message = f"{path}: is damaged: the changes of the study cannot be read from it"
        assert message in contradictions(folder)


def test_the_exit_status_and_the_number_of_contradictions(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    forge(files(folder)[0], lambda r: _wander(r, "test"))
    status, out, err = answer(capsys, folder)
    assert (status, err) == (SOME_FAILED, "")
    assert f"  contradiction: {files(folder)[0]}: its test_predictions give" in out
    assert out.endswith("1 contradiction\n")


# The report.


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of made-up records with its report."""
    path = tmp_path_factory.mktemp("drawn") / "s"
    records.folder(path, Study(activation=["relu", "elu"], seed=[0, 1], epochs=1))
    write_report(read_data(path), path)
    return path


@pytest.fixture
def reported(drawn: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(drawn, tmp_path / "s"))


@pytest.fixture(scope="module")
def again(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The page of those records drawn again, and its figures."""
    figures = tmp_path_factory.mktemp("again")
    return render_page(read_data(drawn), figures), figures


@pytest.fixture
def on_page(reported: Path, again: tuple[str, Path]) -> Callable[[], list[Finding]]:
    """What is found in the page as it is now, and in its figures."""
    path = reported / "report.html"
    return lambda: list(compare_page(path, path.read_text("utf-8"), *again))


OnPage = Callable[[], list[Finding]]


def rewrite(folder: Path, old: str, new: str) -> None:
    path = folder / "report.html"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_a_page_is_the_same_in_another_folder(reported: Path) -> None:
    assert str(reported) not in (reported / "report.html").read_text("utf-8")
    assert list(check_page(reported)) == []


def test_a_number_that_the_records_do_not_give_is_named(reported: Path, on_page: OnPage) -> None:
    score = read_data(reported).scores.interval("f1", "elu").mean
    rewrite(reported, f'<td class="strong">{score:.4f}', '<td class="strong">0.9999')
    (finding,) = on_page()
    assert finding.is_contradiction
    assert finding.message == f"says “0.9999” under “Final scores”, where the records give “{score:.4f}”"


def test_a_script_in_the_page_is_found(reported: Path, on_page: OnPage) -> None:
    rewrite(reported, "</main>", "<script src='x'></script></main>")
    (finding,) = on_page()
    assert finding.is_contradiction
    assert "its markup is not what is drawn" in finding.message


def test_labels_of_drawings_are_compared(reported: Path, on_page: OnPage) -> None:
    rewrite(reported, 'aria-label="Macro F1 after', 'aria-label="Micro F1 after')
    assert [f.is_contradiction for f in on_page()] == [True]
    assert "“Micro F1 after" in on_page()[0].message


def test_another_drawing_is_found_unless_another_matplotlib_drew_it(reported: Path, on_page: OnPage) -> None:
    rewrite(reported, '<path d="M ', '<path d="M 1 ')
    (finding,) = on_page()
    assert finding.is_contradiction
    assert finding.message.startswith("has another drawing than the records give: “")
    rewrite(reported, "; matplotlib ", "; matplotlib 1.")
    (finding,) = on_page()
    assert not finding.is_contradiction
    assert "its words are compared, its drawings are not" in finding.message


def test_figures_are_compared_to_the_byte(reported: Path, on_page: OnPage) -> None:
    drawing, image = (reported / "figures" / name for name in ("final_f1.svg", "loss.png"))
    drawing.write_text(drawing.read_text("utf-8").replace('<path d="M ', '<path d="M 1 ', 1), "utf-8")
    image.unlink()
    findings = {f.path: (f.is_contradiction, f.message) for f in on_page()}
    assert findings == {
        drawing: (True, "is not the figure that the records give"),
        image: (False, "is not there; `reluctant report` draws it"),
    }


def test_an_older_page_is_no_contradiction(reported: Path) -> None:
    gone = files(reported)[0]
    content = gone.read_bytes()
    gone.unlink()
    write_report(read_data(reported), reported)
    gone.write_bytes(content)
    (finding,) = list(check_page(reported))
    assert not finding.is_contradiction
    assert finding.message.startswith("is older than the records: it was drawn from 3 of 4 runs, and now there are 4")


def test_a_page_of_runs_without_a_record_is_found(reported: Path) -> None:
    files(reported)[0].unlink()
    (finding,) = list(check_page(reported))
    assert finding.is_contradiction
    assert finding.message == "is of 4 runs, complete, and the records that can be trusted are 3 of 4 runs"


def test_no_page_and_a_page_of_another_version_are_remarks(reported: Path) -> None:
    rewrite(reported, 'content="reluctant ', 'content="reluctant 99.')
    (finding,) = list(check_page(reported))
    assert not finding.is_contradiction
    assert "was drawn by reluctant 99." in finding.message
    (reported / "report.html").unlink()
    (finding,) = list(check_page(reported))
    assert (finding.is_contradiction, finding.message) == (False, "is not there; `reluctant report` draws it")


# Several folders.


def part(trained: Path, to: Path, seed: int) -> Path:
    """The folder of the same study with one seed alone, as another machine would have trained it."""
    study = STUDY.model_copy(update={"seed": (seed,)})
    shutil.copytree(trained, to)
    (to / "study.toml").write_text(study.to_toml())
    keys = {run.key for run in study.runs()}
    for path in files(to):
        if path.stem not in keys:
            path.unlink()
    return to


def test_folders_merge_by_copying(trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = part(trained, tmp_path / "one", 0), part(trained, tmp_path / "other", 1)
    status, out, _ = answer(capsys, one, other)
    assert status == DONE
    assert f"{other}: has no run in common with {one}" in out
    (one / "study.toml").write_text(STUDY.to_toml())
    for name in ("runs", "environments", "data"):
        shutil.copytree(other / name, one / name, dirs_exist_ok=True)
    assert execute(["report", str(one)]) == DONE
    capsys.readouterr()
    status, out, _ = answer(capsys, one, other)
    assert (status, out.splitlines()[-1]) == (DONE, "no contradictions")
    assert "4 of 4 runs" in out
    assert len(StudyRecords.read(one)) == 4


def test_the_same_run_on_another_machine_may_take_another_time(folder: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(folder, tmp_path / "other"))
    (environment,) = (other / "environments").glob("*.json")
    changed = {**json.loads(environment.read_text()), "processor": "another"}
    (other / "environments" / f"{environment_id(changed)}.json").write_text(json.dumps(changed))

    def change(record: Record) -> None:
        record.update(environment=environment_id(changed), provenance={"began": "yesterday"})
        record["epochs"][0]["seconds"]["train"] += 1

    forge(files(other)[0], change)
    assert contradictions(folder, other) == []


def test_two_records_of_one_run_that_differ(folder: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(folder, tmp_path / "other"))
    path = files(other)[2]
    loss = json.loads(path.read_text())["epochs"][0]["loss"]["valid"]
    forge(path, _loss(loss + 1e-9))
    assert contradictions(folder, other) == [
        f"{path}: contradicts {files(folder)[2]}: epochs[0].loss.valid is {loss + 1e-9}, and {loss} there"
    ]


def test_two_descriptions_of_one_data_set_that_differ(folder: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(folder, tmp_path / "other"))
    (path,) = (other / "data").glob("*.json")
    description = json.loads(path.read_text())
    path.write_text(json.dumps({**description, "classes": list("abcdefghij")}))
    assert contradictions(folder, other) == [
        f"{path}: contradicts {folder / 'data' / path.name}: it names other classes"
    ]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"a": 1, "b": [1, 2]}, {"a": 1, "b": [1, 2]}, None),
        ({"a": {"b": [1, {"c": 2}]}}, {"a": {"b": [1, {"c": 3}]}}, ("a.b[1].c", "2", "3")),
        ({"a": 1}, {"b": 1}, ("a", "1", "nothing")),
        ([1, 2], [1], ("", "a list of 2", "a list of 1")),
        (1, 1.0, ("", "1", "1.0")),
        (0.0, -0.0, ("", "0.0", "-0.0")),
        (True, 1, ("", "true", "1")),
        (0.1 + 0.2, 0.3, ("", "0.30000000000000004", "0.3")),
    ],
)
def test_first_difference(one: Any, other: Any, expected: tuple[str, str, str] | None) -> None:
    assert first_difference(one, other) == expected


# Trained again.


def test_a_sample_trained_again_is_the_same_to_the_bit(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from reluctant.training.checkpoints import Checkpoint

    monkeypatch.setattr(Checkpoint, "restore", lambda *_: 1 / 0)  # no checkpoint may be used
    before = snapshot(folder)
    status, out, err = answer(capsys, folder, "--retrain", "2")
    assert (status, err) == (DONE, "")
    lines = out.splitlines()
    assert [line.partition(":")[0] for line in lines if "is trained again" in line] == ["1 of 2", "2 of 2"]
    assert sum(line.endswith("trained again, it is the same to the bit") for line in lines) == 2
    assert snapshot(folder) == before


def test_the_sample_is_the_same_for_the_same_folder(folder: Path, tmp_path: Path) -> None:
    (checked,) = verify_folders(folder).folders
    other = Path(shutil.copytree(folder, tmp_path / "other"))
    keys = [each.run.key for each in sample_runs(checked, 3)]
    assert [each.run.key for each in sample_runs(verify_folders(other).folders[0], 3)] == keys
    assert [each.run.key for each in sample_runs(checked, 1)] == keys[:1]
    assert len(sample_runs(checked, 99)) == 4
    files(other)[0].unlink()
    others = [each.run.key for each in sample_runs(verify_folders(other).folders[0], 3)]
    assert len(set(others)) == 3


def test_a_record_that_training_does_not_give_is_found(folder: Path) -> None:
    """A change that no check of one record can see: a loss, well within what is possible."""
    (checked,) = verify_folders(folder).folders
    path = sample_runs(checked, 1)[0].path
    loss = json.loads(path.read_text())["epochs"][0]["loss"]["valid"]
    forge(path, _loss(loss + 1e-12))
    assert contradictions(folder) == []
    (finding,) = retrain(checked, 1)
    assert finding.is_contradiction
    assert finding.path == path
    assert finding.message == (
        f"trained again, it differs: epochs[0].loss.valid is {loss + 1e-12} in the record, and {loss} now"
    )


def test_another_machine_is_named_where_bits_differ(folder: Path) -> None:
    (path,) = (folder / "environments").glob("*.json")
    environment = json.loads(path.read_text())
    environment["processor"], environment["packages"]["torch"] = "an older one", "2.1"
    path.with_name(f"{environment_id(environment)}.json").write_text(json.dumps(environment))
    (checked,) = verify_folders(folder).folders
    changes = {"weights": "0" * 64, "environment": environment_id(environment)}
    forge(sample_runs(checked, 1)[0].path, lambda r: r.update(changes))
    (finding,) = retrain(checked, 1)
    assert 'weights is "' + "0" * 58 + "… in the record" in finding.message
    assert "; made with another processor (an older one there, " in finding.message
    assert "torch (2.1 there, " in finding.message
    assert finding.message.endswith("where other bits are to be expected")


def test_what_cannot_be_trained_here(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in files(folder):
        forge(path, lambda r: r["sources"].update({SMALL: "e" * 64}))
    status, _, err = answer(capsys, folder, "--retrain", "1")
    assert status == CANNOT
    assert f"the code of {SMALL} is not the code" in err
    forge(files(folder)[0], lambda r: _wander(r, "test"))
    status, out, err = answer(capsys, folder, "--retrain", "1")
    assert status == SOME_FAILED
    assert "not trained again: the code of" in out
