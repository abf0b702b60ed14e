"""Where and how names are put at the top of texts and into names of files: what pupils, teachers and platforms do.

`USUAL` is what the rules were set on; `OTHER` was written afterwards, and no rule was changed for it.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.school import forms
from benchmarks.school.forms import Forms, account, short
from benchmarks.school.letters import first_of, low, mistyped, plain, spelt_out
from benchmarks.school.rosters import Pupil

TITLES = [
    "The Importance of Sleep",
    "My summer in Stockholm",
    "Should school start later?",
    "En dag i mitt liv",
    "Sociala medier",
    "Romeo and Juliet",
    "Why Greta Thunberg matters",
    "A letter to John Smith",
    "Anna Karenina - an analysis",
    "Climate change",
    "Är skolan till för alla?",
    "Film review: Titanic",
    "Dear diary",
    "Freedom",
    "Novellanalys: Karins jul",
    "The Swedish Model",
]
CLASSES = ["SA24D", "NA22B", "TE23A", "9B", "EK24", "ES22C", "9A"]
COURSES = ["ENG5", "Engelska 6", "English 7", "Svenska 1", "SV2", "ENG 5"]
DATES = ["2025-03-14", "14/3 2025", "March 14, 2025", "den 3 maj 2025", "2025-03-14 09:12"]
TEACHER_LABELS = ["Teacher", "Lärare", "Undervisande lärare", "Instructor", "Examinator"]

FileHabit = Callable[[random.Random, Pupil, str], tuple[str, str]]
"""For a pupil and the teacher's last name: the form of the name, and the name of the file."""


@dataclass(frozen=True)
class Habits:
    """How one kind of school writes names."""

    forms: Forms
    layouts: Sequence[str]
    files: Sequence[FileHabit]


