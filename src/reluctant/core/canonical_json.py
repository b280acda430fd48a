"""One way to write a value as JSON, and its SHA-256: what keys, checksums and names of files come from."""

import hashlib
import json
from typing import Any


def dumps(value: Any) -> str:
    """Compact JSON with sorted keys; NaN and infinities are refused (ValueError)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)


def digest(value: Any) -> str:
    """SHA-256 of the canonical JSON of a value, 64 hex digits."""
    return hashlib.sha256(dumps(value).encode()).hexdigest()
