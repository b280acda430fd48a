"""Study files: read as editors write them, written as people write them, named where they are faulty."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reluctant.core.errors import StudyError
from reluctant.study import Study, bundled
from tests.support.strategies import studies


@settings(max_examples=100)
@given(keys=studies())
def test_a_study_comes_back_from_its_file(keys: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> None:
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


def test_a_file_without_a_name_gives_the_study_its_own(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("activation = 'relu'\n")
    assert Study.read(tmp_path / "mine.toml").name == "mine"
    assert Study.read(tmp_path / "mine.toml", {"name": "yours"}).name == "yours"
    (tmp_path / "other.toml").write_text("activation = 'relu'\nname = 'mine'\n")
    assert Study.read(tmp_path / "other.toml").name == "mine"


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
        (b"activation = 'relu'\nlr = 'fast'", "s.toml: lr must be a number, not 'fast'"),
        (b"activation = 'relu'\nlr = nan", "s.toml: lr must be a finite number, not nan"),
        (b"activation = 'relu'\nlr = 1979-05-27", "lr must be a number, not datetime.date(1979, 5, 27)"),
        (b"activation = 'relu'\n[lr]\nx = 1", "lr must be a number, not {'x': 1}"),
        (b"activation = 'relu'\nself = 1", "there is no key 'self'"),
        (b"", "s.toml: activation is missing"),
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
        ("zzz", f"no study is called 'zzz'; bundled are {', '.join(bundled())}"),
        ("none.toml", f"there is no file none.toml; bundled studies: {', '.join(bundled())}"),
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


def test_a_bundled_name_does_not_mean_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quick").write_text("activation = 'elu'")
    assert Study.read("quick").name == "quick"
    assert Study.read("./quick").activation == ("elu",)
