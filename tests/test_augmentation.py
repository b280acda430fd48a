"""Augmentation: what each change does to an image, for every activation alike, anew in every epoch."""

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
from reluctant.training.augmentation import Augmentation, check
from reluctant.training.tensors import Part, Prepared
from tests.small import digits, run
from tests.strategies import spelled

EVERY = torch.arange(40)
HEADS = [row.name for row in AUGMENTATIONS if row.name != "none"]


def data() -> Prepared:
    """Images of two channels, not square, every pixel of a part another number; and a black of −0.5."""
    pixels = torch.arange(40.0 * 2 * 6 * 7).reshape(40, 2, 6, 7).to(memory_format=torch.channels_last)
    return replace(
        digits(64), train=Part(pixels, torch.zeros(40, dtype=torch.int64)), mean=1.0, deviation=2.0
    )


def changed(augment: str, epoch: int = 1, which: Tensor = EVERY, **fields: object) -> Tensor:
    given = data()
    asked = Run(**{"activation": "relu", "augment": augment, **fields})  # type: ignore[arg-type]
    return Augmentation(asked, given, epoch)(given.train.images[which], which)


def pieces(image: Tensor, border: int) -> list[Tensor]:
    """Every piece of its own size that can be cut from the image with a black border."""
    wide = F.pad(image, (border,) * 4, value=-0.5)
    _, height, width = image.shape
    reach = range(2 * border + 1)
    return [wide[:, top : top + height, left : left + width] for top in reach for left in reach]


def test_without_augmentation_the_batch_comes_back_untouched() -> None:
    images = data().train.images
    assert Augmentation(Run("relu"), data(), 1)(images, EVERY) is images


def test_a_flip_mirrors_about_half_of_the_images() -> None:
    images, found = data().train.images, changed("flip")
    mirrored = [torch.equal(one, torch.flip(other, [2])) for one, other in zip(found, images, strict=True)]
    straight = [torch.equal(one, other) for one, other in zip(found, images, strict=True)]
    assert all(a != b for a, b in zip(mirrored, straight, strict=True))
    assert 10 < sum(mirrored) < 30


@pytest.mark.parametrize(("text", "border"), [("crop(padding=2)", 2), ("shift(pixels=1)", 1)])
def test_a_crop_is_a_piece_of_the_bordered_image(text: str, border: int) -> None:
    met = set()
    for one, image in zip(changed(text), data().train.images, strict=True):
        (place,) = [i for i, piece in enumerate(pieces(image, border)) if torch.equal(piece, one)]
        met.add(place)
    assert len(met) > (2 * border + 1) ** 2 / 2


def test_noise_has_the_deviation_asked_for_in_those_of_the_data() -> None:
    given = replace(data(), unit=0.5)
    noise = Augmentation(run(augment="noise(deviation=0.2)"), given, 1)(given.train.images, EVERY)
    noise = noise - given.train.images
    assert float(noise.std()) == pytest.approx(0.1, rel=0.1)
    assert abs(float(noise.mean())) < 0.01


def test_changes_follow_one_another_in_the_order_given() -> None:
    images, flips = data().train.images, changed("flip")
    both = changed("flip + crop(padding=1)")
    for one, flip in zip(both, flips, strict=True):
        assert any(torch.equal(one, piece) for piece in pieces(flip, 1))
    assert not torch.equal(both, changed("crop(padding=1) + flip"))
    assert both.shape == images.shape


@pytest.mark.parametrize("text", HEADS)
def test_what_an_image_meets_depends_on_seed_and_epoch_alone(text: str) -> None:
    assert torch.equal(changed(text), changed(text, activation="rrelu", lr=0.5, model="mlp"))
    assert not torch.equal(changed(text), changed(text, epoch=2))
    assert not torch.equal(changed(text), changed(text, seed=1))


@pytest.mark.parametrize("text", ["flip", "crop", "shift"])
def test_an_image_meets_the_same_in_whatever_batch(text: str) -> None:
    some = torch.tensor([31, 4, 17])
    assert torch.equal(changed(text, which=some), changed(text)[some])


@pytest.mark.parametrize("text", HEADS)
def test_the_layout_is_kept(text: str) -> None:
    found = changed(text)
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert found.dtype == torch.float32


def test_rows_of_numbers_take_noise_and_nothing_else() -> None:
    table = replace(data(), train=Part(torch.zeros(40, 3), torch.zeros(40)))
    found = Augmentation(run(augment="noise"), table, 1)(table.train.images, EVERY)
    assert found.shape == (40, 3)
    with pytest.raises(StudyError, match="flip changes images, and these data are none"):
        Augmentation(run(augment="flip"), table, 1)
    check("none", (40, 3))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("flp", "no augmentation is called 'flp'; did you mean 'flip'"),
        ("flip + flip", "flip occurs twice"),
        ("crop + Crop(padding=2)", "crop occurs twice"),
        ("flip +", "a change is missing next to a '\\+'"),
        ("none + flip", "none cannot be combined"),
        ("crop(padding=0)", "crop: padding must be at least 1 and at most 1000, not 0"),
        ("my_lab:mine", "a user-defined augmentation is not possible"),
        (3, "augment: a name is a text"),
        ("", "'' is not a name"),
    ],
)
def test_what_is_no_augmentation_is_told(text: object, words: str) -> None:
    with pytest.raises(StudyError, match=words):
        Study(activation="relu", augment=text)


@given(st.lists(spelled(AUGMENTATIONS), min_size=1, max_size=4), st.sampled_from(["+", " + ", "+ "]))
def test_a_canonical_text_is_its_own_and_says_the_same(pieces: list[str], sign: str) -> None:
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
def test_any_other_text_is_read_or_refused_in_words(text: str) -> None:
    try:
        read = canonical_augmentation(text)
    except StudyError:
        return
    assert canonical_augmentation(read) == read


def test_it_is_written_on_the_command_line_and_as_an_axis() -> None:
    given = parse_overrides(["augment=none,flip+crop(padding=2)", "patience=3"])
    study = Study(activation="relu", **given)
    assert study.augment == ("none", "flip + crop(padding=2)")
    assert study.size == 10
    assert [each.patience for each in study.runs()] == [3] * 10
