"""The search's own sampler: what it draws, what it promises, what it asks for."""

import math

import numpy as np
import optuna
import pytest

from search.pareto.expected_gain import expected_gain
from search.sampling.choice import can_guess
from search.sampling.encoding import Encoding
from search.sampling.sampler import MIN_OBSERVATIONS, GainSampler, Observation
from search.setup.setting import spaces_folder
from search.space.dimensions import ABSENT, Choice, Range
from search.space.drawing import completed, drawn
from search.space.reading import space_from
from search.study.objectives import parse
from sedkd.disk.yaml_file import read_yaml
from sedkd.train.settings import TrainSettings
from sedkd.trial.configuration import from_flat

DEFAULT = spaces_folder() / "default.yaml"
REFERENCE = (0.0, 9.0)


@pytest.fixture(scope="module")
def space():
    return space_from(read_yaml(DEFAULT), DEFAULT)


def test_a_draw_is_a_configuration_of_the_space(space):
    rng = np.random.default_rng(0)
    widths = set()
    for _ in range(200):
        values = drawn(space, rng)
        from_flat(values, TrainSettings())
        assert completed(values, space) == values
        widths.add(values["student.width"])
    assert widths == set(range(2, 33, 2))


def test_a_draw_near_another_keeps_most_of_it(space):
    rng, known = np.random.default_rng(0), space.defaults(strategy="hint")
    near = [drawn(space, rng, known) for _ in range(200)]
    kept = [sum(values.get(name) == value for name, value in known.items()) / len(known) for values in near]
    assert 0.6 < np.mean(kept) < 0.9
    for values in near:
        from_flat(values, TrainSettings())


def test_a_whole_number_on_a_log_scale_is_drawn_with_both_ends():
    content = {"dimensions": {"student.width": {"type": "int", "low": 4, "high": 8, "log": True}}}
    narrow, rng = space_from(content, DEFAULT), np.random.default_rng(0)
    assert {drawn(narrow, rng)["student.width"] for _ in range(200)} == {4, 5, 6, 7, 8}


def test_rows_hold_ranges_from_0_to_1_and_a_column_for_each_choice(space):
    encoding = Encoding(space)
    low = {d.name: d.low for d in space.dimensions if isinstance(d, Range)}
    named = {name.replace(".", "_"): value for name, value in low.items()}
    rows = encoding([space.defaults(strategy="hint", **named), space.defaults(strategy="none")])
    names = [(d.name, c) for d in space.dimensions for c in (d.choices if isinstance(d, Choice) else (None,))]
    assert rows.shape == (2, len(names))
    cell = {name: rows[:, place].tolist() for place, name in enumerate(names)}
    assert cell["student.width", None] == pytest.approx([0.0, 14 / 30])
    assert cell["hint.weight", None] == [0.0, ABSENT]
    assert cell["strategy", "hint"] == [1.0, 0.0]
    assert cell["train.learning_rate", None][1] == pytest.approx(math.log(0.04 / 0.008) / math.log(0.12 / 0.008))


def test_the_expected_gain_is_the_mean_gain_in_hypervolume():
    from optuna._hypervolume import compute_hypervolume
    from scipy.stats import norm

    front = [(0.5, 5.0), (0.4, 5.5), (0.7, 6.5), (0.9, 9.5)]
    cases = [(0.45, 0.1, 4.5), (0.6, 0.05, 5.2), (0.75, 0.1, 7.0), (0.9, 0.1, 9.2)]
    mean, deviation, cost = (np.array(column) for column in zip(*cases, strict=True))

    def volume(points):
        losses = np.array([(-q, c) for q, c in points if c < REFERENCE[1] and q > 0])
        return compute_hypervolume(losses, np.array([0.0, REFERENCE[1]]))

    before = volume(front)
    quantiles = norm.ppf((np.arange(400) + 0.5) / 400)
    for place, case in enumerate(cases):
        qualities = case[0] + case[1] * quantiles
        gains = [volume([*front, (q, case[2])]) - before for q in qualities]
        found = expected_gain(mean, deviation, cost, front, REFERENCE)[place]
        assert found == pytest.approx(np.mean(gains), rel=0.01, abs=1e-6)


def test_without_a_front_the_gain_is_the_area_to_the_reference():
    found = expected_gain(np.array([0.5]), np.array([1e-6]), np.array([5.0]), [], REFERENCE)
    assert found == pytest.approx([0.5 * 4.0])


