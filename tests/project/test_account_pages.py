from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.test import RequestFactory
from django.views.defaults import server_error

from project.accounts import new_login_path
from tests.people import client_of, make_person

pytestmark = pytest.mark.django_db
PHRASE = "tall trees by the lake"


@pytest.fixture
def mei():
    person = make_person("mei")
    person.set_password(PHRASE)
    person.save()
    return person


def test_a_person_logs_in_with_user_name_and_password(client, mei):
    answer = client.post("/accounts/login/", {"login": "mei", "password": PHRASE})

    assert (answer.status_code, answer.url) == (302, "/")


def test_a_wrong_password_is_said_once_and_the_name_kept(client, mei):
    text = client.post(
        "/accounts/login/", {"login": "mei", "password": "something else"}
    ).content.decode()

    assert 'role="alert"' in text
    assert 'value="mei"' in text
    assert "something else" not in text


def test_login_goes_on_to_where_one_wanted(client, mei):
    page = client.get("/accounts/login/?next=/projects/").content.decode()

    assert '<input type="hidden" name="next" value="/projects/">' in page


def test_too_many_wrong_passwords_close_the_door_for_a_while(client, mei, settings):
    settings.AXES_FAILURE_LIMIT = 3

    for _ in range(3):
        answer = client.post("/accounts/login/", {"login": "mei", "password": "wrong"})

    assert answer.status_code == 429
    assert "Too many attempts" in answer.content.decode()
    assert client.post("/accounts/login/", {"login": "mei", "password": PHRASE}).status_code == 429


def test_there_is_no_sign_up(client):
    answer = client.post(
        "/accounts/signup/", {"username": "eve", "password1": PHRASE, "password2": PHRASE}
    )

    assert "Accounts are made by project owners" in answer.content.decode()
    assert not get_user_model().objects.filter(username="eve").exists()


@pytest.mark.parametrize("path", ["password/reset/", "email/", "confirm-email/x/"])
def test_nothing_that_needs_e_mail_is_offered(client, path):
    assert client.get(f"/accounts/{path}").status_code == 404


def test_the_welcome_page_sets_a_password_that_works(client):
    person = make_person("newcomer")
    person.set_unusable_password()
    person.save()

    welcome = client.post(new_login_path(person), follow=True)
    assert "Welcome, newcomer" in welcome.content.decode()

    client.post("/accounts/password/set/", {"password1": PHRASE, "password2": PHRASE})
    client.post("/accounts/logout/")
    answer = client.post("/accounts/login/", {"login": "newcomer", "password": PHRASE})
    assert answer.status_code == 302


def test_a_used_link_says_whom_to_ask(client, mei):
    path = new_login_path(mei)
    client.post(path)

    answer = client.get(path)

    assert answer.status_code == 410
    assert "for a new one" in answer.content.decode()


def test_a_password_is_changed_by_someone_who_knows_the_old_one(mei):
    client = client_of(mei)
    fresh = "tall trees by the sea"

    client.post(
        "/accounts/password/change/",
        {"oldpassword": PHRASE, "password1": fresh, "password2": fresh},
    )

    mei.refresh_from_db()
    assert mei.check_password(fresh)


def test_the_page_of_a_crash_needs_nobody_logged_in_and_no_database(
    django_assert_num_queries,
):
    with django_assert_num_queries(0):
        answer = server_error(RequestFactory().get("/"))

    assert answer.status_code == 500
    assert b"Something broke on our side" in answer.content


def test_an_address_that_does_not_exist_is_a_page_with_a_way_out(client):
    answer = client.get("/nowhere/")

    assert answer.status_code == 404
    assert b"Go to your projects" in answer.content
