"""Telling the others on a layer where a person is; nothing of it is stored."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from typing import Any

from annotations.actions.layer_news import layer_channel
from annotations.queries.labels import find_layer
from project import events
from project.errors import InvalidInput
from project.people import display_name

MAX_NAME = 150  # characters; an event must fit into a notification


@dataclass(frozen=True, slots=True)
class Presence:
    """Where one editor tab is: plane, what of it is on screen, and what is being done."""

    t: int = 0
    z: int = 0
    box: tuple[int, int, int, int] | None = None  # row0, col0, row1, col1; None for unknown
    selected: int = 0  # instance of the annotation layer; 0 for none
    is_painting: bool = False
    hello: bool = False  # has just come, and asks who else is here
    gone: bool = False  # leaves


def announce(*, user: Any, layer_id: uuid.UUID, session: uuid.UUID, presence: Presence) -> None:
    """Pass on to everybody who watches the layer where a person's editor is.

    Who the person is comes from the server, never from the sender.

    Raises NotFound, NotAllowed, and InvalidInput for a place that the image does not have.
    """
    layer = find_layer(user, layer_id)
    image = layer.image
    if presence.t >= image.n_t or presence.z >= image.n_z:
        raise InvalidInput("The plane is not one of the image's.")
    row0, col0, row1, col1 = presence.box or (0, 0, 1, 1)
    is_inside = 0 <= row0 < row1 <= (image.height or 0) and 0 <= col0 < col1 <= (image.width or 0)
    if presence.box is not None and not is_inside:
        raise InvalidInput("The box must lie on the image and not be empty.")
    event = {
        "type": "presence",
        "session": str(session),
        "user": user.pk,
        "name": display_name(user)[:MAX_NAME],
        **asdict(presence),
    }
    events.publish(layer_channel(layer.pk), event)