_LAYOUTS = [
    "{name}\n{title}",
    "{name}\n{title}",
    "{title}\n{name}",
    "Name: {name}   Class: {klass}\n{title}",
    "Name: {name} Class: {klass} Teacher: {teacher}\n\n{title}",
    "Namn: {name}\nKlass: {klass}\nDatum: {date}\n\n{title}",
    "Namn\t{name}\nKlass\t{klass}\nLärare\t{teacher}\n{title}",
    "{title}\nby {name}",
    "{title}\nAv: {name}",
    "{title}\nav {name}, {klass}",
    "{name} {klass} {course} WRITING 2025\nTeacher: {teacher}\n{title}",
    "{name}\n{teacher}\n{course}\n{date}\n{title}",
    "{name}\nMs. {teacher}\n{course}\n{date}\n\n{title}",
    "{course}\n{klass}\n{name}\n{teacher_label}: {teacher}\n{title}",
    "Essay, {name}, {date}\n{title}",
    "{name} | {klass} | {date}\n{title}",
    "{title}\n\n{name} ({address})",
    "Student: {name}\nAssignment: {title}\nWord count: 432",
    "Elev: {name}\nLärare: {teacher}\nKurs: {course}\n{title}",
    "{name}, {date}, {course}\n{title}",
    "{date} {name}\n{title}",
    "{name} - {title}",
    "{title} - {name}",
    "Skriven av {name}\n{title}",
    "Written by: {name}\nReviewed by: {other}\n{title}",
    "{teacher_label}: {teacher}\nName: {name}\n{title}",
    "Candidate name: {name}\nExam: {course}\n{title}",
    "{name}\t{date}\n{course} Nationellt prov\n{title}",
    "Namn: {name} Klass: {klass} Ämne: {course}\nTitel: {title}",
    "{klass}\n{name}\n{title}",
    "Till: {teacher}\nFrån: {name}\n{title}",
    "{teacher}\n{name}\n{course}\n{title}",
    "Norra gymnasiet, Storstad\n{name}\n{klass}\n{title}",
    "{title}\n{klass} {name} {course}",
    "{name}, {klass}, {teacher_label}: {teacher}\n{title}",
    "Teacher's name: {teacher}\nStudent's name: {name}\n{title}",
    "© {name} 2025\n{title}",
]
_OTHER_LAYOUTS = [
    "{name}, ht 2025\n{title}",
    "Författare: {name}\n{title}",
    "Uppsats i {course}\n{name}\n{klass}, Storstads gymnasium",
    "{title}, {name}",
    "{title} by {name}",
    "{title} – {name} – {klass}",
    "Inlämnad av: {name} Datum: {date}\n{title}",
    "NAMN: {name}\nPERSONNUMMER: 080314-XXXX\n{title}",
    "Name {name}\nClass {klass}\n{title}",
    "Student ID: 20931\nStudent: {name}\nProctor: {teacher}\n{title}",
    "{name}s uppsats\n{title}",
    "[{name}]\n{title}",
    "{title}\n(av {name})",
    "Exam: {course}   Name: {name}   Time: 09:12\n{title}",
    "{course}/{klass}/{name}\n{title}",
    "{name} ({klass})\n{title}",
    "Group 3\n{name}\n{title}",
    "Teacher {teacher}\n{name}\n{title}",
    "Eleven heter {name}\nLäraren heter {teacher}\n{title}",
    "Kandidat\n{name}\nUppgift\n{title}",
    "{name}\n{other} (opponent)\n{title}",
    "{title}\n{date}\n{course}\nEtt arbete av {name}",
    "# {title}\n*{name}*",
    "{klass} {name}",
]
_FILES: list[FileHabit] = [
    lambda chance, p, _: ("full", f"{p.name} - Essay 2"),
    lambda chance, p, _: ("full", p.name),
    lambda chance, p, _: ("full", f"{low(p.last)}{low(p.first)}_12345_678910_essay"),
    lambda chance, p, _: ("full", f"{low(p.last)}{low(p.first)}_LATE_4821_99812_Inlamning"),
    lambda chance, p, _: ("full", f"{p.name}_1234567_assignsubmission_file_essay"),
    lambda chance, p, _: ("full", f"ENG5_{plain(p.last).lower()}_{plain(p.first).lower()}_v2"),
    lambda chance, p, _: ("full", f"{plain(p.first).lower()}_{plain(p.last).lower()}_essay2"),
    lambda chance, p, _: ("full", f"{p.first}{p.last}Essay".replace(" ", "")),
    lambda chance, p, _: ("full", f"{plain(p.first)}.{plain(p.last)}"),
    lambda chance, p, _: ("full", f"{p.last}, {p.first} {chance.choice(CLASSES)}"),
    lambda chance, p, _: ("full", f"uppsats {p.name} {chance.choice(CLASSES)} 2025-03-14"),
    lambda chance, p, _: ("full", f"{chance.choice(TITLES).replace('?', '').replace(':', '')} {p.name}"),
    lambda chance, p, teacher: ("full", f"{p.first}_{p.last}_{teacher}_eng6"),
    lambda chance, p, _: ("half of a double name", f"{low(first_of(p.first))}-{low(first_of(p.last))}-final-final"),
    lambda chance, p, _: ("typo", f"{mistyped(chance, p.first)} {mistyped(chance, p.last)} engelska"),
    lambda chance, p, _: ("letters spelt out", f"{spelt_out(p.first)}_{spelt_out(p.last)}"),
    lambda chance, p, _: ("short form", f"{short(p)} {p.last} klar"),
    lambda chance, p, _: ("first only", f"essay {plain(p.first).lower()}"),
    lambda chance, p, _: ("first only", f"{p.first} eng"),
    lambda chance, p, _: ("genitive", f"{p.first}s uppsats"),
    lambda chance, p, _: ("initial of last", f"{p.first} {p.last[0]}"),
    lambda chance, p, _: ("initial of first", f"{low(p.first)[0]}{low(p.last)}"),
    lambda chance, p, _: ("initials", f"{p.first[0]}{p.last[0]} essay"),
    lambda chance, p, _: ("account", account(p)),
    lambda chance, p, _: ("last only", f"{p.last} essay"),
]
_OTHER_FILES: list[FileHabit] = [
    lambda chance, p, _: ("full", f"{plain(p.first)}_{plain(p.last)}_ENG06_VT25_omprov"),
    lambda chance, p, _: ("full", f"2025-03-14 {p.last} {p.first}"),
    lambda chance, p, _: ("full", f"[{chance.choice(CLASSES)}] {p.name}"),
    lambda chance, p, _: ("full", f"Uppsats, {p.name}, {chance.choice(CLASSES)}"),
    lambda chance, p, _: ("full", f"{p.name}s uppsats om klimatet"),
    lambda chance, p, _: ("full", f"Kopia av {p.name} - skrivuppgift"),
    lambda chance, p, _: ("full", f"Copy of {chance.choice(TITLES).replace('?', '')} - {p.name}"),
    lambda chance, p, _: ("full", f"{p.name} och hunden som försvann"),
    lambda chance, p, _: ("full", f"{p.first}+{p.last}".replace(" ", "+")),
    lambda chance, p, _: ("full", f"{p.first}%20{p.last}"),
    lambda chance, p, _: ("full", f"{chance.choice(CLASSES)}{low(p.first)}{low(p.last)}".lower()),
    lambda chance, p, _: ("full", f"{low(p.last)}_{low(p.first)}_attempt_2025-03-14-09-12-44_essay"),
    lambda chance, p, teacher: ("full", f"till {teacher} från {p.name}"),
    lambda chance, p, _: ("initial of last", f"{low(p.first)}{p.last[0].upper()}"),
    lambda chance, p, _: ("initial of first", f"{p.last}{p.first[0]}"),
    lambda chance, p, _: ("first only", f"uppsats{first_of(p.first)}"),
    lambda chance, p, _: ("first only", f"{first_of(p.first)}s bokrecension av Hamlet"),
    lambda chance, p, _: ("account", account(p)[:-2]),
]

USUAL = Habits(forms.USUAL, _LAYOUTS, _FILES)
OTHER = Habits(forms.OTHER, _OTHER_LAYOUTS, _OTHER_FILES)
