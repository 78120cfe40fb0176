"""The schema: every type put together, and the contract it prints."""

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from schema.account_mutations import AccountMutations
from schema.arrange_mutations import ArrangementMutations, MovementMutations
from schema.board_mutations import BoardMutations
from schema.changing_mutations import ChangingMutations
from schema.comment_mutations import CommentMutations
from schema.content_mutations import ContentMutations
from schema.duplicate_mutations import DuplicateMutations
from schema.group_mutations import GroupMutations
from schema.image_mutations import ImageMutations
from schema.item_mutations import ItemMutations
from schema.items import ITEM_TYPES
from schema.job_mutations import JobMutations
from schema.library_mutations import LibraryMutations
from schema.mailbox_mutations import MailboxMutations
from schema.page_mutations import PageMutations
from schema.preferences import PreferenceMutations
from schema.presence import PresenceMutations
from schema.queries import Query
from schema.saved_searches import SavedSearchMutations
from schema.scalars import SCALARS
from schema.subscriptions import Subscription
from schema.web_pictures import WebMutations


@strawberry.type(
    description="What can be done. Each takes one `input` and answers one payload; a refusal is an error "
    "with a stable `extensions.code`, and then nothing was changed."
)
class Mutation(
    AccountMutations,
    MailboxMutations,
    BoardMutations,
    ItemMutations,
    ContentMutations,
    ChangingMutations,
    GroupMutations,
    MovementMutations,
    ArrangementMutations,
    CommentMutations,
    ImageMutations,
    DuplicateMutations,
    JobMutations,
    LibraryMutations,
    PageMutations,
    SavedSearchMutations,
    PreferenceMutations,
    PresenceMutations,
    WebMutations,
):
    pass


class _Schema(strawberry.Schema):
    """Strawberry's own reporting is silenced: schema/errors.py alone decides what is said and logged."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        pass


schema = _Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=ITEM_TYPES,
    config=StrawberryConfig(scalar_map=SCALARS),
)

GRAPH = schema._schema  # the same schema as graphql-core runs it


def printed_schema() -> str:
    """The contract in the definition language: always the same text for the same schema."""
    return schema.as_str().rstrip() + "\n"
