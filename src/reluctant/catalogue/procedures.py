"""How a network is trained: the one loop that comes with the package, and whatever a user derives from it."""

from reluctant.catalogue.entry import Entry, Table

PROCEDURES: Table[Entry] = Table(
    "procedure",
    (
        Entry(
            "standard",
            "The standard loop",
            "shuffled batches, cross entropy, one optimizer for all epochs, evaluation on whole splits",
        ),
    ),
)
