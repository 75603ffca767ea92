"""The events are those that other people's code expects: Powertools' data classes, parsers and routers, and FastAPI behind Mangum."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from fakelambda import FakeLambda, events

if TYPE_CHECKING:
    import fastapi
    import mangum
else:
    fastapi, mangum = pytest.importorskip("fastapi"), pytest.importorskip("mangum")

data_classes: Any = pytest.importorskip("aws_lambda_powertools.utilities.data_classes")
event_handler: Any = pytest.importorskip("aws_lambda_powertools.event_handler")
models: Any = pytest.importorskip("aws_lambda_powertools.utilities.parser.models")
cognito_models: Any = pytest.importorskip("aws_lambda_powertools.utilities.parser.models.cognito")


def _load_what_is_lazy(package: str) -> None:
    """Has a package import all it ever will: freezegun, which looks at every attribute of every module, would do so under frozen classes."""
    seen: set[str] = set()
    while names := {name for name in sys.modules if name.partition(".")[0] == package} - seen:
        seen |= names
        for module in [sys.modules[name] for name in names]:
            for attribute in dir(module):
                with suppress(ImportError):  # of an extra that is not installed
                    getattr(module, attribute, None)


_load_what_is_lazy("aws_lambda_powertools")

AT = datetime(2026, 3, 1, 10, 0, 5, 250_000, UTC)
EVENTS: dict[str, dict[str, Any]] = {
    "SqsModel": events.sqs({"id": 7}, "x", message_attributes={"kind": "new", "photo": b"\xff"}, at=AT),
    "SqsModel of a FIFO queue": events.sqs("x", queue_arn="arn:aws:sqs:us-east-1:123456789012:orders.fifo"),
    "SnsModel": events.sns({"id": 7}, subject="order", message_attributes={"kind": "new"}, at=AT),
    "SnsModel without a subject": events.sns("x"),
    "S3Model": events.s3("photos", "my cat.jpg", version_id="v", at=AT),
    "S3Model of a removal": events.s3("photos", "my cat.jpg", event_name="ObjectRemoved:Delete"),
    "EventBridgeModel": events.eventbridge({"id": 7}, at=AT),
    "KinesisDataStreamModel": events.kinesis({"id": 7}, b"\xff", at=AT),
    "DynamoDBStreamModel": events.dynamodb({"id": "7", "total": 3}, old={"id": "7"}, at=AT),
    "CloudWatchLogsModel": events.cloudwatch_logs("ERROR", {"id": 7}, at=AT),
    "APIGatewayProxyEventModel": events.api_gateway_v1("GET /orders/7?a=1", resource="/orders/{id}", cookies={"a": "b"}, at=AT),
    "APIGatewayProxyEventV2Model": events.api_gateway_v2("POST /orders", body={"id": 7}, query={"a": [1, 2]}, cookies={"a": "b"}, at=AT),
    "LambdaFunctionUrlModel": events.function_url("GET /", at=AT),
    "LambdaFunctionUrlModel that is signed": events.function_url("GET /", iam={"accountId": "1" * 12}),
    "AlbModel": events.alb("POST /orders", body="x", at=AT),
    "CognitoPreSignupTriggerModel": events.cognito("PreSignUp_SignUp", user_attributes={"email": "ada@example.com"}),
    "CognitoPostConfirmationTriggerModel": events.cognito("PostConfirmation_ConfirmSignUp"),
    "CognitoCustomMessageTriggerModel": events.cognito("CustomMessage_SignUp", request={"codeParameter": "{####}"}),
    "CognitoMigrateUserTriggerModel": events.cognito("UserMigration_Authentication", request={"password": "x"}),
}


@pytest.mark.parametrize("case", EVENTS)
def test_powertools_parser_takes_them(case: str) -> None:
    name = case.partition(" ")[0]
    model = getattr(models, name, None) or getattr(cognito_models, name)
    model.model_validate(json.loads(json.dumps(EVENTS[case])))


@pytest.mark.parametrize(
    ("class_name", "case", "look", "expected"),
    [
        ("SQSEvent", "SqsModel", lambda event: [record.body for record in event.records], ['{"id": 7}', "x"]),
        ("SQSEvent", "SqsModel", lambda event: next(event.records).message_attributes["kind"].string_value, "new"),
        ("SQSEvent", "SqsModel", lambda event: next(event.records).queue_url, "https://sqs.us-east-1.amazonaws.com/123456789012/queue"),
        ("SNSEvent", "SnsModel", lambda event: (event.sns_message, event.record.sns.subject), ('{"id": 7}', "order")),
        ("S3Event", "S3Model", lambda event: (event.bucket_name, event.object_key), ("photos", "my cat.jpg")),
        ("EventBridgeEvent", "EventBridgeModel", lambda event: (event.source, event.detail["id"]), ("my.application", 7)),
        ("KinesisStreamEvent", "KinesisDataStreamModel", lambda event: next(event.records).kinesis.data_as_json(), {"id": 7}),
        ("DynamoDBStreamEvent", "DynamoDBStreamModel", lambda event: int(next(event.records).dynamodb.new_image["total"]), 3),
        ("CloudWatchLogsEvent", "CloudWatchLogsModel", lambda event: event.parse_logs_data().log_events[0].message, "ERROR"),
        (
            "APIGatewayProxyEvent",
            "APIGatewayProxyEventModel",
            lambda event: (event.path, event.path_parameters),
            ("/orders/7", {"id": "7"}),
        ),
        ("APIGatewayProxyEventV2", "APIGatewayProxyEventV2Model", lambda event: (event.path, event.json_body), ("/orders", {"id": 7})),
        ("LambdaFunctionUrlEvent", "LambdaFunctionUrlModel", lambda event: (event.http_method, event.path), ("GET", "/")),
        ("ALBEvent", "AlbModel", lambda event: (event.http_method, event.decoded_body), ("POST", "x")),
    ],
)
def test_powertools_data_classes_read_them(class_name: str, case: str, look: Callable[[Any], Any], expected: Any) -> None:
    assert look(getattr(data_classes, class_name)(EVENTS[case])) == expected


ROUTED: dict[str, tuple[str, Callable[..., dict[str, Any]], dict[str, Any]]] = {
    "v1": ("APIGatewayRestResolver", events.api_gateway_v1, {"resource": "/orders/{id}"}),
    "v1, staged": ("APIGatewayRestResolver", events.api_gateway_v1, {"resource": "/{proxy+}", "stage": "test"}),
    "v2": ("APIGatewayHttpResolver", events.api_gateway_v2, {"route": "ANY /orders/{id}"}),
    "v2, staged": ("APIGatewayHttpResolver", events.api_gateway_v2, {"route": "$default", "stage": "test"}),
    "function URL": ("LambdaFunctionUrlResolver", events.function_url, {}),
    "ALB": ("ALBResolver", events.alb, {}),
    "ALB, several values": ("ALBResolver", events.alb, {"multi_value_headers": True}),
}


@pytest.mark.parametrize("case", ROUTED)
def test_powertools_routes_them(case: str) -> None:
    class_name, build, options = ROUTED[case]
    resolver: Any = getattr(event_handler, class_name)()

    @resolver.post("/orders/<order_id>")  # type: ignore[untyped-decorator]  # the resolver is found by name
    def order(order_id: str) -> dict[str, Any]:
        event = resolver.current_event
        found = event.resolved_query_string_parameters["page"], event.resolved_headers_field["x-mine"]
        page, mine = (value if isinstance(value, str) else value[-1] for value in found)  # lists where there may be several
        return {"id": order_id, "body": event.json_body, "page": page, "mine": mine}

    with FakeLambda() as fake:
        fake.add_function("orders", resolver.resolve)
        event = build("POST /orders/7?page=2", body={"total": 3}, headers={"X-Mine": "yes"}, **options)
        answer = json.load(fake.client().invoke(FunctionName="orders", Payload=json.dumps(event))["Payload"])
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"]) == {"id": "7", "body": {"total": 3}, "page": "2", "mine": "yes"}


application = fastapi.FastAPI()


@application.post("/orders/{order_id}")
async def order(order_id: str, request: fastapi.Request) -> dict[str, Any]:
    return {
        "id": order_id,
        "query": request.query_params.multi_items(),
        "body": (await request.body()).decode("latin-1"),
        "mine": request.headers["x-mine"],
        "cookies": request.cookies,
        "url": str(request.url),
        "client": request.client.host if request.client else None,
    }


@pytest.fixture
def _event_loop() -> Iterator[None]:
    """Mangum runs applications in the thread's event loop, or makes one and leaves it open."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    asyncio.set_event_loop(None)
    loop.close()


