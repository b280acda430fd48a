"""How the learning rate goes over a training; the rate itself is a key of the study."""

from reluctant.catalogue.entry import Entry, Parameter, Table

_WARMUP = Parameter(
    "warmup", 0.0, "epochs in which the rate climbs evenly from 0, parts of one too", 0.0, 1e6
)

SCHEDULES: Table[Entry] = Table(
    "schedule",
    (
        Entry(
            "constant",
            "Constant",
            "the same rate in every step",
            source="Robbins & Monro 1951, without their falling steps",
        ),
        Entry(
            "cosine",
            "Cosine",
            "the rate falls along half a cosine, slowly at both ends",
            parameters=(
                _WARMUP,
                Parameter("least", 0.0, "where it ends, as a share of the rate", low=0.0, below=1.0),
            ),
            source="Loshchilov & Hutter 2017 (1608.03983), without restarts; warm-up: Goyal et al. 2017 "
            "(1706.02677)",
        ),
        Entry(
            "linear",
            "Linear",
            "the rate falls evenly to zero",
            parameters=(_WARMUP,),
            source="Devlin et al. 2019 (1810.04805)",
        ),
        Entry(
            "step",
            "Steps",
            "the rate is multiplied by a factor after every so many epochs",
            parameters=(
                Parameter("every", 10, "epochs between two drops", low=1, high=10**6),
                Parameter("factor", 0.1, "what the rate is multiplied by", above=0.0, high=1.0),
                _WARMUP,
            ),
            source="He et al. 2016 (1512.03385); warm-up: Goyal et al. 2017 (1706.02677)",
        ),
    ),
    own=False,
)
