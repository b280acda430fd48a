"""How a network is trained: optimizers, learning-rate schedules, initial weights, procedures, losses.

The learning rate itself is a key of the study.
"""

from reluctant.catalogue.entry import Catalogue, Entry, Parameter

_WEIGHT_DECAY = Parameter("weight_decay", 0.0, "L2 penalty or decay", low=0.0)
_EPS = Parameter("eps", 1e-8, "added to the denominator", above=0.0)
_BETAS = (
    Parameter("beta1", 0.9, "decay of the mean of gradients ('momentum')", low=0.0, below=1.0),
    Parameter("beta2", 0.999, "decay of the mean of squared gradients", low=0.0, below=1.0),
)

OPTIMIZERS: Catalogue[Entry] = Catalogue("optimizer", (
    Entry("adam", "Adam", "adaptive moments; the article's choice",
        code="torch.optim:Adam", source="Kingma & Ba 2015 (1412.6980)", parameters=(*_BETAS, _EPS, _WEIGHT_DECAY)),
    Entry("adamw", "AdamW", "Adam with decoupled weight decay",
        code="torch.optim:AdamW", source="Loshchilov & Hutter 2019 (1711.05101)",
        parameters=(*_BETAS, _EPS, Parameter("weight_decay", 0.01, "decay", low=0.0),
                    Parameter("decay", "all", "what decays: all weights, or matrices alone: no biases, no norms",
                              choices=("all", "matrices")))),
    Entry("sgd", "SGD", "stochastic gradient descent, optionally with momentum",
        code="torch.optim:SGD", source="Robbins & Monro 1951; Sutskever et al. 2013",
        parameters=(Parameter("momentum", 0.0, "share of the last step that is added", low=0.0, below=1.0),
                    Parameter("nesterov", False, "Nesterov momentum (needs momentum)"), _WEIGHT_DECAY),
        fault=lambda values: ("nesterov needs momentum; write for example sgd(momentum=0.9, nesterov=True)"
                              if values["nesterov"] and not values["momentum"] else "")),
    Entry("rmsprop", "RMSprop", "gradients divided by the root of their mean square",
        code="torch.optim:RMSprop", source="Hinton 2012, lecture 6e",
        parameters=(Parameter("alpha", 0.99, "decay of the mean of squares", low=0.0, below=1.0), _EPS,
                    Parameter("momentum", 0.0, "share of the last step that is added", low=0.0, below=1.0),
                    _WEIGHT_DECAY)),
))  # fmt: skip

_WARMUP = Parameter("warmup", 0.0, "epochs in which the rate rises linearly from 0; it need not be whole", 0.0, 1e6)

SCHEDULES: Catalogue[Entry] = Catalogue("schedule", (
    Entry("constant", "Constant", "the same rate in every step",
        source="Robbins & Monro 1951, without their falling steps"),
    Entry("cosine", "Cosine", "the rate falls along half a cosine, slowly at both ends",
        source="Loshchilov & Hutter 2017 (1608.03983), without restarts; warm-up: Goyal et al. 2017 (1706.02677)",
        parameters=(_WARMUP, Parameter("least", 0.0, "the final rate, as a share of the rate", low=0.0, below=1.0))),
    Entry("linear", "Linear", "the rate falls linearly to zero",
        source="Devlin et al. 2019 (1810.04805)", parameters=(_WARMUP,)),
    Entry("step", "Steps", "the rate is multiplied by a factor after a fixed number of epochs",
        source="He et al. 2016 (1512.03385); warm-up: Goyal et al. 2017 (1706.02677)",
        parameters=(Parameter("every", 10, "epochs between two drops", low=1, high=10**6),
                    Parameter("factor", 0.1, "the factor", above=0.0, high=1.0), _WARMUP)),
), own=False)  # fmt: skip

INITIALISATIONS: Catalogue[Entry] = Catalogue("initialisation", (
    Entry("default", "The network's own, else PyTorch's defaults",
        "weights that the network's code draws itself; for every other layer its reset_parameters: for convolutions "
        "and linear layers uniform within ±1/√fan_in",
        source="PyTorch"),
    Entry("pytorch", "PyTorch's defaults everywhere",
        "reset_parameters of every layer, also of those whose weights the network's code draws itself",
        source="PyTorch"),
    Entry("as_made", "As made", "the weights stay as the network was built, pretrained weights included",
        aliases=("pretrained",), source="–"),
    Entry("normal", "Normal", "weights of convolutions and linear layers from N(0, std²), their biases zero",
        source="an option of Nicolas's article, switched off there",
        parameters=(Parameter("std", 0.05, "standard deviation of the weights", above=0.0),)),
    Entry("kaiming", "Kaiming, by the activation's own gain",
        "weights of convolutions and linear layers from N(0, gain²/fan_in), biases zero, with the gain 1/√E[f(z)²] of "
        "the activation f (last layer: 1), so that outputs keep their size",
        source="He et al. 2015 (1502.01852); Kumar 2017 (1704.08863)"),
    Entry("xavier_uniform", "Xavier, uniform",
        "weights of convolutions and linear layers uniform within ±√(6/(fan_in + fan_out)), biases zero",
        aliases=("glorot_uniform", "glorot"), source="Glorot & Bengio 2010"),
), own=False)  # fmt: skip

PROCEDURES: Catalogue[Entry] = Catalogue("procedure", (
    Entry("standard", "The standard loop",
        "shuffled batches, cross entropy, one optimizer for all epochs, evaluation on whole splits"),
))  # fmt: skip

LOSSES: Catalogue[Entry] = Catalogue("loss", (
    Entry("standard", "The loss of the task",
        "cross entropy of classes, squared error of numbers, standardised"),
))  # fmt: skip
