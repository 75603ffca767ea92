"""The parts that requests are made of: names, ARNs, qualifiers, weights, events, deployment packages."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from hypothesis import strategies as st

from fakelambda.domain.names import LATEST, MAXIMUM_FUNCTION_NAME_LENGTH, function_arn

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_NAME_LETTERS = f"{_LETTERS}{_LETTERS.upper()}0123456789-_"
_MAXIMUM_ALIAS_LENGTH = 128
_REGIONS = ("us-east-1", "eu-west-1", "ap-southeast-2", "us-gov-west-1", "cn-north-1")
_SERVICES = ("s3.amazonaws.com", "sns.amazonaws.com", "events.amazonaws.com", "apigateway.amazonaws.com")
_TAG_LETTERS = f"{_NAME_LETTERS} .:/=+@"


def _names(longest: int) -> st.SearchStrategy[str]:
    """Names that shrink to "a"; those of ``st.text`` shrink to the letter that Unicode has first."""
    return st.lists(st.sampled_from(_NAME_LETTERS), min_size=1, max_size=longest).map("".join)


def function_names() -> st.SearchStrategy[str]:
    """Plain names of functions: 1 to 64 letters, digits, hyphens and underscores."""
    return _names(MAXIMUM_FUNCTION_NAME_LENGTH)


def alias_names() -> st.SearchStrategy[str]:
    """Names of aliases: 1 to 128 letters, digits, hyphens and underscores, not digits alone."""
    return _names(_MAXIMUM_ALIAS_LENGTH).filter(lambda name: not name.isdigit())


def versions() -> st.SearchStrategy[str]:
    """Numbers of published versions, as text."""
    return st.integers(1, 10_000).map(str)


def qualifiers() -> st.SearchStrategy[str]:
    """``$LATEST``, versions and aliases."""
    return st.just(LATEST) | versions() | alias_names()


def account_ids() -> st.SearchStrategy[str]:
    """12 digits."""
    return st.integers(0, 10**12 - 1).map(lambda number: f"{number:012}")


def function_arns(
    *,
    names: st.SearchStrategy[str] | None = None,
    qualified: bool | None = None,
    region: str | None = None,
    account_id: str | None = None,
) -> st.SearchStrategy[str]:
    """ARNs of functions.

    Args:
        names: plain names; any by default.
        qualified: whether they end with a qualifier; either by default.
        region, account_id: where they are; anywhere by default.
    """
    regions = st.sampled_from(_REGIONS) if region is None else st.just(region)
    accounts = account_ids() if account_id is None else st.just(account_id)
    plain = st.builds(function_arn, regions, accounts, function_names() if names is None else names)
    with_qualifier = st.builds("{}:{}".format, plain, qualifiers())
    return {None: plain | with_qualifier, True: with_qualifier, False: plain}[qualified]


def weights() -> st.SearchStrategy[float]:
    """Shares of an alias's traffic, 0..1."""
    return st.floats(0, 1)


def routing_configs(another_version: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[dict[str, Any]]:
    """``RoutingConfig`` of an alias: nothing, or one more version with its weight.

    Args:
        another_version: which; any number by default.
    """
    numbers = versions() if another_version is None else another_version
    return st.fixed_dictionaries({"AdditionalVersionWeights": st.dictionaries(numbers, weights(), max_size=1)})


def json_events() -> st.SearchStrategy[Any]:
    """Events as JSON has them; ``json.dumps`` makes a payload of one."""
    leaves = (
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20)
    )
    return st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3), max_leaves=10
    )


def zips(results: st.SearchStrategy[Any] | None = None) -> st.SearchStrategy[bytes]:
    """Deployment packages whose ``app.handler`` returns a constant; equal constants make equal bytes.

    Args:
        results: the constants, as JSON has them; any by default.
    """
    return (json_events() if results is None else results).map(_package)


def _package(result: Any) -> bytes:
    source = f"import json\n\nRESULT = json.loads({json.dumps(result)!r})\n\n\ndef handler(event, context):\n    return RESULT\n"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo("app.py", (2020, 1, 1, 0, 0, 0)), source)
    return packed.getvalue()


def statements() -> st.SearchStrategy[dict[str, Any]]:
    """Parameters of ``AddPermission`` but the function: a service with its source, an account, or everybody."""
    ids = _names(100)
    of_services = {
        "StatementId": ids,
        "Action": st.just("lambda:InvokeFunction"),
        "Principal": st.sampled_from(_SERVICES),
    }
    sources = {"SourceArn": st.text(_LETTERS, min_size=1, max_size=20).map("arn:aws:s3:::{}".format), "SourceAccount": account_ids()}
    of_accounts = {
        "StatementId": ids,
        "Action": st.sampled_from(("lambda:InvokeFunction", "lambda:GetFunction", "lambda:*")),
        "Principal": account_ids() | st.just("*"),
    }
    return st.fixed_dictionaries(of_services, optional=sources) | st.fixed_dictionaries(of_accounts)


def event_invoke_configs(destinations: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[dict[str, Any]]:
    """Parameters of ``PutFunctionEventInvokeConfig`` but the function; at least one of them.

    Args:
        destinations: ARNs of where results go; queues by default.
    """
    queues = st.text(_LETTERS, min_size=1, max_size=20).map("arn:aws:sqs:us-east-1:123456789012:{}".format)
    targets = st.fixed_dictionaries({"Destination": queues if destinations is None else destinations})
    return st.fixed_dictionaries(
        {},
        optional={
            "MaximumRetryAttempts": st.integers(0, 2),
            "MaximumEventAgeInSeconds": st.integers(60, 21_600),
            "DestinationConfig": st.fixed_dictionaries({}, optional={"OnSuccess": targets, "OnFailure": targets}).filter(bool),
        },
    ).filter(bool)


def tags() -> st.SearchStrategy[dict[str, str]]:
    """Tags of a function: up to ten, with keys that AWS takes."""
    keys = st.text(_TAG_LETTERS, min_size=1, max_size=128).filter(lambda key: not key.lower().startswith("aws:"))
    return st.dictionaries(keys, st.text(_TAG_LETTERS, max_size=256), max_size=10)
