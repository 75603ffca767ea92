"""The only rooms that know botocore."""
