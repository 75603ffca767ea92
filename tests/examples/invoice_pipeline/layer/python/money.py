"""Amounts of money as whole cents."""

from decimal import Decimal


def cents(text: str) -> int:
    return int(Decimal(text) * 100)
