"""The paired bootstrap: by hand where it can be, else by what an interval must do."""

import warnings

import numpy as np
import pytest

from sedkd.compare.bootstrap import BETTER, EQUAL, FEWEST, ONE_SEED, TOO_FEW, WORSE, Difference, compare, f1

FEW = 500


def arm(hits: list, detections: list, references: list) -> np.ndarray:
    """Counts of one seed and one label from a value per recording."""
    return np.stack([np.array(hits), np.array(detections), np.array(references)], axis=-1)[None, :, None, :]


def simulated(
    recall: float, rng: np.random.Generator, reference: np.ndarray, ease: np.ndarray, seeds: int = 3, luck: float = 0
):
    """Counts `[seeds, recordings, labels, 3]`: each reference is hit by chance, and 2 false alarms a recording.

    `ease` `[recordings]` moves the recall of all arms alike, its mean is 0; `luck` is the deviation of the seeds'.
    """
    lucky = rng.normal(0, luck, (seeds, 1, 1)) if luck else 0
    share = np.clip(recall + ease[:, None] + lucky, 0, 1)
    hits = rng.binomial(reference, share, size=(seeds, *reference.shape))
    alarms = rng.poisson(2, size=hits.shape)
    return np.stack([hits, hits + alarms, np.broadcast_to(reference, hits.shape)], axis=-1)


def true_f1(recall: float, references: float = 10) -> float:
    return 2 * recall * references / (recall * references + 2 + references)


def drawn(
    seed: int, *recalls: float, spread: float = 0.2, recordings: int = 60, seeds: int = 3, luck: float = 0
) -> list[np.ndarray]:
    """Arms of given recalls on the same recordings, with ten references of each of two labels in every one."""
    rng = np.random.default_rng(seed)
    reference, ease = np.full((recordings, 2), 10), rng.uniform(-spread, spread, recordings)
    return [simulated(recall, rng, reference, ease, seeds, luck) for recall in recalls]


def test_f1_of_counts() -> None:
    counts = np.array([[3, 4, 6], [0, 0, 2], [0, 5, 0], [0, 0, 0]])
    np.testing.assert_array_equal(f1(counts), [0.6, 0.0, np.nan, np.nan])


def test_the_estimate_by_hand() -> None:
    """F1 of the sums over recordings, the mean of the seeds, then the mean of the labels; not F1 of anything else."""
    # [seeds 2, recordings 2, labels 2, 3]. Sums per seed of a: label 0 (3, 4, 6) and (6, 6, 6), label 1 (2, 2, 2) both.
    a = np.array([
        [[[1, 2, 4], [2, 2, 2]], [[2, 2, 2], [0, 0, 0]]],
        [[[4, 4, 4], [2, 2, 2]], [[2, 2, 2], [0, 0, 0]]],
    ])  # fmt: skip
    # b: label 0 (0, 0, 6) and (3, 6, 6), label 1 (1, 4, 2) and (0, 0, 2).
    b = np.array([
        [[[0, 0, 4], [1, 4, 2]], [[0, 0, 2], [0, 0, 0]]],
        [[[3, 6, 4], [0, 0, 2]], [[0, 0, 2], [0, 0, 0]]],
    ])  # fmt: skip
    low, high = (0.6 + 1) / 2 - (0 + 0.5) / 2, 1 - (1 / 3 + 0) / 2
    found = compare(a, b, FEW)
    assert found.per_class[0].mean == pytest.approx(low)
    assert found.per_class[1].mean == pytest.approx(high)
    assert found.macro.mean == pytest.approx((low + high) / 2)


def test_an_arm_against_itself() -> None:
    (same,) = drawn(0, 0.5)
    found = compare(same, same.copy(), FEW)
    for difference in (found.macro, *found.per_class):
        assert difference == Difference(0.0, 0.0, 0.0)
        assert difference.verdict == EQUAL == "not distinguishable"


def test_a_better_arm_and_the_mirrored_pair() -> None:
    good, poor = drawn(1, 0.7, 0.4)
    there, back = compare(good, poor, FEW), compare(poor, good, FEW)
    for first, second in zip((there.macro, *there.per_class), (back.macro, *back.per_class), strict=True):
        assert first.verdict == BETTER == "better"
        assert second.verdict == WORSE == "worse"
        assert 0 < first.low < first.mean < first.high
        assert (second.mean, second.low, second.high) == pytest.approx((-first.mean, -first.high, -first.low))
    assert there.macro.mean == pytest.approx(true_f1(0.7) - true_f1(0.4), abs=0.05)


def test_verdicts() -> None:
    assert Difference(0.1, 0.01, 0.2).verdict == BETTER
    assert Difference(-0.1, -0.2, -0.01).verdict == WORSE
    for low, high in ((-0.01, 0.2), (0.0, 0.2), (-0.2, 0.0)):
        assert Difference(0.1, low, high).verdict == EQUAL


