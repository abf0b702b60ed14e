"""`python -m tests.reference`: write every committed reference anew."""

from tests.reference import schemas

schemas.write()
