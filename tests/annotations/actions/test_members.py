from __future__ import annotations

import threading

import pytest
from django.contrib.auth import get_user_model
from django.db import connection

from annotations.actions.members import (
    AccountInUse,
    AlreadyMember,
    BadUserName,
    LastOwner,
    NoSuchRole,
    add_member,
    change_role,
    remove_member,
    renew_login_link,
)
from annotations.models import AuditEntry, LabelLayer, Membership, Role
from project.errors import NotAllowed, NotFound
from tests.factories import LayerFactory, MembershipFactory, UserFactory
from tests.people import make_person


def membership(project, user):
    return Membership.objects.get(project=project, user=user)


def verbs(project):
    return list(AuditEntry.objects.filter(project=project).values_list("verb", flat=True))


def test_a_new_name_becomes_an_account_without_a_password_and_a_link(owner, project, client):
    invited = add_member(
        user=owner, project=project, username="mei", role="reviewer", full_name="Mei Tan Li"
    )

    person = get_user_model().objects.get(username="mei")
    assert not person.has_usable_password()
    assert (person.first_name, person.last_name) == ("Mei", "Tan Li")
    assert membership(project, person).role == Role.REVIEWER
    assert client.post(invited.login_path).status_code == 302
    assert client.session["_auth_user_id"] == str(person.pk)


def test_the_link_works_once_and_leads_to_a_password(owner, project, client):
    invited = add_member(user=owner, project=project, username="mei", role="viewer")

    first = client.post(invited.login_path)

    assert first.url == "/accounts/password/set/"
    assert client.get(first.url).status_code == 200
    assert client.post(invited.login_path).status_code == 410


def test_an_account_that_exists_is_added_without_a_link(owner, project, stranger):
    invited = add_member(user=owner, project=project, username="stranger", role="annotator")

    assert invited.login_path == ""
    assert membership(project, stranger).role == Role.ANNOTATOR


def test_letter_case_does_not_make_a_second_account(owner, project, stranger):
    add_member(user=owner, project=project, username="Stranger", role="annotator")

    assert get_user_model().objects.filter(username__iexact="stranger").count() == 1


def test_nobody_is_added_twice(owner, project, annotator):
    with pytest.raises(AlreadyMember):
        add_member(user=owner, project=project, username="annotator", role="owner")

    assert membership(project, annotator).role == Role.ANNOTATOR


@pytest.mark.parametrize("name", ["", "two words", "slash/ed", "x" * 151, "new\nline"])
def test_a_bad_user_name_makes_no_account(owner, project, name):
    before = get_user_model().objects.count()

    with pytest.raises(BadUserName):
        add_member(user=owner, project=project, username=name, role="viewer")

    assert get_user_model().objects.count() == before


def test_an_unknown_role_makes_no_account(owner, project):
    with pytest.raises(NoSuchRole):
        add_member(user=owner, project=project, username="mei", role="king")

    assert not get_user_model().objects.filter(username="mei").exists()


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.ANNOTATOR, Role.VIEWER])
def test_only_an_owner_changes_who_belongs(project, owner, role):
    person = make_person("someone", project, role)
    own = membership(project, person)

    with pytest.raises(NotAllowed):
        add_member(user=person, project=project, username="mei", role="owner")
    with pytest.raises(NotAllowed):
        change_role(user=person, project=project, member_id=own.pk, role="owner")
    with pytest.raises(NotAllowed):
        remove_member(user=person, project=project, member_id=own.pk)
    with pytest.raises(NotAllowed):
        renew_login_link(user=person, project=project, member_id=own.pk)

    assert verbs(project) == []


def test_a_stranger_learns_nothing(stranger, project, annotator):
    with pytest.raises(NotFound):
        add_member(user=stranger, project=project, username="mei", role="viewer")


def test_a_member_of_another_project_cannot_be_touched(owner, project, stranger):
    elsewhere = Membership.objects.get(user=stranger)

    with pytest.raises(NotFound):
        change_role(user=owner, project=project, member_id=elsewhere.pk, role="viewer")
    with pytest.raises(NotFound):
        remove_member(user=owner, project=project, member_id=elsewhere.pk)


def test_a_role_is_changed_and_written_down(owner, project, viewer):
    change_role(
        user=owner, project=project, member_id=membership(project, viewer).pk, role="reviewer"
    )

    assert membership(project, viewer).role == Role.REVIEWER
    entry = AuditEntry.objects.get(project=project)
    assert (entry.verb, entry.data) == ("change_role", {"before": "viewer", "after": "reviewer"})


def test_the_last_owner_stays(owner, project):
    own = membership(project, owner)

    with pytest.raises(LastOwner):
        change_role(user=owner, project=project, member_id=own.pk, role="viewer")
    with pytest.raises(LastOwner):
        remove_member(user=owner, project=project, member_id=own.pk)

    assert membership(project, owner).role == Role.OWNER


def test_an_owner_may_go_when_another_stays(owner, project):
    MembershipFactory(project=project, role=Role.OWNER)

    remove_member(user=owner, project=project, member_id=membership(project, owner).pk)

    assert not Membership.objects.filter(project=project, user=owner).exists()


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_remove_each_other_leave_one(owner, project):
    other = make_person("other", project, Role.OWNER)
    start = threading.Barrier(2)

    def remove(who, whom):
        try:
            start.wait(5)
            remove_member(user=who, project=project, member_id=whom)
        except (LastOwner, NotAllowed, NotFound):
            pass
        finally:
            connection.close()

    ids = {user: membership(project, user).pk for user in (owner, other)}
    threads = [
        threading.Thread(target=remove, args=(owner, ids[other])),
        threading.Thread(target=remove, args=(other, ids[owner])),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert Membership.objects.filter(project=project, role=Role.OWNER).count() == 1


def test_what_a_removed_person_painted_stays(owner, project, annotator):
    LayerFactory(image__project=project)

    remove_member(user=owner, project=project, member_id=membership(project, annotator).pk)

    assert LabelLayer.objects.count() == 1
    assert verbs(project) == ["remove_member"]


def test_a_new_link_replaces_a_lost_one(owner, project, client):
    invited = add_member(user=owner, project=project, username="mei", role="viewer")

    again = renew_login_link(user=owner, project=project, member_id=invited.membership.pk)

    assert client.post(again.login_path).status_code == 302


def test_no_link_for_an_account_that_somebody_uses(owner, project, annotator):
    annotator.set_password("a long enough pass phrase")
    annotator.save()

    with pytest.raises(AccountInUse):
        renew_login_link(user=owner, project=project, member_id=membership(project, annotator).pk)


def test_no_link_for_an_account_that_another_project_knows(owner, project):
    shared = UserFactory()
    shared.set_unusable_password()
    shared.save()
    MembershipFactory(user=shared)
    here = MembershipFactory(user=shared, project=project)

    with pytest.raises(AccountInUse):
        renew_login_link(user=owner, project=project, member_id=here.pk)


def test_no_link_for_the_administrator_of_the_site(owner, project):
    admin = UserFactory(is_staff=True, is_superuser=True)
    admin.set_unusable_password()
    admin.save()
    here = MembershipFactory(user=admin, project=project)

    with pytest.raises(AccountInUse):
        renew_login_link(user=owner, project=project, member_id=here.pk)
