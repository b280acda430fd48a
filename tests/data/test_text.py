"""Texts as windows of tokens: equal to a few lines of NumPy, nothing of the test part in training, sizes of tokens."""

import hashlib
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from reluctant.catalogue.datasets import DATASETS
from reluctant.core.errors import DataError, StudyError
from reluctant.data import Dataset, describe_dataset, fetch, load
from reluctant.data.text import text_dataset
from reluctant.data.text_tokens import byte_alphabet, tokenize
from tests.support.data_files import unhurried
from tests.support.data_server import CONTENT, serving

TEXT = "To be, or not to be – that is the question:\n" * 20 + "Über ß\n"
tokenizers = pytest.importorskip("tokenizers")


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv("RELUCTANT_MIRROR", raising=False)


def read(text: str | bytes, arguments: str = "") -> Dataset:
    Path("mine.txt").write_bytes(text.encode() if isinstance(text, str) else text)
    return load(f"text(path='mine.txt'{', ' * bool(arguments)}{arguments})")


def assert_windows(data: Dataset, ids: NDArray[np.int64], context: int, n_test: int) -> None:
    """The windows of both parts are those of a loop over the ids."""
    for split, part in ((data.train, ids[: len(ids) - n_test]), (data.test, ids[len(ids) - n_test :])):
        starts = range(0, len(part) - context, context)
        assert split.inputs.tolist() == [part[i : i + context].tolist() for i in starts]
        assert split.targets.tolist() == [part[i + 1 : i + context + 1].tolist() for i in starts]
    assert data.tokens is not None
    assert data.tokens.stream is not None
    assert data.tokens.stream.tolist() == ids[: len(ids) - n_test].tolist()


@pytest.mark.parametrize("context", [2, 7, 40])
def test_windows_of_bytes_and_of_characters(context: int) -> None:
    content = np.frombuffer(TEXT.encode(), np.uint8).astype(np.int64)
    data = read(TEXT, f"context={context}, tokens='bytes'")
    assert_windows(data, content, context, math.ceil(len(content) / 10))
    assert data.tokens is not None
    assert (data.tokens.vocabulary, data.task, data.items, data.by_position) == (256, "tokens", "windows", True)

    signs = sorted(set(TEXT))
    data = read(TEXT, f"context={context}, tokens='characters', test_fraction=0.25")
    assert_windows(data, np.array([signs.index(sign) for sign in TEXT]), context, math.ceil(len(TEXT) / 4))
    assert data.tokens is not None
    assert data.tokens.sizes is not None
    assert data.tokens.sizes.tolist() == [[len(sign.encode()), 1] for sign in signs]
    assert data.warnings == (
        "2 characters ('Ü', 'ß') are in the test part only, 2 of its 222 tokens; nothing can be learned of them",
    )


@unhurried
@given(st.text(min_size=2), st.integers(2, 9), st.floats(0.01, 0.99))
def test_any_text_is_windows_or_refused(text: str, context: int, test_fraction: float) -> None:
    content = text.encode()
    for tokens in ("bytes", "characters"):
        encoded = tokenize("t", content, tokens)
        assert encoded.sizes[encoded.ids].sum(0).tolist() == [len(content), len(text)]
        arguments = {"context": context, "test_fraction": test_fraction, "tokens": tokens}
        try:
            data = text_dataset("t", content, arguments, title="t")
        except DataError as fault:
            few = len(encoded.ids) - len(encoded.ids) * test_fraction < 2 * context + 2
            few |= len(encoded.ids) * test_fraction < context + 1
            assert few or "nothing to learn" in str(fault) or "at least 2 different" in str(fault)  # noqa: PT017
            continue
        n_test = len(encoded.ids) - len(data.tokens.stream)  # type: ignore[union-attr, arg-type]
        assert abs(n_test - len(encoded.ids) * test_fraction) <= 1
        assert_windows(data, encoded.ids, context, n_test)


