"""One architecture's record: its fields are checked, and its numbers computed by the official client."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from benchmarks.errors import TableError, unknown
from benchmarks.releases.kinds import DATASETS, KINDS, SEEDS, SPLITS, Kind, Split
from benchmarks.shown import named, plain, reason, shown

Seed = int | Literal["mean"]
MEAN: Final = "mean"

_TRIAL_TYPES: Mapping[str, tuple[type, ...]] = {
    "train_acc1es": (dict,),
    "train_losses": (dict,),
    "train_times": (dict, type(None)),
    "eval_names": (list,),
    "eval_acc1es": (dict,),
    "eval_losses": (dict,),
    "eval_times": (dict,),
    "params": (int, float),
    "flop": (int, float),
    "latency": (list, type(None)),
    "epochs": (int,),
}
_SETS = {name: {s.client_set for s in SPLITS if s.client_dataset == name} - {"train"} for name in DATASETS.values()}
_CLIENT_ERRORS = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, AssertionError)


@dataclass(frozen=True)
class Costs:
    """Costs of one network, from the client; NaN where it has none.

    `params` and `macs` are whole numbers (1 MAC is one multiply-add); `latency_ms` is for a batch of 256, in
    milliseconds.
    """

    params: float
    macs: float
    latency_ms: float


@dataclass(frozen=True)
class Record:
    """The measurements of one architecture: a client's `ArchResults` for each training, by its epochs."""

    kind: Kind
    index: int
    architecture: str
    where: str
    trainings: Mapping[int, Any]

    def seeds(self, client_dataset: str, epochs: int) -> tuple[int, ...]:
        """Seeds of the trainings on a data set; empty where there is no training."""
        return tuple(self.trainings[epochs].dataset_seed.get(client_dataset, ()))

    def has(self, split: Split, epochs: int) -> bool:
        """Whether a training was measured on that set."""
        results, dataset = self.trainings[epochs], split.client_dataset
        seeds = self.seeds(dataset, epochs)
        if split.client_set == "train":
            return bool(seeds)
        return any(split.client_set in results.query(dataset, seed).eval_names for seed in seeds)

    def metrics(self, split: Split, epochs: int, seed: Seed) -> tuple[float, float]:
        """Accuracy in percent and loss in nats, of one seed's training or the client's mean over all; NaN if missing.

        Raises:
            TableError: for an invalid or impossible number; the message names file, record and field.

        """
        results = self.trainings[epochs]
        if not self.has(split, epochs) or seed not in (MEAN, *self.seeds(split.client_dataset, epochs)):
            return math.nan, math.nan
        field = f"{self._training(epochs)}, {split.client_dataset}, {split.client_set}, seed {seed}"
        try:
            if seed == MEAN:
                found = results.get_metrics(split.client_dataset, split.client_set, is_random=False)
            else:
                trial = results.query(split.client_dataset, seed)
                found = trial.get_train() if split.client_set == "train" else trial.get_eval(split.client_set)
        except _CLIENT_ERRORS as error:
            raise self.error(field, f"cannot be read ({reason(error)})") from error
        accuracy = self.percentage(found["accuracy"], field)
        if math.isnan(accuracy):
            raise self.error(field, "the accuracy after the last epoch is NaN, where the training was measured")
        return accuracy, self.positive(found["loss"], field)  # a diverged training has the loss NaN

    def train_seconds(self, client_dataset: str, epochs: int) -> float:
        """Seconds of the whole training, as the client's mean over the seeds; NaN where the release has none."""
        if not self.seeds(client_dataset, epochs):
            return math.nan
        field = f"{self._training(epochs)}, {client_dataset}, train"
        try:
            seconds = self.trainings[epochs].get_metrics(client_dataset, "train", is_random=False)["all_time"]
        except _CLIENT_ERRORS as error:
            raise self.error(field, f"cannot be read ({reason(error)})") from error
        return math.nan if seconds is None else self.positive(seconds, field)

    def costs(self, client_dataset: str) -> Costs:
        """Parameters, MACs and latency of the network for a data set, from the longest training on it.

        Where the trainings contradict each other, the client takes that of seed 888; without this seed all are NaN.
        """
        epochs = next((e for e in reversed(self.kind.epochs) if self.seeds(client_dataset, e)), None)
        if epochs is None:
            return Costs(math.nan, math.nan, math.nan)
        field = f"{self._training(epochs)}, {client_dataset}"
        try:
            found = self.trainings[epochs].get_compute_costs(client_dataset)
        except ValueError:  # the client's `x_seeds.index(888)`
            return Costs(math.nan, math.nan, math.nan)
        except _CLIENT_ERRORS as error:
            raise self.error(f"{field}, costs", f"cannot be read ({reason(error)})") from error
        latency = math.nan if found["latency"] is None else self.positive(found["latency"], f"{field}, latency")
        return Costs(
            self._count(found["params"], f"{field}, params"),
            self._count(found["flops"], f"{field}, flop"),
            latency * 1000,
        )

    def error(self, field: str, complaint: str) -> TableError:
        """Error that names file, record and field."""
        return TableError(f"{self.where}, record {self.index}, field {field}: {complaint}")

    def _training(self, epochs: int) -> str:
        return next(name for name, length in self.kind.trainings.items() if length == epochs)

    def percentage(self, value: object, field: str) -> float:
        """The value as a percentage; a value above 100 within rounding gives 100."""
        number = self.positive(value, field)
        if number > 100 * (1 + 1e-6):
            raise self.error(field, f"the accuracy is {number!r}, not a percentage from 0 to 100")
        return min(number, 100.0) if not math.isnan(number) else number

    def positive(self, value: object, field: str) -> float:
        """The value as a non-negative finite number or NaN; TableError, which names the field, for anything else."""
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise self.error(field, f"it holds {shown(value)}, not a number")
        try:
            number = float(value)
        except OverflowError:
            raise self.error(field, f"it holds {shown(value)}, a number too large to be one of them") from None
        if math.isinf(number) or number < 0:
            raise self.error(field, f"it holds {number!r}, not a finite number from 0")
        return number

    def _count(self, millions: object, field: str) -> float:
        """Whole number from a release's number in millions."""
        exact = self.positive(millions, field) * 1e6
        if math.isnan(exact):
            return exact
        if abs(exact - round(exact)) > 1e-6 * max(exact, 1.0):
            raise self.error(field, f"{shown(millions)} million is not a whole number")
        return float(round(exact))


