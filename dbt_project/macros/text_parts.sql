{#- The order in which the texts of a post are heard: caption, transcript, on_screen, sticker. -#}
{% macro part_rank(part) -%}
    case {{ part }} when 'caption' then 1 when 'transcript' then 2 when 'on_screen' then 3 else 4 end
{%- endmacro %}

{#- The text whose place that is. -#}
{% macro part_of(rank) -%}
    case {{ rank }} when 1 then 'caption' when 2 then 'transcript' when 3 then 'on_screen' else 'sticker' end
{%- endmacro %}
