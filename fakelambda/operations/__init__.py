"""What each API operation does: one file a resource family, one function an operation."""
