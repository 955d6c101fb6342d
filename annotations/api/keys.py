"""The keys of the editor, over REST: each person's own, the same in all projects."""

from __future__ import annotations

import re
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotations.actions.keys import keep_keys
from annotations.queries.keys import keys_of

MAX_KEYS = 200  # more than an editor has
ID = re.compile(r"[a-z][a-z0-9-]{0,63}")
NAMED = (
    *("arrowdown", "arrowleft", "arrowright", "arrowup", "backspace", "delete", "end", "enter"),
    *("escape", "home", "insert", "pagedown", "pageup", "space", "tab"),
    *(f"f{n}" for n in range(1, 13)),
)
MODIFIERS = re.compile(r"(ctrl\+)?(shift\+)?")


class KeyField(serializers.CharField):
    """The name of a key press, or nothing."""

    default_error_messages = {
        "no_key": (
            "{given} is no key. Write ctrl+ and shift+ in front of a sign as it is printed, in "
            "lower case, or of one of: {named}; or nothing at all for no key."
        )
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_blank=True, trim_whitespace=False, **options)

    def to_internal_value(self, data: Any) -> str:
        name = str(super().to_internal_value(data))
        if name and not is_key(name):
            self.fail("no_key", given=repr(name[:40]), named=", ".join(NAMED))
        return name


def is_key(name: str) -> bool:
    """Say whether a name is that of a key press."""
    key = MODIFIERS.sub("", name, count=1)
    is_sign = len(key) == 1 and key.isprintable() and not key.isspace() and key == key.lower()
    return is_sign or key in NAMED


class KeysJson(serializers.Serializer[Any]):
    keys = serializers.DictField(
        child=KeyField(),
        help_text=(
            "What differs from the editor's own keys, by what the key does: `ctrl+` and `shift+` "
            "in front of a sign or a name such as `pagedown`; empty for no key."
        ),
    )

    def validate_keys(self, keys: dict[str, str]) -> dict[str, str]:
        if len(keys) > MAX_KEYS:
            raise serializers.ValidationError(f"At most {MAX_KEYS} keys can be kept.")
        for name in keys:
            if not ID.fullmatch(name):
                raise serializers.ValidationError(
                    f"{name[:70]!r} names nothing that a key does: use at most 64 small letters, "
                    "digits and hyphens, a letter first."
                )
        return keys


class OwnKeys(APIView):
    @extend_schema(responses=KeysJson, summary="Which keys of the editor you have chosen")
    def get(self, request: Request) -> Response:
        return Response(KeysJson({"keys": keys_of(request.user)}).data)

    @extend_schema(
        request=KeysJson, responses=KeysJson, summary="Keep your keys in the place of all before"
    )
    def put(self, request: Request) -> Response:
        given = KeysJson(data=request.data)
        given.is_valid(raise_exception=True)
        keep_keys(user=request.user, keys=given.validated_data["keys"])
        return self.get(request)

    @extend_schema(responses={204: None}, summary="Go back to the editor's own keys")
    def delete(self, request: Request) -> Response:
        keep_keys(user=request.user, keys={})
        return Response(status=204)
