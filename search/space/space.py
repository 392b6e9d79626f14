"""A space: dimensions, drawn from by Optuna."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from search.space.dimensions import Choice, Dimension

if TYPE_CHECKING:
    import optuna


@dataclass(frozen=True)
class Space:
    """Dimensions in the order in which they are drawn (the strategy first, since others depend on it)."""

    dimensions: tuple[Dimension, ...]

    def suggest(self, trial: "optuna.Trial") -> dict[str, Any]:
        """Draw one configuration in its flat spelling."""
        values: dict[str, Any] = {}
        for dimension in self.dimensions:
            if dimension.applies(values):
                values[dimension.name] = dimension.suggest(trial)
        return values

    def distributions(self) -> "dict[str, optuna.distributions.BaseDistribution]":
        """Of every dimension, by name."""
        return {d.name: d.distribution() for d in self.dimensions}

    def defaults(self, **pinned: Any) -> dict[str, Any]:
        """The default configuration, with some dimensions pinned; a pin counts where its dimension applies.

        Raises:
            ValueError: there is no dimension of this name.
        """
        unknown = set(pinned) - {d.name.replace(".", "_") for d in self.dimensions}
        if unknown:
            raise ValueError(f"{', '.join(sorted(unknown))}: no dimension of this space")
        values: dict[str, Any] = {}
        for dimension in self.dimensions:
            if dimension.applies(values):
                values[dimension.name] = pinned.get(dimension.name.replace(".", "_"), dimension.default)
        return values

    def choices(self, name: str) -> tuple[Any, ...]:
        """What choice dimension `name` can take; nothing where there is no such dimension."""
        return next((d.choices for d in self.dimensions if d.name == name and isinstance(d, Choice)), ())

    def ends(self, name: str) -> tuple[Any, ...]:
        """The ends of range dimension `name`, or what choice dimension `name` can take; nothing where there is no such
        dimension."""
        return next((d.extremes() for d in self.dimensions if d.name == name), ())

    def has(self, name: str, value: Any) -> bool:
        """Whether choice dimension `name` can take `value`."""
        return value in self.choices(name)

    def without(self, name: str, value: Any) -> "Space":
        """The space in which choice dimension `name` cannot take `value`."""
        return self._changed(name, lambda dimension: dimension.without(value))

    def barring(self, name: str, values: Sequence[Any]) -> "Space":
        """The space in which choice dimension `name` is never drawn as one of `values`.

        Unlike `without`, this leaves the study as it is, its identity and what its storage knows of the dimension: it
        holds for one run, and another may draw them.
        """
        return self._changed(name, lambda dimension: dimension.barring(values))

    @property
    def barred(self) -> dict[str, tuple[Any, ...]]:
        """By dimension, the choices that are never drawn."""
        kept = {d.name: (d.known.choices, d.choices) for d in self.dimensions if isinstance(d, Choice) and d.known}
        return {name: tuple(v for v in every if v not in drawn) for name, (every, drawn) in kept.items()}

    def as_dict(self) -> dict[str, Any]:
        """For digests and for the study's record: what decides the draws, by dimension, as the study knows it."""
        return {d.name: d.as_dict() for d in self.dimensions}

    @property
    def help(self) -> dict[str, str]:
        """What each dimension is, as its file says."""
        return {d.name: d.help for d in self.dimensions}

    def _changed(self, name: str, change: Callable[[Choice], Choice]) -> "Space":
        return Space(tuple(change(d) if d.name == name and isinstance(d, Choice) else d for d in self.dimensions))
