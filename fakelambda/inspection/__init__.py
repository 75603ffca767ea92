"""What happened, for a test to look at."""
