"""no root beside each entry: what it was is in the checkpoints and the tiles, and nobody read it

Revision ID: 0021
Revises: 0020
"""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade():
    op.drop_column("ledger_entry", "root_hash")


def downgrade():
    op.add_column("ledger_entry", sa.Column("root_hash", sa.String(64), nullable=False, server_default=""))
    connection = op.get_bind()
    leaves = connection.execute(sa.text("SELECT position, leaf_hash FROM ledger_entry ORDER BY position")).all()
    roots = [{"position": position, "root": root} for position, root in _roots(leaves)]
    if not roots:
        return
    fill = sa.text("UPDATE ledger_entry SET root_hash = :root WHERE position = :position")
    if connection.dialect.name == "sqlite":
        guard = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = 'ledger_entry_no_update'"
        statement = connection.execute(sa.text(guard)).scalar_one()
        op.execute("DROP TRIGGER ledger_entry_no_update")
        connection.execute(fill, roots)
        op.execute(statement)
    else:
        op.execute("ALTER TABLE ledger_entry DISABLE TRIGGER ledger_entry_no_update")
        connection.execute(fill, roots)
        op.execute("ALTER TABLE ledger_entry ENABLE TRIGGER ledger_entry_no_update")


def _roots(leaves):
    """RFC 9162 §2.1.1: the root after each leaf, from the roots of the perfect trees so far."""
    trees = []
    for position, leaf in leaves:
        node = bytes.fromhex(leaf)
        carried = position
        while carried & 1:
            node = hashlib.sha256(b"\x01" + trees.pop() + node).digest()
            carried >>= 1
        trees.append(node)
        for left in reversed(trees[:-1]):
            node = hashlib.sha256(b"\x01" + left + node).digest()
        yield position, node.hex()
