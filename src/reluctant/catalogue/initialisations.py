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
            "as_made",
            "As made",
            "nothing is drawn anew: the weights are those the network was made with, pretrained ones too",
            aliases=("pretrained",),
            source="–",
        ),
        Entry(
            "normal",
            "Normal",
            "weights of convolutions and linear layers from N(0, std²), their biases zero",
            parameters=(Parameter("std", 0.05, "standard deviation of the weights", above=0.0),),
            source="an option of Nicolas's article, switched off there",
        ),
        Entry(
            "kaiming",
            "Kaiming, by the activation's own gain",
            "weights of convolutions and linear layers from N(0, gain²/fan_in), biases zero, with the "
            "gain 1/√E[f(z)²] of the activation f (last layer: 1), so that outputs keep their size",
            source="He et al. 2015 (1502.01852); Kumar 2017 (1704.08863)",
        ),
        Entry(
            "xavier_uniform",
            "Xavier, uniform",
            "weights of convolutions and linear layers uniform within ±√(6/(fan_in + fan_out)), biases zero",
            aliases=("glorot_uniform", "glorot"),
            source="Glorot & Bengio 2010",
        ),
    ),
    own=False,
)
