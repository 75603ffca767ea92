"""What articles cost, in cents, from the price list beside this file."""

import json
from pathlib import Path

PRICES: dict[str, int] = json.loads((Path(__file__).parent / "prices.json").read_text(encoding="utf-8"))


def total(items: dict[str, int]) -> int:
    """The price of so many pieces of each article."""
    return sum(PRICES[article] * pieces for article, pieces in items.items())
