"""Old records in today's schema: the same numbers, written anew."""

from pathlib import Path

from reluctant.records.schema import SCHEMA, RecordError, upgraded
from reluctant.records.store import Store


def upgrade_records(folder: Path) -> tuple[int, int, list[str]]:
    """Write every record of a study's folder in today's schema.

    Returns:
        How many were upgraded, how many had the schema already, and what is wrong with those that were left.
    """
    store, count, current, damaged = Store(folder / "runs"), 0, 0, []
    for key in list(store.keys()):
        try:
            content = store.content(key)
            if content.get("schema", 1) == SCHEMA:
                current += 1
                continue
            store.read(key)
        except RecordError as error:
            damaged.append(str(error))
        else:
            store.add(key, {k: v for k, v in upgraded(content).items() if k != "sha256"})
            count += 1
    return count, current, damaged
