"""The description of a machine in records: versions and hardware, nothing private."""

import json
import platform
from pathlib import Path

import numpy as np
import pytest

from reluctant.core.environment import (
    PACKAGES,
    cores,
    describe_environment,
    environment_id,
    processor,
    version,
    without_home,
)


def test_a_description_is_plain_json_and_always_the_same() -> None:
    assert json.loads(json.dumps(describe_environment())) == describe_environment()


def test_a_description_names_versions_and_hardware() -> None:
    description = describe_environment()
    assert description["python"] == platform.python_version()
    assert description["packages"] == {name: version(name) for name in PACKAGES}
    assert set(description) == {
        "python", "implementation", "system", "machine", "processor", "cores", "packages",
        "commit", "settings",
    }  # fmt: skip
    assert all(value for key, value in description.items() if key not in ("commit", "settings"))


def test_a_description_contains_nothing_private(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TOKEN", "a-private-word")
    monkeypatch.setattr(platform, "node", lambda: "a-private-word")
    monkeypatch.setattr("getpass.getuser", lambda: "a-private-word")
    text = json.dumps(describe_environment())
    assert "a-private-word" not in text


def test_a_version_is_the_installed_one_or_missing() -> None:
    assert version("numpy") == np.__version__
    assert version("no-such-package-here") == "missing"


def test_usable_processors_are_counted_on_every_system(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cores() > 0
    assert describe_environment()["cores"] == cores()
    monkeypatch.delattr("os.sched_getaffinity", raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: 7)
    assert cores() == 7
    monkeypatch.setattr("os.cpu_count", lambda: None)
    assert cores() == 1


def test_every_recorded_package_is_installed() -> None:
    assert "missing" not in [version(name) for name in PACKAGES]


def test_a_processor_has_a_name_without_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(self: Path, *args: object, **keywords: object) -> str:
        raise PermissionError(self)

    monkeypatch.setattr(Path, "read_text", unreadable)
    assert processor() == (platform.processor() or platform.machine())


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        ("processor : 0\nmodel name\t: Fast: 3 GHz\nmodel name : other\n", "Fast: 3 GHz"),
        ("processor : 0\nBogoMIPS : 50\n", platform.processor() or platform.machine()),
    ],
)
def test_a_processors_name_is_the_systems(lines: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "read_text", lambda self: lines)
    assert processor() == name


def test_an_environment_id_is_short_and_distinct() -> None:
    description = describe_environment()
    names = {
        environment_id(description),
        environment_id({**description, "cores": -1}),
        environment_id({**description, "python": "0"}),
    }
    assert len(names) == 3
    assert all(len(name) == 16 and int(name, 16) >= 0 for name in names)
    assert environment_id(dict(reversed(description.items()))) == environment_id(description)


def test_environment_ids_never_change() -> None:
    assert environment_id({"python": "3.11.7", "cores": 2}) == "f82fc837c03d2387"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('File "/home/ada/my/net.py", line 3', 'File "~/my/net.py", line 3'),
        ('File "/Users/ada/my/net.py"', 'File "~/my/net.py"'),
        (r'File "C:\Users\ada\net.py"', r'File "~\net.py"'),
        ('File "/srv/homes/ada/net.py"', 'File "~/net.py"'),
        ("no module home/ada/x, /srv/homes/adam/net.py", "no module home/ada/x, /srv/homes/adam/net.py"),
    ],
)
def test_a_traceback_names_no_home_folder(text: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/srv/homes/ada")
    assert without_home(text) == expected
