"""A teacher who asks class management over HTTP."""

from io import BytesIO
from typing import Any
from urllib.parse import quote

from quart import Response
from quart.datastructures import FileStorage
from quart.typing import TestClientProtocol


class Teacher:
    """Knows the routes."""

    def __init__(self, client: TestClientProtocol, user_id: str) -> None:
        self._client, self.user_id = client, user_id

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Response:
        """Any route, with this teacher's name."""
        return await self._client.open(
            quote(path, safe="/?=&%"), method=method, json=body, headers={"X-User-ID": self.user_id} | _dashed(headers)
        )

    async def told(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The same, which is to go well: the answer's body."""
        answer = await self.ask(method, path, body, **headers)
        said = await answer.get_json()
        assert answer.status_code < 300, said
        return said

    async def refused(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        """The same, which is to be refused: the status and the code."""
        answer = await self.ask(method, path, body, **headers)
        said = await answer.get_json()
        assert answer.status_code >= 400, said
        assert answer.content_type == "application/problem+json"
        return answer.status_code, said["code"]

    async def makes_class(self, name: str = "9A", course: str = "ENG5") -> str:
        """A new class's id."""
        made = await self.told("POST", "/v1/classes/", {"name": name, "course_codes": [course]})
        return str(made["class_id"])

    async def makes_student(self, first: str, last: str, *class_ids: str, email: str | None = None) -> str:
        """A new student's id."""
        name = {"first_name": first, "last_name": last}
        body = {"person_name": name, "email": email, "class_ids": class_ids}
        made = await self.told("POST", "/v1/classes/students", body)
        return str(made["student_id"])

    async def roster(self, class_id: str) -> list[tuple[str, str, str | None]]:
        """Who is in the class: first name, last name, address."""
        said = await self.told("GET", f"/v1/classes/{class_id}/roster")
        return [(s["first_name"], s["last_name"], s["email"]) for s in said["students"]]

    async def sends(self, class_id: str, list_of_students: str | bytes, query: str = "", **headers: str) -> Response:
        """A list to be imported."""
        raw = list_of_students if isinstance(list_of_students, bytes) else list_of_students.encode()
        return await self._client.post(
            f"/v1/classes/{class_id}/roster/import?{query}",
            files={"file": FileStorage(BytesIO(raw), "9A.csv")},
            headers={"X-User-ID": self.user_id} | _dashed(headers),
        )

    async def imports(self, class_id: str, list_of_students: str | bytes, query: str = "", **headers: str) -> Any:
        """The same, which is to go well: what it came to."""
        answer = await self.sends(class_id, list_of_students, query, **headers)
        said = await answer.get_json()
        assert answer.status_code == 200, said
        return said


def _dashed(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
