"""Resolving pipelines: pure, without state or I/O."""
