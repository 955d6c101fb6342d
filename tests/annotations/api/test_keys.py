"""A person's own keys of the editor."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.api.keys import MAX_KEYS, is_key
from annotations.models import KeyBindings

JSON = {"content_type": "application/json"}
ADDRESS = "/api/v1/me/keys/"


@pytest.fixture
def client(as_person, annotator):
    return as_person(annotator)


def put(client, keys):
    return client.put(ADDRESS, {"keys": keys}, **JSON)


def kept(client):
    return client.get(ADDRESS).json()["keys"]


@pytest.mark.django_db
def test_without_a_choice_no_key_differs(client):
    assert client.get(ADDRESS).json() == {"keys": {}}


@pytest.mark.django_db
def test_keys_come_back_as_they_were_kept_and_the_newest_stay(client):
    put(client, {"brush": "p", "merge": "m"})
    keys = {"brush": "ctrl+shift+pagedown", "merge": "", "zoom-in": "ß", "hide-labels": "space"}
    answer = put(client, keys)

    assert (answer.status_code, answer.json()) == (200, {"keys": keys})
    assert kept(client) == keys
    assert KeyBindings.objects.count() == 1


@pytest.mark.django_db
def test_keys_are_of_one_person(as_person, people, client):
    put(client, {"brush": "p"})
    other = as_person(people["stranger"])

    assert kept(other) == {}
    assert put(other, {"brush": "q"}).status_code == 200
    assert kept(client) == {"brush": "p"}


@pytest.mark.django_db
@pytest.mark.parametrize("forget", [lambda c: c.delete(ADDRESS), lambda c: put(c, {})])
def test_who_goes_back_to_the_editors_own_keys_keeps_no_row(client, forget):
    put(client, {"brush": "p"})
    assert forget(client).status_code in (200, 204)
    assert kept(client) == {}
    assert not KeyBindings.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"brush": "P"}, "'P' is no key"),
        ({"brush": " "}, "no key"),
        ({"brush": "shift+ctrl+p"}, "no key"),
        ({"brush": "ctrl+"}, "no key"),
        ({"brush": "alt+p"}, "no key"),
        ({"brush": "ab"}, "no key"),
        ({"brush": "\u0000"}, "no key"),
        ({"brush": "\u200b"}, "no key"),
        ({"brush": "x" * 10_000}, "no key"),
        ({"brush": None}, "null"),
        ({"brush": ["p"]}, "string"),
        ({"": "p"}, "names nothing"),
        ({"Brush": "p"}, "names nothing"),
        ({"b" * 65: "p"}, "names nothing"),
        ({"a b": "p"}, "names nothing"),
        ({f"n{n}": "p" for n in range(MAX_KEYS + 1)}, "At most 200"),
        (["p"], "dictionary"),
        (None, "null"),
    ],
)
def test_what_is_no_key_is_refused_with_a_sentence_and_nothing_is_kept(client, bad, said):
    answer = put(client, bad)

    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_input"
    assert said in str(answer.json()["data"]["fields"]["keys"])
    assert not KeyBindings.objects.exists()


@pytest.mark.django_db
def test_as_many_keys_as_allowed_are_kept(client):
    keys = {f"n{n}": "" for n in range(MAX_KEYS)}
    assert put(client, keys).status_code == 200
    assert kept(client) == keys


@given(st.characters(), st.booleans(), st.booleans())
def test_any_sign_that_can_be_seen_is_a_key_in_lower_case(sign, has_control, has_shift):
    name = "ctrl+" * has_control + "shift+" * has_shift + sign
    is_seen = sign.isprintable() and sign != " "
    assert is_key(name) == (is_seen and sign == sign.lower())
