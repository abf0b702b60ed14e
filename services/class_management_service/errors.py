"""Why a command is refused, each with a stable code."""

from huleedu_service_libs.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    TooLarge,
    Unauthenticated,
    Unprocessable,
    UnsupportedType,
)


class UserUnknown(Unauthenticated):
    """Who asks is not known: the X-User-ID header is missing."""

    code = "USER_UNKNOWN"


class InternalKeyWrong(Unauthenticated):
    """This is for services: send X-Internal-API-Key and, in X-Service-ID, which service asks.

    Without a key (HULEEDU_INTERNAL_API_KEY) only those on the machine that the service runs on are answered.
    """

    code = "INVALID_API_KEY"


class IdentityMismatch(Forbidden):
    """The body's user_id is not that of whoever asks."""

    code = "IDENTITY_MISMATCH"


class ClassNotFound(NotFound):
    """There is no class {class_id}.

    Or it belongs to somebody else, who is not to be given away.
    """

    code = "CLASS_NOT_FOUND"


class StudentNotFound(NotFound):
    """There is no student {student_id}.

    Or it is somebody else's, who is not to be given away.
    """

    code = "STUDENT_NOT_FOUND"


class MultipleCourses(Conflict):
    """A class has one course: make a class of each, with the same students."""

    code = "MULTIPLE_COURSE_ERROR"


class EmailTaken(Conflict):
    """{email} is the address of another student: {name}."""

    code = "EMAIL_TAKEN"


class ClassChanged(Conflict):
    """The class was changed meanwhile: it is now {name}, {course_code}, version {version}."""

    code = "CLASS_CHANGED"


class StudentChanged(Conflict):
    """The student was changed meanwhile: now {name}, {email}, version {version}."""

    code = "STUDENT_CHANGED"


class ClassFull(Unprocessable):
    """A class has at most {most} students."""

    code = "CLASS_FULL"


class NoRosterFile(BadRequest):
    """Send the roster as a file, in the field `file` of a multipart form."""

    code = "NO_ROSTER_FILE"


class NotASpreadsheet(UnsupportedType):
    """This file cannot be read as a roster: {reason}. Save the list as .xlsx or .csv and try again."""

    code = "NOT_A_SPREADSHEET"


class SpreadsheetTooLarge(TooLarge):
    """This file cannot be read as a roster: {reason}."""

    code = "SPREADSHEET_TOO_LARGE"


class ColumnsUnknown(Unprocessable):
    """No row says which column holds the names: {reason}.

    The first row should have headings such as Förnamn, Efternamn and E-post, or Name and Email.
    """

    code = "COLUMNS_UNKNOWN"


class TooManyRows(Unprocessable):
    """The file has more than {most} students, which is the most that a class has: split it."""

    code = "TOO_MANY_ROWS"


class RosterEmpty(Unprocessable):
    """There are no students in the file."""

    code = "ROSTER_EMPTY"


class WishInForm(Unprocessable):
    """The form holds {fields} beside the file: say it in the query, as in ?preview=true. Nothing was imported."""

    code = "WISH_IN_FORM"


class RosterHasFaults(Unprocessable):
    """{count} rows of the file cannot be used, so nothing was imported; see `errors`.

    Correct them, or import the others with ?skip_faulty=true.
    """

    code = "ROSTER_HAS_FAULTS"


class RosterChanged(Conflict):
    """The roster or the file is not what the preview showed: look at it again."""

    code = "ROSTER_CHANGED"


class AssociationsNotFound(NotFound):
    """Nothing is known of who wrote the essays of batch {batch_id}.

    It may be that matching has not answered yet, that the batch has no class, or that it belongs to somebody else.
    """

    code = "ASSOCIATIONS_NOT_FOUND"


class EssayNotFound(NotFound):
    """Nothing is known of who wrote essay {essay_id}."""

    code = "ESSAY_NOT_FOUND"


class AssociationsChanged(Conflict):
    """Somebody has decided on {count} of the essays since version {version}, see `errors`: look at them again."""

    code = "ASSOCIATIONS_CHANGED"


class VersionUnknown(Conflict):
    """Version {version} of who wrote these essays has not been yet, the newest is {newest}: look at them again.

    It is that of another batch, or of before a backup was restored.
    """

    code = "VERSION_UNKNOWN"


class EssaysNotOfBatch(Unprocessable):
    """These are no essays of the batch: {essays}."""

    code = "ESSAYS_NOT_OF_BATCH"


class StudentsNotInClass(Unprocessable):
    """These are no students of the class: {students}."""

    code = "STUDENTS_NOT_IN_CLASS"


class StudentTwice(Unprocessable):
    """{student} would have written several essays of the batch: {files}."""

    code = "STUDENT_TWICE"
