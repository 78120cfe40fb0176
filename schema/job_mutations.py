"""Mutations of background work."""

from typing import Annotated

import strawberry
from strawberry import UNSET, field

from domain import job_commands
from schema.arguments import INPUT, MUTATION_ID, mutation_id_of, uuids_of
from schema.context import Info
from schema.fields import resolved
from schema.jobs import Job, job_of


@strawberry.input(description="Which jobs are tried again.")
class RetryJobsInput:
    ids: list[strawberry.ID] = field(description="Ids of jobs that are DEAD or CANCELLED, 1 to 500.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="Which jobs are stopped.")
class CancelJobsInput:
    ids: list[strawberry.ID] = field(description="Ids of jobs that are QUEUED or RUNNING, 1 to 500.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.type(description="Jobs are tried again.")
class RetryJobsPayload:
    jobs: list[Job] = field(description="They, in the order of their ids.")


@strawberry.type(description="Jobs were stopped.")
class CancelJobsPayload:
    jobs: list[Job] = field(
        description="They, in the order of their ids; what was over already is as it was."
    )


@strawberry.type
class JobMutations:
    @resolved(description="Gives dead and cancelled jobs new attempts. For the server's owner.")
    async def retry_jobs(self, info: Info, input: Annotated[RetryJobsInput, INPUT]) -> RetryJobsPayload:
        rows = await job_commands.retry_jobs(
            info.context.require_viewer(),
            uuids_of(input.ids),
            mutation_id=mutation_id_of(input),
        )
        return RetryJobsPayload(jobs=[job_of(row) for row in rows])

    @resolved(
        description="Stops jobs that wait or run; what they made is kept, and `retryJobs` begins anew. For "
        "the server's owner."
    )
    async def cancel_jobs(self, info: Info, input: Annotated[CancelJobsInput, INPUT]) -> CancelJobsPayload:
        rows = await job_commands.cancel_jobs(
            info.context.require_viewer(),
            uuids_of(input.ids),
            mutation_id=mutation_id_of(input),
        )
        return CancelJobsPayload(jobs=[job_of(row) for row in rows])
