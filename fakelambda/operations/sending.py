"""What Lambda sends on its own account: to destinations and dead-letter queues."""

from __future__ import annotations

from collections.abc import Callable

from fakelambda.domain.destinations import Message
from fakelambda.domain.xray import Trace
from fakelambda.inspection.records import Delivery
from fakelambda.operations import running
from fakelambda.operations.call import Service


def send(service: Service, message: Message, *, trace: Trace | None = None, invoke: Callable[[Message], None] | None = None) -> None:
    """Sends a message through a client and records it; a target that refuses harms nobody.

    Args:
        trace: that it belongs to; None where it belongs to none.
        invoke: gives a message to a function of this fake instead.
    """
    error: Exception | None = None
    try:
        if message.service == "lambda" and invoke is not None:
            invoke(message)
        else:
            # A queue is told the trace in the message; what others pass on to functions at once belongs to it too.
            with running.continuing(None if message.service == "sqs" else trace):
                service.neighbours.send(message)
    except Exception as refusal:  # noqa: BLE001 - whatever a client raises is the delivery's, as the caller has long gone on
        error = refusal
    attributes = {name: value for name, (_, value) in message.attributes.items()}
    service.deliveries.append(
        Delivery(
            target_arn=message.target_arn,
            body=message.body,
            attributes={**attributes, **message.envelope},
            at=service.world.now(),
            error=error,
        )
    )
