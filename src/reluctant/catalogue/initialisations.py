"""The initial weights a study can ask for."""

from reluctant.catalogue.entry import Entry, Parameter, Table

INITIALISATIONS: Table[Entry] = Table(
    "initialisation",
    (
        Entry(
            "default",
            "PyTorch's defaults",
            "every layer's own reset_parameters: for convolutions and linear layers uniform within "
            "±1/√fan_in",
            source="PyTorch",
        ),
        Entry(
            "normal",
            "Normal",
            "weights of convolutions and linear layers from N(0, std²), their biases zero",
            parameters=(Parameter("std", 0.05, "standard deviation of the weights", above=0.0),),
            source="an option of Nicolas's article, switched off there",
        ),
    ),
    own=False,
)
