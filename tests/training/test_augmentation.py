"""Augmentation: what each change does to an image, equal for every activation, new in every epoch."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from reluctant.catalogue import AUGMENTATIONS, augmentation_steps, canonical_augmentation
from reluctant.core.errors import StudyError
from reluctant.study import Run, Study, parse_overrides
from reluctant.training.augmentation import Augmentation, check_augmentation
from reluctant.training.tensors import TensorData, TensorSplit
from tests.support.small import digits, run
from tests.support.strategies import spelled

ALL = torch.arange(40)
HEADS = [row.name for row in AUGMENTATIONS if row.name != "none"]


def data() -> TensorData:
    """Images of two channels, not square, every pixel of a part another number; and a black of −0.5."""
    pixels = torch.arange(40.0 * 2 * 6 * 7).reshape(40, 2, 6, 7).to(memory_format=torch.channels_last)
    return replace(digits(64), train=TensorSplit(pixels, torch.zeros(40, dtype=torch.int64)), mean=1.0, std=2.0)


def changed(augment: str, epoch: int = 1, indices: Tensor = ALL, **fields: object) -> Tensor:
    tensors = data()
    run_ = Run(**{"activation": "relu", "augment": augment, **fields})  # type: ignore[arg-type]
    return Augmentation(run_, tensors, epoch)(tensors.train.inputs[indices], indices)


def pieces(image: Tensor, border: int) -> list[Tensor]:
    """Every piece of its own size that can be cut from the image with a black border."""
    padded = F.pad(image, (border,) * 4, value=-0.5)
    _, height, width = image.shape
    reach = range(2 * border + 1)
    return [padded[:, top : top + height, left : left + width] for top in reach for left in reach]


def test_without_augmentation_the_batch_comes_back_untouched() -> None:
    images = data().train.inputs
    assert Augmentation(Run("relu"), data(), 1)(images, ALL) is images


def test_a_flip_mirrors_about_half_of_the_images() -> None:
    images, flipped = data().train.inputs, changed("flip")
    mirrored = [torch.equal(one, torch.flip(other, [2])) for one, other in zip(flipped, images, strict=True)]
    straight = [torch.equal(one, other) for one, other in zip(flipped, images, strict=True)]
    assert all(a != b for a, b in zip(mirrored, straight, strict=True))
    assert 10 < sum(mirrored) < 30


@pytest.mark.parametrize(("text", "border"), [("crop(padding=2)", 2), ("shift(pixels=1)", 1)])
def test_a_crop_is_a_piece_of_the_bordered_image(text: str, border: int) -> None:
    corners = set()
    for one, image in zip(changed(text), data().train.inputs, strict=True):
        (corner,) = [i for i, piece in enumerate(pieces(image, border)) if torch.equal(piece, one)]
        corners.add(corner)
    assert len(corners) > (2 * border + 1) ** 2 / 2


def test_noise_has_its_standard_deviation_in_those_of_the_data() -> None:
    tensors = replace(data(), pixel_std=0.5)
    noise = Augmentation(run(augment="noise(deviation=0.2)"), tensors, 1)(tensors.train.inputs, ALL)
    noise = noise - tensors.train.inputs
    assert float(noise.std()) == pytest.approx(0.1, rel=0.1)
    assert abs(float(noise.mean())) < 0.01


def test_changes_apply_in_their_order() -> None:
    images, flips = data().train.inputs, changed("flip")
    both = changed("flip + crop(padding=1)")
    for one, flip in zip(both, flips, strict=True):
        assert any(torch.equal(one, piece) for piece in pieces(flip, 1))
    assert not torch.equal(both, changed("crop(padding=1) + flip"))
    assert both.shape == images.shape


@pytest.mark.parametrize("text", HEADS)
def test_a_change_depends_on_seed_and_epoch_alone(text: str) -> None:
    assert torch.equal(changed(text), changed(text, activation="rrelu", lr=0.5, model="mlp"))
    assert not torch.equal(changed(text), changed(text, epoch=2))
    assert not torch.equal(changed(text), changed(text, seed=1))


@pytest.mark.parametrize("text", ["flip", "crop", "shift"])
def test_a_change_does_not_depend_on_the_batch(text: str) -> None:
    some = torch.tensor([31, 4, 17])
    assert torch.equal(changed(text, indices=some), changed(text)[some])


@pytest.mark.parametrize("text", HEADS)
def test_the_layout_stays(text: str) -> None:
    batch = changed(text)
    assert batch.is_contiguous(memory_format=torch.channels_last)
    assert batch.dtype == torch.float32


def test_rows_of_numbers_take_noise_and_nothing_else() -> None:
    table = replace(data(), train=TensorSplit(torch.zeros(40, 3), torch.zeros(40)))
    batch = Augmentation(run(augment="noise"), table, 1)(table.train.inputs, ALL)
    assert batch.shape == (40, 3)
    with pytest.raises(StudyError, match="flip changes images, and these data are none"):
        Augmentation(run(augment="flip"), table, 1)
    check_augmentation("none", (40, 3))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("flp", "no augmentation is called 'flp'; did you mean 'flip'"),
        ("flip + flip", "flip occurs twice"),
        ("crop + Crop(padding=2)", "crop occurs twice"),
        ("flip +", "a change is missing next to a '\\+'"),
        ("none + flip", "none cannot be combined"),
        ("crop(padding=0)", "crop: padding must be at least 1 and at most 1000, not 0"),
        ("my_lab:mine", "a user-defined augmentation is not possible"),
        (3, "augment: a name is a string"),
        ("", "'' is not a name"),
    ],
)
def test_a_wrong_augmentation_is_refused(text: object, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        Study(activation="relu", augment=text)


@given(st.lists(spelled(AUGMENTATIONS), min_size=1, max_size=4), st.sampled_from(["+", " + ", "+ "]))
def test_a_canonical_text_is_stable_and_means_the_same(pieces: list[str], sign: str) -> None:
    names = [AUGMENTATIONS.canonical(piece) for piece in pieces]
    heads = [name.head for name in names]
    if len(set(heads)) < len(heads) or ("none" in heads and len(heads) > 1):
        with pytest.raises(StudyError):
            canonical_augmentation(sign.join(pieces))
        return
    text = canonical_augmentation(sign.join(pieces))
    assert canonical_augmentation(text) == text
    assert augmentation_steps(text) == tuple(name for name in names if name.head != "none")


@given(st.text("flipcro+()=04,. "))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read = canonical_augmentation(text)
    except StudyError:
        return
    assert canonical_augmentation(read) == read


def test_it_is_written_on_the_command_line_and_as_an_axis() -> None:
    fields = parse_overrides(["augment=none,flip+crop(padding=2)", "patience=3"])
    study = Study(activation="relu", **fields)
    assert study.augment == ("none", "flip + crop(padding=2)")
    assert study.size == 10
    assert [each.patience for each in study.runs()] == [3] * 10
