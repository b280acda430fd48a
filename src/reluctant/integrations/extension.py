"""What the integrations add to the package: the trackers that `--track` names."""

from reluctant.core.extensions import Extension

EXTENSION = Extension(
    trackers={
        "mlflow": "reluctant.integrations.mlflow:MLflowTracker",
        "tensorboard": "reluctant.integrations.tensorboard:TensorBoardTracker",
        "wandb": "reluctant.integrations.wandb:WandbTracker",
    }
)
