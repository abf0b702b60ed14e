"""Whether a text can be an essay: there is some, not too little, not too much."""

from file_service.domain.failures import ContentTooLong, ContentTooShort, EmptyContent

LEAST_CHARACTERS = 50
MOST_CHARACTERS = 50_000


def validated(text: str, *, least: int = LEAST_CHARACTERS, most: int = MOST_CHARACTERS) -> str:
    """The text without the white space around it, `least` to `most` characters long.

    Raises EmptyContent, ContentTooShort or ContentTooLong.
    """
    text = text.strip()
    if not text:
        raise EmptyContent
    if len(text) < least:
        raise ContentTooShort(f"The text has {len(text):,} characters; an essay needs at least {least:,}.")
    if len(text) > most:
        raise ContentTooLong(f"The text has {len(text):,} characters; an essay may have at most {most:,}.")
    return text
