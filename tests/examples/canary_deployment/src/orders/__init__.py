"""Orders: what they cost."""
