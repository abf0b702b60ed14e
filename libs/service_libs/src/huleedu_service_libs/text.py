"""Text as HTTP bodies may carry it: whatever PostgreSQL and UTF-8 can hold, and nothing else."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError


def _storable(text: str) -> str:
    """Refuse what would only fail later, in the database: NUL, and halves of surrogate pairs."""
    if "\0" in text:
        raise PydanticCustomError("nul_character", "must not contain NUL characters")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise PydanticCustomError("unpaired_surrogate", "must not contain unpaired surrogates") from None
    return text


Text = Annotated[str, AfterValidator(_storable), Field(json_schema_extra={"pattern": "^[^\\u0000]*$"})]
"""Any storable text. Limit it where it is used: `Annotated[Text, Field(max_length=100)]`."""

Line = Annotated[Text, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
"""A name, title or id: 1 to 255 characters after the spaces around it are gone."""
