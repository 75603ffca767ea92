"""The places in moto where its services come upon Lambda, and how what we put there gets there.

moto is never imported from here. Its modules are changed when the test has imported them, or as soon as it does: moto imports most of them
in the middle of answering a request, so an import hook waits for those. What is put there does as moto does while no fake is active.
"""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from fakelambda.aws import (
    cloudformation,
    moto_callers,
    moto_lambda,
    template_resources,  # noqa: F401 - fills the table of kinds
)

_HOST = vars(sys)  # the host's, also inside an invocation
_MARK = "_fakelambda_place"

Wrap = Callable[[Any], Callable[..., Any]]
"""Makes what stands in a place from what stood there."""

SEAMS: Mapping[str, Mapping[str, Wrap]] = {
    "moto.awslambda.models": {"get_backend": moto_lambda.own_backend},
    "moto.awslambda.utils": {"get_backend": moto_lambda.get_backend},
    "moto.cloudformation.custom_model": {"get_lambda_backend": moto_lambda.custom_resource_backend},
    "moto.cloudformation.parsing": {
        "resource_class_from_type": cloudformation.resource_class_from_type,
        "ResourceMap.load_conditions": cloudformation.load_conditions,
        "ResourceMap.update": cloudformation.update,
    },
    "moto.core.botocore_stubber": {"BotocoreStubber.process_request": moto_lambda.process_request},
    "moto.events.models": {"Rule.send_to_targets": moto_callers.send_to_targets},
    "moto.logs.models": {"LogsBackend.put_subscription_filter": moto_callers.put_subscription_filter},
    "moto.s3.models": {"FakeBucket.set_notification_configuration": moto_callers.set_notification_configuration},
    "moto.s3.notifications": {"_get_s3_event": moto_callers.s3_event, "_invoke_awslambda": moto_callers.invoke_from_s3},
    "moto.secretsmanager.models": {"SecretsManagerBackend.rotate_secret": moto_callers.rotate_secret},
    "moto.ses.models": {"SESBackend._validate_lambda_action": moto_callers.validate_lambda_action},
    "moto.sns.models": {"Subscription.publish": moto_callers.publish},
}
"""What is put where: by module, then by the name in it."""

_users = 0
_lock = threading.Lock()
_changed: dict[str, tuple[ModuleType, list[tuple[Any, str, Any]]]] = {}
"""The modules that were changed, and what was put where in them: every start of a fake looks whether it is still there."""


def install() -> None:
    """Changes the modules of moto that are there, and waits for the others; counted."""
    global _users  # noqa: PLW0603 - what is changed is process-wide, so its count is
    with _lock:
        _users += 1
        if _users == 1:
            _HOST["meta_path"].insert(0, _finder)
        for name in SEAMS:
            module = _HOST["modules"].get(name)
            if module is not None and not _is_changed(module) and not getattr(module.__spec__, "_initializing", False):
                _change(module)  # one that another thread is importing comes by of itself


def uninstall() -> None:
    """Waits for no more modules with the last user; what is changed stays, and does as moto does."""
    global _users  # noqa: PLW0603 - as above
    with _lock:
        _users -= 1
        if not _users and _finder in _HOST["meta_path"]:
            _HOST["meta_path"].remove(_finder)


def _is_changed(module: ModuleType) -> bool:
    known, places = _changed.get(module.__name__, (None, ()))
    return known is module and all(vars(holder)[attribute] is ours for holder, attribute, ours in places)


def _change(module: ModuleType) -> None:
    """Puts ours in its places; warns where this moto has no such place."""
    places = []
    for name, wrap in SEAMS[module.__name__].items():
        holder: Any = module
        *path, attribute = name.split(".")
        for step in path:
            holder = getattr(holder, step, None)
        there = getattr(holder, attribute, None)
        if there is None:
            warnings.warn(
                f"This version of moto has no {module.__name__}.{name}: what it does there does not reach fakelambda.",
                RuntimeWarning,
                stacklevel=2,
            )
            continue
        ours = there
        if getattr(there, _MARK, None) != (module.__name__, name):  # one place may be imported into another
            ours = wraps(there)(wrap(there))
            setattr(ours, _MARK, (module.__name__, name))
            setattr(holder, attribute, ours)
        places.append((holder, attribute, ours))
    _changed[module.__name__] = (module, places)


class _Finder:
    """Finds the modules of ``SEAMS`` as the others on ``sys.meta_path`` do, and sees to it that they are changed once loaded."""

    def find_spec(self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Finds a module; the contract of ``sys.meta_path``."""
        if fullname not in SEAMS:
            return None
        for finder in list(_HOST["meta_path"]):
            spec: ModuleSpec | None = None if finder is self else finder.find_spec(fullname, path, target)
            if spec is not None:
                spec.loader = _Loader(spec.loader)
                return spec
        return None


class _Loader(Loader):
    """A loader that changes what it has loaded."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        module: ModuleType | None = self._inner.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__ is not None  # importlib has just put it there
        module.__loader__ = module.__spec__.loader = self._inner
        self._inner.exec_module(module)
        _change(module)


_finder = _Finder()
