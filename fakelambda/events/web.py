"""Events of HTTP requests: API Gateway's REST and HTTP APIs, function URLs, load balancers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from fakelambda.domain.sources import milliseconds
from fakelambda.events.defaults import ACCOUNT_ID, REGION, as_json, id_of, moment
from fakelambda.events.web_requests import USER_AGENT, Request, Values, path_parameters

_MONTHS: Final = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
)  # strftime speaks the machine's language
_SOURCE_IP: Final = "192.0.2.1"
_API_ID: Final = "a1b2c3d4e5"
_URL_ID: Final = "abcdefghijklmnopqrstuvwxyz012345"
_TARGET_GROUP: Final = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT_ID}:targetgroup/lambda/49e9d65c45c6791a"
_IDENTITY: Final = (
    *("cognitoIdentityPoolId", "accountId", "cognitoIdentityId", "caller", "sourceIp", "principalOrgId", "accessKey"),
    *("cognitoAuthenticationType", "cognitoAuthenticationProvider", "userArn", "userAgent", "user"),
)


def api_gateway_v1(
    request: str,
    *,
    body: Any = None,
    headers: Values | None = None,
    query: Values | None = None,
    cookies: Mapping[str, str] | None = None,
    resource: str | None = None,
    stage: str = "prod",
    stage_variables: Mapping[str, str] | None = None,
    authorizer: Mapping[str, Any] | None = None,
    source_ip: str = _SOURCE_IP,
    api_id: str = _API_ID,
    region: str = REGION,
    account_id: str = ACCOUNT_ID,
    at: datetime | None = None,
) -> dict[str, Any]:
    """The event of a request to a REST API of API Gateway: proxy integration, payload format 1.0.

    Args:
        request: method and path, and a query if you like, such as ``"GET /orders?page=2"``.
        body: text, bytes (they become base64), or what is dumped as JSON.
        headers: a value each or a list of them, beside or instead of those that clients and AWS add.
        query: parameters that are not encoded, a value each or a list of them.
        cookies: values by name.
        resource: the path as the API declares it, such as ``/orders/{id}`` or ``/{proxy+}``; that of the request unless given.
        stage: its name.
        stage_variables: values by name.
        authorizer: what an authorizer has found, such as ``{"claims": {"sub": "7"}}``.
        source_ip: the client's.
        api_id: of the API.
        region: of the API.
        account_id: whose API it is.
        at: when the request came.

    Raises:
        ValueError: the request is none, or does not fit the resource.

    Example:
        >>> event = api_gateway_v1("GET /orders/7", resource="/orders/{id}", query={"page": 2})
        >>> event["pathParameters"], event["queryStringParameters"]
        ({'id': '7'}, {'page': '2'})
    """
    domain, now = f"{api_id}.execute-api.{region}.amazonaws.com", moment(at)
    got = Request.of(request, body=body, headers=headers, query=query, cookies=cookies, host=domain, source_ip=source_ip, at=now)
    template = got.path if resource is None else resource
    identity = dict.fromkeys(_IDENTITY) | {"sourceIp": source_ip, "userAgent": got.header("user-agent")}
    return {
        "resource": template,
        "path": got.path,
        "httpMethod": got.method,
        "headers": _last(got.headers_with_cookies),
        "multiValueHeaders": got.headers_with_cookies,
        "queryStringParameters": _last(got.query) or None,
        "multiValueQueryStringParameters": got.query or None,
        "pathParameters": path_parameters(template, got.path) or None,
        "stageVariables": dict(stage_variables) if stage_variables else None,
        "requestContext": {
            "resourceId": "abc123",
            **({} if authorizer is None else {"authorizer": as_json(authorizer)}),
            "resourcePath": template,
            "httpMethod": got.method,
            "extendedRequestId": "JJbxmplHYosFVYQ=",
            "requestTime": _time(now),
            "path": f"/{stage}{got.path}",
            "accountId": account_id,
            "protocol": "HTTP/1.1",
            "stage": stage,
            "domainPrefix": api_id,
            "requestTimeEpoch": milliseconds(now),
            "requestId": id_of(1),
            "identity": identity,
            "domainName": domain,
            "apiId": api_id,
        },
        **got.content(text_only=False),
    }


def api_gateway_v2(
    request: str,
    *,
    body: Any = None,
    headers: Values | None = None,
    query: Values | None = None,
    cookies: Mapping[str, str] | None = None,
    route: str | None = None,
    stage: str = "$default",
    stage_variables: Mapping[str, str] | None = None,
    authorizer: Mapping[str, Any] | None = None,
    source_ip: str = _SOURCE_IP,
    api_id: str = _API_ID,
    region: str = REGION,
    account_id: str = ACCOUNT_ID,
    at: datetime | None = None,
) -> dict[str, Any]:
    """The event of a request to an HTTP API of API Gateway: payload format 2.0.

    Args:
        request: as for `api_gateway_v1`, as are ``body``, ``headers``, ``query`` and ``cookies``.
        body: whose content type says that it is no text becomes base64, even if it is given as text.
        headers: a value each or a list of them.
        query: parameters that are not encoded.
        cookies: values by name.
        route: its key, such as ``GET /orders/{id}``, ``ANY /{proxy+}`` or ``$default``; that of the request unless given.
        stage: its name, which begins the path unless it is ``$default``.
        stage_variables: values by name.
        authorizer: what an authorizer has found, such as ``{"jwt": {"claims": {"sub": "7"}, "scopes": None}}``.
        source_ip: the client's.
        api_id: of the API.
        region: of the API.
        account_id: whose API it is.
        at: when the request came.

    Raises:
        ValueError: the request is none, or does not fit the route.

    Example:
        >>> event = api_gateway_v2("POST /orders/7", body={"total": 3}, route="POST /orders/{id}")
        >>> event["pathParameters"], event["body"]
        ({'id': '7'}, '{"total": 3}')
    """
    domain, now = f"{api_id}.execute-api.{region}.amazonaws.com", moment(at)
    got = Request.of(request, body=body, headers=headers, query=query, cookies=cookies, host=domain, source_ip=source_ip, at=now)
    key = route or f"{got.method} {got.path}"
    method, _, template = key.rpartition(" ")
    if method not in ("", "ANY", got.method):
        raise ValueError(f"The request {request!r} does not fit the route {key!r}")
    parameters = {} if template == "$default" else path_parameters(template, got.path)
    context = {"accountId": account_id, "apiId": api_id} | ({} if authorizer is None else {"authorizer": as_json(authorizer)})
    extra = {"pathParameters": parameters, "stageVariables": dict(stage_variables or {})}
    path = got.path if stage == "$default" else f"/{stage}{got.path}"
    return _format_2(got, path=path, route=key, stage=stage, domain=domain, context=context, source_ip=source_ip, at=now, extra=extra)


def function_url(
    request: str,
    *,
    body: Any = None,
    headers: Values | None = None,
    query: Values | None = None,
    cookies: Mapping[str, str] | None = None,
    iam: Mapping[str, Any] | None = None,
    source_ip: str = _SOURCE_IP,
    url_id: str = _URL_ID,
    region: str = REGION,
    at: datetime | None = None,
) -> dict[str, Any]:
    """The event of a request to a function URL.

    Args:
        request: as for `api_gateway_v2`, as are ``body``, ``headers``, ``query`` and ``cookies``.
        body: text, bytes, or what is dumped as JSON.
        headers: a value each or a list of them.
        query: parameters that are not encoded.
        cookies: values by name.
        iam: who has signed the request where the URL's ``AuthType`` is ``AWS_IAM``, such as ``{"accountId": "123456789012"}``.
        source_ip: the client's.
        url_id: the first part of the URL's domain.
        region: of the function.
        at: when the request came.

    Raises:
        ValueError: the request is none.

    Example:
        >>> function_url("GET /?name=ada")["queryStringParameters"]
        {'name': 'ada'}
    """
    domain, now = f"{url_id}.lambda-url.{region}.on.aws", moment(at)
    got = Request.of(request, body=body, headers=headers, query=query, cookies=cookies, host=domain, source_ip=source_ip, at=now)
    context: dict[str, Any] = {"accountId": "anonymous" if iam is None else iam.get("accountId", ACCOUNT_ID), "apiId": url_id}
    if iam is not None:
        context["authorizer"] = {"iam": as_json(iam)}
    return _format_2(got, path=got.path, route="$default", stage="$default", domain=domain, context=context, source_ip=source_ip, at=now)


def _format_2(
    got: Request,
    *,
    path: str,
    route: str,
    stage: str,
    domain: str,
    context: Mapping[str, Any],
    source_ip: str,
    at: datetime,
    extra: Mapping[str, Mapping[str, str]] | None = None,
) -> dict[str, Any]:
    """Payload format 2.0, in which members that are empty do not appear."""
    content = got.content(text_only=True)
    http = {
        "method": got.method,
        "path": path,
        "protocol": "HTTP/1.1",
        "sourceIp": source_ip,
        "userAgent": got.header("user-agent") or USER_AGENT,
    }
    members = {
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": got.raw_query,
        "cookies": list(got.cookies),
        "headers": {name.lower(): ",".join(values) for name, values in got.headers.items()},
        "queryStringParameters": {name: ",".join(values) for name, values in got.query.items()},
        "requestContext": {
            **context,
            "domainName": domain,
            "domainPrefix": domain.partition(".")[0],
            "http": http,
            "requestId": id_of(1),
            "routeKey": route,
            "stage": stage,
            "time": _time(at),
            "timeEpoch": milliseconds(at),
        },
        "body": content["body"],
        **(extra or {}),
        "isBase64Encoded": content["isBase64Encoded"],
    }
    always = {"rawQueryString", "isBase64Encoded"}
    return {name: value for name, value in members.items() if name in always or value not in (None, [], {})}


def alb(
    request: str,
    *,
    body: Any = None,
    headers: Values | None = None,
    query: Values | None = None,
    cookies: Mapping[str, str] | None = None,
    multi_value_headers: bool = False,
    target_group_arn: str = _TARGET_GROUP,
    host: str = f"lb-1234567890.{REGION}.elb.amazonaws.com",
    source_ip: str = _SOURCE_IP,
    at: datetime | None = None,
) -> dict[str, Any]:
    """The event of a request to an Application Load Balancer whose target is a function.

    Parameters of the query stay encoded, as load balancers leave them.

    Args:
        request: as for `api_gateway_v2`, as are ``body``, ``headers``, ``query`` and ``cookies``.
        body: text, bytes, or what is dumped as JSON.
        headers: a value each or a list of them.
        query: parameters that are not encoded yet.
        cookies: values by name.
        multi_value_headers: whether the target group has them enabled; else only the last value of each name counts.
        target_group_arn: of the target group.
        host: the load balancer's name.
        source_ip: the client's.
        at: when the request came.

    Raises:
        ValueError: the request is none.

    Example:
        >>> alb("GET /orders", query={"q": "a b"}, multi_value_headers=True)["multiValueQueryStringParameters"]
        {'q': ['a+b']}
    """
    got = Request.of(request, body=body, headers=headers, query=query, cookies=cookies, host=host, source_ip=source_ip, at=moment(at))
    sent = {name.lower(): values for name, values in got.headers_with_cookies.items()}
    several = {"multiValueQueryStringParameters": got.encoded_query, "multiValueHeaders": sent}
    content = got.content(text_only=True)
    return {
        "requestContext": {"elb": {"targetGroupArn": target_group_arn}},
        "httpMethod": got.method,
        "path": got.path,
        **(several if multi_value_headers else {"queryStringParameters": _last(got.encoded_query), "headers": _last(sent)}),
        "body": content["body"] or "",
        "isBase64Encoded": content["isBase64Encoded"],
    }


def _last(several: Mapping[str, list[str]]) -> dict[str, str]:
    return {name: values[-1] for name, values in several.items() if values}


def _time(at: datetime) -> str:
    return f"{at.day:02d}/{_MONTHS[at.month - 1]}/{at:%Y:%H:%M:%S} +0000"
