"""The answer in sentences: what is better, what may be best, what verdicts cover, how many seeds are lacking."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from reluctant.analysis import Comparison
from reluctant.analysis.selection import Selected
from reluctant.analysis.sentence import (
    covers_test_items,
    floor_sentence,
    margin_sentence,
    more_items_sentence,
    selection_sentence,
    verdict_sentences,
)
from reluctant.statistics import welch
from tests.support.scored import report_data

NOISE = np.array([0.0, 0.002, -0.001, 0.001, -0.002])
NAMES = ("relu", "elu", "gelu", "silu", "tanh", "mish", "selu", "celu", "sigmoid", "softplus")
STUDY: dict[str, Any] = {"compare": {"metric": "accuracy", "margin": 0.005, "baseline": "relu"}}
ONCE: dict[str, Any] = {"compare": {**STUDY["compare"], "looks": "at the end"}}


def compared(**shifts: float) -> Comparison:
    """Activations that differ from one another by these shifts, by seed nearly alike."""
    rng = np.random.default_rng(1)
    scores = {name: (0.95 + shift + NOISE + rng.normal(0, 0.0003, 5)).tolist() for name, shift in shifts.items()}
    return report_data(scores, **STUDY).one_setting.comparison


def test_every_verdict_has_its_clause() -> None:
    text = verdict_sentences(compared(relu=0, elu=0.02, gelu=-0.01, silu=0))
    better = "On this test set, ELU is better than ReLU by "
    assert text.startswith((f"{better}1.9", f"{better}2.0"))
    assert " points of accuracy. On this test set, GELU is worse than ReLU by " in text
    assert ". On this test set, SiLU is the same as ReLU within ±0.5 points of accuracy." in text


def test_who_may_be_the_best_and_how_far_the_others_are_behind() -> None:
    text = verdict_sentences(compared(relu=0, elu=0.02, gelu=0.02, silu=-0.01))
    best = "ELU and GELU can still be the best and are the same within ±0.5 points"
    assert text.endswith(f"Over all pairs: {best}; ReLU and SiLU are behind by 2.00–3.00 points.")
    one = verdict_sentences(compared(relu=0, elu=0.02, gelu=0.01))
    assert "Over all pairs: only ELU can still be the best; ReLU and GELU are behind by " in one
    assert "best" not in verdict_sentences(compared(relu=0, elu=0, gelu=0))


def test_an_arm_that_is_lowest_in_every_seed_cannot_be_the_best() -> None:
    """All pairs decided together do not show it at three seeds; the question of the best asks less."""
    scores = {
        "relu": [0.95, 0.96, 0.955],
        "elu": [0.96, 0.969, 0.962],
        "gelu": [0.958, 0.968, 0.966],
        "silu": [0.957, 0.97, 0.963],
    }
    comparison = report_data(scores, **ONCE).one_setting.comparison
    assert not any(pair.verdict.decided for pair in comparison.pairs if "relu" in (pair.arm, pair.other))
    assert comparison.may_be_best == ("elu", "gelu", "silu")
    assert "ELU, GELU and SiLU can still be the best; ReLU is behind." in verdict_sentences(comparison)


def test_an_arm_with_diverged_runs_is_not_among_the_best() -> None:
    scores = {"relu": [0.95, 0.96, 0.955, 0.958], "elu": [0.99] * 4, "gelu": [0.93, 0.94, 0.934, 0.938]}
    comparison = report_data(scores, diverged=[("elu", 0), ("elu", 1)], **STUDY).one_setting.comparison
    assert comparison.may_be_best == ("relu",)
    assert " ELU" not in verdict_sentences(comparison).partition("Over all pairs:")[2]


@pytest.mark.slow
def test_the_best_arm_is_left_out_in_at_most_one_study_in_twenty() -> None:
    """Ten equal arms, the hardest case: how often a given one is not among those that may be the best."""
    rng = np.random.default_rng(3)
    lost = 0
    for _ in range(200):
        scores = dict(zip(NAMES, (0.9 + 0.01 * rng.normal(size=(10, 6))).clip(0, 1).tolist(), strict=True))
        lost += "relu" not in report_data(scores, **STUDY).one_setting.comparison.may_be_best
    assert lost <= 18  # 5 % of 200 is 10; 18 has a probability below 1 %


def test_the_scope_of_a_verdict_is_as_strict_as_the_verdict() -> None:
    comparison = compared(relu=0, elu=0.02)
    (contrast,) = comparison.family
    wider = replace(contrast, with_items=(-0.001, 0.042))
    assert covers_test_items(comparison, wider) is False
    assert covers_test_items(comparison, replace(wider, with_items=(0.0005, 0.041))) is True
    assert covers_test_items(comparison, contrast) is None


def test_undecided_names_the_seeds_that_would_decide() -> None:
    scores = {"relu": [0.95, 0.96, 0.95, 0.96, 0.95], "elu": [0.955, 0.958, 0.951, 0.968, 0.949]}
    comparison = report_data(scores, **STUDY).one_setting.comparison
    low, high = comparison.family[0].decision.more_seeds or (0, 0)
    expected = f"Undecided: ELU against ReLU (accuracy, 5 seeds); about {low}–{high} more seeds would decide."
    assert verdict_sentences(comparison) == expected


def test_where_more_seeds_are_not_worth_it() -> None:
    scores = {"relu": [0.95, 0.90, 0.99, 0.96, 0.93], "elu": [0.91, 0.97, 0.95, 0.93, 0.99]}
    wild = report_data(scores, **STUDY).one_setting.comparison
    text = "more than 105 seeds would be needed, which is not worth it"
    assert verdict_sentences(wild).endswith(f"(accuracy, 5 seeds); {text}.")
    without = {"compare": {"metric": "accuracy", "margin": 0.0}}
    no_margin = report_data(scores, **without).one_setting.comparison
    assert "without a margin no number of seeds can be promised" in verdict_sentences(no_margin)
    assert margin_sentence(no_margin).startswith("No margin is set, so nothing can be called the same")


def test_under_five_seeds_nobody_can_say_how_many_more_are_needed() -> None:
    """Three seeds said "not worth it", and six of the same study "about 8–25 more seeds"."""
    scores = {"relu": [0.95, 0.90, 0.99], "elu": [0.91, 0.97, 0.95]}
    comparison = report_data(scores, **STUDY).one_setting.comparison
    assert verdict_sentences(comparison).endswith(
        "(accuracy, 3 seeds); these are too few seeds to say how many would decide; train 5 first."
    )


def test_all_the_same() -> None:
    text = verdict_sentences(compared(relu=0, elu=0, gelu=0))
    assert text.startswith("On this test set, ReLU, ELU and GELU are the same within ±0.5 points of accuracy.")


def test_one_arm_alone() -> None:
    assert verdict_sentences(compared(relu=0)) == "Only ReLU takes part; there is nothing to compare."


def test_no_verdict_has_its_reason() -> None:
    comparison = report_data({"relu": [0.95], "elu": [0.97]}, **STUDY).one_setting.comparison
    assert verdict_sentences(comparison) == "No verdict for ELU: one seed has no spread."


@pytest.mark.parametrize(
    ("interval", "scope"),
    [
        (None, "On this test set, "),
        ((0.01, 0.03), "With new seeds and other test images, "),
        ((-0.01, 0.05), "On this test set, "),
    ],
)
def test_a_verdict_begins_with_what_it_covers(interval: tuple[float, float] | None, scope: str) -> None:
    comparison = compared(relu=0, elu=0.02)
    (contrast,) = comparison.family
    changed = replace(comparison, family=(replace(contrast, with_items=interval),))
    assert verdict_sentences(changed).startswith(f"{scope}ELU is better than ReLU by ")
    more = "To show it for other test images, about "
    assert (more in verdict_sentences(changed)) == (interval is not None and interval[0] < 0)


def test_how_many_more_test_items_would_widen_a_verdict() -> None:
    comparison = compared(relu=0, elu=0.02)
    (contrast,) = comparison.family
    mean, (low, _) = contrast.difference.mean, contrast.interval or (0.0, 0.0)
    seeds, items = mean - low, 2 * mean  # half-widths
    wide = float(np.hypot(seeds, items))
    changed = replace(comparison, family=(replace(contrast, with_items=(mean - wide, mean + wide)),))
    times = int(np.ceil(items**2 / (mean**2 - seeds**2)))
    expected = f"To show it for other test images, about {times} times as many test images are needed."
    assert more_items_sentence(changed) == expected
    enough = float(np.hypot(seeds, items / np.sqrt(times)))
    assert covers_test_items(comparison, replace(contrast, with_items=(mean - enough, mean + enough)))


def test_without_a_decision_there_is_nothing_to_cover() -> None:
    comparison = report_data({"relu": [0.95], "elu": [0.97]}, **STUDY).one_setting.comparison
    assert more_items_sentence(comparison) == ""


def test_a_verdict_on_three_or_four_seeds_says_so() -> None:
    scores = {"relu": [0.95, 0.951, 0.949, 0.95], "elu": [0.99, 0.99, 0.989, 0.99]}
    text = verdict_sentences(report_data(scores, **STUDY).one_setting.comparison)
    assert text.startswith("On this test set (only 4 seeds), ELU is better than ReLU by ")
    two = {arm: values[:2] for arm, values in scores.items()}
    text = verdict_sentences(report_data(two, **STUDY).one_setting.comparison)
    assert text == "No verdict for ELU: two seeds are too few."


def test_a_margin_below_one_image_is_mentioned() -> None:
    comparison = compared(relu=0, elu=0.02)
    assert margin_sentence(comparison) == "Differences within ±0.5 points do not matter (the margin)."
    narrow = replace(comparison, question=replace(comparison.question, margin=0.0005))
    assert margin_sentence(narrow) == (
        "The margin, ±0.05 points, is smaller than one test image (0.10 points). Set a larger one: "
        "`reluctant judge FOLDER --margin 0.001`, or `margin = 0.001` under [compare] in the study."
    )


def test_a_margin_in_points_is_warned_of() -> None:
    comparison = compared(relu=0, elu=0.02)
    wide = replace(comparison, question=replace(comparison.question, margin=0.3))
    assert "±30 points" in margin_sentence(wide)
    assert "Warning: this margin is very wide. It is a share of 1, so write 0.01 for one point." in margin_sentence(
        wide
    )


def test_the_noise_floor_in_words() -> None:
    comparison = compared(relu=0, elu=0.02)
    assert floor_sentence(comparison) == ""
    same = replace(comparison, floor=welch(0.95 + NOISE, 0.9501 + NOISE[::-1]))
    text = floor_sentence(same)
    assert text.startswith("Noise floor: ReLU trained again under other seeds differs by −0.01 points (p = 0.9")
    assert text.endswith("'Undecided' is expected: the baseline is compared with itself.")
    other = replace(comparison, floor=welch(0.95 + NOISE, 0.99 + NOISE))
    assert "p < 0.0001" in floor_sentence(other)
    assert "expected" not in floor_sentence(other)


def test_the_values_chosen_in_words() -> None:
    chosen = (Selected("relu", "lr", 0.01, False), Selected("elu", "lr", 0.1, True))
    comparison = replace(compared(relu=0, elu=0.02), selected=chosen)
    expected = "By the mean validation score of all seeds, lr = 0.01 for ReLU, 0.1 for ELU. Each seed is compared at"
    assert selection_sentence(comparison).startswith(expected)
    assert selection_sentence(compared(relu=0, elu=0.02)) == ""
