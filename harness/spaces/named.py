"""Models of the user's own by name: what a list of models and names without their models have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NoReturn

from harness.errors import SpaceError
from harness.spaces.image_sizes import image_dimensions
from harness.spaces.images import ImageClassification
from harness.spaces.space import Architecture
from harness.text.shown import shown

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from harness.setting import Setting, SizeKeywords
    from harness.spaces.shape import Dimensions

MODELS = "models"
"""Name of the space of the user's own models."""


@dataclass(frozen=True)
class Model:
    """A model of the user's own, known by its name."""

    name: str

    def __str__(self) -> str:
        return self.name


class NamedModels(ImageClassification):
    """What a list of models and names without their models have in common.

    The methods' arguments and errors are documented in `harness.spaces.space.Space`.
    """

    name = MODELS
    measured_sizes: ClassVar = True
    """Sizes have no closed form, so that tables take them from the scores where they can."""

    def parse(self, text: str) -> Model:
        """The model of that name."""
        raise NotImplementedError

    def key(self, architecture: Architecture) -> str:
        """The model's name."""
        return str(self.own(architecture))

    def canonical(self, architecture: Architecture) -> Model:
        """The model itself: no two are known to be one network."""
        return self.own(architecture)

    def minimal(self, architecture: Architecture) -> Model:
        """The model itself: no two are known to be one network."""
        return self.own(architecture)

    def own(self, architecture: object) -> Model:
        """The architecture, if it is a model.

        Raises:
            SpaceError: for an architecture of another space.
        """
        if not isinstance(architecture, Model):
            raise SpaceError(f"{shown(architecture)} is no model: get one from space.parse(name)")
        return self.parse(architecture.name)

    def graphs(self, architecture: Architecture) -> NoReturn:
        """Models of the user's own have no drawing."""
        raise SpaceError(f"{shown(str(self.own(architecture)))} is a model of your own, which has no drawing")


class UnloadedModels(NamedModels):
    """Names of models whose functions are not loaded in this process: enough to join scores and tables."""

    shape: ClassVar[Dimensions] = image_dimensions()

    def __len__(self) -> int:
        return 0

    def parse(self, text: str) -> Model:
        """The model of that name, whatever it is."""
        if not text.strip():
            raise SpaceError("the name of a model is empty")
        return Model(text.strip())

    def sample(self, count: int, seed: int = 0) -> list[Model]:
        """No sample, since the models are not loaded."""
        raise _not_loaded()

    def neighbours(self, architecture: Architecture) -> list[Model]:
        """No neighbours, since the models are not loaded."""
        raise _not_loaded()

    def batch(self, setting: Setting, data: Path | None = None) -> NoReturn:
        """No batch, since the models are not loaded."""
        raise _not_loaded()

    def build(
        self,
        architecture: Architecture,
        shape: Mapping[str, int] | None = None,
        *,
        init: str = "pytorch",
        seed: int = 0,
        **sizes: Unpack[SizeKeywords],
    ) -> NoReturn:
        """No network, since the models are not loaded."""
        raise _not_loaded()

    def sizes(
        self, architecture: Architecture, shape: Mapping[str, int] | None = None, **sizes: Unpack[SizeKeywords]
    ) -> NoReturn:
        """No sizes, since the models are not loaded."""
        raise _not_loaded(": these scores lack params or flops, which every table needs: score both of them too")


def _not_loaded(why: str = "") -> SpaceError:
    return SpaceError(
        f"models of your own are not loaded here{why}. They are loaded by harness.model_list, and by nasinit score "
        "--space FILE.py"
    )
