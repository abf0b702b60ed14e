"""What class management decides, as pure functions over frozen values."""
