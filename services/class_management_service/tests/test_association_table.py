"""Two replicas at once: whoever comes second finds out, and does it again on what is there by then."""

import pytest

from class_management_service.domain.associations import HeardEarly, Known
from class_management_service.implementations.association_table import (
    AssociationsChanged,
    AssociationTable,
    KeptAssociations,
)
from class_management_service.tests.matches import BATCH, matches
from class_management_service.tests.test_associations import ASA, CANCELLED, THREE, after, step, suggested, teacher
from class_management_service.tests.world import AT, World

EARLY = HeardEarly(batch_id=BATCH, heard=2, changed_at=AT, cancelled_at=AT)
ANSWERED = after(THREE)


@pytest.mark.parametrize(("first", "second"), [(EARLY, ANSWERED), (ANSWERED, EARLY), (ANSWERED, ANSWERED)])
async def test_of_two_who_find_nothing_the_second_is_told(world: World, first: Known, second: Known) -> None:
    async with world.app.extensions["huleedu_database"].transaction() as con:
        await AssociationTable().write(con, {BATCH: KeptAssociations(first, 0)})
        with pytest.raises(AssociationsChanged):
            await AssociationTable().write(con, {BATCH: KeptAssociations(second, 0)})


async def test_a_cancellation_that_came_early_becomes_the_batch_with_its_owner(world: World) -> None:
    async with world.app.extensions["huleedu_database"].transaction() as con:
        table = AssociationTable()
        await table.write(con, {BATCH: KeptAssociations(EARLY, 0)})
        (found,) = (await table.read(con, [BATCH])).values()
        answered, _ = step(found.batch, THREE)
        assert answered is not None
        await table.write(con, {BATCH: KeptAssociations(answered, found.known)})

        assert (await table.read(con, [BATCH]))[BATCH].batch == after(CANCELLED, THREE)
        assert await con.fetchval("select (user_id, class_id)::text from batch_associations") == "(anna,class-1)"
        other = after(suggested(matches(ASA)), teacher(finish=True))
        with pytest.raises(AssociationsChanged):
            await table.write(con, {BATCH: KeptAssociations(other, found.known)})
