"""A batch's rules: pure, total, without clock, ids or I/O."""
