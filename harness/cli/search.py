"""`nasinit search`: search an architecture by gradients of a supernet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli import graph_search, latency, offered, options, policy_options, search_options
from harness.cli.search_words import of_networks, say_task
from harness.errors import SearchError, SettingError, check_whole, unknown
from harness.search.gradient.names import NAMES
from harness.search.gradient.setting import CHECKPOINT_MINUTES, checkpoint_seconds

if TYPE_CHECKING:
    from harness.prediction.predictor import Predictor
    from harness.scoring.shards import Shard
    from harness.search import SearchSetting
    from harness.search.gradient.data import Images
    from harness.search.gradient.table_supernet import TableLosses
    from harness.spaces.node_split import NodeSplit
    from harness.spaces.space import Space
    from harness.studies.searches.runs import Running


def search(
    method: Annotated[
        str,
        typer.Argument(
            help="name of a search, as `nasinit list searches` prints it",
            metavar="METHOD",
            autocompletion=offered.SEARCHES,
        ),
    ],
    space: search_options.SpaceOption = options.DEFAULT_SPACE,
    preset: search_options.PresetOption = "laptop",
    data: search_options.DataOption = None,
    seed: Annotated[int, typer.Option(help="seed of all random numbers")] = 0,
    seeds: options.SearchSeedsOption = None,
    workers: options.SearchWorkersOption = None,
    shard: options.SearchShardOption = None,
    scheduler: options.SchedulerOption = None,
    threads: Annotated[int, typer.Option(help="threads of each search")] = 1,
    checkpoint_minutes: search_options.CheckpointMinutesOption = CHECKPOINT_MINUTES,
    out: search_options.OutOption = None,
    epochs: search_options.EpochsOption = None,
    batch_size: search_options.BatchSizeOption = None,
    width: search_options.WidthOption = None,
    depth: search_options.DepthOption = None,
    image_size: search_options.ImageSizeOption = None,
    images: search_options.ImagesOption = None,
    validation_share: search_options.ValidationShareOption = None,
    steps_per_epoch: search_options.StepsPerEpochOption = None,
    weight_lr: search_options.WeightLrOption = None,
    alpha_lr: search_options.AlphaLrOption = None,
    alpha_warm_up: search_options.AlphaWarmUpOption = None,
    memory_mb: search_options.MemoryOption = None,
    penalty: search_options.PenaltyOption = None,
    nu: search_options.NuOption = None,
    mu: search_options.MuOption = None,
    adaptive: search_options.AdaptiveOption = None,
    without: search_options.WithoutOption = None,
    trace_gradient: search_options.TraceGradientOption = None,
    regularise: search_options.RegulariseOption = None,
    rho: search_options.RhoOption = None,
    schedule: search_options.ScheduleOption = None,
    schedule_steps: search_options.ScheduleStepsOption = None,
    activation: search_options.ActivationOption = None,
    objective: search_options.ObjectiveOption = None,
    latency_column: search_options.LatencyColumnOption = None,
    latency_table: search_options.LatencyTableOption = None,
    latency_model: search_options.LatencyModelOption = None,
    latency_samples: search_options.LatencySamplesOption = None,
    latency_weight: search_options.LatencyWeightOption = None,
    target_latency: search_options.TargetLatencyOption = None,
    policy_operations: policy_options.PolicyOperationsOption = None,
    policy_magnitudes: policy_options.PolicyMagnitudesOption = None,
    policy_probabilities: policy_options.PolicyProbabilitiesOption = None,
    policy_lr: policy_options.PolicyLrOption = None,
    policy_search: policy_options.PolicySearchOption = None,
    sub_batches: policy_options.SubBatchesOption = None,
    adversarial: search_options.AdversarialOption = None,
    adversarial_epsilon: search_options.AdversarialEpsilonOption = None,
    adversarial_step: search_options.AdversarialStepOption = None,
    mgda: search_options.MgdaOption = None,
    mgda_gradients: search_options.MgdaGradientsOption = None,
    size_bound: search_options.SizeBoundOption = None,
    bound_form: search_options.BoundFormOption = None,
    members: search_options.MembersOption = None,
    draw: search_options.DrawOption = None,
    diversity: search_options.DiversityOption = None,
    likelihood: search_options.LikelihoodOption = None,
    particle_std: search_options.ParticleStdOption = None,
    sparsity: search_options.SparsityOption = None,
    order_weight: search_options.OrderWeightOption = None,
    mac_weight: search_options.MacWeightOption = None,
    simplify: search_options.SimplifyOption = False,
    no_kernel_normalisation: search_options.NoKernelNormalisationOption = False,
    record_costs: search_options.RecordCostsOption = 0,
    device: options.DeviceOption = "cpu",
    autocast: search_options.AutocastOption = False,
    column: Annotated[
        str | None,
        typer.Option(
            help="column of a table that is joined to the log after the search, for the record",
            autocompletion=offered.COLUMNS,
        ),
    ] = None,
) -> None:
    """Search an architecture by gradients of a supernet; if interrupted, the same command goes on where it stopped.

    With --seeds the search runs once for each seed, into a folder seed_N each, and a table gives mean and deviation.
    """
    wanted = options.several_seeds(seeds, seed)
    if wanted is None:
        options.refuse_without("--seeds", {"--workers": workers, "--shard": shard, "--scheduler": scheduler})
    if scheduler is not None and workers is not None:
        raise SettingError("a cluster has workers of its own: give --workers or --scheduler, not both")
    part = options.shard(shard)
    at_once = 1 if workers is None else workers
    options.positive("workers", at_once)
    options.positive("threads", threads)
    checkpoint_seconds(checkpoint_minutes)
    check_whole("record-costs", record_costs, 0, SearchError)
    changes = {
        "epochs": epochs, "batch_size": batch_size, "width": width, "depth": depth, "image_size": image_size,
        "images": images, "validation_share": validation_share, "steps_per_epoch": steps_per_epoch,
        "weight_lr": weight_lr, "alpha_lr": alpha_lr, "alpha_warm_up": alpha_warm_up, "memory_mb": memory_mb,
        "penalty": penalty, "nu": nu,
        "mu": mu, "adaptive": adaptive,
        "without": None if without is None else search_options.named("--without", without, "operations"),
        "trace_gradient": trace_gradient, "regularise": regularise, "rho": rho, "schedule": schedule,
        "schedule_steps": schedule_steps, "activation": activation, "objective": objective,
        "latency_column": latency_column, "latency_table": latency_table, "latency_model": latency_model,
        "latency_samples": latency_samples, "latency_weight": latency_weight, "target_latency": target_latency,
        **policy_options.policy_changes(policy_operations, policy_magnitudes, policy_probabilities),
        "policy_lr": policy_lr, "policy_search": policy_search, "sub_batches": sub_batches,
        "members": members, "draw": draw, "diversity": diversity, "likelihood": likelihood,
        "particle_std": particle_std, "sparsity": sparsity, "order_weight": order_weight, "mac_weight": mac_weight,
        "simplify": simplify or None,
        "adversarial": adversarial, "adversarial_epsilon": adversarial_epsilon, "adversarial_step": adversarial_step,
        "mgda": None if mgda is None else search_options.named("--mgda", mgda, "objectives"),
        "mgda_gradients": mgda_gradients, "size_bound": size_bound, "bound_form": bound_form,
        "kernel_normalisation": False if no_kernel_normalisation else None,
    }  # fmt: skip
    changed = {name: new for name, new in changes.items() if new is not None}
    _check_setting(method, space, preset, changed)
    from harness.evaluation import table_with
    from harness.evaluation.searches.latency import opened_predictor
    from harness.evaluation.searches.table_losses import opened_data
    from harness.problem import NODE_CLASSIFICATION
    from harness.search import find_method
    from harness.search.gradient.graphs import read_split
    from harness.search.gradient.pairs import images_for
    from harness.search.gradient.table_supernet import TableLosses as Losses
    from harness.search.gradient.table_supernet import without_images
    from harness.search.gradient.task import check_graph, check_method
    from harness.spaces import open_space
    from harness.studies.searches.record import used_by
    from harness.studies.searches.runs import Run, Running
    from harness.studies.searches.seeds import seeds_of_shard

    opened, chosen = open_space(space), find_method(method)
    setting = chosen.setting(space, preset).changed(changed)
    search_options.refuse_unread(chosen, setting, changed)
    folder = out or Path(f"search-{method}-{space}-{seed}" if wanted is None else f"searches-{method}-{space}")
    source = graph_search.source_of(opened, chosen.data if data is None else data, given=data is not None)
    if column is not None:
        table_with(column, space=space)  # a misspelt name is an error before the search, which may take hours
    if wanted is not None and part is not None:
        wanted = list(seeds_of_shard(wanted, part))
    every = [seed] if wanted is None else wanted
    taken = opened_data(source, space)
    check_method(chosen, opened, setting, taken, autocast=autocast)
    predictor = opened_predictor(setting, space)
    if opened.problem is NODE_CLASSIFICATION:
        check_graph(opened, setting, taken, autocast=autocast, record_costs=record_costs)
        options.refuse_beside(f"--space {space}", graph_search.of_images(changed))
        read: Images | NodeSplit = read_split(opened, taken, every[0])
    elif isinstance(taken, Losses):
        options.refuse_beside(f"--data {source}", of_networks(changed, setting))
        setting = without_images(setting)
        read = taken.images(setting)
    else:
        read = images_for(opened, taken, setting, every[0], at_most=images is None)
    used = used_by(Run(method, setting, source, every[0], space), read)
    searched = taken if isinstance(taken, Losses) else read
    say_task(chosen, space, preset, used, searched, every, folder)
    if predictor is not None:
        latency.say_predictor(predictor, setting)
    facts = {
        "method": method, "space": space, "preset": preset, "seed": wanted or seed, "data": source, "device": device,
        "autocast": autocast, "threads": threads, "record_costs": record_costs, "images_used": used.images,
        "changed_from_paper": used.changed, "not_as_published": used.note, "source": chosen.source,
        "setting": asdict(used.setting),
    }  # fmt: skip
    running = Running(device, autocast, checkpoint_minutes, threads)
    if wanted is None:
        _search_one(opened, searched, used.setting, folder, facts, running, column, predictor)
    else:
        _search_seeds(opened, used.setting, folder, facts, running, column, wanted, at_once, scheduler, part)


def _check_setting(method: str, space: str, preset: str, changed: Mapping[str, Any]) -> None:
    """Refuse what no search can be set to, before torch is loaded."""
    from harness.search.gradient.presets import preset_setting
    from harness.spaces import open_space

    if method in NAMES:
        preset_setting(method, open_space(space), preset).changed(changed)
    else:
        raise SearchError(unknown("search", method, NAMES))


def _search_one(
    space: Space,
    images: Images | TableLosses | NodeSplit,
    setting: SearchSetting,
    folder: Path,
    facts: Mapping[str, Any],
    running: Running,
    column: str | None,
    predictor: Predictor | None,
) -> None:
    from harness.cli.searched import write_search
    from harness.scoring.engine import threads_of_torch
    from harness.search import run_search

    with threads_of_torch(running.threads):
        result = run_search(
            space, facts["method"], setting, data=images, seed=facts["seed"], out=folder, device=running.device,
            autocast=running.autocast, checkpoint_minutes=running.checkpoint_minutes,
            record_costs=facts["record_costs"], predictor=predictor, progress=True,
        )  # fmt: skip
    if result.resumed_from or result.resumed_steps:
        steps = f" and step {result.resumed_steps} of the next" if result.resumed_steps else ""
        print(f"went on after epoch {result.resumed_from}{steps} from the checkpoint in {folder}")
    write_search(folder, result, facts, column, predictor)


def _search_seeds(
    space: Space,
    setting: SearchSetting,
    folder: Path,
    facts: Mapping[str, Any],
    running: Running,
    column: str | None,
    seeds: Sequence[int],
    workers: int,
    scheduler: str | None,
    shard: Shard | None,
) -> None:
    from harness.cli.searched import record_table, say_shard, write_seeds
    from harness.scoring.cluster.connection import connected
    from harness.studies.searches.seeds import run_searches

    table, wanted = record_table(space.name, column)
    with connected(scheduler) as client:
        found = run_searches(
            space, facts["method"], setting, seeds=seeds, data=facts["data"], out=folder, workers=workers,
            table=table, columns=[wanted] if wanted else [], record_costs=facts["record_costs"], progress=True,
            client=client, **running._asdict(),
        )  # fmt: skip
    if shard is None:
        write_seeds(folder, found, facts, table, wanted)
    else:
        say_shard(folder, found, shard)
