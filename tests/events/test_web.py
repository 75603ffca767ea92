"""Events of HTTP requests, as a test builds them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakelambda import events

AT = datetime(2026, 3, 1, 10, 0, 5, 250_000, UTC)
Builder = Callable[..., dict[str, Any]]
BUILDERS: list[Builder] = [events.api_gateway_v1, events.api_gateway_v2, events.function_url, events.alb]
FORMAT_2: list[Builder] = [events.api_gateway_v2, events.function_url]


def test_a_request_to_a_rest_api() -> None:
    event = events.api_gateway_v1("GET /orders/7", resource="/orders/{id}", at=AT)
    assert list(event) == [
        *("resource", "path", "httpMethod", "headers", "multiValueHeaders", "queryStringParameters", "multiValueQueryStringParameters"),
        *("pathParameters", "stageVariables", "requestContext", "body", "isBase64Encoded"),
    ]
    assert (event["resource"], event["path"], event["httpMethod"], event["pathParameters"]) == (
        "/orders/{id}",
        "/orders/7",
        "GET",
        {"id": "7"},
    )
    assert [event[name] for name in ("queryStringParameters", "multiValueQueryStringParameters", "stageVariables", "body")] == [None] * 4
    assert event["isBase64Encoded"] is False
    context = event["requestContext"]
    assert (context["path"], context["stage"], context["resourcePath"]) == ("/prod/orders/7", "prod", "/orders/{id}")
    assert (context["requestTime"], context["requestTimeEpoch"]) == ("01/Mar/2026:10:00:05 +0000", 1772359205250)
    assert context["domainName"] == "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com" == event["headers"]["Host"]
    assert context["identity"]["sourceIp"] == "192.0.2.1" == event["headers"]["X-Forwarded-For"]
    assert "authorizer" not in context


def test_a_request_to_an_http_api() -> None:
    event = events.api_gateway_v2("POST /orders", body={"id": 7}, at=AT)
    assert list(event) == ["version", "routeKey", "rawPath", "rawQueryString", "headers", "requestContext", "body", "isBase64Encoded"]
    assert (event["version"], event["routeKey"], event["rawPath"], event["rawQueryString"]) == ("2.0", "POST /orders", "/orders", "")
    assert json.loads(event["body"]) == {"id": 7}
    assert event["headers"]["content-type"] == "application/json"
    assert event["headers"]["content-length"] == "9"
    context = event["requestContext"]
    assert context["http"] == {
        "method": "POST",
        "path": "/orders",
        "protocol": "HTTP/1.1",
        "sourceIp": "192.0.2.1",
        "userAgent": "curl/8.7.1",
    }
    assert (context["stage"], context["time"], context["timeEpoch"]) == ("$default", "01/Mar/2026:10:00:05 +0000", 1772359205250)
    assert (context["accountId"], context["domainPrefix"]) == ("123456789012", "a1b2c3d4e5")


def test_a_request_to_a_function_url() -> None:
    event = events.function_url("GET /", region="eu-west-1", url_id="u" * 32)
    assert (event["routeKey"], event["requestContext"]["stage"], event["requestContext"]["accountId"]) == (
        "$default",
        "$default",
        "anonymous",
    )
    assert event["requestContext"]["domainName"] == f"{'u' * 32}.lambda-url.eu-west-1.on.aws" == event["headers"]["host"]
    assert not {"body", "cookies", "queryStringParameters", "pathParameters", "stageVariables"} & event.keys()
    signed = events.function_url("GET /", iam={"accountId": "1" * 12, "userArn": "arn:aws:iam::111111111111:user/ada"})["requestContext"]
    assert (signed["accountId"], signed["authorizer"]["iam"]["userArn"]) == ("1" * 12, "arn:aws:iam::111111111111:user/ada")
    assert events.function_url("GET /", iam={})["requestContext"]["accountId"] == "123456789012"


def test_a_request_to_a_load_balancer() -> None:
    group = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/orders/1"
    event = events.alb("GET /orders?page=2", target_group_arn=group, host="shop.example.com")
    assert list(event) == ["requestContext", "httpMethod", "path", "queryStringParameters", "headers", "body", "isBase64Encoded"]
    assert event["requestContext"] == {"elb": {"targetGroupArn": group}}
    assert (event["httpMethod"], event["path"], event["body"], event["isBase64Encoded"]) == ("GET", "/orders", "", False)
    assert event["queryStringParameters"] == {"page": "2"}
    assert event["headers"]["host"] == "shop.example.com"


QUERY = {"a": [1, "x y"], "b": "ü", "c": ""}


@pytest.mark.parametrize(
    ("build", "options", "expected"),
    [
        (
            events.api_gateway_v1,
            {},
            {
                "queryStringParameters": {"z": "0", "a": "x y", "b": "ü", "c": ""},
                "multiValueQueryStringParameters": {"z": ["0"], "a": ["1", "x y"], "b": ["ü"], "c": [""]},
            },
        ),
        (
            events.api_gateway_v2,
            {},
            {"rawQueryString": "z=0&a=1&a=x+y&b=%C3%BC&c=", "queryStringParameters": {"z": "0", "a": "1,x y", "b": "ü", "c": ""}},
        ),
        (events.function_url, {}, {"rawQueryString": "z=0&a=1&a=x+y&b=%C3%BC&c="}),
        (events.alb, {}, {"queryStringParameters": {"z": "0", "a": "x+y", "b": "%C3%BC", "c": ""}}),
        (
            events.alb,
            {"multi_value_headers": True},
            {"multiValueQueryStringParameters": {"z": ["0"], "a": ["1", "x+y"], "b": ["%C3%BC"], "c": [""]}},
        ),
    ],
)
def test_the_query_is_that_of_the_path_and_what_is_given(build: Builder, options: dict[str, Any], expected: dict[str, Any]) -> None:
    event = build("GET /orders?z=0", query=QUERY, **options)
    assert {name: event[name] for name in expected} == expected


HEADERS = {"X-Mine": ["1", "2"], "accept": "text/html", "Cookie": "a=1; b=2"}
COOKIES = {"c": "3"}


@pytest.mark.parametrize(
    ("build", "options", "expected"),
    [
        (events.api_gateway_v1, {}, {"headers": {"X-Mine": "2", "accept": "text/html", "Cookie": "a=1; b=2; c=3"}}),
        (events.api_gateway_v1, {}, {"multiValueHeaders": {"X-Mine": ["1", "2"], "accept": ["text/html"], "Cookie": ["a=1; b=2; c=3"]}}),
        (events.api_gateway_v2, {}, {"headers": {"x-mine": "1,2", "accept": "text/html"}}),
        (events.function_url, {}, {"headers": {"x-mine": "1,2", "accept": "text/html"}}),
        (events.alb, {}, {"headers": {"x-mine": "2", "accept": "text/html", "cookie": "a=1; b=2; c=3"}}),
        (
            events.alb,
            {"multi_value_headers": True},
            {"multiValueHeaders": {"x-mine": ["1", "2"], "accept": ["text/html"], "cookie": ["a=1; b=2; c=3"]}},
        ),
    ],
)
def test_headers_and_cookies(build: Builder, options: dict[str, Any], expected: dict[str, dict[str, Any]]) -> None:
    event = build("GET /orders", headers=HEADERS, cookies=COOKIES, **options)
    for member, headers in expected.items():
        assert {name: event[member][name] for name in headers} == headers
        assert "Accept" not in event[member]  # whatever its spelling, what is given stands instead
    if build in FORMAT_2:
        assert event["cookies"] == ["a=1", "b=2", "c=3"]
        assert "cookie" not in event["headers"]
    if options:
        assert "headers" not in event


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("body", "headers", "rest", "others"),
    [
        (None, {}, (None, False), (None, False)),
        ("", {}, ("", False), ("", False)),
        ("plain", {}, ("plain", False), ("plain", False)),
        ({"id": 7}, {}, ('{"id": 7}', False), ('{"id": 7}', False)),
        ([], {}, ("[]", False), ("[]", False)),
        ("<a/>", {"content-type": "image/svg+xml"}, ("<a/>", False), ("PGEvPg==", True)),
        ("<a/>", {"content-type": "application/soap+xml; charset=utf-8"}, ("<a/>", False), ("<a/>", False)),
        ("x", {"content-type": "text/plain"}, ("x", False), ("x", False)),
        ("{}", {"Content-Type": "application/json"}, ("{}", False), ("{}", False)),
        ("a=1", FORM, ("a=1", False), ("YT0x", True)),
        (b"\xff", {}, ("/w==", True), ("/w==", True)),
        (b"x", {"content-type": "text/plain"}, ("eA==", True), ("eA==", True)),
    ],
)
def test_bodies(body: Any, headers: dict[str, str], rest: tuple[Any, bool], others: tuple[Any, bool]) -> None:
    for build in BUILDERS:
        event = build("POST /orders", body=body, headers=headers)
        text, encoded = rest if build is events.api_gateway_v1 else others
        empty = "" if build is events.alb else None
        assert (event.get("body"), event["isBase64Encoded"]) == (empty if text is None else text, encoded)


@pytest.mark.parametrize(
    ("request_line", "template", "parameters"),
    [
        ("GET /orders/7", "/orders/{id}", {"id": "7"}),
        ("GET /orders/a%20b/lines/1", "/orders/{order}/lines/{line-number}", {"order": "a b", "line-number": "1"}),
        ("GET /orders/7/lines", "/{proxy+}", {"proxy": "orders/7/lines"}),
        ("GET /v1/orders/7", "/v1/{proxy+}", {"proxy": "orders/7"}),
        ("GET /a.b", "/a.b", None),
        ("GET /", "/", None),
    ],
)
def test_path_parameters(request_line: str, template: str, parameters: dict[str, str] | None) -> None:
    assert events.api_gateway_v1(request_line, resource=template)["pathParameters"] == parameters
    for method in ("GET", "ANY"):
        event = events.api_gateway_v2(request_line, route=f"{method} {template}")
        assert event.get("pathParameters") == parameters
        assert event["routeKey"] == f"{method} {template}" == event["requestContext"]["routeKey"]
    assert "pathParameters" not in events.api_gateway_v2(request_line, route="$default")


def test_stages_stage_variables_and_authorizers() -> None:
    claims = {"claims": {"sub": "7"}}
    rest = events.api_gateway_v1("GET /orders", stage="test", stage_variables={"a": "b"}, authorizer=claims)
    assert (rest["path"], rest["requestContext"]["path"], rest["stageVariables"]) == ("/orders", "/test/orders", {"a": "b"})
    assert rest["requestContext"]["authorizer"] == claims
    http = events.api_gateway_v2("GET /orders", stage="test", stage_variables={"a": "b"}, authorizer={"jwt": claims})
    assert (http["rawPath"], http["requestContext"]["http"]["path"], http["stageVariables"]) == ("/test/orders", "/test/orders", {"a": "b"})
    assert http["requestContext"]["authorizer"] == {"jwt": claims}


@pytest.mark.parametrize("build", BUILDERS)
@pytest.mark.parametrize("path", ["/orders/{id}", "/{proxy+}"])
def test_a_path_that_an_api_declares_is_no_request(build: Builder, path: str) -> None:
    with pytest.raises(ValueError, match=rf"^A request has a value where 'GET {re.escape(path)}' has a variable; .* resource= or route=$"):
        build(f"GET {path}")


@pytest.mark.parametrize("build", BUILDERS)
@pytest.mark.parametrize("request_line", ["/orders", "GET", "GET orders", "", "GET  ", "GET /a b", "GET /a#b"])
def test_what_is_no_request_is_said(build: Builder, request_line: str) -> None:
    with pytest.raises(ValueError, match=r"^A request is a method and a path, such as 'GET /orders\?page=2', not "):
        build(request_line)


@pytest.mark.parametrize(
    ("build", "options", "message"),
    [
        (events.api_gateway_v1, {"resource": "/orders/{id}"}, "The path '/orders' does not fit '/orders/{id}'"),
        (events.api_gateway_v2, {"route": "GET /items/{id}"}, "The path '/orders' does not fit '/items/{id}'"),
        (events.api_gateway_v2, {"route": "PUT /orders"}, "The request 'GET /orders' does not fit the route 'PUT /orders'"),
    ],
)
def test_a_request_that_does_not_fit_its_route_is_said(build: Builder, options: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=rf"^{re.escape(message)}$"):
        build("GET /orders", **options)


@pytest.mark.parametrize("build", BUILDERS)
def test_methods_in_small_letters_and_agents(build: Builder) -> None:
    event = build("patch /orders", headers={"user-agent": "mine"})
    context = event["requestContext"]
    assert (event.get("httpMethod") or context["http"]["method"]) == "PATCH"
    if build is not events.alb:
        assert "mine" in {context.get("http", {}).get("userAgent"), context.get("identity", {}).get("userAgent")}


@given(query=st.dictionaries(st.text(min_size=1, max_size=3), st.lists(st.text(max_size=3), min_size=1, max_size=2), max_size=3))
def test_any_query_comes_through(query: dict[str, list[str]]) -> None:
    assert events.api_gateway_v1("GET /", query=query)["multiValueQueryStringParameters"] == (query or None)
    raw = events.api_gateway_v2("GET /", query=query)["rawQueryString"]
    assert parse_qsl(raw, keep_blank_values=True) == [(name, value) for name, values in query.items() for value in values]


@pytest.mark.parametrize("build", BUILDERS)
def test_events_are_json_and_always_the_same(build: Builder) -> None:
    event = build("POST /orders?page=2", body=b"x", headers=HEADERS)
    assert json.loads(json.dumps(event)) == event == build("POST /orders?page=2", body=b"x", headers=HEADERS)
