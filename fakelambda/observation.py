"""What a test sees of a fake: what there is, what happened, and what is going to happen."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from fakelambda.aws.serving import Server
from fakelambda.domain.functions import Function
from fakelambda.inspection.records import ApiCall, Delivery, Invocation
from fakelambda.operations.call import Service
from fakelambda.schedule.schedule import Pending


class Observation:
    """The half of a fake that changes nothing."""

    region: str
    account_id: str
    _server: Server

    @property
    def pending(self) -> list[Pending]:
        """What is going to happen, soonest first."""
        return self._service.schedule.pending()

    @property
    def functions(self) -> Mapping[str, Function]:
        """The functions of the fake's own account and region by name, read-only."""
        with self._service.lock:
            return MappingProxyType(self._service.state.functions(self.account_id, self.region).as_mapping())

    @property
    def invocations(self) -> list[Invocation]:
        """The invocations that have ended, in the order of their beginning."""
        return self._service.invocations.ended()

    @property
    def calls(self) -> list[ApiCall]:
        """The calls of clients, in the order of their beginning."""
        return list(self._server.calls)

    @property
    def deliveries(self) -> list[Delivery]:
        """What was sent to destinations and dead-letter queues, in order; a target that refused it is a delivery with its error.

        Where moto is active, or after ``connect``, it is in the real client's queue, topic, bus or bucket too::

            fake.drain()
            assert json.loads(fake.deliveries[-1].body)["requestContext"]["condition"] == "RetriesExhausted"
        """
        return list(self._service.deliveries)

    @property
    def _service(self) -> Service:
        return self._server.service
