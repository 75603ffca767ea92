"""Event sources: what polls them, and what becomes of their records."""
