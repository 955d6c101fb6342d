"""News for open pages: NOTIFY in the transaction, one LISTEN per process, server-sent events."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from asgiref.sync import sync_to_async
from django.db import connection
from django.http import HttpRequest, StreamingHttpResponse

from project.errors import PlatformError
from project.postgres import connection_parameters

logger = logging.getLogger(__name__)

PG_CHANNEL = "cytoloop"  # one for all: every process hears everything and picks
MAX_PAYLOAD_BYTES = 7900  # PostgreSQL refuses 8000
KEEP_ALIVE_S = 15  # proxies drop connections that stay silent for 30 to 60 s
# How long a stream goes on for someone who was taken out: asking at every event would cost each
# of hundreds of readers a query for each stroke of others.
RIGHTS_S = 10
BACKLOG = 1000  # news kept for one slow reader; more become one "resync"
PART = 100  # events made ready at once: each may carry a brush stroke
RESYNC = {"type": "resync"}  # news may have been missed: read the state again

Event = dict[str, Any]


def publish(channel: str, data: Event) -> None:
    """Tell everyone who watches the channel, when the current transaction commits."""
    payload = json.dumps({"c": channel, "d": data}, separators=(",", ":"))
    if len(payload.encode()) > MAX_PAYLOAD_BYTES:
        raise ValueError(f"An event on {channel} is larger than {MAX_PAYLOAD_BYTES} bytes.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [PG_CHANNEL, payload])


class Hub:
    """The one listening connection of an event loop and those who wait for its news."""

    def __init__(self) -> None:
        self._readers: defaultdict[str, set[asyncio.Queue[Event]]] = defaultdict(set)
        self._listener: asyncio.Task[None] | None = None
        self._listening = asyncio.Event()

    @contextlib.asynccontextmanager
    async def subscribe(self, *channels: str) -> AsyncIterator[AsyncIterator[Event]]:
        """Yield the news of the channels, from now on."""
        news: asyncio.Queue[Event] = asyncio.Queue(BACKLOG)
        for channel in channels:
            self._readers[channel].add(news)
        if self._listener is None or self._listener.done():
            self._listening.clear()
            self._listener = asyncio.get_running_loop().create_task(self._listen())
        try:
            # What is published after this line is heard; a database that is down must not
            # keep the page from opening: the resync after the reconnect repairs it.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._listening.wait(), timeout=5)
            yield _drain(news)
        finally:
            for channel in channels:
                self._readers[channel].discard(news)
                if not self._readers[channel]:
                    del self._readers[channel]
            if not self._readers and self._listener is not None:
                self._listener.cancel()
                # It ends a little later; a reader who joins before must not rely on it.
                self._listener = None
                self._listening.clear()

    async def _listen(self) -> None:
        """Pass on notifications; after a lost connection reconnect and tell all to resync."""
        pause_s = 0.5
        while True:
            try:
                parameters = connection_parameters("cytoloop events")
                async with await psycopg.AsyncConnection.connect(
                    **parameters, autocommit=True
                ) as listening:
                    await listening.execute(f"LISTEN {PG_CHANNEL}")
                    if pause_s > 0.5:
                        self._tell(list(self._readers), RESYNC)
                    self._listening.set()
                    pause_s = 0.5
                    async for notice in listening.notifies():
                        message = json.loads(notice.payload)
                        self._tell([message["c"]], message["d"])
            except psycopg.Error as error:
                logger.warning("Listening for events failed, trying again: %s", error)
            pause_s = min(pause_s * 2, 8.0)
            await asyncio.sleep(pause_s)

    def _tell(self, channels: Iterable[str], event: Event) -> None:
        for channel in channels:
            for news in tuple(self._readers.get(channel, ())):
                if not news.full():
                    news.put_nowait(event)
                    continue
                while not news.empty():
                    news.get_nowait()
                news.put_nowait(RESYNC)


class Hubs:
    """A hub per running event loop: a server has one, a test run has many."""

    def __init__(self) -> None:
        self._hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()

    def subscribe(
        self, *channels: str
    ) -> contextlib.AbstractAsyncContextManager[AsyncIterator[Event]]:
        """Yield the news of the channels, from now on."""
        loop = asyncio.get_running_loop()
        return self._hubs.setdefault(loop, Hub()).subscribe(*channels)


hub = Hubs()


def stream(
    request: HttpRequest,
    channels: Sequence[str],
    first: Iterable[Event] | Callable[[], Iterable[Event]] = (),
    expand: Callable[[Event], Iterable[Event]] | None = None,
    check: Callable[[], object] | None = None,
) -> StreamingHttpResponse:
    """Answer with server-sent events: `first`, then the news of the channels, until hang-up.

    `first` may be a function: it is called after listening began, so nothing falls between.
    `expand` turns each piece of news into the events to send (none, one or many); both may use
    the database. `check` is asked now and then whether the reader may still hear this; when one of
    the three raises a PlatformError, the stream ends. An event's `type` becomes the line `event:`,
    its `seq`, if any, the line `id:`.
    """
    response = StreamingHttpResponse(
        _body(channels, first, expand, check), content_type="text/event-stream"
    )
    response["Cache-Control"] = "no-cache"
    response["X-Accel-Buffering"] = "no"  # nginx would hold events back
    return response


def encode(event: Event) -> bytes:
    """Write an event as the lines of the text/event-stream format."""
    lines = [f"id: {event['seq']}"] if "seq" in event else []
    lines.append(f"event: {event.get('type', 'message')}")
    lines.append(f"data: {json.dumps(event, separators=(',', ':'))}")
    return ("\n".join(lines) + "\n\n").encode()


async def _body(
    channels: Sequence[str],
    first: Iterable[Event] | Callable[[], Iterable[Event]],
    expand: Callable[[Event], Iterable[Event]] | None,
    check: Callable[[], object] | None,
) -> AsyncIterator[bytes]:
    # An open stream must not keep the view's connection out of the pool for hours.
    await _in_thread(tuple)
    # The page reconnects after the end, and is told then what it may not see any more.
    with contextlib.suppress(PlatformError):
        async for part in _parts(channels, first, expand, check):
            yield part


async def _parts(
    channels: Sequence[str],
    first: Iterable[Event] | Callable[[], Iterable[Event]],
    expand: Callable[[Event], Iterable[Event]] | None,
    check: Callable[[], object] | None,
) -> AsyncIterator[bytes]:
    async with hub.subscribe(*channels) as news:
        yield b": open\n\n"  # headers reach the page at once
        async for event in _in_parts(first if callable(first) else lambda: first):
            yield encode(event)
        waiting: asyncio.Future[Event] | None = None
        checked_at = time.monotonic()
        try:
            while True:
                waiting = waiting or asyncio.ensure_future(_next(news))
                done, _ = await asyncio.wait({waiting}, timeout=KEEP_ALIVE_S)
                if check is not None and time.monotonic() - checked_at >= RIGHTS_S:
                    await _in_thread(_nothing, check)
                    checked_at = time.monotonic()
                if not done:
                    yield b": alive\n\n"
                    continue
                event, waiting = waiting.result(), None
                if expand is None or event is RESYNC:
                    yield encode(event)
                    continue
                async for expanded in _in_parts(partial(expand, event)):
                    yield encode(expanded)
        finally:
            if waiting is not None:
                waiting.cancel()


async def _in_parts(function: Callable[[], Iterable[Event]]) -> AsyncIterator[Event]:
    """Yield what a function of the database yields, without ever holding all of it."""
    iterator: list[Iterator[Event]] = []

    def part() -> Iterable[Event]:
        if not iterator:
            iterator.append(iter(function()))
        return islice(iterator[0], PART)

    while events := await _in_thread(part):
        for event in events:
            yield event


def _nothing(check: Callable[[], object]) -> Iterable[Event]:
    check()
    return ()


def _in_thread(function: Callable[..., Iterable[Event]], *given: Any) -> Awaitable[list[Event]]:
    """Run a function that may use the database, and give its connection back."""

    def call() -> list[Event]:
        try:
            return list(function(*given))
        finally:
            if not connection.in_atomic_block:
                connection.close()

    return sync_to_async(call)()


async def _drain(news: asyncio.Queue[Event]) -> AsyncIterator[Event]:
    while True:
        yield await news.get()


async def _next(news: AsyncIterator[Event]) -> Event:
    return await anext(news)
