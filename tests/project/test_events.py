from __future__ import annotations

import asyncio
import json

import pytest
from django.db import connection, transaction

from project import events
from project.errors import NotFound
from project.events import encode, hub, publish, stream

pytestmark = pytest.mark.django_db(transaction=True)


async def in_thread(function, *given):
    def call():
        try:
            return function(*given)
        finally:
            connection.close()

    return await asyncio.get_running_loop().run_in_executor(None, call)


async def soon(awaitable):
    return await asyncio.wait_for(awaitable, 60)


def test_news_reaches_those_who_watch_the_channel_and_nobody_else():
    async def scenario():
        async with (
            hub.subscribe("project:1", "run:1") as ours,
            hub.subscribe("project:2") as others,
        ):
            await in_thread(publish, "project:1", {"n": 1})
            await in_thread(publish, "run:1", {"n": 2})
            await in_thread(publish, "project:2", {"n": 3})
            heard = [await soon(anext(ours)), await soon(anext(ours))]
            return heard, await soon(anext(others))

    assert asyncio.run(scenario()) == ([{"n": 1}, {"n": 2}], {"n": 3})


def test_news_of_a_change_that_was_rolled_back_is_never_told():
    def change_and_fail():
        with transaction.atomic():
            publish("project:1", {"n": "undone"})
            transaction.set_rollback(True)

    async def scenario():
        async with hub.subscribe("project:1") as news:
            await in_thread(change_and_fail)
            await in_thread(publish, "project:1", {"n": "done"})
            return await soon(anext(news))

    assert asyncio.run(scenario()) == {"n": "done"}


def test_too_large_an_event_is_refused_where_it_is_made():
    with pytest.raises(ValueError, match="larger than 7900 bytes"):
        publish("project:1", {"text": "ä" * 7900})


def test_a_slow_reader_is_told_to_read_everything_again(monkeypatch):
    monkeypatch.setattr(events, "BACKLOG", 3)

    async def scenario():
        async with hub.subscribe("project:1") as slow, hub.subscribe("end") as end:
            for n in range(10):
                await in_thread(publish, "project:1", {"n": n})
            await in_thread(publish, "end", {})
            await soon(anext(end))
            return [await soon(anext(slow))]

    assert asyncio.run(scenario()) == [{"type": "resync"}]


def test_one_slow_reader_costs_the_others_nothing(monkeypatch):
    monkeypatch.setattr(events, "BACKLOG", 3)

    async def scenario():
        ours = events.Hub()
        ours._listener = asyncio.get_running_loop().create_task(asyncio.sleep(60))
        ours._listening.set()
        async with ours.subscribe("project:1"), ours.subscribe("project:1") as quick:
            heard = []
            for n in range(10):
                ours._tell(["project:1"], {"n": n})
                heard.append(await soon(anext(quick)))
            return heard

    # A set keeps no order: whoever is told first must not spoil it for who comes after.
    for _ in range(5):
        assert asyncio.run(scenario()) == [{"n": n} for n in range(10)]


def test_who_joins_just_when_the_last_reader_leaves_hears_everything():
    async def scenario():
        async with hub.subscribe("project:1"):
            pass
        async with hub.subscribe("project:1") as news:
            await in_thread(publish, "project:1", {"n": 1})
            return await soon(anext(news))

    assert asyncio.run(scenario()) == {"n": 1}


def test_after_a_lost_connection_everybody_reads_again_and_hears_on():
    def cut():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'cytoloop events' AND datname = current_database()"
            )

    async def scenario():
        async with hub.subscribe("project:1") as news:
            await in_thread(cut)
            first = await soon(anext(news))
            await in_thread(publish, "project:1", {"n": 1})
            return [first, await soon(anext(news))]

    assert asyncio.run(scenario()) == [{"type": "resync"}, {"n": 1}]


def test_a_stream_sends_what_is_known_then_what_happens(rf):
    async def scenario():
        answer = stream(
            rf.get("/"),
            ["layer:1"],
            first=lambda: [{"type": "op", "seq": 4}],
            expand=lambda event: [{"type": "op", "seq": n} for n in event["seqs"]],
        )
        assert answer["X-Accel-Buffering"] == "no"
        body = aiter(answer)
        lines = [await soon(anext(body)), await soon(anext(body))]
        await in_thread(publish, "layer:1", {"seqs": [5, 6]})
        lines += [await soon(anext(body)), await soon(anext(body))]
        await body.aclose()
        return lines

    opened, *rest = asyncio.run(scenario())

    assert opened.startswith(b":")
    assert rest == [encode({"type": "op", "seq": n}) for n in (4, 5, 6)]


def test_a_silent_stream_is_kept_alive(rf, monkeypatch):
    monkeypatch.setattr(events, "KEEP_ALIVE_S", 0.05)

    async def scenario():
        body = aiter(stream(rf.get("/"), ["layer:1"]))
        return [await soon(anext(body)) for _ in range(3)]

    assert asyncio.run(scenario())[1:] == [b": alive\n\n"] * 2


def test_a_stream_ends_for_a_reader_who_may_no_longer_hear_it(rf, monkeypatch):
    monkeypatch.setattr(events, "RIGHTS_S", 0)
    allowed = [True, False]

    def check():
        if not allowed.pop(0):
            raise NotFound("You are not a member any more.")

    async def scenario():
        body = aiter(stream(rf.get("/"), ["layer:1"], check=check))
        heard = [await soon(anext(body))]
        for n in range(2):
            await in_thread(publish, "layer:1", {"n": n})
        return heard + [part async for part in body]

    assert asyncio.run(scenario()) == [b": open\n\n", encode({"n": 0})]


def test_a_silent_stream_ends_too_for_who_may_no_longer_hear_it(rf, monkeypatch):
    monkeypatch.setattr(events, "RIGHTS_S", 0)
    monkeypatch.setattr(events, "KEEP_ALIVE_S", 0.05)
    allowed = [True, False]

    def check():
        if not allowed.pop(0):
            raise NotFound("You are not a member any more.")

    async def scenario():
        return [part async for part in stream(rf.get("/"), ["layer:1"], check=check)]

    assert asyncio.run(scenario()) == [b": open\n\n", b": alive\n\n"]


def test_what_is_known_is_made_ready_in_parts(rf):
    made = []

    def first():
        for n in range(1000):
            made.append(n)
            yield {"n": n}

    async def scenario():
        body = aiter(stream(rf.get("/"), ["layer:1"], first=first))
        await soon(anext(body))
        await soon(anext(body))
        n_made = len(made)
        rest = [await soon(anext(body)) for _ in range(999)]
        await body.aclose()
        return n_made, rest[-1]

    assert asyncio.run(scenario()) == (events.PART, encode({"n": 999}))


def test_a_failing_expansion_of_news_ends_the_stream_quietly(rf):
    def expand(event):
        raise NotFound("There is no such layer, or you may not see it.")

    async def scenario():
        body = aiter(stream(rf.get("/"), ["layer:1"], expand=expand))
        await soon(anext(body))
        await in_thread(publish, "layer:1", {"n": 1})
        return [part async for part in body]

    assert asyncio.run(scenario()) == []


def test_an_event_is_written_as_the_format_wants_it():
    text = encode({"type": "op", "seq": 7, "text": "a\nb"}).decode()

    assert text.startswith("id: 7\nevent: op\ndata: ")
    assert text.endswith("\n\n")
    assert json.loads(text.split("data: ")[1]) == {"type": "op", "seq": 7, "text": "a\nb"}
