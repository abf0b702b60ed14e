"""Every message of the platform, one module a subject."""
