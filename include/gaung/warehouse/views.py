"""The views in ``marts`` over ``ops``: their SQL and what readers are told about each column.

``trust_badge`` says how far the published tables can be trusted now; its ages are computed when it
is read. ``reconciliation`` ties each mart's totals to the same totals counted from ``raw``.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class ViewColumn:
    """One column of a view, described in both languages."""

    name: str
    description: str
    description_id: str

    @property
    def comment(self) -> str:
        """The column's comment in the database."""
        return f"{self.description} ID: {self.description_id}"


@dataclass(frozen=True)
class View:
    """One published view."""

    name: str
    sql: str
    description: str
    description_id: str
    columns: tuple[ViewColumn, ...]

    @property
    def comment(self) -> str:
        """The view's comment in the database."""
        return f"{self.description} ID: {self.description_id}"


_TRUST_BADGE_SQL = """
with live as (
    select
        l.version,
        l.is_held,
        l.hold_reason,
        p.published_at,
        coalesce(r.build_id, p.build_id) as build_id,
        coalesce(r.accepted, p.accepted) as accepted
    from ops.live as l
    left join ops.publication as p on l.version = p.version
    left join ops.publication as r on p.restores_version = r.version
),

last_build as (
    select
        b.build_id,
        b.status,
        b.started_at,
        b.ended_at,
        case
            when b.status in ('running', 'judged') then 'stage ' || b.stage
            else b.error_message
        end as message
    from ops.build as b
    order by b.build_id desc
    limit 1
),

failed_now as (
    select array_agg(g.suite || '.' || g.expectation_id order by g.suite, g.expectation_id) as names
    from ops.gate_result as g
    inner join last_build as b on g.build_id = b.build_id
    where g.severity = 'critical' and g.status <> 'passed' and g.accepted_reason is null
),

gate as (
    select
        g.status,
        g.evaluated_count,
        g.ended_at,
        (
            select array_agg(w.suite || '.' || w.expectation_id order by w.suite, w.expectation_id)
            from ops.gate_result as w
            where w.build_id = g.build_id and w.severity <> 'critical' and w.status <> 'passed'
        ) as warnings
    from ops.gate_run as g
    inner join live as l on g.build_id = l.build_id
),

consumed as (
    select distinct bb.batch_id
    from ops.build_batch as bb
    inner join ops.build as b on bb.build_id = b.build_id
    where b.status = 'published'
),

batches as (
    select
        sum(b.record_count) filter (where c.batch_id is not null) as record_count,
        count(*) filter (where c.batch_id is null) as waiting_count
    from ops.batch as b
    left join consumed as c on b.batch_id = c.batch_id
),

first_loads as (
    select distinct on (o.batch_id)
        o.batch_id,
        o.quarantined_count,
        o.received_count
    from ops.outcome as o
    inner join consumed as c on o.batch_id = c.batch_id
    where o.step = 'load' and o.status = 'succeeded'
    order by o.batch_id asc, o.outcome_id asc
),

loads as (
    select
        sum(quarantined_count) as quarantined_count,
        sum(received_count - quarantined_count) as usable_count
    from first_loads
),

failed_loads as (
    select count(*) as failed_count from ops.unresolved_failure
),

amounts as (
    select
        coalesce(sum(total) filter (where mart = 'fct_post' and measure = 'rows'), 0) as post_count,
        sum(total) filter (where mart = 'fct_post' and measure = 'unmatched_posts') as unmatched_count,
        coalesce(sum(total) filter (where measure = 'synthetic_rows'), 0) > 0 as has_synthetic,
        array_agg(mart order by mart) filter (where measure = 'rows' and total = 0) as empty_marts,
        coalesce(sum(total) filter (where measure = 'rows'), 0) as row_count
    from ops.mart_total
),

engines as (
    select string_agg(task || ' ' || engine_version, ', ' order by task) as names
    from core.active_engine
),

facts as (
    select
        l.version,
        l.published_at,
        round(extract(epoch from clock_timestamp() - l.published_at) / 60, 1) as minutes_since_published,
        l.is_held,
        l.hold_reason,
        b.build_id as last_build_id,
        b.status as last_build_status,
        coalesce(b.ended_at, b.started_at) as last_build_at,
        round(
            extract(epoch from clock_timestamp() - coalesce(b.ended_at, b.started_at)) / 60, 1
        ) as minutes_since_last_build,
        b.message as last_build_message,
        coalesce(f.names, '{}'::text[]) as failed_expectations,
        g.status as gate_status,
        g.evaluated_count as expectation_count,
        g.ended_at as gate_run_at,
        coalesce(g.warnings, '{}'::text[]) as warning_expectations,
        array(
            select (a ->> 'suite') || '.' || (a ->> 'expectation') || ': ' || (a ->> 'reason')
            from jsonb_array_elements(l.accepted) as a
        ) as accepted_expectations,
        round(100 * o.usable_count / nullif(t.record_count, 0), 2) as collection_coverage_pct,
        coalesce(o.quarantined_count, 0)::bigint as quarantined_count,
        x.failed_count as failed_load_count,
        coalesce(t.waiting_count, 0) as waiting_batch_count,
        a.post_count::bigint as post_count,
        a.unmatched_count::bigint as unmatched_post_count,
        coalesce(a.empty_marts, '{}'::text[]) as empty_marts,
        a.has_synthetic as has_synthetic_data,
        e.names as engine_version,
        a.row_count
    from live as l
    cross join batches as t
    cross join loads as o
    cross join failed_loads as x
    cross join amounts as a
    cross join engines as e
    cross join failed_now as f
    left join last_build as b on true
    left join gate as g on true
),

reasons as (
    select
        f.*,
        array_remove(
            array[
                case when f.is_held then 'publishing is held' end,
                case when f.last_build_status in ('blocked', 'failed', 'abandoned')
                    then 'the last build was ' || f.last_build_status end,
                case when f.failed_load_count > 0
                    then f.failed_load_count || ' files or batches could not be loaded' end,
                case when f.collection_coverage_pct is null then 'coverage unknown' end,
                case when f.collection_coverage_pct < 80
                    then 'only ' || f.collection_coverage_pct || ' % of the records could be used' end,
                case when cardinality(f.accepted_expectations) > 0
                    then cardinality(f.accepted_expectations) || ' failed checks were accepted' end,
                case when cardinality(f.warning_expectations) > 0
                    then cardinality(f.warning_expectations) || ' checks warn' end
            ],
            null
        ) as reasons_en,
        array_remove(
            array[
                case when f.is_held then 'penerbitan sedang ditahan' end,
                case f.last_build_status
                    when 'blocked' then 'pembaruan terakhir tertahan oleh pemeriksaan'
                    when 'failed' then 'pembaruan terakhir gagal'
                    when 'abandoned' then 'pembaruan terakhir terputus'
                end,
                case when f.failed_load_count > 0
                    then f.failed_load_count || ' berkas atau kiriman data gagal dimuat' end,
                case when f.collection_coverage_pct is null then 'cakupan belum diketahui' end,
                case when f.collection_coverage_pct < 80
                    then 'hanya ' || f.collection_coverage_pct || ' % catatan yang dapat dipakai' end,
                case when cardinality(f.accepted_expectations) > 0
                    then cardinality(f.accepted_expectations) || ' pemeriksaan yang gagal diterima' end,
                case when cardinality(f.warning_expectations) > 0
                    then cardinality(f.warning_expectations) || ' pemeriksaan memberi peringatan' end
            ],
            null
        ) as reasons_id
    from facts as f
),

final as (
    select
        case
            when version = 0 or row_count = 0 or post_count = 0 then 'belum cukup data'
            when cardinality(reasons_en) > 0 then 'sebagian'
            else 'lengkap'
        end as completeness_id,
        case
            when version = 0 or row_count = 0 or post_count = 0 then 'not enough data yet'
            when cardinality(reasons_en) > 0 then 'partial'
            else 'complete'
        end as completeness_en,
        array_to_string(reasons_id, '; ') as reason_id,
        array_to_string(reasons_en, '; ') as reason_en,
        version,
        published_at,
        minutes_since_published,
        is_held,
        hold_reason,
        last_build_id,
        last_build_status,
        last_build_at,
        minutes_since_last_build,
        last_build_message,
        failed_expectations,
        gate_status,
        gate_run_at,
        expectation_count,
        warning_expectations,
        accepted_expectations,
        collection_coverage_pct,
        quarantined_count,
        failed_load_count,
        waiting_batch_count,
        post_count,
        unmatched_post_count,
        empty_marts,
        has_synthetic_data,
        engine_version
    from reasons
)

select * from final
"""

