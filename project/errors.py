"""Errors that a person is meant to read: a code, an HTTP status and one sentence."""

from __future__ import annotations

from typing import Any, ClassVar


class PlatformError(Exception):
    """An expected failure: the message says what happened and what to do."""

    code: ClassVar[str] = "platform_error"
    http_status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, **data: Any) -> None:
        super().__init__(message)
        self.message = message
        self.data = data


class InvalidInput(PlatformError):
    """What was sent cannot be used."""

    code = "invalid_input"
    http_status = 400


class NotAllowed(PlatformError):
    """The person lacks the right on this object."""

    code = "not_allowed"
    http_status = 403


class NotFound(PlatformError):
    """No such object, or none that this person may see."""

    code = "not_found"
    http_status = 404


class Conflict(PlatformError):
    """The object is not in a state that allows this."""

    code = "conflict"
    http_status = 409


class NotReady(PlatformError):
    """Something must be done first."""

    code = "not_ready"
    http_status = 422


class Unavailable(PlatformError):
    """A part of the platform is down; the same call may succeed later."""

    code = "unavailable"
    http_status = 503
    retryable = True


class StorageUnavailable(Unavailable):
    """The data directory cannot be read or written."""

    code = "storage_unavailable"


class StorageFull(Unavailable):
    """There is no room left in the data directory."""

    code = "storage_full"
    http_status = 507


class QueueUnavailable(Unavailable):
    """The broker cannot be reached."""

    code = "queue_unavailable"


class JobError(PlatformError):
    """An expected end of a job, shown on its row and never an HTTP answer."""

    code = "job_error"
    blame: ClassVar[str] = "platform"


class DataProblem(JobError):
    """The job cannot work with what it was given; a person can mend it."""

    code = "data_problem"
    blame = "user"


class ResourceProblem(JobError):
    """The machine had too little of something, or lost the worker."""

    code = "resource_problem"
    retryable = True


class OutOfMemory(ResourceProblem):
    """The child ran out of memory."""

    code = "out_of_memory"


class DiskFull(ResourceProblem):
    """There was no room left for what had to be written."""

    code = "disk_full"


class WorkerLost(ResourceProblem):
    """The worker or its child vanished and no attempt is left."""

    code = "worker_lost"


class CheckpointCorrupt(JobError):
    """A stored checkpoint does not match its digest or cannot be read."""

    code = "checkpoint_corrupt"


class Cancelled(JobError):
    """A person asked the job to stop."""

    code = "cancelled"
    blame = "user"
