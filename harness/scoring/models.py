"""A list of the user's own models as a space: networks made by functions, known by their names."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError, ModelError, NotApplicable, SettingError, SpaceError, unknown
from harness.proxies.definition import Definition, NotReadable
from harness.proxies.fingerprint import short_hash
from harness.setting import Setting, SizeKeywords, derived_seed
from harness.spaces import open_space, register_space
from harness.spaces.image_sizes import image_dimensions
from harness.spaces.listed import listed_in_order, listed_sample
from harness.spaces.named import MODELS, Model, NamedModels
from harness.spaces.shape import Dimension, sizes_within
from harness.spaces.space import Architecture, Sizes
from harness.text.shown import reason, shown

if TYPE_CHECKING:
    from torch import nn
    from typing_extensions import Unpack

Factory = Callable[[], Any]
"""A function without arguments that makes a network with weights drawn anew."""
INPUTS, CLASSES = (3, 32, 32), 10


def model_list(models: Mapping[str, Factory], *, inputs: Sequence[int] = INPUTS, classes: int = CLASSES) -> ModelList:
    """A list of models of one's own, which is scored and ranked like any other space.

    `open_space("models")` finds the models of all lists that were made in this process; of one name the last one.

    Args:
        models: a function for each model, by the model's name. It takes no arguments and makes the network, as
            `lambda: resnet18()` does; it is called under the seed of the weights, here and in worker processes.
        inputs: shape of the networks' inputs, (channels, side, side) of square images.
        classes: number of the networks' outputs, from which random labels are drawn.

    Returns:
        A space of image classifiers, whose architectures are the names. A table of it is a file with a column `name`.
        Its scores are stored under a fingerprint of each function, so that an edited model is scored anew.

    Raises:
        SpaceError: for no models, a name that is empty or has blanks around it, or what is no function.
        SettingError: for inputs of another shape, or too few classes.

    >>> from torch import nn
    >>> space = model_list(
    ...     {
    ...         "linear": lambda: nn.Sequential(nn.Flatten(), nn.Linear(192, 10)),
    ...         "deep": lambda: nn.Sequential(nn.Flatten(), nn.Linear(192, 8), nn.ReLU(), nn.Linear(8, 10)),
    ...     },
    ...     inputs=(3, 8, 8),
    ... )
    >>> space.sizes(space.parse("deep"))
    Sizes(parameters=1634, macs=1634)
    """
    made = ModelList(models, inputs, classes)
    before = open_space(MODELS)
    known = before.code if isinstance(before, ModelList) else {}
    register_space(ModelList({**known, **made.code}, inputs, classes))
    return made


class ModelList(NamedModels):
    """Models of the user's own, made by functions; see `model_list`.

    The methods' arguments and errors are documented in `harness.spaces.space.ListedSpace`.

    Attributes:
        code: the function that makes each network, by the model's name.
        shape: the sizes of the images and the number of classes, with those of the list as defaults.
    """

    def __init__(self, models: Mapping[str, Factory], inputs: Sequence[int], classes: int) -> None:
        self.code = _checked(models)
        self.shape = _dimensions(inputs, classes)

    def __len__(self) -> int:
        return len(self.code)

    def __iter__(self) -> Iterator[Model]:
        return map(Model, self.code)

    def parse(self, text: str) -> Model:
        """The model of that name."""
        name = text.strip()
        if name not in self.code:
            raise SpaceError(unknown("model", name, self.code))
        return Model(name)

    def in_order(self, keys: Sequence[str]) -> list[Model]:
        """All models in the order of their names in `keys`."""
        return listed_in_order(self, self.parse, keys)

    def sample(self, count: int, seed: int = 0) -> list[Model]:
        """`count` of the models, in random order."""
        return listed_sample(self, list(self), count, seed)

    def neighbours(self, architecture: Architecture) -> list[Model]:
        """All other models."""
        own = self.own(architecture)
        return [model for model in self if model != own]

    def build(
        self,
        architecture: Architecture,
        shape: Mapping[str, int] | None = None,
        *,
        init: str = "pytorch",
        seed: int = 0,
        **sizes: Unpack[SizeKeywords],
    ) -> nn.Module:
        """The untrained network of a model.

        Raises:
            ModelError: where the model's function raises an error, or gives what is no network with weights of its own.
            NotApplicable: for an init of which the network has weights that it does not draw.
        """
        from harness.spaces.initialisation import SCHEMES, drawn

        name = self.own(architecture).name
        sizes_within(self.shape, shape, sizes)
        if init not in SCHEMES:
            raise SettingError(unknown("init", init, SCHEMES))
        network = drawn(lambda: _made(name, self.code[name], init), init, derived_seed(seed, "weights", name))
        return network.train()

    def sizes(
        self, architecture: Architecture, shape: Mapping[str, int] | None = None, **sizes: Unpack[SizeKeywords]
    ) -> Sizes:
        """Parameters and multiply-adds, measured on the network.

        Raises:
            ModelError: where there is no network, or it does not take the images.

        Cost: one forward pass of one sample.
        """
        from harness.measurements.size import macs, parameter_count
        from harness.spaces.initialisation import seeded

        full = sizes_within(self.shape, shape, sizes)
        network = self.build(architecture, full)
        batch = self.batch(Setting(batch_size=2, shape=full))
        try:
            with seeded(0):
                fitting = batch.like(next((one for one in network.parameters() if one.is_floating_point()), None))
                return Sizes(parameter_count(network), macs(network, fitting))
        except Exception as error:  # a user's network may raise anything
            raise ModelError(f"model {shown(str(architecture))} cannot be measured: {_said(error)}") from error

    def fingerprint(self, architecture: Architecture) -> str:
        """Hash of the model's function as it is now, as of a user's proxy, and of the packages' versions that it uses.

        Raises:
            SpaceError: if the function depends on an object whose content cannot be read.
        """
        name = self.own(architecture).name
        try:
            found = Definition(self.code[name])
        except NotReadable as error:
            raise SpaceError(f"model {shown(name)} depends on {error}") from error
        versions = [f"{package} {_version(package)}" for package in sorted(found.packages)]
        return short_hash(f"{found.text}{versions}")


def _checked(models: Mapping[str, Factory]) -> dict[str, Factory]:
    from torch import nn

    given: object = models
    if not isinstance(given, Mapping) or not given:
        raise SpaceError(f"models are functions by name, such as {{'mine': lambda: MyNet()}}, got {shown(models)}")
    for name, factory in models.items():
        kind: object = name
        if not isinstance(kind, str) or not name or name != name.strip():
            raise SpaceError(f"the name of a model is a text without blanks around it, got {shown(name)}")
        try:
            name.encode()
        except UnicodeEncodeError:
            raise SpaceError(f"the name {shown(name)} of a model cannot be written as UTF-8") from None
        if isinstance(factory, nn.Module):
            raise SpaceError(
                f"model {shown(name)} is a network: give a function that makes it, as lambda: MyNet(), since its "
                "weights are drawn under each seed"
            )
        if not callable(factory):
            raise SpaceError(f"model {shown(name)} is no function that makes a network, but {shown(factory)}")
    return dict(models)


def _dimensions(inputs: Sequence[int], classes: int) -> dict[str, Dimension]:
    square = isinstance(inputs, Sequence) and len(inputs) == 3 and inputs[1] == inputs[2]
    if not square:
        raise SettingError(
            f"inputs are square images, (channels, side, side) such as (3, 32, 32), got {shown(inputs)}; for other "
            "inputs write a space (harness.spaces.space)"
        )
    dimensions = image_dimensions()
    given = sizes_within(dimensions, {"channels": inputs[0], "image_size": inputs[1], "classes": classes})
    return {name: replace(dimension, default=given[name]) for name, dimension in dimensions.items()}


def _made(name: str, factory: Factory, init: str) -> nn.Module:
    """The network that a function makes, checked.

    Args:
        name: name of the model, for messages.
        factory: the function.
        init: name of the initialisation that is to be drawn next.
    """
    from harness.measurements.scorable import check_scorable

    with _registered_parameters() as drawn_here:
        try:
            made = factory()
        except (Exception, SystemExit) as error:  # a user's function may raise anything, and may call exit()
            raise ModelError(f"the function of model {shown(name)} raised {_said(error)}") from error
    try:
        network = check_scorable(made)
    except HarnessError as error:
        raise ModelError(f"the function of model {shown(name)}: {error}") from error
    here = {parameter.data_ptr() for parameter in drawn_here}
    own = [parameter for parameter in network.parameters() if parameter.numel()]
    if own and not any(parameter.data_ptr() in here for parameter in own):
        raise ModelError(
            f"the function of model {shown(name)} gives a network whose weights were there before, and would be the "
            "same under each seed: make the network inside the function"
        )
    if init != "pytorch":
        _check_redrawn(network, init)
    return network


@contextmanager
def _registered_parameters() -> Iterator[list[nn.Parameter]]:
    """The parameters that modules are given inside, which are kept so that their memory is not used again."""
    from torch.nn.modules.module import register_module_parameter_registration_hook

    found: list[nn.Parameter] = []

    def note(module: nn.Module, name: str, parameter: nn.Parameter) -> None:
        found.append(parameter)

    handle = register_module_parameter_registration_hook(note)
    try:
        yield found
    finally:
        handle.remove()


def _check_redrawn(network: nn.Module, init: str) -> None:
    """Refuse a network with weights that an initialisation would leave as they are."""
    from harness.measurements.layers import LAYERS, layer_named
    from harness.measurements.weights import check_only_layers
    from harness.spaces.initialisation import REDRAWN

    check_only_layers(network, f"init {init!r}")
    for name, module in network.named_modules():
        if isinstance(module, LAYERS) and not isinstance(module, REDRAWN):
            raise NotApplicable(f"init {init!r} draws no weights for {layer_named(name, module)}")


def _said(error: BaseException) -> str:
    """The error's type and message on one line."""
    text = reason(error) if isinstance(error, Exception) else f"{type(error).__name__}: {error}"
    return " ".join(text.split())


def _version(package: str) -> str:
    return str(getattr(sys.modules.get(package), "__version__", ""))