class World:
    """A made-up study: quality rises with width and depth, hint is better than all others, and cost with width."""

    def __init__(self, space, limit=math.inf):
        self.space, self.limit, self.seen, self.at = space, limit, [], []

    def quality(self, values):
        bonus = 0.2 if values["strategy"] == "hint" else 0.0
        return 0.3 + bonus + 0.005 * values["student.width"] + 0.02 * values["student.depth"]

    def cost(self, values):
        cost = 4.0 + values["student.width"] / 10
        return cost if cost <= self.limit else math.inf

    def train(self, values):
        self.seen.append(Observation(values, self.quality(values), 4.0 + values["student.width"] / 10, 10.0))

    def observations(self):
        return self.seen

    def pending(self, but):
        return self.at

    def is_left_out(self, values):
        return any(values == seen.configuration for seen in self.seen)

    def study(self, seed=0, prior=()):
        sampler = GainSampler(self.space, self, REFERENCE, seed, prior)
        return optuna.create_study(directions=["maximize", "minimize"], sampler=sampler)

    def cover(self):
        """Every strategy once, as the controls of a search do: what chance draws first decides nothing."""
        for strategy in self.space.choices("strategy"):
            self.train(self.space.defaults(strategy=strategy))
        return self

    def search(self, study, trials):
        for _ in range(trials):
            trial = study.ask()
            values = self.space.suggest(trial)
            self.train(values)
            study.tell(trial, [self.seen[-1].quality, self.seen[-1].cost])
        return [seen.configuration for seen in self.seen]


def test_it_finds_what_is_good_and_asks_for_nothing_twice(space):
    world = World(space).cover()
    asked = world.search(world.study(), 20)
    late = asked[-20:]
    assert sum(values["strategy"] == "hint" for values in late) > len(late) / 4  # one in seventeen at random
    assert len({repr(values) for values in asked}) == len(asked)


def test_a_seed_decides_what_is_asked(space):
    def search(seed):
        world = World(space)
        return world.search(world.study(seed), MIN_OBSERVATIONS + 3)

    assert search(1) == search(1)
    assert search(1) != search(2)


def test_what_is_above_a_limit_is_not_asked_for(space):
    world = World(space, limit=4.0 + 1.0)
    asked = world.search(world.study(), MIN_OBSERVATIONS + 12)
    assert all(values["student.width"] <= 10 for values in asked[MIN_OBSERVATIONS:])


def test_what_others_are_at_is_asked_for_elsewhere(space):
    world = World(space)
    world.search(world.study(), MIN_OBSERVATIONS + 4)
    alone = space.suggest(world.study(7).ask())
    world.at = [alone]
    assert space.suggest(world.study(7).ask()) != alone


def test_another_study_is_learned_from_before_the_first_trial(space):
    before = World(space).cover()
    before.search(before.study(), 20)
    moved = [Observation(o.configuration, o.quality - 0.2, o.cost, o.seconds) for o in before.seen]  # a harder place
    world = World(space)
    asked = world.search(world.study(5, moved), MIN_OBSERVATIONS)
    assert sum(values["strategy"] == "hint" for values in asked) > MIN_OBSERVATIONS / 2


def test_what_another_study_trained_outside_of_this_space_is_not_learned_from(space):
    held = Observation(space.defaults(strategy="hint"), 0.5, 5.0, 1.0)
    foreign = Observation(held.configuration | {"strategy": "mine:own"}, 0.9, 5.0, 1.0)
    less = Observation({k: v for k, v in held.configuration.items() if k != "initialisation"}, 0.4, 5.0, 1.0)
    prior = GainSampler(space, World(space), REFERENCE, 0, [held, foreign, less]).prior
    assert [(o.quality, o.configuration) for o in prior] == [(0.5, held.configuration), (0.4, held.configuration)]


def test_what_was_put_in_line_is_asked_for_as_it_is(space):
    world = World(space)
    study = world.study()
    world.search(study, MIN_OBSERVATIONS + 1)
    values = space.defaults(strategy="relation", student_width=30)
    study.enqueue_trial(values)
    assert space.suggest(study.ask()) == values


def test_it_serves_one_quality_against_one_cost_known_before_training():
    assert can_guess(parse("f1_segment,macs"))
    assert can_guess(parse("params,psds1"))
    assert not can_guess(parse("f1_segment,latency"))
    assert not can_guess(parse("f1_event,psds1,params"))
    assert not can_guess(parse("f1_segment,macs,params"))
