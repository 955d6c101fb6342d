from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.utils import timezone

from project.accounts import make_owner, new_login_path, take_link

pytestmark = pytest.mark.django_db


@pytest.fixture
def person():
    return get_user_model().objects.create_user("maria")


def test_a_link_logs_in_once(client, person):
    path = new_login_path(person)

    first = client.get(path)
    assert first.status_code == 302
    assert client.session["_auth_user_id"] == str(person.pk)

    client.logout()
    assert client.get(path).status_code == 410
    assert "_auth_user_id" not in client.session


def test_of_two_links_made_together_the_second_dies_with_the_first(client, person):
    one, two = new_login_path(person), new_login_path(person)

    client.get(one)

    assert client.get(two).status_code == 410


def test_a_link_dies_with_a_new_password_and_after_three_days(client, person, monkeypatch):
    path = new_login_path(person)
    person.set_password("a long enough phrase")
    person.save()
    assert client.get(path).status_code == 410

    path = new_login_path(person)
    later = timezone.now().replace(tzinfo=None) + timedelta(days=4)
    monkeypatch.setattr("project.accounts.LoginTokens._now", lambda self: later)
    assert client.get(path).status_code == 410


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

    assert client.get(path).status_code == 410


def test_a_look_ahead_by_head_does_not_use_up_the_link(client, person):
    path = new_login_path(person)

    assert client.head(path).status_code == 405
    assert client.get(path).status_code == 302


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


def test_the_command_prints_a_link_that_works(client, person, capsys):
    call_command("login_link", "maria")

    assert client.get(capsys.readouterr().out.strip()).status_code == 302
    with pytest.raises(CommandError, match="no account named nobody"):
        call_command("login_link", "nobody")
