"""Running Python handlers in this process as Lambda's execution environments do."""