def test_the_interval_by_hand() -> None:
    """Two recordings, of which one arm has all of the first and nothing of the second: a quarter of the resamples
    holds the first twice (F1 1), a quarter the second twice (0), half of them both (2 / 3 with these counts)."""
    found = compare(arm([2, 0], [2, 0], [2, 2]), arm([0, 0], [0, 0], [2, 2]), FEW)
    assert (found.macro.mean, found.macro.low, found.macro.high) == pytest.approx((2 / 3, 0, 1))


def test_the_interval_is_of_95_percent() -> None:
    """The F1 of one seed of many equal recordings is nearly normal: the interval is 2 x 1.96 deviations wide."""
    rng = np.random.default_rng(0)
    hits = rng.integers(0, 2, 400)
    found = compare(arm(hits, [1] * 400, [1] * 400), arm([0] * 400, [1] * 400, [1] * 400), 4000)
    deviation = hits.std() / np.sqrt(400)
    assert found.macro.mean == pytest.approx(hits.mean())
    assert found.macro.low == pytest.approx(hits.mean() - 1.96 * deviation, abs=0.2 * deviation)
    assert found.macro.high == pytest.approx(hits.mean() + 1.96 * deviation, abs=0.2 * deviation)


@pytest.mark.parametrize("recalls", [(0.6, 0.5), (0.5, 0.5)])
def test_intervals_hold_the_truth(recalls: tuple[float, float]) -> None:
    truth = true_f1(recalls[0]) - true_f1(recalls[1])
    arms = [drawn(seed, *recalls, seeds=5, luck=0.02) for seed in range(200)]
    found = [compare(*pair, resamples=300, seed=seed).macro for seed, pair in enumerate(arms)]
    assert 0.85 <= np.mean([d.low <= truth <= d.high for d in found]) < 1
    # Neither trivially wide nor off to one side.
    assert np.mean([d.high - d.low for d in found]) < 0.1
    assert np.mean([d.mean for d in found]) == pytest.approx(truth, abs=0.005)
    if truth:
        assert np.mean([d.verdict == BETTER for d in found]) > 0.9
    else:
        assert np.mean([d.verdict == EQUAL for d in found]) > 0.85


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_few_seeds_do_not_tell_equal_arms_apart(seeds: int) -> None:
    """Arms that differ by the luck of their seeds alone: at most about one pair in twenty is told apart, where the
    percentiles alone told 24, 17 and 11 in a hundred."""
    arms = [drawn(seed, 0.5, 0.5, seeds=seeds, luck=0.05) for seed in range(400)]
    found = [compare(*pair, resamples=300, seed=seed).macro for seed, pair in enumerate(arms)]
    assert np.mean([d.verdict != EQUAL for d in found]) < 0.07


@pytest.mark.parametrize("of_recordings", [False, True])
def test_equal_arms_are_told_apart_as_often_as_95_percent_say(of_recordings: bool) -> None:
    """Arms that differ by what one seed makes of one recording, alone or beside recordings that one arm finds easier by
    luck: about one pair in twenty, where the variance of both resamplings together told 1 and 3 of 400."""
    told = 0
    for number in range(400):
        rng = np.random.default_rng(number)
        ease, reference = rng.uniform(-0.2, 0.2, 60), np.full((60, 2), 10)
        own = rng.normal(0, 0.05 * of_recordings, (2, 60))  # what recordings are to either arm
        arms = [simulated(0.5, rng, reference, ease + each, 5) for each in own]
        told += compare(*arms, resamples=300, seed=number).macro.verdict != EQUAL
    assert 0.02 <= told / 400 <= 0.08


def test_what_one_seed_says_is_no_verdict() -> None:
    good, poor = drawn(1, 0.9, 0.2, seeds=1)
    found = compare(good, poor, FEW).macro
    assert found.low > 0
    assert found.verdict == ONE_SEED == "too few seeds"
    assert compare(*drawn(1, 0.9, 0.2, seeds=3), FEW).macro.verdict == BETTER


def test_the_expansion_by_hand() -> None:
    """Recordings that are all alike: all that varies is the seeds, whose interval is Student's."""
    hits = np.array([[6, 10], [8, 10], [7, 10]])  # of three seeds, F1 0.6, 0.8 and 0.7 against 0
    a = np.array([[[[hit, of, of]]] * 12 for hit, of in hits])
    b = a * np.array([0, 1, 1])
    found = compare(a, b, 4000)
    half = 4.303 * 0.1 / np.sqrt(3)  # t of two degrees of freedom, the seeds' deviation
    # Percentiles of three seeds drawn from three are steps, wider by a little than the normal distribution's.
    assert found.macro.high - found.macro.mean == pytest.approx(half, rel=0.1)
    assert found.macro.mean - found.macro.low == pytest.approx(half, rel=0.1)