TRUST_BADGE = View(
    name="trust_badge",
    sql=_TRUST_BADGE_SQL,
    description="How far the published tables can be trusted now. One row.",
    description_id="Seberapa jauh tabel terbitan dapat dipercaya saat ini. Satu baris.",
    columns=(
        ViewColumn(
            "completeness_id",
            "The verdict for owners in Indonesian: lengkap, sebagian or belum cukup data.",
            "Putusan bagi pemilik usaha: lengkap, sebagian, atau belum cukup data.",
        ),
        ViewColumn(
            "completeness_en",
            "The same verdict in English: complete, partial or not enough data yet.",
            "Putusan yang sama dalam bahasa Inggris.",
        ),
        ViewColumn(
            "reason_id",
            "Why it is not complete, in Indonesian. Empty when nothing is wrong.",
            "Mengapa belum lengkap. Kosong bila tidak ada masalah.",
        ),
        ViewColumn(
            "reason_en",
            "Why it is not complete, in English. Empty when nothing is wrong.",
            "Alasan yang sama dalam bahasa Inggris.",
        ),
        ViewColumn(
            "version", "Live version. 0 before the first publication.", "Versi terbitan. 0 sebelum terbit."
        ),
        ViewColumn(
            "published_at",
            "When the live version was published (UTC). NULL before the first.",
            "Waktu terbit versi ini (UTC). NULL sebelum terbit pertama.",
        ),
        ViewColumn(
            "minutes_since_published",
            "Minutes since then, at the moment of reading.",
            "Menit sejak terbit, dihitung saat dibaca.",
        ),
        ViewColumn(
            "is_held",
            "Whether publishing is held, after a rollback for instance.",
            "Apakah penerbitan sedang ditahan, misalnya setelah pengembalian versi.",
        ),
        ViewColumn(
            "hold_reason", "Why it is held. NULL when it is not.", "Alasan penahanan. NULL bila tidak."
        ),
        ViewColumn("last_build_id", "Newest build. NULL before the first.", "Pembaruan terbaru."),
        ViewColumn(
            "last_build_status",
            "What became of it: running, judged, published, blocked, failed or abandoned.",
            "Hasilnya: running, judged, published, blocked, failed, atau abandoned.",
        ),
        ViewColumn("last_build_at", "When it ended, or else began (UTC).", "Waktu selesai atau mulai (UTC)."),
        ViewColumn(
            "minutes_since_last_build",
            "Minutes since then, at the moment of reading.",
            "Menit sejak saat itu, dihitung saat dibaca.",
        ),
        ViewColumn(
            "last_build_message",
            "Its stage while it runs; its error when it ended with one.",
            "Tahap yang sedang berjalan, atau pesan galatnya.",
        ),
        ViewColumn(
            "failed_expectations",
            "Critical checks that the newest build did not pass; they block it. Empty: none.",
            "Pemeriksaan kritis yang tidak lolos pada pembaruan terbaru. Kosong bila tidak ada.",
        ),
        ViewColumn(
            "gate_status",
            "What the gate said about the live version: passed, warned, or failed (then accepted).",
            "Hasil pemeriksaan atas versi terbitan: passed, warned, atau failed (lalu diterima).",
        ),
        ViewColumn("gate_run_at", "When the gate judged it (UTC).", "Waktu pemeriksaan (UTC)."),
        ViewColumn("expectation_count", "Checks that were made.", "Banyaknya pemeriksaan."),
        ViewColumn(
            "warning_expectations",
            "Checks of the live version that warn. Empty: none.",
            "Pemeriksaan yang memberi peringatan. Kosong bila tidak ada.",
        ),
        ViewColumn(
            "accepted_expectations",
            "Failed checks that an engineer accepted, with the reason. Empty: none.",
            "Pemeriksaan gagal yang diterima beserta alasannya. Kosong bila tidak ada.",
        ),
        ViewColumn(
            "collection_coverage_pct",
            "Records that could be used ÷ records in the published batches × 100. NULL: unknown.",
            "Catatan terpakai ÷ catatan dalam kiriman yang terbit × 100. NULL: tidak diketahui.",
        ),
        ViewColumn(
            "quarantined_count",
            "Records of the published batches that could not be loaded.",
            "Catatan yang tidak dapat dimuat.",
        ),
        ViewColumn(
            "failed_load_count",
            "Files or batches whose loading failed and did not succeed since.",
            "Berkas atau kiriman yang gagal dimuat dan belum berhasil sejak itu.",
        ),
        ViewColumn(
            "waiting_batch_count",
            "Loaded batches that no publication shows yet.",
            "Kiriman yang sudah dimuat tetapi belum terbit.",
        ),
        ViewColumn("post_count", "Published posts.", "Kiriman yang diterbitkan."),
        ViewColumn(
            "unmatched_post_count",
            "Published posts of no brand. NULL: not counted.",
            "Kiriman tanpa merek. NULL: tidak dihitung.",
        ),
        ViewColumn(
            "empty_marts",
            "Published tables without any row, because there is no data for them yet.",
            "Tabel terbitan yang masih kosong karena belum ada datanya.",
        ),
        ViewColumn(
            "has_synthetic_data",
            "Whether synthetic demo data is among the published rows.",
            "Apakah ada data demo sintetis di antara baris terbitan.",
        ),
        ViewColumn(
            "engine_version",
            "Versions of the language, sentiment and masking engines.",
            "Versi mesin bahasa, sentimen, dan penyamaran.",
        ),
    ),
)

