"""What a teacher says in the terminal of who wrote what."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from huleedu.api import Api
from huleedu.confirm import NotNow, choice, confirm_students, suggestions_table
from huleedu.screen import screen

ESSAYS: list[dict[str, Any]] = [
    {
        "essay_id": "e1",
        "filename": "asa.txt",
        "suggested_student_name": "Åsa Lindqvist",
        "confidence_score": 0.93,
        "match_reasons": ["The file is named Åsa Lindqvist."],
        "review_reason": None,
        "no_match_reason": None,
    },
    {
        "essay_id": "e2",
        "filename": "text.txt",
        "suggested_student_name": None,
        "confidence_score": None,
        "match_reasons": [],
        "review_reason": None,
        "no_match_reason": "There is no name in it.",
    },
]
ASA = {"student_id": "s1", "first_name": "Åsa", "last_name": "Lindqvist"}
ASTA = {"student_id": "s2", "first_name": "Asta", "last_name": "Lindqvist"}


def test_each_essay_is_shown_with_who_and_why() -> None:
    console = screen()
    console.width = 100
    with console.capture() as shown:
        console.print(suggestions_table(ESSAYS))

    one, two = [line for line in shown.get().splitlines() if ".txt" in line]
    assert one.split() == ["1", "asa.txt", "Åsa", "Lindqvist", "93%", "The", "file", "is", "named", "Åsa", "Lindqvist."]
    assert two.split()[:3] == ["2", "text.txt", "?"]
    assert "There is no name in it." in two


def test_a_choice_names_an_essay_by_number_and_a_student_by_part_of_the_name() -> None:
    assert choice("2=åsa", ESSAYS, [ASA, ASTA]) == (ESSAYS[1], ASA)
    assert choice(" 1 = ASTA lind", ESSAYS, [ASA, ASTA]) == (ESSAYS[0], ASTA)
    assert choice("1=-", ESSAYS, [ASA, ASTA]) == (ESSAYS[0], None)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("yes", "Say the number"),
        ("3=åsa", "1 to 2"),
        ("0=åsa", "1 to 2"),
        ("1=lind", "could be Åsa Lindqvist, Asta Lindqvist"),
        ("1=bo", "Nobody is called that"),
        ("1=", "Nobody is called that"),
    ],
)
def test_what_is_unclear_is_asked_again(said: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        choice(said, ESSAYS, [ASA, ASTA])


FOUND = {"batch_id": "b", "class_id": "c", "confirm_by": "tomorrow", "version": 1, "associations": ESSAYS}


class ClassManagement:
    """Hears what is decided; objects to the first that is said, if it is told how, and has moved on by then."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.objection: dict[str, Any] | None = None

    async def show(self, _: web.Request) -> web.Response:
        """What is suggested."""
        return web.json_response(FOUND | {"version": 1 + len(self.heard)})

    async def roster(self, _: web.Request) -> web.Response:
        """Who is in the class."""
        return web.json_response({"students": [ASA, ASTA]})

    async def decide(self, request: web.Request) -> web.Response:
        """Take it."""
        self.heard.append(await request.json())
        if self.objection and len(self.heard) == 1:
            return web.json_response(self.objection, status=409, content_type="application/problem+json")
        return web.json_response({"associations_confirmed": 1, "associations_rejected": 1})


@pytest.fixture
def management() -> ClassManagement:
    return ClassManagement()


@pytest.fixture
async def api(management: ClassManagement) -> AsyncIterator[Api]:
    app = web.Application()
    app.router.add_get("/v1/batches/b/student-associations", management.show)
    app.router.add_post("/v1/batches/b/student-associations", management.decide)
    app.router.add_get("/v1/classes/c/roster", management.roster)
    async with (
        TestServer(app) as server,
        Api({"class_management_service": str(server.make_url("")).rstrip("/")}) as api,
    ):
        yield api


async def told(api: Api, *said: str, yes: bool = False) -> str:
    """What a teacher who says this sees."""
    console, words = screen(), iter(said)
    console.width = 100
    with console.capture() as shown:
        await confirm_students(console, api, "b", yes=yes, ask=lambda _: next(words))
    return shown.get()


async def test_the_teachers_word_goes_before_what_is_suggested(api: Api, management: ClassManagement) -> None:
    shown = await told(api, "2=asta", "what?", "")

    assert "text.txt: Asta Lindqvist" in shown
    assert "Say the number of an essay" in shown
    (decided,) = management.heard
    assert decided["associations"] == [{"essay_id": "e2", "student_id": "s2"}]
    assert (decided["accept_suggestions"], decided["at_least"], decided["finish"]) == (True, 0.0, True)


async def test_an_objection_is_shown_and_the_teacher_asked_again(api: Api, management: ClassManagement) -> None:
    management.objection = {"detail": "That student has written another essay.", "code": "STUDENT_TWICE"}

    assert "That student has written another essay." in await told(api, "2=åsa", "", "2=-", "")
    assert management.heard[-1]["associations"] == [{"essay_id": "e2", "student_id": None}]


@pytest.mark.parametrize(
    "objection",
    [
        {"detail": "Version 1 has not been yet: look at them again.", "code": "VERSION_UNKNOWN"},
        {"detail": "Somebody has decided.", "errors": [{"detail": "asa.txt: Asta Lindqvist, said bo"}]},
    ],
)
async def test_what_has_changed_meanwhile_is_shown_and_then_seen(
    api: Api, management: ClassManagement, objection: dict[str, Any]
) -> None:
    management.objection = objection
    shown = await told(api, "", "")

    sentences = [objection["detail"], *(each["detail"] for each in objection.get("errors", []))]
    assert all(sentence in shown for sentence in sentences)
    assert [said["version"] for said in management.heard] == [1, 2]


async def test_with_yes_nobody_is_asked_and_only_what_is_likely_is_taken(api: Api, management: ClassManagement) -> None:
    await told(api, yes=True)

    assert [said["at_least"] for said in management.heard] == [0.7]


async def test_not_now_decides_nothing_and_says_how_to_go_on(api: Api, management: ClassManagement) -> None:
    with pytest.raises(NotNow, match=r"until tomorrow: huleedu confirm b"):
        await told(api, "q")
    assert management.heard == []
