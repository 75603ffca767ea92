"""Invocations and cold starts leave nothing behind but what a fake records."""

from __future__ import annotations

import gc
import linecache
import sys
import tracemalloc
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from fakelambda import FakeLambda

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest
    from conftest import Deploy, Invoke

FILES = {
    "app.py": "import json, shop.orders\nclass Settings: pass\ndef handler(event, context):\n    import late\n    return shop.orders.total(event)\n",
    "late.py": "",
    "shop/__init__.py": "",
    "shop/orders.py": "import dataclasses\n@dataclasses.dataclass\nclass Order:\n    n: int = 1\ndef total(event): return [Order().n] * 10\n",
}


def grown(times: int, what: Callable[[], Any]) -> float:
    """Bytes that each repetition leaves behind, in the best of three rounds: tables of the interpreter grow now and then."""
    what()
    tracemalloc.start()
    try:
        sizes = [_size()]
        for _ in range(3):
            for _ in range(times):
                what()
            sizes.append(_size())
    finally:
        tracemalloc.stop()
    return min(after - before for before, after in pairwise(sizes)) / times


def _size() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def caches_of_the_process() -> tuple[Any, ...]:
    return set(sys.modules), set(linecache.cache), set(sys.path_importer_cache), [*sys.path]


def test_warm_invocations_leave_nothing(deploy: Deploy, invoke: Invoke) -> None:
    environment = deploy(FILES)
    invoke(environment)
    before = caches_of_the_process()
    assert grown(200, lambda: invoke(environment)) < 10
    assert caches_of_the_process() == before


def test_cold_starts_leave_nothing(deploy: Deploy, invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    environment = deploy(FILES)

    def cold_start() -> None:
        assert invoke(environment).cold_start
        environment.discard()

    cold_start()
    before = caches_of_the_process()
    assert grown(20, cold_start) < 100
    assert caches_of_the_process() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_a_fake_keeps_its_records_until_it_is_reset() -> None:
    def call(times: int) -> None:
        for _ in range(times):
            client.invoke(FunctionName="orders", Payload=b"{}")

    with FakeLambda() as fake:
        client = fake.client()
        fake.add_function("orders", lambda event, context: event)
        assert grown(100, lambda: call(1)) < 2_500

        def call_and_reset() -> None:
            call(20)
            fake.reset()
            fake.add_function("orders", lambda event, context: event)

        assert grown(5, call_and_reset) < 5_000  # where the records of its calls take 20 000
