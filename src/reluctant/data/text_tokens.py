"""A text as token ids: its bytes, its characters, or the tokens of a tokenizer file, with the size of every token."""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reluctant.core.errors import DataError, describe_exception
from reluctant.data.folder import user_path

_LOST = 0.01  # of the bytes of a text: more in no token is worth a warning
_BLANK = "\u2581"  # stands for a blank in the tokens of SentencePiece


class TextTokens(NamedTuple):
    """The ids of a whole text, and their vocabulary.

    Attributes:
        ids: (tokens,) int64.
        vocabulary: How many ids there are.
        sizes: (vocabulary, 2) int64: the bytes in UTF-8 and the characters of every id. A token that holds only some
            bytes of a character counts it where its first byte is, so that both sums are right for a whole text.
        names: The tokens that can be written, by id: characters; empty for others.
        warnings: What a tokenizer does not preserve.
    """

    ids: NDArray[np.int64]
    vocabulary: int
    sizes: NDArray[np.int64]
    names: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def tokenize(name: str, content: bytes, tokens: str) -> TextTokens:
    """A text as token ids.

    Args:
        content: The text in UTF-8; for bytes, anything.
        tokens: "bytes" (256 ids), "characters" (those of the text, sorted), or the path of a `tokenizer.json`.

    Raises:
        DataError: The text is not UTF-8, or the file is no tokenizer.
    """
    if tokens == "bytes":
        starts = np.array([_starts_character(byte) for byte in range(256)], np.int64)
        sizes = np.stack([np.ones(256, np.int64), starts], axis=1)
        return TextTokens(np.frombuffer(content, np.uint8).astype(np.int64), 256, sizes)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise DataError(
            f"{name}: the text is not UTF-8 (byte {content[fault.start]:#04x} at position {fault.start:,}, counted "
            f"from 0); save it as UTF-8, or write tokens='bytes'"
        ) from None
    if tokens == "characters":
        codes, ids = np.unique(np.frombuffer(text.encode("utf-32-le"), np.dtype("<u4")), return_inverse=True)
        names = tuple(map(chr, codes.tolist()))
        sizes = np.array([(len(each.encode()), 1) for each in names], np.int64).reshape(-1, 2)
        return TextTokens(ids.reshape(-1).astype(np.int64), len(names), sizes, names)
    return _tokenize_by_file(name, text, tokens)


def _starts_character(byte: int) -> bool:
    """Whether a byte is the first of a character in UTF-8; the others are 0b10xxxxxx."""
    return byte & 0b1100_0000 != 0b1000_0000


def _tokenize_by_file(name: str, text: str, tokens: str) -> TextTokens:
    try:
        path = user_path(name, tokens, "text(path='mine.txt', tokens='tokenizer.json')", "the tokenizer")
    except DataError as fault:
        raise DataError(f"{fault}; tokens is 'bytes', 'characters', or the path of a tokenizer.json") from None
    tokenizer = _read_tokenizer(name, path)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    ids = np.asarray(tokenizer.encode(text, add_special_tokens=False).ids, np.int64)
    vocabulary = max(tokenizer.get_vocab(with_added_tokens=True).values(), default=-1) + 1
    sizes = _token_sizes(tokenizer, vocabulary)
    size, n = len(text.encode()), int(sizes[ids, 0].sum())
    if abs(n - size) <= _LOST * size:
        return TextTokens(ids, vocabulary, sizes)
    warning = (
        f"the tokens have {n:,} bytes and the text {size:,}: {path.name} changes the text (blanks, lower case, unknown "
        f"characters), so scores per byte and per character are those of the tokens"
    )
    return TextTokens(ids, vocabulary, sizes, warnings=(warning,))


def _read_tokenizer(name: str, path: Path) -> Any:
    try:
        from tokenizers import Tokenizer
    except ImportError:
        raise DataError(
            f"{name}: a tokenizer file needs the package tokenizers: pip install 'reluctant[transformers]'"
        ) from None
    try:
        return Tokenizer.from_str(path.read_text("utf-8"))
    except OSError as fault:
        raise DataError(f"{path} cannot be read: {fault.strerror or fault}") from None
    except Exception as fault:  # the library raises plain Exception, and the file may hold anything
        raise DataError(
            f"{path} is no tokenizer ({describe_exception(fault)}); give a tokenizer.json, as "
            f"Tokenizer.save of the library tokenizers writes it"
        ) from None


def _token_sizes(tokenizer: Any, vocabulary: int) -> NDArray[np.int64]:
    """The bytes and characters that every token stands for, (vocabulary, 2), as its decoder writes them."""
    config = json.loads(tokenizer.to_str())
    written = json.dumps([config.get("decoder"), config.get("pre_tokenizer")], ensure_ascii=False)
    model = config["model"]
    alphabet = byte_alphabet() if '"ByteLevel"' in written else None
    prefix, suffix = model.get("continuing_subword_prefix") or "", model.get("end_of_word_suffix") or ""
    added = {token["id"] for token in config.get("added_tokens") or ()}
    sizes = np.zeros((vocabulary, 2), np.int64)
    for token, i in tokenizer.get_vocab(with_added_tokens=True).items():
        if i not in added and alphabet is not None and all(sign in alphabet for sign in token):
            content = bytes(alphabet[sign] for sign in token)
        elif i not in added and model.get("byte_fallback") and re.fullmatch("<0x[0-9A-Fa-f]{2}>", token):
            content = bytes([int(token[3:5], 16)])
        else:
            text = token if i in added else token.removeprefix(prefix)
            if suffix and text.endswith(suffix):
                text = text.removesuffix(suffix) + " "
            content = (text.replace(_BLANK, " ") if _BLANK in written else text).encode("utf-8")
        sizes[i] = len(content), sum(map(_starts_character, content))
    return sizes


def byte_alphabet() -> dict[str, int]:
    """The byte that each sign stands for in tokens of bytes.

    Bytes that can be seen stand for themselves, the others are the signs from 256 in their order. Source: Radford et
    al. 2019 (GPT-2), encoder.py.
    """
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = sorted(set(range(256)) - set(visible))
    return {chr(byte): byte for byte in visible} | {chr(256 + i): byte for i, byte in enumerate(others)}
