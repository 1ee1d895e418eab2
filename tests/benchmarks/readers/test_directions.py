"""The direction of a user's column: by the whole words of its name, or as the user states it."""

from pathlib import Path

import pytest

from benchmarks import TableError, open_table
from benchmarks.readers.directions import lower_is_better

CELL = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
LOWER = """runtime nll ppl perplexity mse mae rmse ece cost regret misclassification loss error latency flops
    train_runtime valid_nll test_ppl val-perplexity RMSE test.MAE ECE_15 total_cost simple_regret_pct valLoss testErr
    top1_err top1err FLOPs MACs GFLOPs inference_time wall_time test_cross_entropy log_loss brier_score accuracy_loss
    acc_drop latency_at_batch_1 seconds_per_image time_to_acc_90 negative_log_likelihood false_positive_error
    params_millions peak_memory_mb energy_joules co2_kg val_wer FID""".split()
HIGHER = """acc accuracy top1 auc mirrors terrors lossless_codec timely sizeable emails costume latency_aware_accuracy
    acc_at_10_flops accuracy_per_param images_per_second neg_mse neg_mean_squared_error inverse_latency log_likelihood
    error_reduction energy_efficiency fps true_negative_rate map_50 score""".split()


@pytest.mark.parametrize("name", LOWER)
def test_lower_is_better_where_a_word_says_so(name: str) -> None:
    assert lower_is_better(name)


@pytest.mark.parametrize("name", HIGHER)
def test_higher_is_better_for_all_others_and_parts_of_words_do_not_count(name: str) -> None:
    assert not lower_is_better(name)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.csv"
    path.write_text(f"architecture,quality,loss\n{CELL},1,2\n")
    return path


def test_the_users_word_counts_more_than_the_names(own: Path) -> None:
    assert open_table(own).assumed == {"quality", "loss"}
    table = open_table(own, lower_is_better=["quality"], higher_is_better=["loss"])
    assert [column.higher_is_better for column in table.columns] == [False, True]
    assert table.assumed == frozenset()
    assert table.values([CELL], "quality").tolist() == [1]
    assert open_table(own, lower_is_better=["loss"]).assumed == {"quality"}


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"lower_is_better": ["los"]}, "unknown column 'los'. Did you mean 'loss'"),
        ({"lower_is_better": ["loss"], "higher_is_better": ["loss"]}, "cannot both be better in column 'loss'"),
        ({"lower_is_better": "loss"}, "'loss' is one: write"),
    ],
)
def test_a_wrong_statement_is_named(own: Path, stated: dict[str, list[str]], message: str) -> None:
    with pytest.raises(TableError, match=message):
        open_table(own, **stated)
