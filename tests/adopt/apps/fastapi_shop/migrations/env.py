from alembic import context
from sqlalchemy import create_engine

from app.models import Base
from app.config import Settings

with create_engine(Settings().database_url).connect() as connection:
    # What is Supabase's is mapped, and not Alembic's to change.
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_object=lambda item, name, kind, *_: kind != "table" or not item.info.get("of_supabase"),
    )
    with context.begin_transaction():
        context.run_migrations()
