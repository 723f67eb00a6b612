"""
Maturity models in files of this host: those that come with us, and a customer's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import structlog

import rules
from bot.domain.maturity.model import Model
from bot.domain.maturity.model_file import MAX_BYTES, ModelError, load_model
from bot.domain.safe_yaml import Problem

log = structlog.get_logger(__name__)

MAX_FILES: Final = 50
"""In a customer's folder."""
_SHIPPED: Final = Path(rules.__file__).parent / "maturity"


@dataclass(frozen=True, slots=True)
class ModelsInForce:
    """The models that count, and what is wrong with those that do not."""

    models: tuple[Model, ...]
    """The shipped ones first, each replaced by a customer's of the same id; then the customer's own by id."""
    problems: tuple[ModelError, ...]
    """One for each file of the customer that cannot be used."""

    def get(self, model_id: str) -> Model | None:
        """The model of this id; None where there is none."""
        return next((model for model in self.models if model.id == model_id), None)


@cache
def shipped_models() -> tuple[Model, ...]:
    """The models that come with Mergewarden, in the order of their file names."""
    return tuple(load_model(path.read_bytes(), path.name) for path in sorted(_SHIPPED.glob("*.yaml")))


def models_in_force(folder: Path | None) -> tuple[Model, ...]:
    """The shipped models and those of a customer's folder; a file that is wrong is left out and logged."""
    found = read_models(folder)
    for problem in found.problems:
        log.warning("a maturity model is left out", problem=str(problem))
    return found.models


def read_models(folder: Path | None) -> ModelsInForce:
    """
    The shipped models and those in the files ``*.yaml`` and ``*.yml`` of a customer's folder.

    A file that cannot be used does not stop the others; it is among the problems. A customer's model replaces the
    shipped one of its id. Of two files with the same id the first by name counts.
    """
    shipped = {model.id: model for model in shipped_models()}
    if folder is None:
        return ModelsInForce(tuple(shipped.values()), ())
    own: dict[str, Model] = {}
    from_file: dict[str, str] = {}
    problems: list[ModelError] = []
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml"))
    except OSError as error:
        wrong = Problem(1, f"the folder cannot be read: {error.strerror}", "check the setting maturity_folder")
        return ModelsInForce(tuple(shipped.values()), (ModelError(str(folder), [wrong]),))
    if len(files) > MAX_FILES:
        wrong = Problem(1, f"it holds {len(files)} files, only the first {MAX_FILES} are read", "remove some")
        problems.append(ModelError(str(folder), [wrong]))
    for path in files[:MAX_FILES]:
        try:
            model = read_model_file(path)
            if model.id in own:
                first = from_file[model.id]
                twice = Problem(1, f"the model {model.id!r} is in {first} already", "give it an id of its own")
                raise ModelError(path.name, [twice])
        except ModelError as error:
            problems.append(error)
        else:
            own[model.id], from_file[model.id] = model, path.name
    merged = shipped | dict(sorted(own.items()))
    return ModelsInForce(tuple(merged.values()), tuple(problems))


def read_model_file(path: Path) -> Model:
    """The model in a file. Raises ``ModelError``, also for one that cannot be read."""
    try:
        with path.open("rb") as source:
            text = source.read(MAX_BYTES + 1)
    except OSError as error:
        wrong = Problem(1, f"it cannot be read: {error.strerror}", "check its path and who may read it")
        raise ModelError(path.name, [wrong]) from error
    return load_model(text, path.name)
