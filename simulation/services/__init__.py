"""Each service put together as it is for real, but for what reaches beyond its process."""
