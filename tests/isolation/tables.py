"""Every table and view, with how it is asked."""

from tests.isolation.internal import Internal, InternalView
from tests.isolation.invitations import Invitations
from tests.isolation.orders import OrderItems, Orders
from tests.isolation.people import Categories, Memberships, Organizations, Products, Profiles
from tests.isolation.probes import Table
from tests.isolation.recommendations import Interactions, Popularity
from tests.isolation.rules import INTERNAL
from tests.isolation.shop import Currencies
from tests.isolation.sources import (
    Buckets,
    Documents,
    Files,
    FileStates,
    FileTexts,
    Jobs,
    Models,
    Passages,
    Shares,
    Staged,
    Vectors,
)

TABLES: dict[str, Table] = {
    "public.profiles": Profiles(),
    "public.organizations": Organizations(),
    "public.memberships": Memberships(),
    "public.currencies": Currencies(),
    "public.categories": Categories(),
    "public.products": Products(),
    "public.documents": Documents(),
    "public.document_shares": Shares(),
    "public.invitations": Invitations(),
    "public.document_files": FileStates(),
    "public.file_texts": FileTexts(),
    "public.chunks": Passages(),
    "public.chunk_embeddings": Vectors(),
    "public.orders": Orders(),
    "public.order_items": OrderItems(),
    "public.interactions": Interactions(),
    "public.product_popularity": Popularity(),
    "private.embedding_models": Models(),
    "private.embedding_jobs": Jobs(),
    "private.staged_embeddings": Staged(),
    **{f"private.{table}": Internal() for table in INTERNAL},
    "private.posted_words": InternalView("posting_id::text"),
    "storage.objects": Files(),
    "storage.buckets": Buckets(),
}
