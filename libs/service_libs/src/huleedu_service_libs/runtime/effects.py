"""What a rule may call for besides plain messages: something later, something slow, or nothing after all."""

from datetime import datetime

import msgspec

from common_core.message import Message


class Later(msgspec.Struct, frozen=True):
    """Give this message to my group at that time. A new one of the same name takes its place."""

    message: Message
    name: str
    at: datetime


class Never(msgspec.Struct, frozen=True):
    """Forget the timer of this name, if it has not fired yet."""

    name: str


class Work(msgspec.Struct, frozen=True):
    """Have this done by my group's workers, outside any transaction.

    Those on whose behalf there is work take turns; by default it is the user in the metadata of what calls for it.
    """

    message: Message
    on_behalf_of: str | None = None


Effect = Message | Later | Never | Work
