"""The common ground of all sections of a season file: strictness, ids, shown names, lists."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    WithJsonSchema,
)

from rules.season.decimals import refusal

ID_LENGTH_MAX = 64
SLUG = re.compile(r"\w[\w.-]*")


class Section(BaseModel):
    """Refuse unknown keys and wrong types; stay as decoded."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


# For the schema only; the loader says which keys.
EXACTLY_ONE_KEY = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})


class Label(Section):
    """Hold a name people read, in Chinese and English."""

    zh: str = Field(description="Shown on Chinese pages")
    en: str = Field(description="Shown on English pages")

    def text(self, language: str) -> str:
        """Give the name in `zh` or `en`."""
        return self.zh if language == "zh" else self.en


def decode_label(value: Any) -> Label:
    """Read a name: one text for both languages, or a table of `zh` and `en`."""
    texts = {"zh": value, "en": value} if isinstance(value, str) else value
    if (
        not isinstance(texts, dict)
        or not texts
        or not all(
            key in ("zh", "en") and isinstance(text, str) and text for key, text in texts.items()
        )
    ):
        raise refusal("must be a text, or a table of zh and en", 'write { zh = "…", en = "…" }')
    first: str = next(iter(texts.values()))
    return Label(zh=texts.get("zh", first), en=texts.get("en", first))


Name = Annotated[
    Label,
    PlainValidator(decode_label),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "minLength": 1},
                {
                    "type": "object",
                    "properties": {
                        "zh": {"type": "string", "minLength": 1},
                        "en": {"type": "string", "minLength": 1},
                    },
                    "additionalProperties": False,
                    "minProperties": 1,
                },
            ],
            "description": "The name people read; the id where none is given",
        }
    ),
]


def check_id(value: str) -> str:
    """Accept an id of 1 to 64 characters without control characters or outer spaces."""
    if not 1 <= len(value) <= ID_LENGTH_MAX:
        raise refusal(f"must have 1 to {ID_LENGTH_MAX} characters", "choose a shorter id")
    if value != value.strip() or not value.isprintable():
        raise refusal("has outer spaces or control characters", "remove them")
    return value


def check_slug(value: str) -> str:
    """Accept an id that can stand in a file name and a Redis key."""
    check_id(value)
    if SLUG.fullmatch(value) is None:
        raise refusal(
            "may hold only letters, digits, _, - and . (not first)", 'write it like "summer-2026"'
        )
    return value


Id = Annotated[
    str,
    AfterValidator(check_id),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": ID_LENGTH_MAX}),
]
Slug = Annotated[
    str,
    AfterValidator(check_slug),
    WithJsonSchema({"type": "string", "pattern": r"^\w[\w.-]*$", "maxLength": ID_LENGTH_MAX}),
]


def as_list(value: Any) -> Any:
    """Take a single value for a list of one."""
    return value if isinstance(value, list | tuple) else (value,)


def distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Accept a list that names nothing twice."""
    for place, value in enumerate(values):
        if value in values[:place]:
            raise refusal(f"names {value} twice", "name it once")
    return values


Distinct = AfterValidator(distinct)
