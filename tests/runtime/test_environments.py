from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest

from fakelambda.runtime.context import LambdaContext
from fakelambda.runtime.environment import Deployment, ExecutionEnvironment
from fakelambda.runtime.environments import Environments

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def pool() -> Iterator[Environments]:
    pool = Environments()
    yield pool
    pool.close()


def make() -> ExecutionEnvironment:
    return ExecutionEnvironment(Deployment(function_name="orders", code=lambda event, context: event))


def warmed(environment: ExecutionEnvironment) -> ExecutionEnvironment:
    environment.invoke(b"1", LambdaContext())
    return environment


def test_a_warm_environment_is_used_again(pool: Environments) -> None:
    environment = warmed(pool.acquire("orders", make))
    pool.release(environment)
    assert pool.acquire("orders", make) is environment
    assert pool.acquire("other", make) is not environment


def test_a_concurrent_invocation_gets_one_of_its_own_and_the_last_one_back_is_the_first_one_out(pool: Environments) -> None:
    first, second = (warmed(pool.acquire("orders", make)) for _ in range(2))
    assert first is not second
    pool.release(second)
    pool.release(first)
    assert [pool.acquire("orders", make), pool.acquire("orders", make)] == [first, second]


def test_a_cold_environment_is_not_kept(pool: Environments) -> None:
    environment = pool.acquire("orders", make)
    pool.release(environment)
    assert pool.acquire("orders", make) is not environment


WAYS: list[Any] = [("orders", 1), lambda key: key[0] == "orders"]


@pytest.mark.parametrize("which", WAYS, ids=["by key", "by predicate"])
def test_discarding_reaches_idle_and_busy_ones_of_that_key_only(pool: Environments, which: Any) -> None:
    idle, busy, other, odd = (warmed(pool.acquire(key, make)) for key in (("orders", 1), ("orders", 1), ("other", 1), ("x", 1)))
    for environment in (idle, other, odd):
        pool.release(environment)
    pool.discard(which)
    assert (idle.warm, busy.warm, other.warm) == (False, True, True)
    assert busy.invoke(b"1", LambdaContext()).result == 1
    pool.release(busy)
    assert busy.warm is False
    assert pool.acquire(("other", 1), make) is other
    assert pool.acquire(("orders", 1), make) not in {idle, busy}


def test_an_environment_made_while_its_key_is_discarded_serves_once(pool: Environments) -> None:
    def late() -> ExecutionEnvironment:
        pool.discard("orders")
        return make()

    environment = warmed(pool.acquire("orders", late))
    pool.release(environment)
    assert environment.warm is False


def test_closing_throws_all_away(pool: Environments) -> None:
    idle, busy = (warmed(pool.acquire("orders", make)) for _ in range(2))
    pool.release(idle)
    pool.close()
    pool.release(busy)
    assert (idle.warm, busy.warm) == (False, False)


def test_threads_never_share_an_environment(pool: Environments) -> None:
    inside: set[ExecutionEnvironment] = set()
    barrier = Barrier(8)

    def use() -> int:
        barrier.wait()
        for _ in range(200):
            environment = warmed(pool.acquire("orders", make))
            assert environment not in inside
            inside.add(environment)
            inside.remove(environment)
            pool.release(environment)
        return 200

    with ThreadPoolExecutor(8) as threads:
        assert sum(future.result() for future in [threads.submit(use) for _ in range(8)]) == 1600