@pytest.mark.usefixtures("_event_loop")
@pytest.mark.parametrize("body", ["text", b"\xff\x00", {"id": 7}])
@pytest.mark.parametrize("case", ROUTED)
def test_fastapi_answers_them_through_mangum(case: str, body: Any) -> None:
    _, build, options = ROUTED[case]
    event = build(
        "POST /orders/7?page=2", query={"q": ["a b", "ü"]}, body=body, headers={"X-Mine": "yes"}, cookies={"session": "s"}, **options
    )
    handler: Any = mangum.Mangum(application, lifespan="off", api_gateway_base_path=f"/{options.get('stage', '')}")
    with FakeLambda() as fake:
        fake.add_function("orders", handler)
        answer = json.load(fake.client().invoke(FunctionName="orders", Payload=json.dumps(event))["Payload"])
    assert answer["statusCode"] == 200, answer
    seen = json.loads(answer["body"])
    assert seen.pop("url").startswith(f"https://{_host(event)}/orders/7?page=2")
    several = case != "ALB"  # without multi-value headers a load balancer passes the last value only
    assert seen == {
        "id": "7",
        "query": [["page", "2"], *([["q", "a b"]] if several else []), ["q", "ü"]],
        "body": body.decode("latin-1") if isinstance(body, bytes) else body if isinstance(body, str) else json.dumps(body),
        "mine": "yes",
        "cookies": {"session": "s"},
        "client": "192.0.2.1",
    }


def _host(event: dict[str, Any]) -> str:
    headers = event.get("headers") or {name: values[-1] for name, values in event["multiValueHeaders"].items()}
    return next(str(value) for name, value in headers.items() if name.lower() == "host")
