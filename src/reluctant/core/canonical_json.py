"""One way to write a value as JSON, and its SHA-256: keys, checksums and file names come from it."""

import hashlib
import json
from typing import Any


def dumps(value: Any) -> str:
    """Return compact JSON with sorted keys. NaN and infinities raise `ValueError`."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)


def digest(value: Any) -> str:
    """Return the SHA-256 of the canonical JSON of a value, as 64 hexadecimal digits."""
    return hashlib.sha256(dumps(value).encode()).hexdigest()