RECONCILIATION = View(
    name="reconciliation",
    sql="""
with final as (
    select
        t.mart as mart_name,
        t.measure as measure_name,
        t.grain_value as group_name,
        t.total as mart_total,
        t.raw_total,
        t.total - t.raw_total as difference,
        case when t.raw_total is not null then t.total = t.raw_total end as is_equal,
        l.version
    from ops.mart_total as t
    cross join ops.live as l
)

select * from final
""",
    description="Ties each mart's totals to raw. One row per mart, measure and group.",
    description_id="Mencocokkan jumlah tiap tabel dengan data mentah. Satu baris per tabel, ukuran, grup.",
    columns=(
        ViewColumn("mart_name", "Published table.", "Tabel terbitan."),
        ViewColumn("measure_name", "What is summed.", "Yang dijumlahkan."),
        ViewColumn("group_name", "Group of the sum; all for one sum.", "Kelompok; all untuk satu jumlah."),
        ViewColumn("mart_total", "The sum over the published table.", "Jumlah pada tabel terbitan."),
        ViewColumn(
            "raw_total",
            "The same sum counted from raw. NULL where raw has no such number.",
            "Jumlah yang sama dihitung dari data mentah. NULL bila tidak ada padanannya.",
        ),
        ViewColumn("difference", "mart_total − raw_total; 0 when all is well.", "Selisih; 0 bila cocok."),
        ViewColumn(
            "is_equal",
            "Whether both agree. NULL without raw_total.",
            "Apakah keduanya cocok. NULL bila tanpa.",
        ),
        ViewColumn("version", "Live version.", "Versi terbitan."),
    ),
)

