"""The base of all settings: values are checked when they are made, and a mistake is one sentence."""

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from car_classifier.errors import UserError


class Settings(BaseModel):
    """Frozen settings. The docstring under a field is its help text, and its type holds its rule.

    A validator of a single field raises a `ValueError` that begins with "must"; the field's name is put before it and
    the value behind it. A validator of the whole model raises a complete sentence.

    Raises:
        UserError: A value breaks a rule; the message has a line for each.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        protected_namespaces=(),
        use_attribute_docstrings=True,
        validate_default=False,
    )

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise UserError("\n".join(_sentences(type(self), error))) from error

    # Pydantic then makes nested settings without this method, so that a mistake in them is named with its whole path.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]


def rule_of(field: FieldInfo) -> str:
    """The rule for a field's value, such as "from 0 to below 1"; empty if its type has none."""
    if get_origin(field.annotation) is Literal:
        return f"one of {', '.join(map(str, get_args(field.annotation)))}"
    rules = [*field.metadata]
    for part in get_args(field.annotation):  # of a field that may also be None
        rules += [rule for given in getattr(part, "__metadata__", ()) for rule in getattr(given, "metadata", [given])]
    limits = {name: getattr(rule, name) for rule in rules for name in ("ge", "gt", "le", "lt") if hasattr(rule, name)}
    if "ge" in limits and len(limits) > 1:
        upper = f"to {limits['le']}" if "le" in limits else f"to below {limits['lt']}"
        return f"from {limits['ge']} {upper}"
    return " and ".join(f"{_LIMITS[name]} {limit}" for name, limit in limits.items())


def field_at(kind: type[BaseModel], path: tuple[int | str, ...]) -> FieldInfo | None:
    """The field that a path such as `("augmentation", "cutmix")` leads to; None if there is none."""
    field = kind.model_fields.get(str(path[0])) if path else None
    if field is None or len(path) == 1 or not is_group(field):
        return field
    return field_at(field.annotation, path[1:])  # type: ignore[arg-type]


def is_group(field: FieldInfo) -> bool:
    """Whether a field holds settings of its own."""
    return isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)


def fields_of(kind: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    """All fields with their names; those of a group with the group's name before a dot."""
    for name, field in kind.model_fields.items():
        if is_group(field):
            yield from ((f"{name}.{inner}", item) for inner, item in fields_of(field.annotation))  # type: ignore[arg-type]
        else:
            yield name, field


def rule_broken(problem: ErrorDetails) -> str:
    """The rule that a value breaks whose type stands in no settings, and the value.

    Args:
        problem: An error of pydantic.
    """
    if problem["type"] == "value_error":
        return str(problem["ctx"]["error"])
    limits = [f"{words} {problem['ctx'][name]}" for name, words in _LIMITS.items() if name in problem.get("ctx", {})]
    rule = " and ".join(limits) or _TYPES.get(problem["type"].partition("_")[0])
    return f"must be {rule}. Received: {problem['input']}" if rule else problem["msg"]


_LIMITS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
_TYPES = {"int": "a whole number", "float": "a number", "finite": "a number", "bool": "true or false"}


def _sentences(kind: type[BaseModel], error: ValidationError) -> Iterator[str]:
    for problem in error.errors():
        name, field = ".".join(map(str, problem["loc"])), field_at(kind, problem["loc"])
        if problem["type"] == "value_error":
            rule = str(problem["ctx"]["error"])
        elif problem["type"] == "missing":
            yield f"{name} must be given."
            continue
        elif field is None:
            yield f"There is no setting {name}. The settings are: {', '.join(known for known, _ in fields_of(kind))}."
            continue
        else:
            type_word = _TYPES.get(problem["type"].partition("_")[0])
            known_rule = type_word or rule_of(field)
            rule = f"must be {known_rule}" if known_rule else f"cannot be used: {problem['msg']}."
        yield f"{name} {rule}. Received: {problem['input']}" if name else rule
