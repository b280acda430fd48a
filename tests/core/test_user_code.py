"""Which code a study may run: the user's own files, nothing else unless it is allowed."""

import sys
from pathlib import Path

import pytest

from reluctant.core.errors import StudyError
from reluctant.core.user_code import VARIABLE, check_user_code, modules_of
from reluctant.core.user_objects import load_user_object

CODE = """
import os, torch
from os import system
from torch import nn
class Net(nn.Module): pass
def build(): return Net()
"""
REFUSED = {
    "os:system(command='touch evil')": "os:system is part of Python; name a class or function of your own",
    "http.server:test": "http.server:test is part of Python",
    "sys:exit": "sys:exit is part of Python",
    "builtins:exec": "is part of Python",
    "__main__:x": "is part of Python",
    "numpy:save(file='evil')": r"outside the study's folder .*/numpy; if you trust it, add --allow-module numpy",
    "torch:save": "--allow-module torch",
    "torch.hub:load": "--allow-module torch",
    "torch.nn:functional.torch.hub.load": "--allow-module torch",
    "reluctant.export.csv:write": "--allow-module reluctant",
}
FOREIGN = {
    "of_study:system": "'system' is not defined in 'of_study'",
    "of_study:os.system": "'os' is not defined in 'of_study'",
    "of_study:torch.hub.load": "'torch' is not defined in 'of_study'",
    "of_study:build.__globals__": "'__globals__' is not defined in 'of_study'",
    "os:system": "os:system is part of Python",
}


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study file with a module beside it, while the current folder is another one."""
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies/of_study.py").write_text(CODE)
    (tmp_path / "here").mkdir()
    (tmp_path / "here/of_folder.py").write_text(CODE)
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv(VARIABLE, "")
    for module in ("of_study", "of_folder"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    return tmp_path / "studies/my.toml"


def test_files_beside_the_study_and_in_the_current_folder_may_be_named(study: Path) -> None:
    texts = check_user_code(["relu", "of_study:Net(a=1)", "of_study:build", "of_folder:Net", "here:x"], study)
    assert texts == [
        f"runs your code: {study.parent / 'of_study.py'} (of_study:Net, of_study:build)",
        f"runs your code: {study.parents[1] / 'here/of_folder.py'} (of_folder:Net)",
    ]
    assert "of_study" not in sys.modules
    assert load_user_object("of_study:build", "model")().__class__.__name__ == "Net"


@pytest.mark.parametrize("name", REFUSED)
def test_all_other_code_is_refused_before_it_is_imported(study: Path, name: str) -> None:
    before = set(sys.modules)
    with pytest.raises(StudyError, match=REFUSED[name]):
        check_user_code(["of_study:Net", name], study)
    assert not {"of_study", "http.server"} & (set(sys.modules) - before)


def test_packages_in_the_current_folder_are_no_code_of_the_user(study: Path) -> None:
    packages = Path.cwd() / ".venv/lib/site-packages"
    packages.mkdir(parents=True)
    (packages / "installed.py").write_text(CODE)
    sys.path.append(str(packages))
    with pytest.raises(StudyError, match="--allow-module installed"):
        check_user_code(["installed:Net"], study)


def test_the_user_may_allow_packages(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_user_code(["numpy.linalg:svd"], study, ["numpy"])
    check_user_code(["numpy.linalg:svd"], study, modules_of(["numpy.linalg:svd(x=1)"]))
    with pytest.raises(StudyError, match="allow-module numpy"):
        check_user_code(["numpy:save"], study, ["numpy.linalg"])
    monkeypatch.setenv(VARIABLE, "pandas, numpy")
    check_user_code(["numpy:save"], study)
    with pytest.raises(StudyError, match="is part of Python"):
        check_user_code(["os:system"], study, ["numpy"])


@pytest.mark.parametrize("name", ["torch.nn:SiLU", "torch.nn.functional:gelu", "torch.nn.modules.activation:ELU"])
def test_layers_of_pytorch_may_be_named(study: Path, name: str) -> None:
    assert check_user_code([name], study) == []
    assert callable(load_user_object(name, "activation"))


@pytest.mark.parametrize("head", FOREIGN)
def test_what_a_module_only_imports_is_not_called(study: Path, head: str) -> None:
    if not head.startswith("os:"):
        check_user_code([head], study)
    with pytest.raises(StudyError, match=FOREIGN[head]):
        load_user_object(head, "activation")


def test_a_package_that_lies_in_several_folders_must_lie_in_the_users_alone(study: Path, tmp_path: Path) -> None:
    for folder in (study.parent, tmp_path / "elsewhere"):
        (folder / "shared_name").mkdir(parents=True)
        (folder / "shared_name/nets.py").write_text(CODE)
    assert check_user_code(["shared_name.nets:Net"], study)
    sys.path.append(str(tmp_path / "elsewhere"))
    with pytest.raises(StudyError, match="elsewhere/shared_name; if you trust it, add --allow-module shared_name"):
        check_user_code(["shared_name.nets:Net"], study)
