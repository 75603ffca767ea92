"""What a test sees of a fake: what there is, what happened, and what is going to happen."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from fakelambda.aws import faulting
from fakelambda.aws.serving import Server
from fakelambda.domain.event_source_mappings import EventSourceMapping
from fakelambda.domain.functions import Function
from fakelambda.inspection import assertions, timeline
from fakelambda.inspection.records import ApiCall, Delivery, Invocation
from fakelambda.inspection.selection import Selection
from fakelambda.operations.call import Service
from fakelambda.schedule.schedule import Pending


class Observation:
    """The half of a fake that changes nothing."""

    region: str
    account_id: str
    _server: Server

    @property
    def pending(self) -> list[Pending]:
        """What is going to happen, soonest first; not that versions fall idle, as that happens only where nobody invokes them."""
        return self._service.schedule.pending()

    @property
    def functions(self) -> Mapping[str, Function]:
        """The functions of the fake's own account and region by name, read-only."""
        with self._service.lock:
            return MappingProxyType(self._service.state.functions(self.account_id, self.region).as_mapping())

    @property
    def event_source_mappings(self) -> Mapping[str, EventSourceMapping]:
        """The event source mappings of the fake's own account and region by UUID, read-only.

        Example:
            >>> [mapping.state for mapping in fake.event_source_mappings.values()]
            [<State.ENABLED: 'Enabled'>]
        """
        with self._service.lock:
            return MappingProxyType(self._service.state.event_source_mappings(self.account_id, self.region).as_mapping())

    @property
    def invocations(self) -> Selection[Invocation]:
        """The invocations that have ended, in the order of their beginning: a list, with ``filter`` to narrow it down."""
        return Selection(self._service.invocations.ended())

    @property
    def calls(self) -> Selection[ApiCall]:
        """The calls of clients, in the order of their beginning: a list, with ``filter`` to narrow it down."""
        return Selection(self._server.calls)

    @property
    def deliveries(self) -> list[Delivery]:
        """What was sent to destinations and dead-letter queues, in order; a target that refused it is a delivery with its error.

        So is what a service of moto sent to a function that Lambda did not invoke for it. Where moto is active, or after ``connect``, what
        was sent is in the real client's queue, topic, bus or bucket too::

            fake.drain()
            assert json.loads(fake.deliveries[-1].body)["requestContext"]["condition"] == "RetriesExhausted"
        """
        return list(self._service.deliveries)

    def timeline(self) -> str:
        """The story so far as text: a line for each call, invocation and delivery, with what handlers wrote, in order.

        Example:
            >>> print(fake.timeline())
            2026-03-01
            10:00:00.000 Invoke orders {"Payload": ...} -> 200 [us-east-1, 123456789012]
            10:00:00.000   orders ran (version $LATEST, 0.000 s, cold start): {"id": 7} -> "thanks"
        """
        return timeline.timeline(self.calls, self.invocations, self.deliveries)

    def sequence_diagram(self) -> str:
        """The same as a Mermaid sequence diagram, for those who would rather look."""
        return timeline.sequence_diagram(self.calls, self.invocations, self.deliveries)

    def assert_invoked(self, function_name: str, *, times: int | None = None, **fields: Any) -> None:
        """Fails the test where a function was not invoked like this; its text lists what came closest.

        Args:
            function_name: the plain name.
            times: exactly how often; at least once by default.
            **fields: of ``Invocation``, as for ``filter``: ``event={"id": 7}, qualifier="live"``.

        Raises:
            AssertionError: it was not.
            TypeError: an invocation has no such field.
            ValueError: that is no plain name, which no invocation could fit.

        Example:
            >>> fake.assert_invoked("orders", event={"id": 7}, executed_version="2", times=1)
        """
        __tracebackhide__ = True
        if ":" in function_name:
            raise ValueError(f'{function_name!r} is no plain name; write the function\'s, and qualifier="live" or executed_version="2".')
        _fail(assertions.unmet(self.invocations, "invoked", "function_name", {"function_name": function_name, **fields}, times))

    def assert_invoked_once_with(self, function_name: str, event: Any, **fields: Any) -> None:
        """Fails the test where a function was not invoked exactly once, with this event; as of a ``Mock``.

        Raises:
            AssertionError: it was not, was so again, or with another event too.
            TypeError: an invocation has no such field.
        """
        __tracebackhide__ = True
        self.assert_invoked(function_name, event=event, **fields)
        self.assert_invoked(function_name, times=1)

    def assert_not_invoked(self, function_name: str, **fields: Any) -> None:
        """Fails the test where a function was invoked like this.

        Raises:
            AssertionError: it was.
            TypeError: an invocation has no such field.
        """
        __tracebackhide__ = True
        self.assert_invoked(function_name, times=0, **fields)

    def assert_called(self, operation: str, *, times: int | None = None, **fields: Any) -> None:
        """Fails the test where no client made a call like this; its text lists what came closest.

        Args:
            operation: AWS's name.
            times: exactly how often; at least once by default.
            **fields: of ``ApiCall``, or API parameters: ``Name="live"``.

        Raises:
            AssertionError: none did.
            TypeError: a call has no such field.
            ValueError: Lambda has no such operation.

        Example:
            >>> fake.assert_called("UpdateAlias", FunctionName="orders", Name="live", FunctionVersion="2")
        """
        __tracebackhide__ = True
        # A misspelt one was never called either.
        faulting.check_operation("assert_called" if times != 0 else "assert_not_called", operation)
        _fail(assertions.unmet(self.calls, "called", "operation", {"operation": operation, **fields}, times))

    def assert_not_called(self, operation: str, **fields: Any) -> None:
        """Fails the test where a client made a call like this.

        Raises:
            AssertionError: one did.
            TypeError: a call has no such field.
            ValueError: Lambda has no such operation.
        """
        __tracebackhide__ = True
        self.assert_called(operation, times=0, **fields)

    @property
    def _service(self) -> Service:
        return self._server.service


def _fail(message: str | None) -> None:
    __tracebackhide__ = True
    if message is not None:
        raise AssertionError(message)
