"""Languages as requests name them."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

PATTERN = r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*$"


def _tag(value: str) -> str:
    if not re.match(PATTERN, value):
        raise ValueError("It should be a BCP 47 tag, such as de or pt-BR.")
    return value


LanguageTag = Annotated[
    str, Field(strict=True, max_length=100, json_schema_extra={"pattern": PATTERN}), AfterValidator(_tag)
]