def checked_record(kind: Kind, index: int, architecture: str, where: str, state: object) -> Record:
    """Record from the content of its pickle, after a check of every field that is used for a number.

    Only checked fields are passed to the client, so that nothing in a file can replace one of its methods.

    Raises:
        TableError: for a record of another architecture, kind or form; the message names file, record and field.

    """
    record = Record(kind, index, architecture, where, {})
    held = {name: _field(record, state, name, (dict,), "") for name in kind.trainings}
    trainings = {}
    for name, epochs in kind.trainings.items():
        results = held[name]
        if (found := _field(record, results, "arch_index", (int,), name)) != index:
            raise record.error(f"{name}, arch_index", f"it is record {shown(found)}, filed as {index}")
        if (found := _field(record, results, "arch_str", (str,), name)) != architecture:
            raise record.error(f"{name}, arch_str", f"it is {shown(found)}, but the meta file has {architecture!r}")
        seeds = _checked_seeds(record, results, name)
        trials = _field(record, results, "all_results", (dict,), name)
        wanted = [(dataset, seed) for dataset in seeds for seed in seeds[dataset]]
        checked = {key: _checked_trial(record, trials, key, name, epochs) for key in wanted}
        _check_times(record, checked, name)
        trainings[epochs] = client_results(kind)(
            {"arch_index": index, "arch_str": architecture, "all_results": checked, "dataset_seed": seeds}
        )
    return Record(kind, index, architecture, where, trainings)


def client_results(kind: Kind) -> Any:
    """The client's constructor of `ArchResults`; imported only when needed, since nas_201_api imports torch."""
    if kind.client == "nats_bench":
        from nats_bench.api_utils import ArchResults
    else:
        from nas_201_api.api_utils import ArchResults
    return ArchResults.create_from_state_dict


