"""``FakeLambda``: what a test holds, and where the house is put together."""

from __future__ import annotations

import random as chance
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from datetime import timedelta
from types import TracebackType
from typing import Any, Literal, Self, cast

from botocore.client import BaseClient
from botocore.config import Config

from fakelambda import decoration
from fakelambda.aws import clocks, default_session, hook, moto_seams, sessions
from fakelambda.aws.neighbours import Neighbours
from fakelambda.aws.serving import Server
from fakelambda.callers import Callers
from fakelambda.composition import Options, compose, exceptions, variables
from fakelambda.delivering import Delivering
from fakelambda.runtime import process
from fakelambda.snapshots import Snapshot, refuse_within_a_handler

_NO_TIME = timedelta(0)
_MOST_WATCHED = 4  # a test that Hypothesis drives makes thousands; the last are those of the example that failed
_watchers: list[deque[FakeLambda]] = []


class FakeLambda(Delivering, Callers):
    """AWS Lambda inside this process, for as long as it is active.

    While it is active every Lambda call of every botocore client of the process is answered by it, whatever the client's region,
    credentials or endpoint and whenever it was built. Use it as a context manager, as a decorator (fresh state for each call), or with
    ``start`` and ``stop``; nested ones stack, the innermost answers.

    Args:
        region: of clients that ``client`` makes without saying.
        account_id: 12 digits; whose functions are meant where a caller does not say.
        seed: decides ids and routing; the same seed and the same calls give the same answers.
        lifecycle: ``"instant"``: what AWS finishes by itself has happened by the next call; ``"realistic"``: it takes seconds of the
            fake's clock, which waiters move. Or the seconds that some kinds of transition take, of ``"create"``, ``"update"``,
            ``"publish"`` (a version with SnapStart), ``"provision"``, ``"event_source_mapping"``, ``"restore"`` (an Inactive version) and
            ``"idle"`` (how long until a version is that), the others being instant and nothing ever idle: ``{"create": 5}``.
        schedule: ``"automatic"``: what is due has happened when a call returns; ``"manual"``: asynchronous events wait for ``run_due``,
            ``advance`` or ``drain``.
        sleep: ``"virtual"``: ``time.sleep`` in a handler moves the fake's clock; ``"real"``: it sleeps.
        random: draws the routing instead of the seed, such as Hypothesis's ``st.randoms(use_true_random=False)``.
        reraise: an exception class, or several; one that a handler raises fails the test instead of becoming an answer.
        inherit_env: names of environment variables that deployed handlers see besides Lambda's; True for all.

    Raises:
        ValueError: a keyword has a value that it cannot have.

    Example:
        >>> with FakeLambda() as fake:
        ...     fake.add_function("orders", lambda event, context: {"id": event["id"]})
        ...     fake.client().invoke(FunctionName="orders", Payload='{"id": 7}')["Payload"].read()
        'arn:aws:lambda:us-east-1:123456789012:function:orders'
        b'{"id": 7}'
    """

    def __init__(
        self,
        *,
        region: str = "us-east-1",
        account_id: str = "123456789012",
        seed: int = 0,
        lifecycle: Literal["instant", "realistic"] | Mapping[str, float | timedelta] = "instant",
        schedule: Literal["automatic", "manual"] = "automatic",
        sleep: Literal["virtual", "real"] = "virtual",
        random: chance.Random | None = None,
        reraise: type[BaseException] | Iterable[type[BaseException]] = (),
        inherit_env: bool | Iterable[str] = (),
    ) -> None:
        self._options = Options(
            region=region,
            account_id=account_id,
            seed=seed,
            lifecycle=lifecycle,
            schedule=schedule,
            sleep=sleep,
            random=random,
            reraise=exceptions(reraise),
            inherit_env=variables(inherit_env),
        )
        self.region = region
        self.account_id = account_id
        self._neighbours = Neighbours()
        service = compose(self._options, self._neighbours, self._sleep)
        self._server = Server(self, service, region=region, account_id=account_id, automatic=schedule == "automatic")
        self._as_built = Snapshot(self._server)
        self._clients: dict[Any, Any] = {}
        self._started = False

    def _sleep(self, seconds: float) -> None:
        self._server.sleep(seconds)

    # ---- when it answers ----

    def start(self) -> Self:
        """Makes it answer every Lambda call of the process.

        Raises:
            RuntimeError: it is active already.
            RuntimeWarning: of a moto that has changed, where warnings are errors; it is not active then.
        """
        if self._started:
            raise RuntimeError("This FakeLambda is active already; make another one for a nested fake: with FakeLambda() as inner.")
        process.install()
        clocks.install()
        default_session.install()
        try:
            moto_seams.install()
        except Warning:
            _uninstall()
            raise
        hook.enter(self._server)
        self._started = True
        for watcher in _watchers:
            watcher.append(self)
        return self

    def stop(self) -> None:
        """Stops answering; what happened stays to be looked at.

        Raises:
            RuntimeError: it is not active.
        """
        if not self._started:
            raise RuntimeError("This FakeLambda is not active; call start() before stop(), or use it as a context manager.")
        self._started = False
        hook.leave(self._server)
        _uninstall()
        self._service.runner.discard_all()
        self._clients.clear()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if self._started:  # else the block has stopped it, and what ends the block is not to be hidden
            self.stop()

    def __call__(self, target: decoration.Target) -> decoration.Target:
        """Decorates a function, a coroutine function, a method or a ``unittest.TestCase`` class: fresh state for each call or test.

        Raises:
            TypeError: it is something else.
        """
        return decoration.decorated(target, lambda: FakeLambda(**cast("Any", self._options.keywords())))

    def snapshot(self) -> Snapshot:
        """The fake as it is now, for ``restore``; costs the same however much there is.

        Raises:
            RuntimeError: a handler is running.

        Example:
            >>> deployed = fake.snapshot()
            >>> fake.restore(deployed)
        """
        refuse_within_a_handler(self._server, "snapshot()")
        self._service.world.now()  # the delays of what waits are counted from here
        return Snapshot(self._server)

    def restore(self, snapshot: Snapshot) -> None:
        """Makes it what it was: functions, what waits in the schedule, history, bindings, its clock and the seed's streams.

        The next invocations are cold starts. Other services stay as they are, and a clock that freezegun or time-machine holds is not
        turned back: what waits keeps the delay that it had. So does a ``random`` that the test gave.

        Args:
            snapshot: that ``snapshot`` took of this fake; it can be restored any number of times.

        Raises:
            RuntimeError: a handler is running.
            TypeError: it is no snapshot.
            ValueError: the snapshot is another fake's.
        """
        if not isinstance(snapshot, Snapshot):
            raise TypeError(f"restore() takes what snapshot() has returned, not {snapshot!r}.")
        refuse_within_a_handler(self._server, "restore()")
        snapshot.restore(self._server)
        hook.refill()

    def reset(self) -> None:
        """Makes it as if it had just been built: no functions, no history, the seed's streams from the beginning.

        Raises:
            RuntimeError: a handler is running.
        """
        refuse_within_a_handler(self._server, "reset()")
        self._as_built.restore(self._server)
        hook.refill()

    def client(self, region: str | None = None, account_id: str | None = None, config: Config | None = None) -> Any:
        """A real botocore client that needs no credentials, the same one each time for the same arguments.

        It comes from a cache of the process; one on which somebody has registered handlers of events is not given to another fake.

        Args:
            region: the fake's own by default.
            account_id: whose functions it sees, 12 digits; the fake's own by default.
            config: of botocore, such as its retry mode.

        Raises:
            ValueError: it is no account id.
        """
        return sessions.lambda_client(region or self.region, account_id, config, self._clients)

    def async_client(
        self, region: str | None = None, account_id: str | None = None, config: Config | None = None
    ) -> AbstractAsyncContextManager[Any]:
        """A real aiobotocore client that needs no credentials, for `async with`; your code or test has to import aiobotocore or aioboto3.

        Args:
            region, account_id, config: as of `client`.

        Raises:
            RuntimeError: on entry, aiobotocore is not imported.
            ValueError: on entry, it is no account id.

        Example:
            >>> async with fake.async_client() as client:
            ...     answer = await client.invoke(FunctionName="orders")
        """
        return sessions.asynchronous_lambda_client(region or self.region, account_id, config)

    def attach(self, client: BaseClient) -> None:
        """Makes a Lambda client ask the active fake; only needed for one whose class is not botocore's.

        Raises:
            TypeError: it is no Lambda client.
        """
        if getattr(client, "meta", None) is None or client.meta.service_model.service_name != "lambda":
            raise TypeError(f"attach() takes a Lambda client, not {client!r}.")
        hook.hook(client)

    def connect(self, session: Any) -> None:
        """Uses a session for the other services, such as S3 for ``S3Bucket`` and ``S3Key``.

        Args:
            session: a boto3 or botocore session.

        Raises:
            TypeError: it is neither.
        """
        self._neighbours.connect(session)

    # ---- time ----

    def advance(self, duration: float | timedelta) -> None:
        """Moves the clock step by step and runs whatever comes due on the way.

        Args:
            duration: seconds, or a timedelta; not negative.

        Raises:
            TypeError: it is neither.
            ValueError: it is negative, or ends after the year 9999.
        """
        try:
            step = duration if isinstance(duration, timedelta) else timedelta(seconds=duration)
            self._service.world.now() + step
        except TypeError:
            raise TypeError(f"advance({duration!r}): give seconds or a timedelta, such as advance(60).") from None
        except (OverflowError, ValueError):  # endless, not a number
            raise ValueError(f"advance({duration!r}): no clock goes there; dates end with the year 9999.") from None
        if step < _NO_TIME:
            raise ValueError(f"advance({duration!r}): the clock of a FakeLambda only moves forwards.")
        self._server.move(lambda: self._service.schedule.advance(step))

    def run_due(self) -> None:
        """Runs what is due now. What fails keeps nothing else from running: the first error is raised at the end.

        Raises:
            RuntimeError: what runs goes on scheduling more.
        """
        self._server.move(self._service.schedule.run_due)

    def drain(self) -> None:
        """Moves the clock as far as it takes until nothing is pending.

        Raises:
            RuntimeError: what runs goes on scheduling more.
        """
        self._server.move(self._service.schedule.drain)


def _uninstall() -> None:
    """Leaves the process as it was, if this was the last fake."""
    moto_seams.uninstall()
    default_session.uninstall()
    clocks.uninstall()
    process.uninstall()


@contextmanager
def watched() -> Iterator[deque[FakeLambda]]:
    """The last fakes that are started inside, for whoever reports on them."""
    started: deque[FakeLambda] = deque(maxlen=_MOST_WATCHED)
    _watchers.append(started)
    try:
        yield started
    finally:
        _watchers[:] = [watcher for watcher in _watchers if watcher is not started]


def is_watched() -> bool:
    """Whether somebody reports on the fakes that are started now."""
    return bool(_watchers)


def current() -> FakeLambda:
    """The innermost active fake, for tests that a decorator gave one.

    Raises:
        RuntimeError: none is active.
    """
    active = hook.active()
    if active is None:
        raise RuntimeError("No FakeLambda is active; decorate the test with @FakeLambda() or write: with FakeLambda() as fake.")
    owner: FakeLambda = active.owner
    return owner
