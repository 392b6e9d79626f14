"""What an arm may choose from on validation: the same number of tries for every arm.

A try is a learning rate, a share of mixtures, and a recipe: what else decides how a student is taught. An arm of one
recipe tries every rate with and without mixtures; an arm of several tries each recipe at fewer rates, so that nobody
has more chances to be lucky on validation than another.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

from sedkd.trial.configuration import Configuration

RATES = (1e-2, 1.6e-2, 2.5e-2, 4e-2, 6e-2, 1e-1)  # longer training wants lower ones
MIXTURES = (0.0, 0.5)  # `train.mixture`
TRIES = len(RATES) * len(MIXTURES)

_RATES_OF = {1: RATES, 2: RATES[::2], 3: RATES[1:5], 4: RATES[::2]}  # by the number of recipes
MAX_RECIPES = max(_RATES_OF)
_CROSSED = 2  # recipes, up to which every rate is tried with and without mixtures

_EVENTS = {"own": "own events", "environment": "the environment's events", "all": "all the teacher's events"}


def tries(recipes: Sequence[Configuration]) -> tuple[Configuration, ...]:
    """`TRIES` configurations, shared out evenly among the different ones of one to four recipes.

    Of three recipes and more, each has mixtures at every other of its rates, its neighbour at those between: a
    fractional design, in which rates, mixtures and recipes are all as frequent as one another.

    Raises:
        ValueError: there is no recipe, or there are more than four.
    """
    different = distinct(recipes)
    if len(different) not in _RATES_OF:
        raise ValueError(f"{len(different)} recipes, where one to {MAX_RECIPES} are tried")
    crossed = len(different) <= _CROSSED
    found = []
    for place, recipe in enumerate(different):
        for (step, rate), (kind, mixture) in product(enumerate(_RATES_OF[len(different)]), enumerate(MIXTURES)):
            if crossed or (place + step) % len(MIXTURES) == kind:
                found.append(replace(recipe, train=replace(recipe.train, learning_rate=rate, mixture=mixture)))
    return tuple(found)


def distinct(recipes: Sequence[Configuration]) -> list[Configuration]:
    """Each recipe once, in the order of the first ones."""
    found: list[Configuration] = []
    for recipe in recipes:
        if recipe not in found:
            found.append(recipe)
    return found


def recipe_words(configuration: Configuration) -> str:
    """In words, all that a try is but its rate and its mixtures."""
    if configuration.taught_by is None:
        return ", ".join([*_strategy(configuration), clip_words(configuration)])
    teacher = configuration.taught_by
    return f"{_EVENTS[teacher.targets]}, {teacher.adaptation} teacher, {clip_words(configuration)}"


def clip_words(configuration: Configuration) -> str:
    """In words, the shares of a batch that come without labels."""
    train = configuration.train
    shares = ((train.unlabeled_share, "own unlabelled"), (train.foreign_share, "from elsewhere"))
    return ", ".join(f"{100 * share:.3g} % {where}" for share, where in shares if share) or "labelled clips only"


def _strategy(configuration: Configuration) -> list[str]:
    return [] if configuration.strategy == "none" else ["no teacher"]