VIEWS = (TRUST_BADGE, RECONCILIATION)

ALERTS = View(
    name="alert",
    sql="""
with opened as (
    select * from ops.alert where event = 'open'
),

final as (
    select
        o.alert_id,
        o.kind,
        o.subject,
        o.brand_id,
        case when e.alert_id is null then 'warning' else 'critical' end as severity,
        c.alert_id is null as is_open,
        o.title_id,
        o.title_en,
        coalesce(e.reason_id, o.reason_id) as reason_id,
        coalesce(e.reason_en, o.reason_en) as reason_en,
        coalesce(e.collection_coverage_pct, o.collection_coverage_pct) as collection_coverage_pct,
        o.window_at as opened_window_at,
        o.happened_at as opened_at,
        e.happened_at as escalated_at,
        c.happened_at as closed_at
    from opened as o
    left join ops.alert as e on e.opened_alert_id = o.alert_id and e.event = 'escalate'
    left join ops.alert as c on c.opened_alert_id = o.alert_id and c.event = 'close'
)

select * from final
""",
    description="Alerts: what opened, whether it got worse and whether it is over. One row per alert.",
    description_id="Peringatan: yang terbuka, memburuk, atau sudah selesai. Satu baris per peringatan.",
    columns=(
        ViewColumn("alert_id", "Alert.", "Peringatan."),
        ViewColumn(
            "kind",
            "What it is: gate_failure, source_outage, crisis (complaints surge) or drop (talk falls).",
            "Jenisnya: gate_failure, source_outage, crisis (keluhan melonjak), drop (pembicaraan turun).",
        ),
        ViewColumn(
            "subject", "Brand or source that it is about; gate.", "Merek atau sumber yang dimaksud; gate."
        ),
        ViewColumn(
            "brand_id", "Brand. NULL for the gate and sources.", "Merek. NULL untuk pemeriksaan dan sumber."
        ),
        ViewColumn(
            "severity",
            "warning when it opened, critical once it got worse.",
            "warning saat terbuka, critical setelah memburuk.",
        ),
        ViewColumn("is_open", "Whether it is not over yet.", "Apakah belum selesai."),
        ViewColumn("title_id", "What happened, in Indonesian.", "Yang terjadi, bahasa Indonesia."),
        ViewColumn("title_en", "What happened, in English.", "Yang terjadi, bahasa Inggris."),
        ViewColumn(
            "reason_id", "The newest evidence in words, Indonesian.", "Bukti terbaru, bahasa Indonesia."
        ),
        ViewColumn("reason_en", "The newest evidence in words, English.", "Bukti terbaru, bahasa Inggris."),
        ViewColumn(
            "collection_coverage_pct",
            "Least coverage of the sources in its hour. NULL: unknown.",
            "Cakupan terendah sumber pada jamnya. NULL: tidak diketahui.",
        ),
        ViewColumn(
            "opened_window_at",
            "Quarter of an hour in which it opened (UTC). NULL for the gate and sources.",
            "Seperempat jam saat terbuka (UTC). NULL untuk pemeriksaan dan sumber.",
        ),
        ViewColumn("opened_at", "When it was written (UTC).", "Waktu dicatat (UTC)."),
        ViewColumn(
            "escalated_at",
            "When it got worse (UTC). NULL: it did not.",
            "Waktu memburuk (UTC). NULL bila tidak.",
        ),
        ViewColumn(
            "closed_at",
            "When it was over (UTC). NULL: it is open.",
            "Waktu selesai (UTC). NULL bila masih terbuka.",
        ),
    ),
)

EVERY_VIEW = (*VIEWS, ALERTS)
"""All views for readers; :data:`VIEWS` are those that the publishing migration creates."""
