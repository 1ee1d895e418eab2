"""The papers of the built-in proxies; a proxy's `source` is a key here or free text."""

from __future__ import annotations

SOURCES = {
    "baseline": "size alone; every proxy has to beat it",
    "shu2022nasi": "Shu et al., NASI: Label- and Data-agnostic Neural Architecture Search at Initialization, ICLR 2022",
    "shu2022hnas": "Shu et al., Unifying and Boosting Gradient-Based Training-Free NAS (HNAS), NeurIPS 2022",
    "abdelfattah2021": "Abdelfattah et al., Zero-Cost Proxies for Lightweight NAS, ICLR 2021",
    "lee2019snip": "Lee et al., SNIP: Single-shot Network Pruning Based on Connection Sensitivity, ICLR 2019",
    "wang2020grasp": "Wang et al., Picking Winning Tickets Before Training by Preserving Gradient Flow, ICLR 2020",
    "turner2020blockswap": "Turner et al., BlockSwap: Fisher-guided Block Substitution, ICLR 2020",
    "tanaka2020synflow": "Tanaka et al., Pruning Neural Networks without Any Data (SynFlow), NeurIPS 2020",
    "cavagnero2023freerea": "Cavagnero et al., FreeREA: Training-Free Evolution-Based Architecture Search, WACV 2023",
    "mellor2020jacobian": "Mellor et al., Neural Architecture Search without Training, first version, 2020",
    "mellor2021naswot": "Mellor et al., Neural Architecture Search without Training, ICML 2021",
    "lopes2021epenas": "Lopes et al., EPE-NAS: Efficient Performance Estimation Without Training, ICANN 2021",
    "chen2021tenas": "Chen et al., Neural Architecture Search on ImageNet in Four GPU Hours (TE-NAS), ICLR 2021",
    "lin2021zennas": "Lin et al., Zen-NAS: A Zero-Shot NAS for High-Performance Image Recognition, ICCV 2021",
    "xu2021knas": "Xu et al., KNAS: Green Neural Architecture Search, ICML 2021",
    "zhang2022gradsign": "Zhang & Jia, GradSign: Model Performance Inference with Theoretical Insights, ICLR 2022",
    "akhauri2022eznas": "Akhauri et al., EZNAS: Evolving Zero Cost Proxies for Neural Architecture Scoring, "
    "NeurIPS 2022",
    "li2023zico": "Li et al., ZiCo: Zero-shot NAS via Inverse Coefficient of Variation on Gradients, ICLR 2023",
    "jiang2023meco": "Jiang et al., MeCo: Zero-Shot NAS with One Data and Single Forward Pass, NeurIPS 2023",
    "peng2024swap": "Peng et al., SWAP-NAS: Sample-Wise Activation Patterns for Ultra-fast NAS, ICLR 2024",
    "huang2024nasgraph": "Huang et al., Graph is All You Need? Lightweight Data-agnostic Neural Architecture Search "
    "without Training (NASGraph), AutoML Workshop 2024",
    "peng2026swap": "Peng et al., Zero-Shot Neural Network Evaluation with Sample-Wise Activation Patterns, IEEE "
    "Transactions on Pattern Analysis and Machine Intelligence, 2026",
    "lee2024aznas": "Lee & Ham, AZ-NAS: Assembling Zero-Cost Proxies for Network Architecture Search, CVPR 2024",
    "asthana2025dextr": "Asthana et al., Dextr: Zero-Shot Neural Architecture Search with Singular Value Decomposition "
    "and Extrinsic Curvature, TMLR 2025",
    "tybl2025vkdnw": "Tybl & Neumann, Training-free Neural Architecture Search through Variance of Knowledge of Deep "
    "Network Weights, CVPR 2025",
    "casarin2025lswag": "Casarin et al., L-SWAG: Layer-Sample Wise Activation with Gradients Information for Zero-Shot "
    "NAS on Vision Transformers, CVPR 2025",
    "husistein2025near": "Husistein et al., NEAR: A Training-Free Pre-Estimator of Machine Learning Model Performance, "
    "ICLR 2025",
    "jing2025wrcor": "Jing et al., Zero-Shot Neural Architecture Search with Weighted Response Correlation, 2025 "
    "(arXiv 2507.08841)",
    "zhou2026intrain": "Zhou et al., InTrain: Intrinsic Trainability for Zero-Cost Neural Architecture Search, CVPR "
    "2026",
    "bhardwaj2023zicobc": "Bhardwaj et al., ZiCo-BC: A Bias Corrected Zero-Shot NAS for Vision Tasks, ICCVW 2023",
    "tcet2023": "the score T-CET, 2023, as a third party's code has it",
    "jacot2018": "Jacot et al., Neural Tangent Kernel, NeurIPS 2018",
}


def citation(source: str) -> str:
    """The full citation of a source key; free text stays as it is."""
    return SOURCES.get(source, source)
