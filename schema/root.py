"""The schema: every type put together, and the contract it prints."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from schema.account_mutations import AccountMutations
from schema.board_mutations import BoardMutations
from schema.image_mutations import ImageMutations
from schema.item_mutations import ItemMutations
from schema.items import ImageItem, NoteItem
from schema.queries import Query
from schema.scalars import SCALARS
from schema.subscriptions import Subscription


@strawberry.type(
    description="What can be done. Each takes one `input` and answers one payload; a refusal is an error with a "
    "stable `extensions.code`, and then nothing was changed."
)
class Mutation(AccountMutations, BoardMutations, ItemMutations, ImageMutations):
    pass


schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[ImageItem, NoteItem],
    config=StrawberryConfig(scalar_map=SCALARS),
)
