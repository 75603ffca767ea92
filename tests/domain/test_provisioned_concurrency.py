"""The life of an allocation."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import pytest

from fakelambda.domain import lifecycle, provisioned_concurrency
from fakelambda.domain.lifecycle import IllegalTransition
from fakelambda.domain.provisioned_concurrency import Event, Status

AT, LATER = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
NEW = provisioned_concurrency.put(None, requested=5, version="1", at=AT)
READY = provisioned_concurrency.succeed(NEW, "1")
FAILED = provisioned_concurrency.fail(NEW, "1")


@pytest.mark.parametrize(("status", "event"), [*product(Status, Event)])
def test_every_pair_is_in_the_table_or_illegal(status: Status, event: Event) -> None:
    if event in {Event.PUT, Event.MOVE}:
        assert lifecycle.after(provisioned_concurrency.TRANSITIONS, status, event) is Status.IN_PROGRESS
    elif status is Status.IN_PROGRESS:
        ends = {Event.SUCCEED: Status.READY, Event.FAIL: Status.FAILED}
        assert lifecycle.after(provisioned_concurrency.TRANSITIONS, status, event) is ends[event]
    else:
        with pytest.raises(IllegalTransition):
            lifecycle.after(provisioned_concurrency.TRANSITIONS, status, event)


def test_an_allocation_ends_with_all_or_with_nothing() -> None:
    assert (NEW.status, NEW.allocated) == ("IN_PROGRESS", 0)
    assert (READY.status, READY.allocated, READY.status_reason) == ("READY", 5, None)
    assert (FAILED.status, FAILED.allocated, FAILED.status_reason) == ("FAILED", 0, "FUNCTION_ERROR_INIT_FAILURE")


@pytest.mark.parametrize(("requested", "meanwhile"), [(9, 5), (3, 3)])
def test_a_change_keeps_what_it_can_meanwhile(requested: int, meanwhile: int) -> None:
    changed = provisioned_concurrency.put(READY, requested=requested, version="1", at=LATER)
    assert changed == replace(READY, requested=requested, status=Status.IN_PROGRESS, allocated=meanwhile, last_modified=LATER)


def test_another_try_forgets_why_the_last_one_failed() -> None:
    assert provisioned_concurrency.put(FAILED, requested=5, version="1", at=AT) == NEW


def test_a_moved_allocation_stays_with_the_old_version_until_the_new_one_has_its_own() -> None:
    moving = provisioned_concurrency.move(READY)
    assert moving == replace(READY, status=Status.IN_PROGRESS)
    assert provisioned_concurrency.succeed(moving, "2") == replace(READY, version="2")
