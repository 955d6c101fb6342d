from __future__ import annotations

import json
from contextlib import nullcontext
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from knox.models import AuthToken

from project.accounts import make_owner, new_login_path, take_link

pytestmark = pytest.mark.django_db


@pytest.fixture
def person():
    return get_user_model().objects.create_user("maria")


def test_a_link_logs_in_once(client, person):
    path = new_login_path(person)

    for _ in range(3):  # whoever only looks (a chat program, say) does not use it up
        page = client.get(path)
        assert page.status_code == 200
        assert "Log in as maria" in page.content.decode()
        assert "_auth_user_id" not in client.session
    first = client.post(path)
    assert first.status_code == 302
    assert client.session["_auth_user_id"] == str(person.pk)

    client.logout()
    assert client.get(path).status_code == client.post(path).status_code == 410
    assert "_auth_user_id" not in client.session


def test_of_two_links_made_together_the_second_dies_with_the_first(client, person):
    one, two = new_login_path(person), new_login_path(person)

    client.post(one)

    assert client.post(two).status_code == 410


def test_a_link_dies_with_a_new_password_and_after_three_days(client, person, monkeypatch):
    path = new_login_path(person)
    person.set_password("a long enough phrase")
    person.save()
    assert client.post(path).status_code == 410

    path = new_login_path(person)
    later = timezone.now().replace(tzinfo=None) + timedelta(days=4)
    monkeypatch.setattr("project.accounts.LoginTokens._now", lambda self: later)
    assert client.post(path).status_code == 410


@pytest.mark.parametrize("uid", ["x", "", "MQ=", "%00", "OTk5OTk5OTk5OTk5"])
def test_a_made_up_link_is_refused(client, person, uid):
    assert take_link(uid, "abc-def") is None


def test_a_link_of_somebody_else_does_not_fit(person):
    other = get_user_model().objects.create_user("lena")
    token = new_login_path(person).rstrip("/").split("/")[-1]
    uid = new_login_path(other).rstrip("/").split("/")[-2]

    assert take_link(uid, token) is None


def test_an_account_that_was_closed_gets_no_login(client, person):
    path = new_login_path(person)
    get_user_model().objects.update(is_active=False)

    assert client.post(path).status_code == 410


def test_a_look_ahead_by_head_does_not_use_up_the_link(client, person):
    path = new_login_path(person)

    assert client.head(path).status_code == 405
    assert client.post(path).status_code == 302


def test_the_button_cannot_be_pressed_from_another_site(person):
    assert Client(enforce_csrf_checks=True).post(new_login_path(person)).status_code == 403


def test_the_owner_is_made_once_and_without_a_password(settings):
    settings.CYTOLOOP_OWNER = "chief"

    owner, again = make_owner(), make_owner()

    assert owner == again
    assert owner.username == "chief"
    assert owner.is_superuser
    assert not owner.has_usable_password()
    assert get_user_model().objects.count() == 1


def test_nobody_can_sign_up(client):
    client.post("/accounts/signup/", {"username": "x", "password1": "pw", "password2": "pw"})

    assert not get_user_model().objects.exists()


@pytest.fixture
def the_test_database(monkeypatch):
    monkeypatch.setattr("project.headless.own_workers", lambda queues: nullcontext())


def test_the_command_prints_a_link_that_works(client, person, capsys, the_test_database):
    call_command("login_link", "maria")

    assert client.post(capsys.readouterr().out.strip()).status_code == 302


def test_a_token_is_valid_for_a_year_or_as_long_as_asked(client, person, capsys, the_test_database):
    call_command("api_token", "maria")
    said = capsys.readouterr()
    call_command("api_token", "maria", "--days", "2", "--json")
    made = json.loads(capsys.readouterr().out)

    days = [
        round((row.expiry - row.created).total_seconds() / 86400)
        for row in AuthToken.objects.order_by("expiry")
    ]
    assert days == [2, 365]
    assert said.err.startswith("Valid until 2")
    for token in (said.out.strip(), made["token"]):
        answer = client.get("/api/v1/projects/", headers={"Authorization": f"Token {token}"})
        assert answer.status_code == 200


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["login_link", "nobody"], "There is no account named nobody."),
        (["api_token", "nobody"], "There is no account named nobody."),
        (["api_token", "maria", "--days", "0"], "A token is valid for 1 to 36500 days."),
    ],
)
def test_a_mistake_is_one_sentence(person, capsys, the_test_database, command, sentence):
    with pytest.raises(SystemExit) as ended:
        call_command(*command)

    assert ended.value.code == 1
    assert capsys.readouterr().err == f"{sentence}\n"
