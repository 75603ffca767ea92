"""Tracing headers: what is read of them, and what an invocation makes of the one that its request brought along."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakelambda.domain import xray
from fakelambda.domain.xray import Trace

ROOT, PARENT = "1-5759e988-bd862e3fe1be46a994272793", "53995c3f42cd8ad8"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"
OTHER = "arn:aws:lambda:us-east-1:123456789012:function:bills"
REQUEST: dict[str, Any] = {"request_id": "0a1b2c3d-4e5f-4a6b-8c7d-8e9fa0b1c2d3", "sent_at": datetime(2026, 3, 1, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("header", "trace"),
    [
        (f"Root={ROOT};Parent={PARENT};Sampled=1", Trace(root=ROOT, parent=PARENT, sampled=True)),
        (f"Sampled=0; Root={ROOT}", Trace(root=ROOT, sampled=False)),
        (f"Root={ROOT};Sampled=?", Trace(root=ROOT)),
        (f"Self=1-67891234-12456789abcdef012345678;Root={ROOT};CalledFrom=app", Trace(root=ROOT)),
        (f"Root={ROOT};Lineage=1:a87bd80c:0", Trace(root=ROOT, lineage={"a87bd80c": 0})),
        (f"Root={ROOT};Lineage=25:a87bd80c:1|68fd508a:5", Trace(root=ROOT, lineage={"a87bd80c": 1, "68fd508a": 5})),
        ("Lineage=a87bd80c:1|68fd508a:5", Trace(lineage={"a87bd80c": 1, "68fd508a": 5})),
        ("Lineage=1:a87bd80c:1%7C68fd508a:5", Trace(lineage={"a87bd80c": 1, "68fd508a": 5})),
        ("Lineage=1:a87bd80c:x|:|7", Trace()),
        ("Root=1-0-0;Parent=x;Sampled=yes", Trace()),
        ("Root", Trace()),
        (";;=;", Trace()),
        ("", Trace()),
    ],
)
def test_what_a_header_says(header: str, trace: Trace) -> None:
    assert xray.parsed(header) == trace


TRACES = st.builds(
    Trace,
    root=st.none() | st.from_regex(r"1-[0-9a-f]{8}-[0-9a-f]{24}", fullmatch=True),
    parent=st.none() | st.from_regex(r"[0-9a-f]{16}", fullmatch=True),
    sampled=st.none() | st.booleans(),
    lineage=st.dictionaries(st.from_regex(r"[0-9a-f]{8}", fullmatch=True), st.integers(0, 99)),
)


@given(TRACES)
def test_a_header_says_all_of_a_trace(trace: Trace) -> None:
    assert xray.parsed(trace.header()) == trace


@given(st.text())
def test_no_header_is_refused(header: str) -> None:
    xray.parsed(header)


@pytest.mark.parametrize(
    ("upstream", "mode", "sampled"),
    [
        (None, "PassThrough", False),
        (None, "Active", True),
        (None, None, False),
        (Trace(), "PassThrough", False),
        (Trace(), "Active", True),
        (Trace(sampled=True), "PassThrough", True),
        (Trace(sampled=True), "Active", True),
        (Trace(sampled=False), "PassThrough", False),
        (Trace(sampled=False), "Active", False),
    ],
)
def test_lambda_decides_only_where_it_is_asked_to_and_nobody_has(upstream: Trace | None, mode: str | None, *, sampled: bool) -> None:
    config = None if mode is None else {"Mode": mode}
    assert xray.continued(upstream, function_arn=ARN, **REQUEST, tracing_config=config).sampled == sampled


def test_a_trace_that_comes_along_goes_on_under_a_new_parent() -> None:
    begun = xray.continued(None, function_arn=ARN, **REQUEST, tracing_config=None)
    assert begun.root == "1-69a38180-0a1b2c3d4e5f4a6b8c7d8e9f"
    on = xray.continued(Trace(root=ROOT, parent=PARENT), function_arn=ARN, **REQUEST, tracing_config=None)
    assert (on.root, on.parent) == (ROOT, begun.parent)


def test_a_lineage_counts_the_passes_of_each_function() -> None:
    trace: Trace | None = None
    for arn in (ARN, OTHER, ARN, ARN):
        trace = xray.continued(trace, function_arn=arn, **REQUEST, tracing_config=None)
    assert trace is not None
    assert (trace.passes(ARN), trace.passes(OTHER), trace.passes(f"{ARN}2")) == (3, 1, 0)
    assert list(trace.lineage.values()) == [2, 0]  # as AWS writes it: how often before


@pytest.mark.parametrize(
    ("records", "trace"),
    [
        ([], None),
        ([{"body": "no attributes"}, {"attributes": {"SentTimestamp": "1"}}, {"attributes": None}], None),
        ([{"attributes": {"AWSTraceHeader": f"Root={ROOT};Sampled=1"}}], None),
        ([{"attributes": {"AWSTraceHeader": f"Root={ROOT};Sampled=1;Lineage=1:a87bd80c:3"}}], Trace(lineage={"a87bd80c": 3})),
        ([{"Attributes": {"AWSTraceHeader": "Lineage=1:a87bd80c:3"}}], Trace(lineage={"a87bd80c": 3})),
        (
            [
                {"attributes": {"AWSTraceHeader": f"Lineage=1:{lineage}"}}
                for lineage in ("a87bd80c:3", "a87bd80c:9|68fd508a:0", "a87bd80c:5")
            ],
            Trace(lineage={"a87bd80c": 9, "68fd508a": 0}),
        ),
    ],
)
def test_the_records_of_a_queue_bring_their_lineage_along(records: list[dict[str, Any]], trace: Trace | None) -> None:
    assert xray.of_records(records) == trace
