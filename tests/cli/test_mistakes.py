"""A mistake on the command line gets one clear message, and nothing is trained."""

from pathlib import Path

import pytest

from reluctant.cli.main import CANNOT
from tests.support.commands import answer


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["quick", "--set", "activation=relo"], "activation: no activation is called 'relo'; did you mean 'relu'"),
        (["quick", "--set", "model=vgg"], "model: no model is called 'vgg'"),
        (["quick", "--set", "dataset=mnits"], "did you mean 'mnist'"),
        (["quick", "--set", "rate=0.1"], "there is no key 'rate'"),
        (["quick", "--set", "lr=fast"], "lr must be a number, not 'fast'"),
        (["quick", "--set", "activation=silu,swish"], "is listed twice"),
        (["quick", "--set", "optimizer=sgd(beta1=0.9)"], "sgd has no parameter 'beta1'"),
        (["quick", "--set", "seed=0..99999"], "400,000 runs are more than 10,000; add --yes if you mean it"),
        (["quick", "--set", "activation=softmax"], "it couples all units of a layer"),
        (["quick", "--set", "seed=9..0"], "runs backwards"),
        (["quick", "--set", "activation=relu,no_such_module:F"], "no module 'no_such_module'"),
        (
            ["quick", "--set", "activation=relu,tests.support.own_activations:narrowing"],
            "an activation keeps the shape",
        ),
        (["quick", "--set", "activation=relu,tests.support.own_activations:unlucky"], "NaN or infinity"),
        (["quick", "--set", "dataset=mnist"], "reluctant fetch mnist"),
        (["quick", "--device", "cuda:99"], "device 'cuda:99' cannot be used here"),
        (["quik"], "no study is called 'quik'; did you mean 'quick'"),
        (["none.toml"], "there is no file none.toml"),
        (["empty.toml"], "activation: an empty list; give at least one value"),
        (["broken.toml"], "broken.toml is not TOML"),
    ],
)
def test_a_mistake_gets_one_message_and_nothing_is_trained(
    here: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    (here / "empty.toml").write_text("activation = []")
    (here / "broken.toml").write_text("activation = [")
    status, _, err = answer(capsys, "run", *arguments)
    assert status == CANNOT
    assert message in err
    assert "Traceback" not in err
    assert not list(here.glob("out/*/runs/*.json"))


def test_every_fault_at_once(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "bad.toml").write_text('activation = ["relo", "gelu"]\nlr = true\nepohcs = 3\n')
    status, _, err = answer(capsys, "run", "bad.toml")
    assert status == CANNOT
    assert all(part in err for part in ("3 mistakes", "relo", "lr", "did you mean 'epochs'"))
