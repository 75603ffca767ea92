"""What aiobotocore's clients take in the place of botocore's objects: bodies and answers that are awaited, and waiting that is.

The answers themselves are those of any other client. aiobotocore is looked up where it has been imported, and never imported here.
"""

from __future__ import annotations

import io
import sys
from functools import wraps
from typing import TYPE_CHECKING, Any

from botocore.response import StreamingBody

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from botocore.awsrequest import AWSResponse
    from botocore.client import BaseClient

    Sleep = Callable[[float], None]

_MODULES = sys.modules  # the host's, also inside an invocation
_LIBRARIES = frozenset({"aiobotocore", "aioboto3"})


def is_asynchronous(thing: object) -> bool:
    """Whether a client or a session is one of aiobotocore's or aioboto3's."""
    return any(base.__module__.partition(".")[0] in _LIBRARIES for base in type(thing).__mro__)


class Bodies:
    """The answers to one client, with the bodies that the HTTP library beneath it would give.

    Args:
        client: of aiobotocore.
    """

    def __init__(self, client: BaseClient) -> None:
        session: Any = client._endpoint.http_session  # type: ignore[attr-defined]  # noqa: SLF001 - where aiobotocore itself looks
        responses, bodies = _MODULES["aiobotocore.awsrequest"], _MODULES["aiobotocore.response"]
        is_httpx = _MODULES["aiobotocore.httpxsession"].is_httpx_session_cls(type(session))
        self._response: Any = responses.HttpxAWSResponse if is_httpx else responses.AioAWSResponse
        self._body: Any = bodies.AioHttpxStreamingBody if is_httpx else bodies.AioStreamingBody

    def http(self, response: AWSResponse) -> Any:
        """The HTTP response, whose content is awaited."""
        return self._response(response.url, response.status_code, response.headers, _Raw(response.url, response.content))

    def stream(self, parsed: dict[str, Any], url: str) -> None:
        """Puts a stream that is awaited in the place of one that is read."""
        for member, body in parsed.items():
            if type(body) is StreamingBody:  # those of aiobotocore are subclasses
                content = body.read()
                parsed[member] = self._body(_Raw(url, content), len(content))


class _Raw:
    """An HTTP response as aiohttp and httpx give it to aiobotocore, all of which has come in."""

    def __init__(self, url: str, body: bytes) -> None:
        self.url, self.content = url, _Content(body)

    async def read(self) -> bytes:
        """All that is left, as aiohttp says it."""
        return await self.content.read()

    aread = read

    async def aiter_raw(self) -> AsyncIterator[bytes]:
        """All that is left, as httpx gives it."""
        yield await self.content.read()

    def close(self) -> None:
        """Drops what nobody has read."""
        self.content.buffer.seek(0, io.SEEK_END)

    async def aclose(self) -> None:
        """Drops what nobody has read."""
        self.close()


class _Content:
    """The stream reader of aiohttp, as far as bodies use it."""

    def __init__(self, body: bytes) -> None:
        self.buffer, self._length = io.BytesIO(body), len(body)

    async def read(self, amount: int = -1) -> bytes:
        """So many bytes, or all that are left."""
        return self.buffer.read(amount)

    def at_eof(self) -> bool:
        """Whether nothing is left."""
        return self.buffer.tell() == self._length


def wait_virtually(of_request: Callable[[Mapping[str, Any]], Sleep | None], of_waiter: Callable[[Any], Sleep | None]) -> None:
    """Lets the back-off and the waiters of Lambda clients move a clock; all others go on waiting as they do.

    Args:
        of_request: who sleeps before the next attempt of a request; None for one that really waits.
        of_waiter: the same for a waiter.
    """
    endpoints, waiters = _MODULES["aiobotocore.endpoint"], _MODULES["aiobotocore.waiter"]
    for owner in (endpoints.AioEndpoint, endpoints.AnyioEndpoint):
        _wrap(owner, lambda _, variables: of_request(variables["request_dict"]))
    for owner in (waiters.AIOWaiter, waiters.AnyioWaiter):
        _wrap(owner, lambda waiter, _: of_waiter(waiter))


def limiter_of(owner: object) -> Any:
    """The rate limiter that handles an event of a client; None where it is something else."""
    adaptive = _MODULES.get("aiobotocore.retries.adaptive")
    return owner if adaptive is not None and isinstance(owner, adaptive.AsyncClientRateLimiter) else None


def fill_bucket(limiter: Any, clock: Any, sleeps_virtually: Callable[[], bool]) -> None:
    """Gives a rate limiter a new token bucket, whose waits move a clock instead of taking time, and a lock that no event loop knows.

    Args:
        clock: botocore's, by which the bucket is filled.
        sleeps_virtually: whether the clock can be moved just now.
    """
    bucket: Any = type(limiter._token_bucket)(max_rate=1, clock=clock)  # noqa: SLF001 - aiobotocore has no way to ask for it
    condition, really_wait = bucket._new_fill_rate_condition, bucket._wait_for_new_fill_rate  # noqa: SLF001 - as above

    async def wait(seconds: float) -> None:
        if not sleeps_virtually():
            await really_wait(seconds)
            return
        condition.release()  # what comes due may use the same client
        try:
            clock.sleep(seconds)
        finally:
            await condition.acquire()

    bucket._wait_for_new_fill_rate = wait  # noqa: SLF001 - as above
    limiter._token_bucket, limiter._lock = bucket, limiter._create_lock()  # noqa: SLF001 - as above


def _wrap(owner: Any, find: Callable[[Any, Mapping[str, Any]], Sleep | None]) -> None:
    """Wraps the method with which endpoints and waiters wait.

    Args:
        find: who sleeps instead, from the object and the variables of the function that waits.
    """
    method: Callable[[Any, float], Awaitable[None]] = owner._sleep  # noqa: SLF001 - there is no other place
    if hasattr(method, "_is_fakelambda"):
        return

    async def sleep_virtually(self: Any, seconds: float, virtual: Sleep) -> None:
        virtual(seconds)
        await method(self, 0)  # other tasks get their turn, as when it really waits

    @wraps(method)
    def sleep(self: Any, sleep_amount: float) -> Awaitable[None]:
        virtual = find(self, sys._getframe(1).f_locals)  # noqa: SLF001 - aiobotocore passes nothing that tells for whom it waits
        return method(self, sleep_amount) if virtual is None else sleep_virtually(self, sleep_amount, virtual)

    sleep._is_fakelambda = True  # type: ignore[attr-defined]  # noqa: SLF001 - tells our wrapper from others'
    owner._sleep = sleep  # noqa: SLF001 - as above
