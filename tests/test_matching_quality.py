"""What matching promises on classes that never were: hardly ever wrong unseen, nearly always right at first."""

import pytest

from benchmarks.matching import SHORT, Classes, run


@pytest.mark.parametrize("classes", SHORT, ids=lambda classes: classes.name)
def test_matching_is_as_good_as_it_says(classes: Classes) -> None:
    figures, _ = run(classes)

    assert figures.precision_at_auto_accept >= 0.995
    assert figures.precision_at_time_limit >= 0.99
    assert figures.top1_recall >= 0.97
    assert figures.recall_at_auto_accept >= 0.75
