"""What an import comes to, as its teacher is shown it."""

from collections.abc import Sequence

from class_management_service.api_models import FaultyRow, ImportBody, ImportCounts, ImportedRow, ReadAs
from class_management_service.domain.roster_plan import Outcome, Plan, Step
from class_management_service.domain.roster_rows import Fault, RosterFile
from class_management_service.errors import RosterHasFaults
from huleedu_service_libs.problems import Problem, WrongField


def import_body(class_id: str, file: RosterFile, planned: Plan, fingerprint: str, *, preview: bool) -> ImportBody:
    """Every row, by what becomes of it."""
    return ImportBody(
        class_id=class_id,
        preview=preview,
        fingerprint=fingerprint,
        read_as=_read_as(file),
        counts=_counts(planned),
        rows=[_row(step) for step in planned.steps],
        faults=[_faulty(file, fault) for fault in planned.faults],
    )


def refusal_of_faults(file: RosterFile, faults: Sequence[Fault]) -> Problem:
    """A RosterHasFaults that names every row."""
    refusal = RosterHasFaults(count=len(faults))
    wrong = [
        WrongField(pointer=f"#/rows/{each.row}" + (f"/{each.column}" if each.column else ""), **_why(each))
        for each in (_faulty(file, fault) for fault in faults)
    ]
    return Problem(refusal.status, refusal.code, refusal.detail, errors=wrong)


def _why(faulty: FaultyRow) -> dict[str, str]:
    return {"detail": f"Row {faulty.row}: {faulty.reason}.", "code": str(faulty.code)}


def _read_as(file: RosterFile) -> ReadAs:
    return ReadAs(
        kind=file.kind,
        encoding=file.encoding,
        delimiter=file.delimiter,
        columns={field: file.columns.headings.get(field, "") for field in file.columns.places},
        ignored_columns=list(file.columns.ignored),
    )


def _counts(planned: Plan) -> ImportCounts:
    numbers = {str(outcome): len(planned.of(outcome)) for outcome in Outcome}
    return ImportCounts(**numbers, faulty=len(planned.faults))


def _row(step: Step) -> ImportedRow:
    shown = step.now.person if step.now else step.pupil.person
    known = step.known
    return ImportedRow(
        row=step.pupil.row,
        outcome=step.outcome,
        first_name=shown.first_name,
        last_name=shown.last_name,
        email=step.now.email if step.now else step.pupil.email,
        student_id=known.student_id if known else None,
        was=known.person.full_name if known and known.person.full_name != shown.full_name else None,
    )


def _faulty(file: RosterFile, fault: Fault) -> FaultyRow:
    column = None if fault.field is None else file.columns.headings.get(fault.field, str(fault.field))
    return FaultyRow(row=fault.row, column=column, code=fault.code, reason=fault.reason)
