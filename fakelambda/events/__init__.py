"""Builders of the events that AWS services invoke functions with: plain dicts, in the services' own shapes.

They are the same whenever and wherever they are built: ids are fixed, and it is 1 January 2026 unless ``at`` says otherwise. A builder's
result is the event, ready for a handler or for the payload of an invocation:

    >>> from fakelambda import events
    >>> events.sqs({"id": 7})["Records"][0]["body"]
    '{"id": 7}'
    >>> events.api_gateway_v2("GET /orders/7", route="GET /orders/{id}")["pathParameters"]
    {'id': '7'}
"""

from fakelambda.events.notifications import cloudwatch_logs, cognito, eventbridge, s3, sns
from fakelambda.events.polled import dynamodb, kinesis, sqs
from fakelambda.events.web import alb, api_gateway_v1, api_gateway_v2, function_url

__all__ = [
    "alb",
    "api_gateway_v1",
    "api_gateway_v2",
    "cloudwatch_logs",
    "cognito",
    "dynamodb",
    "eventbridge",
    "function_url",
    "kinesis",
    "s3",
    "sns",
    "sqs",
]
