"""Reviews: a table of the application's own, under row level security from its first moment on."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
OWN = "(author = (select auth.uid()))"


def upgrade():
    op.create_table(
        "reviews",
        sa.Column("id", sa.Uuid, primary_key=True, server_default=sa.text("gen_random_uuid()")),
        sa.Column("product", sa.Uuid, sa.ForeignKey("public.products.id", ondelete="cascade"), nullable=False),
        sa.Column("author", sa.Uuid, nullable=False, index=True, server_default=sa.text("auth.uid()")),
        sa.Column("stars", sa.SmallInteger, sa.CheckConstraint("stars between 1 and 5"), nullable=False),
        sa.Column("text", sa.Text, nullable=False, server_default=""),
        sa.Column("is_public", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.UniqueConstraint("product", "author"),
    )
    op.execute("alter table reviews enable row level security, force row level security")
    op.execute("revoke all on reviews from public, anon, authenticated")
    op.execute("grant select on reviews to anon")
    op.execute("grant select, insert, update, delete on reviews to authenticated")
    for name, rest in (
        ("visitors read public reviews", "for select to anon using (is_public)"),
        ("people read public reviews and their own", f"for select to authenticated using (is_public or {OWN})"),
        ("people write their own reviews", f"for insert to authenticated with check {OWN}"),
        ("people change their own reviews", f"for update to authenticated using {OWN} with check {OWN}"),
        ("people delete their own reviews", f"for delete to authenticated using {OWN}"),
    ):
        op.execute(f'create policy "{name}" on reviews {rest}')


def downgrade():
    op.drop_table("reviews")
