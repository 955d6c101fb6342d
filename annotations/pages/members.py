"""The people of a project, and the forms by which its owners change them."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from annotations.actions.members import (
    Invitation,
    add_member,
    change_role,
    remove_member,
    renew_login_link,
)
from annotations.models import Membership, Project, Role
from annotations.pages.base import ProjectPageView
from annotations.queries.contributions import Contribution, contributions, people_of
from annotations.queries.members import members
from project.errors import Conflict, InvalidInput
from project.people import display_name

ROLE_NOTES = {
    Role.OWNER: "everything, also people and settings",
    Role.REVIEWER: "annotate, review others' work, train models",
    Role.ANNOTATOR: "upload, paint, correct, declare regions",
    Role.VIEWER: "look only",
}


class PeoplePage(ProjectPageView):
    """Members with their roles; owners can change them here."""

    template_name = "annotations/people.html"
    tab = "people"

    def context(self, project_id: uuid.UUID, **kwargs: Any) -> dict[str, Any]:
        """Return the members and what the roles mean."""
        membership = self.membership(project_id)
        people = list(members(membership.project))
        did = contributions(membership.project)
        for person in people:
            person.may_get_link = is_fresh(person)  # type: ignore[attr-defined]
            person.did = did.get(person.user_id, Contribution())  # type: ignore[attr-defined]
        gone = people_of(did, but=[person.user_id for person in people])
        return {
            **self.frame(membership),
            "people": people,
            "former": [(person, did[person.pk]) for person in gone],
            "deleted": did.get(None),
            "own_membership": membership,
            "roles": [(role, role.label, note) for role, note in ROLE_NOTES.items()],
        }

    def shown(self, request: HttpRequest, project_id: uuid.UUID, **more: Any) -> HttpResponse:
        """Render the page as the answer to a form."""
        status = more.pop("status", 200)
        context = {**self.context(project_id=project_id), **more}
        return render(request, self.template_name, context, status=status)


def is_fresh(membership: Membership) -> bool:
    """Tell from the row alone whether a new link may be worth offering."""
    person = membership.user
    return person.last_login is None and not person.has_usable_password()


class MemberForm(PeoplePage):
    """A POST of the people page: does one thing, then shows the page again."""

    http_method_names = ("post", "options")

    def project(self, project_id: uuid.UUID) -> Project:
        """Return the project; the action checks the role."""
        return self.membership(project_id).project

    def post(self, request: HttpRequest, project_id: uuid.UUID, **kwargs: Any) -> HttpResponse:
        """Do it; a sentence tells how it ended."""
        try:
            sentence = self.act(self.project(project_id), **kwargs)
        except (InvalidInput, Conflict) as error:
            messages.error(request, error.message)
        else:
            messages.success(request, sentence)
        return redirect("people", project_id=project_id)

    def act(self, project: Project, **kwargs: Any) -> str:
        """Do the one thing and return what to say."""
        raise NotImplementedError

    def with_link(self, project: Project, invitation: Invitation) -> HttpResponse:
        """Show the page with a one-time link, which is stored nowhere and shown only now."""
        return self.shown(
            self.request,
            project.pk,
            invited=invitation.membership.user,
            login_url=self.request.build_absolute_uri(invitation.login_path),
        )


class MemberAdd(MemberForm):
    """Add a member, with a new account if need be."""

    def post(self, request: HttpRequest, project_id: uuid.UUID, **kwargs: Any) -> HttpResponse:
        """Add; a mistake keeps what was typed."""
        project = self.project(project_id)
        typed = {name: request.POST.get(name, "") for name in ("username", "full_name", "role")}
        try:
            invitation = add_member(user=request.user, project=project, **typed)
        except (InvalidInput, Conflict) as error:
            return self.shown(
                request, project_id, typed=typed, add_error=error.message, status=error.http_status
            )
        if invitation.login_path:
            return self.with_link(project, invitation)
        messages.success(request, f"{typed['username']} is now a member.")
        return redirect("people", project_id=project_id)


class MemberRole(MemberForm):
    """Change a member's role."""

    def act(self, project: Project, **kwargs: Any) -> str:
        """Change it."""
        role = self.request.POST.get("role", "")
        changed = change_role(user=self.request.user, project=project, role=role, **kwargs)
        return f"{display_name(changed.user)} is now {Role(changed.role).label.lower()}."


class MemberRemove(MemberForm):
    """Remove a member."""

    def post(self, request: HttpRequest, project_id: uuid.UUID, **kwargs: Any) -> HttpResponse:
        """Remove; a person who removed themselves goes home."""
        answer = super().post(request, project_id, **kwargs)
        still = Membership.objects.filter(project=project_id, user=request.user.pk).exists()
        return answer if still else redirect("home")

    def act(self, project: Project, **kwargs: Any) -> str:
        """Remove them."""
        remove_member(user=self.request.user, project=project, **kwargs)
        return "Removed from the project. What they painted stays."


class MemberLink(MemberForm):
    """Make a new one-time link for an account that nobody has used."""

    def post(self, request: HttpRequest, project_id: uuid.UUID, **kwargs: Any) -> HttpResponse:
        """Make the link and show it."""
        project = self.project(project_id)
        try:
            invitation = renew_login_link(user=request.user, project=project, **kwargs)
        except Conflict as error:
            messages.error(request, error.message)
            return redirect("people", project_id=project_id)
        return self.with_link(project, invitation)