def test_an_interval_ends_where_f1_ends() -> None:
    luckless = np.array([[[[0, 9, 9]]] * 12, [[[9, 9, 9]]] * 12])
    found = compare(luckless, luckless * np.array([0, 1, 1]), FEW).macro
    assert (found.mean, found.low, found.high) == (0.5, -1, 1)


def width(difference: Difference) -> float:
    return difference.high - difference.low


def test_pairing_matters() -> None:
    """What is hard for one arm is hard for the other: the difference is known better than either."""
    a, b = drawn(2, 0.5, 0.45, spread=0.4)
    paired = compare(a, b, FEW).macro
    apart = compare(a, b[:, np.random.default_rng(0).permutation(60)], FEW).macro
    assert paired.mean == pytest.approx(apart.mean)
    assert width(paired) < 0.6 * width(apart)


def test_paired_seeds_matter() -> None:
    """Initial weights that are lucky are so for both arms."""
    a, b = (np.concatenate([drawn(3, r + luck, spread=0)[0] for luck in (-0.3, 0.0, 0.3)]) for r in (0.5, 0.45))
    assert a.shape == (9, 60, 2, 3)
    paired, crossed = compare(a, b, FEW).macro, compare(a, b[::-1].copy(), FEW).macro
    assert paired.mean == pytest.approx(crossed.mean)
    assert width(paired) < 0.5 * width(crossed)


def test_spread_between_seeds_widens_the_interval() -> None:
    (b,) = drawn(4, 0.5)
    steady = np.concatenate([drawn(5, r)[0][:1] for r in (0.5, 0.5, 0.5)])
    moody = np.concatenate([drawn(5, r)[0][:1] for r in (0.2, 0.5, 0.8)])
    assert width(compare(moody, b, FEW).macro) > 2 * width(compare(steady, b, FEW).macro)


def test_more_recordings_narrow_the_interval() -> None:
    few, many = (compare(*drawn(6, 0.6, 0.5, recordings=n), FEW).macro for n in (20, 320))
    assert width(few) > 2.5 * width(many)


def test_a_class_that_does_not_occur() -> None:
    a, b = drawn(7, 0.7, 0.4)
    expected = compare(a, b, FEW)
    alarms = np.zeros((3, 60, 1, 3), dtype=a.dtype)
    alarms[..., 1] = 3
    found = compare(np.concatenate([alarms, a], 2), np.concatenate([alarms * 0, b], 2), FEW)
    assert found.per_class == [None, *expected.per_class]
    assert found.macro == expected.macro


def test_a_rare_label_that_resamples_miss() -> None:
    """One recording in twenty holds it, so that a third of the resamples do not; nobody is warned of that."""
    hits, reference = [1] + [0] * 19, [1] + [0] * 19
    a, b = arm(hits, hits, reference), arm([0] * 20, [0] * 20, reference)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = compare(a, b, FEW)
    (only,) = found.per_class
    assert found.macro == only == Difference(1.0, 1.0, 1.0)
    assert found.macro.verdict == only.verdict == TOO_FEW == "too few recordings"


@pytest.mark.parametrize("holding", [1, 2, FEWEST - 1, FEWEST])
def test_too_few_recordings_tell_nothing(holding: int) -> None:
    """All recordings speak for one arm, as by chance alone those of two equal arms do in 2 of 2^n cases."""
    hits = reference = [1] * holding + [0] * 30
    good, poor = (np.repeat(a, 2, axis=0) for a in (arm(hits, hits, reference), arm([0] * len(hits), hits, reference)))
    found = compare(good, poor, FEW)
    assert found.macro.recordings == found.per_class[0].recordings == holding
    assert found.macro.verdict == found.per_class[0].verdict == (BETTER if 2 / 2**holding < 0.05 else TOO_FEW)
    same = compare(arm(hits, hits, reference), arm(hits, hits, reference), FEW)
    assert same.macro.verdict == EQUAL


def test_the_same_twice() -> None:
    a, b = drawn(8, 0.6, 0.5)
    assert compare(a, b, FEW) == compare(a, b, FEW) != compare(a, b, FEW, seed=1)


def test_arms_that_do_not_fit() -> None:
    a, b = drawn(9, 0.6, 0.5)
    for other in (b[:2], b[:, :50], b[:, :, :1]):
        with pytest.raises(ValueError, match="not scored on the same recordings with the same seeds"):
            compare(a, other, FEW)
    strangers = b.copy()
    strangers[:, 3, 0, 2] += 1  # the same shape, but another recording
    with pytest.raises(ValueError, match="not scored on the same recordings with the same seeds"):
        compare(a, strangers, FEW)
