"""What marts were last computed with, beside data: noted as hashes in ``core.model_input``."""

import hashlib
import json

from psycopg2.extensions import cursor


def has_changed(cur: cursor, name: str, value: object) -> bool:
    """Whether an input differs from the one noted last; notes it."""
    digest = hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()
    cur.execute(
        """
        insert into core.model_input (name, input_hash) values (%s, %s)
        on conflict (name) do update set input_hash = excluded.input_hash
        where core.model_input.input_hash is distinct from excluded.input_hash
        """,
        (name, digest),
    )
    return cur.rowcount > 0
