"""Clients with dummy credentials, kept for the whole process: a new session costs 80 ms, a cached client nothing."""

from __future__ import annotations

import os
import sys
from contextlib import asynccontextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from botocore.client import BaseClient
    from botocore.config import Config

from fakelambda.aws import hook
from fakelambda.domain.principals import is_account_id

_Clients = dict[tuple[str, str | None, Any], "BaseClient"]
_clients: _Clients = {}
_MODULES = sys.modules  # the host's, also inside an invocation


@cache
def session() -> Any:
    """A botocore session that knows nothing of the developer's profiles, credentials and ``AWS_...`` variables.

    Its clients outlive a test, so whatever they took from the environment of one would leak into the next.
    """
    return _isolated(botocore.session.Session)


@cache
def _asynchronous_session(session_class: Any) -> Any:
    return _isolated(session_class)


def _isolated(session_class: Any) -> Any:
    isolated = {name: (None, None, default, convert) for name, (_, _, default, convert) in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()}
    nowhere = {
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
        "ignore_configured_endpoint_urls": (None, None, True, None),
    }
    made = session_class(session_vars={**isolated, **nowhere})
    made.set_credentials("testing", "testing", "testing")
    return made


def lambda_client(region: str, account_id: str | None, config: Config | None, own: _Clients | None = None) -> BaseClient:
    """A Lambda client that asks the active fake.

    Args:
        account_id: whose state it sees; None for the fake's own account.
        config: of botocore; equal options share a client.
        own: the clients of whoever asks, who keeps a client whatever is registered on it, and gets none on which others have.

    Raises:
        ValueError: it is no account id.
    """
    options = tuple(sorted((name, repr(value)) for name, value in config._user_provided_options.items())) if config else None  # type: ignore[attr-defined]  # noqa: SLF001 - a Config is not hashable
    key = (region, account_id, options)
    if own is not None and key in own:
        return own[key]
    client = _clients.get(key)
    if client is None or (own is not None and not hook.is_as_made(client)):
        _check_account(account_id)
        client = session().create_client("lambda", region_name=region, config=config)
        hook.hook(client, account_id, needs_a_fake=True)
        _clients[key] = client
    if own is not None:
        own[key] = client
    return client


@asynccontextmanager
async def asynchronous_lambda_client(region: str, account_id: str | None, config: Config | None) -> AsyncIterator[Any]:
    """A Lambda client of aiobotocore that asks the active fake; not kept, as it belongs to an event loop.

    Args:
        account_id, config: as of ``lambda_client``.

    Raises:
        RuntimeError: nobody has imported aiobotocore.
        ValueError: it is no account id.
    """
    _check_account(account_id)
    aiobotocore = _MODULES.get("aiobotocore.session")
    if aiobotocore is None:
        raise RuntimeError("async_client() makes a client of aiobotocore; import aiobotocore.session or aioboto3 before.")
    async with _asynchronous_session(aiobotocore.AioSession).create_client("lambda", region_name=region, config=config) as client:
        hook.hook(client, account_id, needs_a_fake=True)
        yield client


def _check_account(account_id: str | None) -> None:
    if account_id is not None and not is_account_id(str(account_id)):
        raise ValueError(f"account_id={account_id!r}: an AWS account id has 12 digits, such as '123456789012'.")
