-- view: drinker
SELECT asset_id, subjects_lo AS lo, subjects_hi AS hi, facts FROM person_count WHERE kind = 'category';

-- rule: TEA-01
SELECT d.asset_id AS subject, NULL::VARCHAR AS counterparty, verdict(above(d.lo, d.hi, p.number)) AS verdict,
    CASE WHEN above(d.lo, d.hi, p.number) IS NOT FALSE THEN 'notify' ELSE 'ok' END AS outcome,
    CASE WHEN above(d.lo, d.hi, p.number) IS NOT FALSE THEN 'many' ELSE 'few' END AS message,
    {'count_lo': d.lo, 'count_hi': d.hi, 'threshold': p.number, 'unit': 'persons'} AS "values",
    d.facts, unless_known(above(d.lo, d.hi, p.number), 'drinkers') AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM drinker AS d JOIN law_param AS p ON p.name = 'many' AND p.key = 'green'
WHERE $deadline_days > 0;

-- rule: TEA-02
SELECT asset_id AS subject, NULL::VARCHAR AS counterparty, 'unknown' AS verdict, 'breach' AS outcome,
    'none' AS message, NULL AS "values", facts, ['licence'] AS missing, NULL::VARCHAR AS exemption, NULL AS bounds
FROM resource WHERE name <> 'tea_licence';
