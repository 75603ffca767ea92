"""Published versions."""

from __future__ import annotations

from fakelambda.domain import functions, lifecycle
from fakelambda.domain.names import LATEST, FunctionReference
from fakelambda.operations import answers, pages
from fakelambda.operations.call import Answer, Call, operation
from fakelambda.operations.deployment import check_storage
from fakelambda.operations.functions import versions_from
from fakelambda.operations.transitions import is_told_to_fail, settle_publication, watch


@operation("PublishVersion", locked=False)
def publish_version(
    call: Call,
    *,
    function: FunctionReference,
    code_sha256: str | None = None,
    description: str | None = None,
    revision_id: str | None = None,
) -> Answer:
    """PublishVersion: a version of ``$LATEST``; the last one again where nothing has been updated since.

    It is ready at once, but for one with SnapStart, which is Pending until the snapshot of its initialised environment is taken, and for
    one that the test wants to fail.
    """
    service = call.service
    with service.lock:
        found = call.unqualified(function, LATEST)
        lifecycle.check_publishable(found.latest.life, found.arn)
        functions.check_revision(revision_id, found.latest.revision_id)
        functions.check_code_sha256(code_sha256, found.latest)
        version = functions.unchanged_publication(found)
        if version is not None:
            return answers.configured(found, version, version.version)
        check_storage(call, found.latest.code.code_size)
        takes_time = functions.is_snapshotted(found.latest) or is_told_to_fail(service, found, "publish")
        found, version = functions.publish(
            found,
            at=call.now,
            revision_id=call.new_id(),
            latest_revision_id=call.new_id(),
            description=description,
            life=lifecycle.CREATED if takes_time else lifecycle.READY,
        )
        call.functions.put(found)
        watch(service, found, version.version)
    if takes_time:
        settle_publication(service, found, version, event="publish")
    return answers.configured(found, version, version.version)


@operation("ListVersionsByFunction")
def list_versions_by_function(
    call: Call, *, function: FunctionReference, marker: str | None = None, max_items: int | None = None
) -> Answer:
    """ListVersionsByFunction: ``$LATEST``, then the versions in ascending order."""
    found = call.function(function)
    return pages.page(
        versions_from(found, pages.start_in_function(call, marker)),
        member="Versions",
        arn=lambda version: f"{found.arn}:{version.version}",
        show=lambda version: answers.listed(version, f"{found.arn}:{version.version}"),
        max_items=max_items,
    )
