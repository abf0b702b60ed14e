"""What the tests of a whole platform need."""

from tests.chaos.conftest import data_dir, essays, victims

__all__ = ["data_dir", "essays", "victims"]
