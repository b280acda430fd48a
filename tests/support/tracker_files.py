"""What trackers have written, read back with their own readers."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

Runs = dict[str, dict[str, Any]]  # by name: parameters, scores (name → curve by epoch), status


def read_mlflow(folder: Path) -> tuple[Runs, dict[str, Any]]:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=(folder / "mlruns").absolute().as_uri())
    experiment = client.get_experiment_by_name(folder.name)
    assert experiment is not None
    runs: Runs = {}
    for run in client.search_runs([experiment.experiment_id]):
        curves = {
            name: {point.step: point.value for point in client.get_metric_history(run.info.run_id, name)}
            for name in run.data.metrics
        }
        assert run.info.status != "RUNNING"
        runs[run.info.run_name] = {
            "parameters": run.data.params, "scores": curves, "status": run.data.tags.get("status"),
            "verdicts": run.data.tags, "files": [file.path for file in client.list_artifacts(run.info.run_id)],
        }  # fmt: skip
    summary = runs.pop(f"{folder.name}: verdicts")
    assert summary["files"] == ["report.html"]
    return runs, {**summary["verdicts"], **{name: curve[0] for name, curve in summary["scores"].items()}}


def read_tensorboard(folder: Path) -> tuple[Runs, dict[str, Any]]:
    runs: Runs = {}
    for path in (folder / "tensorboard").iterdir():
        events = EventAccumulator(str(path)).Reload()
        tags = events.Tags()
        scalars = {name: {e.step: e.value for e in events.Scalars(name)} for name in tags["scalars"]}
        texts = {
            name.removesuffix("/text_summary"): events.Tensors(name)[0].tensor_proto.string_val[0].decode()
            for name in tags["tensors"]
        }
        parameters: dict[str, str] = {}
        if path.name != "verdicts":
            from tensorboard.plugins.hparams import plugin_data_pb2

            data = events.summary_metadata["_hparams_/session_start_info"].plugin_data.content
            for name, value in plugin_data_pb2.HParamsPluginData.FromString(data).session_start_info.hparams.items():
                parameters[name] = value.string_value or f"{value.number_value:g}"
        name = path.name if path.name == "verdicts" else f"{parameters['arm']}, seed {parameters['seed']}"
        runs[name] = {"parameters": parameters, "scores": scalars, "status": texts.get("status"), "verdicts": texts}
    summary = runs.pop("verdicts")
    return runs, {**summary["verdicts"], **{name: curve[0] for name, curve in summary["scores"].items()}}


def read_wandb(folder: Path) -> tuple[Runs, dict[str, Any]]:
    runs: Runs = {}
    for path in (folder / "wandb").glob("offline-run-*/run-*.wandb"):
        run: dict[str, Any] = {"parameters": {}, "scores": {}, "verdicts": {}, "artifact": ""}
        name = ""
        for record in wandb_records(path.read_bytes()):
            if record.HasField("run"):
                name = record.run.display_name
                values = {item.key: json.loads(item.value_json) for item in record.run.config.update}
                run["parameters"] |= {key: str(value) for key, value in values.items()}
            elif record.HasField("history"):
                row = {item.key or item.nested_key[0]: json.loads(item.value_json) for item in record.history.item}
                for metric in set(row) - {"epoch"}:
                    run["scores"].setdefault(metric, {})[row.get("epoch")] = row[metric]
            elif record.HasField("summary"):
                for item in record.summary.update:
                    run["verdicts"][item.key or item.nested_key[0]] = json.loads(item.value_json)
            elif record.HasField("artifact"):
                run["artifact"] = record.artifact.name
        runs[name] = {**run, "status": run["verdicts"].get("status")}
    summary = runs.pop(f"{folder.name}: verdicts")
    return runs, {**summary["verdicts"], "artifact": summary["artifact"]}


def wandb_records(content: bytes) -> Iterator[Any]:
    """The records of a file of wandb: a log of LevelDB, in blocks of 32 KB, after a header of 7 bytes."""
    from wandb.proto.wandb_internal_pb2 import Record  # type: ignore[attr-defined]

    position, parts = 7, b""
    while position + 7 <= len(content):
        rest = 2**15 - position % 2**15
        if rest < 7:  # too short for a header: padding
            position += rest
            continue
        size, kind = int.from_bytes(content[position + 4 : position + 6], "little"), content[position + 6]
        parts += content[position + 7 : position + 7 + size]
        position += 7 + size
        if kind in (1, 4):  # a whole record, or the last part of one
            yield Record.FromString(parts)
            parts = b""