def _field(record: Record, holder: object, name: object, types: tuple[type, ...], path: str) -> Any:
    field = f"{path}, {name}" if path else str(name)
    if not isinstance(holder, dict):
        raise record.error(path or "(all)", f"it holds {type(holder).__name__}, not a mapping")
    if name not in holder:
        other = [kind.name for kind in KINDS if kind.record_keys == holder.keys() and kind is not record.kind]
        hint = f": it is a record of {other[0]} among those of {record.kind.name}" if other and not path else ""
        known = ", ".join(plain(key) for key in list(holder)[:8])
        raise record.error(field, f"it is missing; there are: {known or 'none'}{hint}")
    value = holder[name]
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        raise record.error(field, f"it holds {type(value).__name__}, not {' or '.join(t.__name__ for t in types)}")
    return value


def _checked_seeds(record: Record, results: object, name: str) -> dict[str, list[int]]:
    given = _field(record, results, "dataset_seed", (dict,), name)
    for dataset, seeds in given.items():
        field = f"{name}, dataset_seed"
        if dataset not in DATASETS.values():
            raise record.error(field, unknown("data set", named(dataset), DATASETS.values()))
        if not isinstance(seeds, list) or not seeds:
            raise record.error(field, f"{dataset} has {shown(seeds)}, not a list of seeds")
        for seed in seeds:
            if type(seed) is not int or seed not in SEEDS:
                raise record.error(field, f"{dataset} has {unknown('seed', named(seed), map(str, SEEDS))}")
        if len(set(seeds)) != len(seeds):
            raise record.error(field, f"{dataset} has {shown(seeds)}, not a list of seeds, each once")
    if not given:
        raise record.error(f"{name}, dataset_seed", "it is empty")
    return {dataset: list(seeds) for dataset, seeds in given.items()}


def _checked_trial(record: Record, trials: object, key: tuple[str, int], name: str, epochs: int) -> dict[str, Any]:
    path = f"{name}, {key[0]}, seed {key[1]}"
    if not isinstance(trials, dict) or key not in trials:
        raise record.error(f"{name}, all_results", f"it lacks the training {key}, which dataset_seed names")
    trial = {field: _field(record, trials[key], field, types, path) for field, types in _TRIAL_TYPES.items()}
    if trial["epochs"] != epochs:
        raise record.error(f"{path}, epochs", f"it is {shown(trial['epochs'])}, where a training {name!r} has {epochs}")
    if trial["latency"] == []:
        raise record.error(f"{path}, latency", "it is an empty list; without a latency it must be None")
    _check_sets(record, trial, key[0], path)
    return {"name": key[0], "seed": key[1], **trial}


def _check_sets(record: Record, trial: Mapping[str, Any], dataset: str, path: str) -> None:
    """Refuse sets that no training on the data set has, and sets with measurements that are not listed.

    A set that is not listed counts as not measured.
    """
    names, known = trial["eval_names"], _SETS[dataset]
    for name in names:
        if not isinstance(name, str) or name not in known:
            raise record.error(f"{path}, eval_names", unknown("set", named(name), known))
    if len(set(names)) != len(names):
        raise record.error(f"{path}, eval_names", f"it holds {shown(names)}, not each set once")
    for name in sorted(known.difference(names)):
        if any(f"{name}@{trial['epochs'] - 1}" in trial[field] for field in ("eval_acc1es", "eval_losses")):
            raise record.error(f"{path}, eval_names", f"it lacks {name!r}, of which there are measurements")


def _check_times(record: Record, trials: Mapping[tuple[str, int], Mapping[str, Any]], name: str) -> None:
    """Refuse a data set where only some seeds have times: the client's mean needs the times of all or of none."""
    for dataset in dict.fromkeys(key[0] for key in trials):
        untimed = [seed for (of, seed), trial in trials.items() if of == dataset and trial["train_times"] is None]
        if untimed and len(untimed) < sum(key[0] == dataset for key in trials):
            path = f"{name}, {dataset}, seed {untimed[0]}"
            raise record.error(f"{path}, train_times", "it is None, but other seeds have times")
