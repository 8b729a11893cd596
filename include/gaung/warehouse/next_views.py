"""``marts__next``: a view per mart of what readers would see if the candidate were published."""

from psycopg2 import sql
from psycopg2.extensions import cursor

from gaung.warehouse import live_tables
from gaung.warehouse.marts import Mart
from gaung.warehouse.partitions import KINDS, WHOLE


def ensure(cur: cursor, marts: tuple[Mart, ...]) -> None:
    """Create the views anew over the present candidate and live tables."""
    for mart in marts:
        view = sql.Identifier("marts__next", mart.name)
        cur.execute(sql.SQL("drop view if exists {}").format(view))
        cur.execute(sql.SQL("create view {} as {}").format(view, _definition(cur, mart)))


def _definition(cur: cursor, mart: Mart) -> sql.Composable:
    candidate = sql.SQL("select {} from {}").format(
        sql.SQL(", ").join(map(sql.Identifier, mart.column_names)),
        sql.Identifier("marts__build", mart.name),
    )
    present = live_tables.columns(cur, "marts", mart.name)
    if not present or mart.kind == WHOLE:
        return candidate
    wanted = live_tables.columns(cur, "marts__build", mart.name)
    columns = [
        sql.SQL("{}::{}").format(
            sql.Identifier("l", name) if name in present else sql.SQL("null"),
            sql.SQL(wanted[name].data_type),
        )
        for name in mart.column_names
    ]
    clean = sql.SQL(
        "select {columns} from {live} as l where not exists (select from {dirty} as d where {on})"
    ).format(
        columns=sql.SQL(", ").join(columns),
        live=sql.Identifier("marts", mart.name),
        dirty=sql.Identifier("core", f"dirty__{mart.kind}"),
        on=sql.SQL(" and ").join(
            sql.SQL("{} = {}").format(sql.Identifier("l", column), sql.Identifier("d", name))
            for column, name in zip(mart.key_columns, KINDS[mart.kind], strict=True)
        ),
    )
    return sql.SQL("{} union all {}").format(candidate, clean)
