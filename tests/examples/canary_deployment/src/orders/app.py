"""The Lambda handler."""

import os
from typing import Any

from orders.pricing import total


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answers an order with what it costs."""
    if not event["items"]:
        raise ValueError(f"order {event['id']} is empty")
    return {"id": event["id"], "total": total(event["items"]), "currency": os.environ["CURRENCY"]}
