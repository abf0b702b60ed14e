"""Text that spreadsheets would take for a formula, kept from being one by an apostrophe, which they hide."""

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")


def harmless(text: str) -> str:
    """The text as it may stand in a CSV file."""
    return f"'{text}" if _is_dangerous(text) else text


def as_typed(text: str) -> str:
    """What `harmless` was given."""
    return text[1:] if text.startswith("'") and _is_dangerous(text) else text


def _is_dangerous(text: str) -> bool:
    """Also if an apostrophe keeps it from being so: to whoever reads it again it must not be the same."""
    return text.lstrip("'").startswith(_DANGEROUS)
