"""What a test does in the name of event sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fakelambda.inspection.records import Invocation
from fakelambda.inspection.selection import Selection
from fakelambda.preparation import Preparation
from fakelambda.sources import delivery


class Delivering(Preparation):
    """The part of a fake that stands for queues, streams and brokers."""

    def deliver(self, source_arn: str, records: Iterable[Mapping[str, Any]]) -> Selection[Invocation]:
        """Delivers records through every enabled event source mapping of a source, with its batch size, filters and failure handling.

        They arrive now: no batching window is waited for, and the source itself need not exist. What fails in a stream is tried again
        when its time comes, with ``advance`` or ``drain``, and holds up what comes after it. A message that fails stays with its
        queue; here it is the test's to deliver again.

        Args:
            source_arn: of a queue, stream, cluster or broker that a mapping names; the servers of self-managed Kafka, with commas
                between them; or of a single mapping.
            records: as the source's own API returns them (``ReceiveMessage``'s ``Messages``, ``GetRecords``' ``Records``), or as
                Lambda's event holds them. What they lack is made up: ``{"Body": "text"}`` will do.

        Returns:
            The invocations that it has caused so far.

        Raises:
            ValueError: no mapping of this source is enabled, or a record lacks what cannot be made up.
            TypeError: these are no records.

        Example:
            >>> [invocation] = fake.deliver("arn:aws:sqs:us-east-1:123456789012:orders", [{"Body": '{"id": 7}'}])
            >>> invocation.result
        """
        if isinstance(records, Mapping | str | bytes):
            raise TypeError('deliver() takes a list of records, such as response["Messages"] of ReceiveMessage or event["Records"].')
        service = self._service
        with service.lock:
            mappings = delivery.mappings_of(service.state.all_event_source_mappings(), source_arn)
        service.world.now()
        caused = self._server.visit(lambda: delivery.deliver(service, mappings, list(records)))
        self._server.keep_up()
        return Selection(caused)
