"""What the pages of one project share."""

from __future__ import annotations

import uuid
from typing import Any

from annotations.models import Membership, Project, Role
from annotations.rules import includes
from project.errors import NotFound
from project.pages import PageView


class ProjectPageView(PageView):
    """A page of one project: strangers get the same answer as for a wrong address."""

    tab = ""

    def membership(self, project_id: uuid.UUID) -> Membership:
        """Return the visitor's membership; raises NotFound for a stranger."""
        found = (
            Membership.objects.select_related("project")
            .filter(project=project_id, user=self.request.user.pk)
            .first()
        )
        if found is None:
            raise NotFound("There is no such project, or you are not a member of it.")
        return found

    def frame(self, membership: Membership) -> dict[str, Any]:
        """Return what the header and the tabs show."""
        project: Project = membership.project
        return {
            "project": project,
            "role": Role(membership.role),
            "tab": self.tab,
            "may_annotate": includes(membership.role, Role.ANNOTATOR),
            "may_review": includes(membership.role, Role.REVIEWER),
            "may_own": includes(membership.role, Role.OWNER),
        }
