"""Who asks for something, and why what follows is said."""

import msgspec

from huleedu_service_libs.causes import cause_of_request
from huleedu_service_libs.runtime.unit_of_work import Cause


class Asker(msgspec.Struct, frozen=True):
    """A teacher, and the request that they make."""

    user_id: str
    org_id: str | None
    correlation_id: str

    @property
    def cause(self) -> Cause:
        """Why everything is said that follows from the request."""
        return cause_of_request(self.correlation_id, user_id=self.user_id, org_id=self.org_id)
