"""HTTP requests as clients send them, before a service of AWS turns them into an event."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlencode

from fakelambda.domain import xray
from fakelambda.domain.sources import base64_of
from fakelambda.events.defaults import id_of

Values = Mapping[str, str | float | Sequence[str | float]]

USER_AGENT: Final = "curl/8.7.1"
_REQUEST: Final = re.compile(r"(?P<method>[A-Za-z]+) +(?P<path>/[^ ?#]*)(?:\?(?P<query>[^ #]*))?")
_VARIABLE: Final = re.compile(r"\{([^{}+]+)(\+?)\}")
_TEXTUAL: Final = re.compile(r"\s*(?:text/|application/(?:[^;]*\+)?(?:json|xml|javascript)\b).*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a client sends.

    Args:
        raw_query: as URLs hold it, without the question mark.
        headers: by their names as they are spelled, those that clients and AWS add included; no cookies.
        body: text, or what is meant to become base64.
        cookies: such as ``session=7``.
    """

    method: str
    path: str
    raw_query: str
    headers: Mapping[str, Sequence[str]]
    body: str | bytes | None
    cookies: Sequence[str]

    @classmethod
    def of(
        cls,
        request: str,
        *,
        body: Any,
        headers: Values | None,
        query: Values | None,
        cookies: Mapping[str, str] | None,
        host: str,
        source_ip: str,
        at: datetime,
    ) -> Request:
        """Reads a request such as ``POST /orders?page=2`` and what is given beside it.

        Raises:
            ValueError: there is no method, or no path that begins with a slash; or a variable stands in it for its value.
        """
        parts = _REQUEST.fullmatch(request)
        if parts is None:
            raise ValueError(f"A request is a method and a path, such as 'GET /orders?page=2', not {request!r}")
        if _VARIABLE.search(parts["path"]):
            raise ValueError(f"A request has a value where {request!r} has a variable; what an API declares is for resource= or route=")
        sent = {name: list(texts(values)) for name, values in (headers or {}).items()}
        cookie_headers = [sent.pop(name) for name in list(sent) if name.lower() == "cookie"]
        content = body if body is None or isinstance(body, str | bytes) else json.dumps(body)
        added = {
            "Accept": "*/*",
            **({} if content is None else {"Content-Length": str(len(content.encode() if isinstance(content, str) else content))}),
            **({} if content is body else {"Content-Type": "application/json"}),
            "Host": host,
            "User-Agent": USER_AGENT,
            "X-Amzn-Trace-Id": f"Root={xray.new_root(id_of(1), at)}",
            "X-Forwarded-For": source_ip,
            "X-Forwarded-Port": "443",
            "X-Forwarded-Proto": "https",
        }
        given = {name.lower() for name in sent}
        return cls(
            method=parts["method"].upper(),
            path=parts["path"],
            raw_query="&".join(filter(None, [parts["query"], urlencode([*pairs(query)])])),
            headers={**{name: [value] for name, value in added.items() if name.lower() not in given}, **sent},
            body=content,
            cookies=[
                *(cookie.strip() for values in cookie_headers for value in values for cookie in value.split(";")),
                *(f"{name}={value}" for name, value in (cookies or {}).items()),
            ],
        )

    def header(self, name: str) -> str | None:
        """The last value of a header, whatever the spelling of its name."""
        return next((values[-1] for spelled, values in self.headers.items() if spelled.lower() == name and values), None)

    @property
    def headers_with_cookies(self) -> dict[str, list[str]]:
        """The headers with cookies as one of them, as they go over the wire."""
        cookies = {"Cookie": ["; ".join(self.cookies)]} if self.cookies else {}
        return {name: list(values) for name, values in (*self.headers.items(), *cookies.items())}

    @property
    def query(self) -> dict[str, list[str]]:
        """The parameters of the query, decoded."""
        return grouped(parse_qsl(self.raw_query, keep_blank_values=True))

    @property
    def encoded_query(self) -> dict[str, list[str]]:
        """The parameters of the query as URLs hold them."""
        return grouped(tuple(part.partition("=")[::2]) for part in self.raw_query.split("&") if part)

    def content(self, *, text_only: bool) -> dict[str, Any]:
        """``body`` and ``isBase64Encoded`` of an event.

        Args:
            text_only: whether everything becomes base64 whose content type does not say that it is text.
        """
        content_type = self.header("content-type")
        binary = text_only and content_type is not None and not _TEXTUAL.fullmatch(content_type)
        if isinstance(self.body, bytes) or (self.body is not None and binary):
            return {"body": base64_of(self.body), "isBase64Encoded": True}
        return {"body": self.body, "isBase64Encoded": False}


def texts(values: str | float | Sequence[str | float]) -> Iterable[str]:
    """One value, or a list of them, as text."""
    return map(str, values if isinstance(values, Sequence) and not isinstance(values, str) else [values])


def pairs(values: Values | None) -> Iterable[tuple[str, str]]:
    """Each name with each of its values."""
    return ((name, value) for name, several in (values or {}).items() for value in texts(several))


def grouped(named: Iterable[tuple[str, ...]]) -> dict[str, list[str]]:
    """Each name with all of its values."""
    groups: dict[str, list[str]] = {}
    for name, value in named:
        groups.setdefault(name, []).append(value)
    return groups


def path_parameters(template: str, path: str) -> dict[str, str]:
    """What stands in a path for the variables of its template, such as ``/orders/{id}`` or ``/{proxy+}``.

    Raises:
        ValueError: the path does not fit.
    """
    names: list[str] = []
    pattern, end = "", 0
    for variable in _VARIABLE.finditer(template):
        names.append(variable[1])
        pattern += re.escape(template[end : variable.start()]) + ("(.+)" if variable[2] else "([^/]+)")
        end = variable.end()
    fitting = re.fullmatch(pattern + re.escape(template[end:]), path)
    if fitting is None:
        raise ValueError(f"The path {path!r} does not fit {template!r}")
    return {name: unquote(value) for name, value in zip(names, fitting.groups(), strict=True)}
