"""What AWS Lambda decides, as values: frozen records, state tables and rules. Standard library only; no clock, no chance, no I/O."""
