"""What those who watch a layer are told, when the current transaction commits."""

from __future__ import annotations

import uuid

from project import events


def layer_channel(layer_id: uuid.UUID) -> str:
    """Return the channel of a layer's news."""
    return f"layer:{layer_id}"


def tell_ops(layer_id: uuid.UUID, seq: int) -> None:
    """Tell that the layer has ops up to a place in its order."""
    event = {"type": "ops", "layer": str(layer_id), "seq": seq}
    events.publish(layer_channel(layer_id), event)


def tell_instances(layer_id: uuid.UUID, *, watchers_of: uuid.UUID | None = None) -> None:
    """Tell that states or classes of a layer's instances changed.

    Those who watch `watchers_of` are told in the place of those who watch the layer itself.
    """
    event = {"type": "instances", "layer": str(layer_id)}
    events.publish(layer_channel(watchers_of or layer_id), event)
