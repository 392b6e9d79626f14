"""Find the environment and the space that a person names: built in, in a file of their own, or in their data."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

from search.space.reading import space_from
from search.space.space import Space
from sedkd.data.datasets.opening import names_of, pool_of
from sedkd.data.environment import KEYS, Environment, environment_from
from sedkd.data.pool import Pool
from sedkd.disk.yaml_file import read_yaml
from sedkd.errors import UserError
from sedkd.progress import Progress, counting

DEFAULT = "default"


@dataclass(frozen=True)
class Setting:
    """Where a search takes place: the data with all environments, the one to specialise for, and what varies."""

    pool: Pool
    environment: Environment
    space: Space


def spaces_folder() -> Path:
    """The folder of the built-in YAML files."""
    return Path(str(resources.files("spaces")))


def built_in() -> dict[str, Environment]:
    """The built-in environments by name."""
    paths = sorted(p for p in spaces_folder().glob("*.yaml") if p.stem != DEFAULT)
    return {path.stem: environment_from(read_yaml(path), path) for path in paths}


def default_file() -> Path:
    """The file of what a search varies unless it is told otherwise."""
    return spaces_folder() / f"{DEFAULT}.yaml"


def default_space() -> Space:
    """What stands in that file."""
    return space_from(read_yaml(default_file()), default_file())


def own_file(path: Path) -> tuple[Environment | None, Space]:
    """The environment and the space of a person's own file, which may hold either or both; UserError where it holds
    anything else."""
    content = read_yaml(path)
    unknown = sorted(set(content) - {*KEYS, "dimensions"}, key=str)
    if unknown:
        raise UserError(f"{path}: {unknown[0]}: unknown key; expected {', '.join([*KEYS, 'dimensions'])}")
    if "environment" not in content and "dimensions" not in content:
        raise UserError(f"{path}: holds neither an environment nor dimensions")
    environment = environment_from(content, path) if "environment" in content else None
    return environment, space_from(content, path) if "dimensions" in content else default_space()


def environments_of(
    asked: str, data: Sequence[Path], dataset: str | None = None, label_column: str | None = None
) -> list[str]:
    """The environments that `--env` names: one, several joined by commas, or `all` of the data.

    Raises:
        UserError: none, one twice, or one that is not there, before the first of them is searched for.
    """
    if asked == "all":
        return _there(data, dataset, label_column)
    if "," in asked and asked in _there(data, dataset, label_column):
        return [asked]
    names = [name.strip() for name in asked.split(",")]
    if not all(names) or len(set(names)) < len(names):
        raise UserError(f"--env {asked}: expected one environment, several different ones joined by commas, or all")
    if len(names) > 1:
        there = _there(data, dataset, label_column)
        for name in names:
            if name not in there:
                raise UserError(f"--env {asked}: no environment {name!r}; there are: {', '.join(there)}")
    return names


def setting(
    name: str,
    data: Sequence[Path] = (),
    space_file: Path | None = None,
    dataset: str | None = None,
    fold: int | None = None,
    label_column: str | None = None,
    progress: Progress | None = None,
) -> Setting:
    """Everything that `--env`, `--data`, `--space`, `--dataset`, `--fold` and `--label-column` say.

    Raises:
        UserError: no such environment (those that there are), or something wrong in a file (which, and its key).
    """
    known, space, own = built_in(), default_space(), None
    if space_file is not None:
        own, space = own_file(space_file)
        if own is not None and own.name != name:
            raise UserError(f"{space_file}: environment: is {own.name!r}, but --env asks for {name!r}")
    if fold is not None and not data:
        raise UserError(f"--fold {fold}: the built-in soundscapes have no folds; give --data DIR")
    if label_column is not None and not data:
        raise UserError(f"--label-column {label_column}: the built-in soundscapes have no columns; give --data DIR")
    if dataset is not None and not data:
        raise UserError(f"--dataset {dataset}: the built-in soundscapes are none of these; give --data DIR")
    if data:
        look = counting(progress, "looking into recordings")
        pool = pool_of(data, known, name, own, dataset, fold, label_column, look)
    else:
        pool = _synthetic_pool(known, name, own)
    environment = pool.environment(name)
    missing = [] if own is None else [label for label in own.events if environment.spelt(label) is None]
    if missing:
        told = f"{space_file}: no training recording of {name} holds {', '.join(missing)}: left out (another spelling?)"
        pool = replace(pool, notices=(*pool.notices, told))
    return Setting(pool, environment, space)


def _there(data: Sequence[Path], dataset: str | None, label_column: str | None) -> list[str]:
    """The environments of the data, or those that have built-in soundscapes."""
    from sedkd.synth import builtin

    return names_of(data, dataset, label_column) if data else list(builtin.ENVIRONMENTS)


def _synthetic_pool(known: dict[str, Environment], name: str, own: Environment | None) -> Pool:
    from sedkd.synth import builtin

    if name not in known and own is None:
        raise UserError(f"no environment {name!r}; built in are: {', '.join(known)}; for your own, give --data DIR")
    if name not in builtin.ENVIRONMENTS:
        raise UserError(f"environment {name!r} has no built-in soundscapes; give --data DIR")
    stray = [label for label in own.events if label not in known[name].events] if own else []
    if stray:
        raise UserError(f"the built-in soundscapes of {name} have no {stray[0]!r}; give --data DIR, or leave it out")
    root = builtin.default_root()
    environments = {n: known[n] for n in builtin.ENVIRONMENTS} | ({name: own} if own else {})
    return Pool(root, environments, synthetic=True, prepare=lambda env, split: builtin.ensure(root, env, split))
