"""Asks class management who is in a class."""

from http import HTTPStatus
from urllib.parse import quote

import msgspec
from pydantic import SecretStr

from huleedu_service_libs.errors import Unavailable
from huleedu_service_libs.http_client import PeerClient, PeerRefused
from nlp_service.config import SERVICE_NAME
from nlp_service.domain.matching.names import Student
from nlp_service.protocols import ClassMissing


class _Student(msgspec.Struct, frozen=True):
    student_id: str
    first_name: str
    last_name: str
    full_legal_name: str | None = None
    email: str | None = None


class _Roster(msgspec.Struct, frozen=True):
    students: list[_Student]


_decoder = msgspec.json.Decoder(_Roster)


class HttpRosterClient:
    """Class management over HTTP; see `RosterClientProtocol`."""

    def __init__(self, peer: PeerClient, key: SecretStr | None) -> None:
        """`key` is what the services of the installation show each other."""
        self._peer = peer
        self._headers = {"X-Service-ID": SERVICE_NAME}
        if key is not None:
            self._headers["X-Internal-API-Key"] = key.get_secret_value()

    async def students(self, class_id: str) -> list[Student]:
        """See the protocol."""
        path = f"/internal/v1/classes/{quote(class_id, safe='')}/roster"
        try:
            answer = await self._peer.request("GET", path, headers=self._headers)
            return [_student(each) for each in _decoder.decode(answer.body).students]
        except PeerRefused as refused:
            if refused.status == HTTPStatus.NOT_FOUND:
                raise ClassMissing(class_id) from refused
            raise Unavailable(str(refused)) from refused
        except msgspec.DecodeError as unreadable:
            raise Unavailable(f"{self._peer.peer} answered something that cannot be read") from unreadable

    async def check(self) -> None:
        """See the protocol."""
        await self._peer.request("GET", "/healthz")


def _student(found: _Student) -> Student:
    return Student(found.student_id, found.first_name, found.last_name, found.email, found.full_legal_name)
