"""Text as HTTP bodies may carry it: whatever PostgreSQL and UTF-8 can hold, and nothing else."""

from typing import Annotated

from pydantic import StringConstraints

# A constraint, not a validator function: so that limits added where it is used are checked after stripping.
# Halves of surrogate pairs are refused by any constraint, since pydantic then needs the text in UTF-8.
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
"""Any text without NUL. Limit it where it is used: `Annotated[Text, StringConstraints(max_length=100)]`."""

Line = Annotated[Text, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
"""A name, title or id: 1 to 255 characters after the spaces around it are gone."""
