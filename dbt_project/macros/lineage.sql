{#- When and for which version a row was built: given by the build, never read from a clock. -#}
{% macro lineage() %}
        cast('{{ var("built_at") }}' as timestamptz) as built_at,
        cast({{ var("version") }} as bigint) as version
{%- endmacro %}
