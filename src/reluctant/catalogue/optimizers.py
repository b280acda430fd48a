"""The optimizers a study can use; the learning rate is a key of the study."""

from reluctant.catalogue.entry import Entry, Parameter, Table

_WEIGHT_DECAY = Parameter("weight_decay", 0.0, "L2 penalty or decay", low=0.0)
_EPS = Parameter("eps", 1e-8, "added to the denominator", above=0.0)
_BETAS = (
    Parameter("beta1", 0.9, "decay of the mean of gradients ('momentum')", low=0.0, below=1.0),
    Parameter("beta2", 0.999, "decay of the mean of squared gradients", low=0.0, below=1.0),
)

OPTIMIZERS: Table[Entry] = Table(
    "optimizer",
    (
        Entry(
            "adam",
            "Adam",
            "adaptive moments; the article's choice",
            code="torch.optim:Adam",
            parameters=(*_BETAS, _EPS, _WEIGHT_DECAY),
            source="Kingma & Ba 2015 (1412.6980)",
        ),
        Entry(
            "adamw",
            "AdamW",
            "Adam with decoupled weight decay",
            code="torch.optim:AdamW",
            parameters=(*_BETAS, _EPS, Parameter("weight_decay", 0.01, "decay", low=0.0)),
            source="Loshchilov & Hutter 2019 (1711.05101)",
        ),
        Entry(
            "sgd",
            "SGD",
            "stochastic gradient descent, with momentum if wanted",
            code="torch.optim:SGD",
            parameters=(
                Parameter("momentum", 0.0, "share of the last step kept", low=0.0, below=1.0),
                Parameter("nesterov", False, "look ahead (needs momentum)"),
                _WEIGHT_DECAY,
            ),
            source="Robbins & Monro 1951; Sutskever et al. 2013",
            fault=lambda given: (
                "nesterov needs momentum; write for example sgd(momentum=0.9, nesterov=True)"
                if given["nesterov"] and not given["momentum"]
                else ""
            ),
        ),
        Entry(
            "rmsprop",
            "RMSprop",
            "gradients over the root of their mean square",
            code="torch.optim:RMSprop",
            parameters=(
                Parameter("alpha", 0.99, "decay of the mean of squares", low=0.0, below=1.0),
                _EPS,
                Parameter("momentum", 0.0, "share of the last step kept", low=0.0, below=1.0),
                _WEIGHT_DECAY,
            ),
            source="Hinton 2012, lecture 6e",
        ),
    ),
    own=False,
)
