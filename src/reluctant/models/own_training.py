"""Networks that bring a training of their own, which our loop would silently leave out: they are refused."""

from typing import Any

from reluctant.core.errors import ModelError

_LIGHTNING = ("lightning.", "pytorch_lightning.")


def refuse_own_training(model: Any) -> None:
    """Refuse a LightningModule, and the Trainer of Lightning or transformers; neither package is imported.

    Args:
        model: A network, a class of networks, or whatever a user gives as one.

    Raises:
        ModelError: It has a training of its own; the message says how to use that.
    """
    model = getattr(model, "func", model)  # of a functools.partial
    for kind in model.__mro__ if isinstance(model, type) else type(model).__mro__:
        origin = f"{kind.__module__}."
        if kind.__name__ == "LightningModule" and origin.startswith(_LIGHTNING):
            what = f"a LightningModule ({(model if isinstance(model, type) else type(model)).__name__})"
            skipped, room = "its training_step and its configure_optimizers", "lightning"
        elif kind.__name__ == "Trainer" and origin.startswith((*_LIGHTNING, "transformers.")):
            what, skipped = f"a Trainer of {kind.__module__.partition('.')[0]}", "it"
            room = "huggingface" if origin.startswith("transformers.") else "lightning"
        else:
            continue
        raise ModelError(
            f"model is {what}, and our loop would not run {skipped}. Write a function that trains, def "
            f"my_train(trial): …, with reluctant.integrations.{room}.Report(trial) among the callbacks of its "
            f"Trainer, and call reluctant.compare(…, train=my_train); docs/integrations.md has an example"
            + ("; or give the torch network inside as model" if room == "lightning" else "")
        )
