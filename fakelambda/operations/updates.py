"""Changes of ``$LATEST``: its code and its configuration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Unpack

from fakelambda.domain import configuration, functions, lifecycle, runtimes
from fakelambda.domain.configuration import Settings
from fakelambda.domain.functions import Function
from fakelambda.domain.layers import check_combined_size
from fakelambda.domain.names import LATEST, FunctionReference
from fakelambda.operations import answers
from fakelambda.operations.call import Answer, Call, operation
from fakelambda.operations.deployment import check_storage, code_of, layers_of, vpc_of
from fakelambda.operations.transitions import settle_later, settle_publication


def _changeable(call: Call, reference: FunctionReference, revision_id: str | None) -> Function:
    found = call.unqualified(reference, LATEST)
    lifecycle.check_changeable(found.latest.life, found.arn)
    functions.check_revision(revision_id, found.latest.revision_id)
    return found


@operation("UpdateFunctionCode", locked=False)
def update_function_code(
    call: Call,
    *,
    function: FunctionReference,
    zip_file: bytes | None = None,
    s3_bucket: str | None = None,
    s3_key: str | None = None,
    s3_object_version: str | None = None,
    image_uri: str | None = None,
    architectures: list[str] | None = None,
    publish: bool = False,
    dry_run: bool = False,
    revision_id: str | None = None,
) -> Answer:
    """UpdateFunctionCode: other code for ``$LATEST``, in progress until AWS is done; a dry run only checks."""
    named = {"ZipFile": zip_file, "S3Bucket": s3_bucket, "S3Key": s3_key, "S3ObjectVersion": s3_object_version, "ImageUri": image_uri}
    with call.service.lock:
        package_type = _changeable(call, function, revision_id).latest.package_type
    deployed = code_of(call, {member: value for member, value in named.items() if value is not None}, package_type)
    changes: dict[str, Any] = {"code": deployed, **({"architectures": tuple(architectures)} if architectures else {})}
    with call.service.lock:
        found = _changeable(call, function, revision_id)
        check_combined_size(deployed.package, found.latest.layers)
        check_storage(call, deployed.code_size * (1 + publish) - found.latest.code.code_size)
        if dry_run:
            return answers.configured(found, replace(found.latest, **changes))
        updated = functions.update(found, at=call.now, revision_id=call.new_id(), **changes)
        if not publish:
            call.functions.put(updated)
            settle_later(call.service, updated, LATEST, event="update")
            return answers.configured(updated, updated.latest)
        published, version = functions.publish(
            updated, at=call.now, revision_id=call.new_id(), latest_revision_id=call.new_id(), life=lifecycle.CREATED
        )
        call.functions.put(published)
    settle_publication(call.service, published, version, LATEST, event="update")
    return answers.configured(published, version, version.version)


@operation("UpdateFunctionConfiguration", locked=False)
def update_function_configuration(
    call: Call,
    *,
    function: FunctionReference,
    layers: Sequence[str] | None = None,
    revision_id: str | None = None,
    **settings: Unpack[Settings],
) -> Answer:
    """UpdateFunctionConfiguration: other settings for ``$LATEST``; those that are not given stay."""
    if "runtime" in settings:
        runtimes.check(settings["runtime"])
    with call.service.lock:
        _changeable(call, function, revision_id)
    vpc_id = vpc_of(call, settings.get("vpc_config"))
    with call.service.lock:
        found = _changeable(call, function, revision_id)
        configuration.check_fits_image(found.latest.package_type, settings, layers or ())
        fields = configuration.fields(settings, before=found.latest, function_name=function.name, vpc_id=vpc_id)
        if layers is not None:
            fields["layers"] = layers_of(call, layers)
            check_combined_size(found.latest.code.package, fields["layers"])
        updated = functions.update(found, at=call.now, revision_id=call.new_id(), **fields)
        call.functions.put(updated)
        settle_later(call.service, updated, LATEST, event="update")
        return answers.configured(updated, updated.latest)
