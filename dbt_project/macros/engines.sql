{#- Whether the marts show what was measured: by task, where the tasks of rules share an engine that names the
    version of each ("intent1+aspect1", measured as gaung-intent-1). -#}
{% macro is_shown(measured, active) %}
    {{ active }}.task = case
        when {{ measured }}.task in ('intent', 'aspect') then 'reasons'
        when {{ measured }}.task in ('relevance', 'industry', 'activity') then 'business'
        else {{ measured }}.task
    end
    and position(
        case
            when {{ measured }}.task in ('intent', 'aspect', 'relevance', 'industry', 'activity')
                then concat(replace(replace({{ measured }}.engine_version, 'gaung-', ''), '-', ''), '+')
            else {{ measured }}.engine_version
        end in concat({{ active }}.engine_version, '+')
    ) > 0
{% endmacro %}
