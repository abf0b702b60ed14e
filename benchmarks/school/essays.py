"""What a class hands in: texts with and without names, and files called this and that."""

import random
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.school.forms import account, is_alone
from benchmarks.school.habits import CLASSES, COURSES, DATES, TEACHER_LABELS, TITLES, Habits
from benchmarks.school.letters import plain
from benchmarks.school.names import FAMOUS, somebody
from benchmarks.school.rosters import Pupil, roster

_SENTENCES = [
    "Many people think that school should start later, and I agree with most of what they say.",
    "My friend {other} told me that she sleeps badly when there is a test in the morning.",
    "I agree with {famous} that dreams matter, and my teacher {teacher} says so too.",
    "In the book the main character is called {other}, which I find hard to believe.",
    "Det finns många som anser att skolan borde börja senare, men {other} höll inte med.",
    "According to {other} there are three reasons why this would not be a good idea at all.",
]
_NO_HEADERS = [
    "{title}",
    "{title}",
    "{course} {klass}\n{title}",
    "Teacher: {teacher}\n{title}",
    "Name:\nClass: {klass}\n{title}",
    "To: {teacher}\n{title}",
    "{title}\n{date}",
]
_NO_NAMES = [
    "essay.docx",
    "Dokument (3).docx",
    "Untitled document.pdf",
    "engelska uppsats klar.docx",
    "Essay 2 final.docx",
    "eng5.pdf",
    "Mitt dokument.odt",
    "new.docx",
    "inlämning 2.docx",
    "asdf.docx",
    "scan0012.pdf",
    "np_eng6.docx",
    "The Importance of Sleep.docx",
    "Romeo and Juliet.docx",
    "Anna Karenina.docx",
    "karins jul analys.docx",
    "brev till {mate}.docx",
    "{teacher} eng5 essay.docx",
    "Uppgift {teacher}.docx",
]
_OWNERS = ["Student", "HP", "Windows-användare", "python-docx", "Elev", "Admin", "Chromebook 12", "user"]
_COPIES = ["", "", "", " (1)", " - kopia", " final", "_v2", " (2)"]
_SUFFIXES = ["docx", "docx", "pdf", "odt", "txt", "rtf"]


@dataclass
class HandedIn:
    """An essay, who wrote it (None: nobody on the roster), and in which forms its author's name stands where."""

    essay_id: str
    author: str | None
    text: str = ""
    file_name: str = ""
    document_author: str | None = None
    forms: list[str] = field(default_factory=list)
    named: bool = False
    """Whether a name that only its author has in this class stands at a place for it."""


@dataclass(frozen=True)
class SchoolClass:
    """A class and what it handed in."""

    pupils: Sequence[Pupil]
    essays: Sequence[HandedIn]


def school_class(seed: int, habits: Habits, size: int | None = None) -> SchoolClass:
    """The class of this seed: 25 to 35 pupils, or about as many as are wanted."""
    chance = random.Random(seed)
    writing = _Writing(chance, habits, roster(chance, size or chance.randint(25, 35)))
    return SchoolClass(writing.pupils, list(writing.essays()))


