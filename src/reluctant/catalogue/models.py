"""The networks a study can train."""

from reluctant.catalogue.entry import Entry, Parameter, Table

_DROPOUT = Parameter("dropout", 0.15, "share of activations dropped after each block", 0.0, below=1.0)

MODELS: Table[Entry] = Table(
    "model",
    (
        Entry(
            "convnet",
            "The article's network",
            "three blocks of convolution, batch norm, max-pooling, activation and dropout, then two "
            "linear layers",
            code="reluctant.models.convnet:ConvNet",
            parameters=(_DROPOUT,),
            source="Nicolas 2024, the article this project starts from",
        ),
    ),
)