@unhurried
@given(st.binary(min_size=1, max_size=40))
def test_any_bytes_are_characters_or_named(content: bytes) -> None:
    try:
        text = content.decode()
    except UnicodeDecodeError as wrong:
        with pytest.raises(DataError, match=rf"not UTF-8 \(byte 0x.. at position {wrong.start},.*tokens='bytes'"):
            tokenize("t", content, "characters")
    else:
        encoded = tokenize("t", content, "characters")
        assert "".join(encoded.names[i] for i in encoded.ids) == text
    assert bytes(tokenize("t", content, "bytes").ids.tolist()) == content


REFUSED = {
    "empty": (b"", "", "the text is empty"),
    "short": (b"abcdefghij" * 3, "context=9", "the text has 30 tokens, 27 to train on and 3 to test on.*context=2 is"),
    "too short": (b"abc", "context=2", "a longer text is needed"),
    "no test part": (b"abc" * 50, "test_fraction=0", "test_fraction = 0 leaves nothing to test on"),
    "one sign": (b"a" * 500, "context=2", "every training target is the token 97; there is nothing to learn"),
    "one character": (b"a" * 500, "context=2, tokens='characters'", "at least 2 different token ids are needed"),
    "latin-1": ("Ü".encode("latin-1") * 400, "tokens='characters'", "byte 0xdc at position 0, counted from 0"),
    "no such tokenizer": (b"ab" * 400, "tokens='character'", "tokens is 'bytes', 'characters', or the path of a tok"),
    "no tokenizer": (b"ab" * 400, "tokens='mine.txt'", r"mine.txt is no tokenizer \(.*\); give a tokenizer.json"),
    "a folder": (b"ab" * 400, "tokens='.'", "cannot be read"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_text_is_refused_with_one_message(case: str) -> None:
    content, arguments, message = REFUSED[case]
    with pytest.raises(DataError, match=message) as fault:
        read(content, arguments)
    assert "\n" not in str(fault.value)


def test_the_context_of_the_message_fits() -> None:
    assert len(read(b"abcdefghij" * 3, "context=2").test) == 1
    with pytest.raises(DataError, match=r"there is no .*nothing\.txt"):
        load("text(path='nothing.txt')")
    with pytest.raises(DataError, match="is a folder"):
        load("text(path='.')")
    with pytest.raises(StudyError, match="context must be at least 2"):
        load("text(path='mine.txt', context=1)")


def trained_tokenizer(kind: str) -> Any:
    """A small tokenizer of the library tokenizers, trained on the text."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    if kind == "byte level":
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer: Any = trainers.BpeTrainer(vocab_size=300, special_tokens=["<|end|>"], initial_alphabet=alphabet)
    elif kind == "metaspace":
        tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>"))
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
        tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace(prepend_scheme="never")])
        bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
        trainer = trainers.BpeTrainer(vocab_size=340, special_tokens=["<unk>", *bytes_], limit_alphabet=30)
    else:
        tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        tokenizer.normalizer = normalizers.Lowercase()
        tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
        tokenizer.decoder = decoders.WordPiece()
        trainer = trainers.WordPieceTrainer(vocab_size=60, special_tokens=["[UNK]"])
    tokenizer.train_from_iterator([TEXT], trainer)
    tokenizer.enable_truncation(8)
    tokenizer.enable_padding(length=8)
    tokenizer.save("tokenizer.json")
    return tokenizer


@pytest.mark.parametrize("kind", ["byte level", "metaspace", "word piece"])
def test_the_tokens_of_a_tokenizer_file(kind: str) -> None:
    tokenizer = trained_tokenizer(kind)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    ids = np.array(tokenizer.encode(TEXT, add_special_tokens=False).ids)
    data = read(TEXT, "tokens='tokenizer.json', context=5")
    assert_windows(data, ids, 5, math.ceil(len(ids) / 10))
    assert data.tokens is not None
    assert data.tokens.sizes is not None
    assert data.tokens.vocabulary == tokenizer.get_vocab_size()
    sums = data.tokens.sizes[ids].sum(0).tolist()
    if kind == "word piece":
        assert any("the tokens have" in each and "changes the text" in each for each in data.warnings)
        assert 0.5 * len(TEXT) < sums[1] < 0.95 * len(TEXT)
    else:
        assert sums == [len(TEXT.encode()), len(TEXT)]
        assert not data.warnings


def test_the_alphabet_of_bytes_is_that_of_the_library() -> None:
    from tokenizers import pre_tokenizers

    alphabet = byte_alphabet()
    assert sorted(alphabet) == sorted(pre_tokenizers.ByteLevel.alphabet())
    assert sorted(alphabet.values()) == list(range(256))
    split = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False).pre_tokenize_str(TEXT)
    assert bytes(alphabet[sign] for token, _ in split for sign in token) == TEXT.encode()


def test_the_library_of_tokenizers_is_named_when_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("tokenizer.json").write_text("{}")
    monkeypatch.setitem(__import__("sys").modules, "tokenizers", None)
    with pytest.raises(DataError, match=r"pip install 'reluctant\[transformers\]'"):
        read(TEXT, "tokens='tokenizer.json'")


def test_shakespeare_comes_with_reluctant() -> None:
    data = load("shakespeare")
    assert data.tokens is not None
    assert (data.tokens.vocabulary, len(data.train), len(data.test), data.warnings) == (65, 14350, 1594, ())
    signs = sorted("\n !$&',-.3:;?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    assert "".join(signs[i] for i in data.train.inputs[0]).startswith("First Citizen:\nBefore we proceed any further")
    assert load("shakespeare(context=128)").train.inputs.shape[1] == 128
    text = " ".join(describe_dataset(data).split())
    assert text.startswith("shakespeare: 14,350 windows to train and validate on, 1,594 test windows of 64 tokens")
    assert "every target is one of 65 token ids, the most frequent 15.3 %" in text
    assert fetch("shakespeare", log=lambda line: None)


def published() -> bytes | None:
    from reluctant.data import data_folder

    path = data_folder() / "text" / "tinyshakespeare.txt"
    return path.read_bytes() if path.is_file() else None


def test_the_excerpt_is_the_beginning_of_the_published_text() -> None:
    from bz2 import decompress
    from importlib import resources

    packed = resources.files("reluctant.data").joinpath("shakespeare.txt.bz2").read_bytes()
    excerpt = decompress(packed)
    assert len(packed) <= 300_000
    assert hashlib.sha256(excerpt).hexdigest() == "7969b2b055779e58f325480de542ede0b47175b47f2a4201da9b7abf393cb788"
    if (whole := published()) is not None:
        assert whole.startswith(excerpt)
        data = load("tinyshakespeare")
        assert data.tokens is not None
        assert data.tokens.stream is not None
        assert (len(data.tokens.stream), data.warnings) == (1_003_854, ())  # as in nanoGPT


def test_tinyshakespeare_is_fetched_into_the_folder_of_texts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from dataclasses import replace

    from reluctant.data import download

    (name, body), *_ = CONTENT.items()
    file = {"tinyshakespeare.txt": (len(body), hashlib.sha256(body).hexdigest())}
    with serving() as address:
        mirrors = (f"{address}missing/{name}", f"{address}good/{name}")
        row = replace(DATASETS["tinyshakespeare"], files=file, mirrors=mirrors)
        monkeypatch.setattr(download, "DATASETS", replace(DATASETS, rows=(row,)))
        assert fetch("tinyshakespeare", tmp_path, log=lambda line: None) == tmp_path / "text"
    assert (tmp_path / "text" / "tinyshakespeare.txt").read_bytes() == body
    with pytest.raises(DataError, match=r"reluctant fetch tinyshakespeare`.*by hand"):
        load("tinyshakespeare", tmp_path / "other")
    (tmp_path / "text" / "tinyshakespeare.txt").write_text(TEXT)
    assert "is not the published file" in load("tinyshakespeare(context=8)", tmp_path).warnings[0]
