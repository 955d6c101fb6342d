"""Doing in this process what waits in the queue."""

from __future__ import annotations

import dramatiq
from dramatiq.brokers.stub import StubBroker


def work_off(most: int = 200) -> list[tuple]:
    """Do all queued tasks as a worker would; return what was done, (task, arguments…)."""
    broker = dramatiq.get_broker()
    assert isinstance(broker, StubBroker)
    done: list[tuple] = []
    while len(done) < most:
        waiting = [name for name, queue in broker.queues.items() if not queue.empty()]
        if not waiting:
            return done
        queue = broker.queues[waiting[0]]
        message = dramatiq.Message.decode(queue.get())
        queue.task_done()
        broker.get_actor(message.actor_name).fn(*message.args)
        done.append((message.actor_name, *message.args))
    raise AssertionError(f"more than {most} tasks: a chain does not end")
