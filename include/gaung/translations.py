"""Glosses of Indonesian posts as a side file of translations; they come in by the door of every file.

The file holds masked text only, so it may be read and corrected by people before it is ingested.
"""

import csv
import logging
from contextlib import closing
from pathlib import Path

from gaung.warehouse.connect import connect

log = logging.getLogger(__name__)

COLUMNS = ("platform", "post_id", "part", "text", "lang", "method")
CHUNK = 5_000

_OPEN = """
select p.platform, p.post_id, m.text_masked
from core.post as p
inner join core.text_language as l on p.text_hash = l.text_hash
inner join core.active_engine as al on al.task = 'language' and al.engine_version = l.engine_version
inner join core.text_masked as m on p.text_hash = m.text_hash
inner join core.active_engine as am on am.task = 'mask' and am.engine_version = m.mask_version
left join core.post_text_part as t
    on p.platform = t.platform and p.post_id = t.post_id and t.part = 'translation'
where
    not p.is_deleted
    and l.lang = 'id'
    and (t.post_id is null or (%(again)s and t.method = %(method)s))
order by p.platform, p.post_id
"""


def write_glosses(path: Path, *, again: bool = False) -> tuple[int, int]:
    """How many glosses a side file now holds, and how many posts have too few known words for one.

    Posts in Indonesian without a translation are glossed; with ``again`` also those whose translation
    is a gloss. A translation from elsewhere is never replaced.
    """
    from gaung.text import gloss
    from gaung.text.batch import as_batch

    written = left_out = 0
    with (
        closing(connect("transformer", application_name="gaung gloss")) as session,
        session.cursor(name="gloss") as cur,
        path.open("w", encoding="utf-8", newline="") as file,
    ):
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(COLUMNS)
        cur.itersize = CHUNK
        cur.execute(_OPEN, {"again": again, "method": gloss.METHOD})
        while rows := cur.fetchmany(CHUNK):
            texts = gloss.make(as_batch([text for *_, text in rows])).column("gloss").to_pylist()
            for (platform, post_id, _), text in zip(rows, texts, strict=True):
                if text is None:
                    left_out += 1
                else:
                    lines.writerow((platform, post_id, "translation", text, "en", gloss.METHOD))
                    written += 1
    log.info("%s glosses written, %s posts with too few known words", written, left_out)
    return written, left_out