class _Writing:
    """One class at work, by one source of chance."""

    def __init__(self, chance: random.Random, habits: Habits, pupils: list[Pupil]) -> None:
        self.chance, self.habits, self.pupils = chance, habits, pupils
        first, last = somebody(chance)
        self.teacher = (first, chance.choice(pupils).last if chance.random() < 0.2 else last)
        self.on_template = chance.random() < 0.15
        self.writes_letters = chance.random() < 0.15

    def essays(self) -> list[HandedIn]:
        """One of nearly everybody, two of some, and some of nobody who is in the class."""
        authors = [pupil for pupil in self.pupils for _ in range(self.chance.choices([0, 1, 2], [6, 92, 2])[0])] + [
            Pupil("", *self._stranger(), None) for _ in range(self.chance.choices([0, 1, 2], [70, 20, 10])[0])
        ]
        self.chance.shuffle(authors)
        return [self._essay(number, pupil) for number, pupil in enumerate(authors)]

    def _stranger(self) -> tuple[str, str]:
        (first, last), mate = somebody(self.chance), self.chance.choice(self.pupils)
        return self.chance.choice([(first, last), (first, last), (mate.first, last), (first, mate.last)])

    def _essay(self, number: int, pupil: Pupil) -> HandedIn:
        essay = HandedIn(f"essay-{number}", pupil.pupil_id or None)
        nameless = self.chance.random() < 0.05
        in_text = not nameless and self.chance.random() < 0.75
        in_file = not nameless and (self.chance.random() < 0.6 or not in_text)
        essay.text = self._text(essay, pupil, in_text)
        essay.file_name = self._named_file(essay, pupil) if in_file else self._other_file(pupil)
        essay.document_author = self._document_author(essay, pupil, nameless)
        return essay

    def _noted(self, essay: HandedIn, pupil: Pupil, where: str, form: str, name: str) -> str:
        """The name, once it is noted where it stands, and in which form."""
        essay.forms.append(f"{where}: {form}")
        essay.named = essay.named or (bool(pupil.pupil_id) and is_alone(form, pupil, self.pupils))
        return name

    def _text(self, essay: HandedIn, pupil: Pupil, named: bool) -> str:
        layout = self.chance.choice(self.habits.layouts if named else _NO_HEADERS)
        header = layout.format(**self._facts(pupil), name=self._name(essay, pupil) if named else "")
        if "{address}" in layout:
            essay.forms.append("header: address")
            essay.named = essay.named or bool(pupil.pupil_id and pupil.email)
        body = "\n".join(self._paragraph(pupil) for _ in range(self.chance.randint(2, 4)))
        return f"{header}\n\n{self._opening(pupil)}{body}\n{self._ending(essay, pupil, named)}"

    def _name(self, essay: HandedIn, pupil: Pupil) -> str:
        forms = self.habits.forms
        form = self.chance.choices(list(forms), [weight for weight, _ in forms.values()])[0]
        return self._noted(essay, pupil, "header", form, forms[form][1](self.chance, pupil))

    def _facts(self, pupil: Pupil) -> dict[str, str]:
        return {
            "teacher": " ".join(self.teacher),
            "teacher_label": self.chance.choice(TEACHER_LABELS),
            "address": pupil.email or f"{plain(pupil.first).lower().split()[0]}@mail.example",
            "klass": self.chance.choice(CLASSES),
            "course": self.chance.choice(COURSES),
            "title": self.chance.choice(TITLES),
            "date": self.chance.choice(DATES),
            "other": self._other(pupil),
            "famous": self.chance.choice(FAMOUS),
        }

    def _opening(self, pupil: Pupil) -> str:
        """Some texts begin with somebody of the class, as a character."""
        kind, other = self.chance.random(), self._other(pupil)
        if kind < 0.03:
            return f"{other} was late again, and nobody knew why.\n"
        if kind < 0.05:
            return f"Dear {other},\n"
        if kind < 0.06:
            return f"This is a story about what happened when I and my best friend met our neighbour\n{other}.\n"
        return ""

    def _paragraph(self, pupil: Pupil) -> str:
        sentences = self.chance.choices(_SENTENCES, k=self.chance.randint(3, 6))
        return " ".join(sentence.format(**self._facts(pupil)) for sentence in sentences)

    def _ending(self, essay: HandedIn, pupil: Pupil, named: bool) -> str:
        chance = self.chance
        if self.writes_letters and chance.random() < 0.7:
            other = self._other(pupil)
            return f"Yours sincerely,\n{chance.choice([pupil.first, chance.choice(FAMOUS), other, other.split()[0]])}"
        if named and chance.random() < 0.05:
            return f"/{self._noted(essay, pupil, 'signature', 'full', pupil.name)}"
        if chance.random() < 0.1:
            return f"Word count: {chance.randint(200, 600)}"
        if chance.random() < 0.1:
            return "Sources\nSvensson, A. (2019). Skolan i dag. Stockholm: Liber.\nBBC News, 12 May 2024"
        return ""

    def _other(self, pupil: Pupil) -> str:
        """A class-mate, whole or by first name, or somebody who is none."""
        kind = self.chance.random()
        if kind < 0.3:
            return " ".join(somebody(self.chance))
        mate = self._mate(pupil)
        return mate.name if kind < 0.7 else mate.first

    def _mate(self, pupil: Pupil) -> Pupil:
        return self.chance.choice([each for each in self.pupils if each is not pupil])

    def _named_file(self, essay: HandedIn, pupil: Pupil) -> str:
        form, name = self.chance.choice(self.habits.files)(self.chance, pupil, self.teacher[1])
        self._noted(essay, pupil, "file", form, name)
        if self.chance.random() < 0.15:
            name = unicodedata.normalize("NFD", name)  # as one system writes names
        return f"{name}{self.chance.choice(_COPIES)}.{self.chance.choice(_SUFFIXES)}"

    def _other_file(self, pupil: Pupil) -> str:
        return self.chance.choice(_NO_NAMES).format(mate=self._mate(pupil).name, teacher=" ".join(self.teacher))

    def _document_author(self, essay: HandedIn, pupil: Pupil, nameless: bool) -> str | None:
        """Whoever's computer or template it was."""
        chance = self.chance
        if self.on_template and chance.random() < 0.8:
            return chance.choice([" ".join(self.teacher), " ".join(self.teacher), None])
        kind = chance.random()
        if kind < 0.6:
            return None if kind < 0.45 else chance.choice(_OWNERS)
        if kind < 0.7:
            return f"{somebody(chance)[0]} {pupil.last}" if kind < 0.68 else self._other(pupil)
        if nameless:
            return None
        if kind < 0.75:
            return self._noted(essay, pupil, "author", "account", account(pupil))
        if kind < 0.8:
            return self._noted(essay, pupil, "author", "first only", pupil.first)
        return self._noted(essay, pupil, "author", "full", pupil.name)
