-- view: asked
-- Demands, orders and disclosures, with where the asset stands that they are about.
WITH stood AS (
    SELECT asset_id, CASE WHEN bool_or(country = $home AND stands) THEN true WHEN bool_and(stands) THEN false END AS here, united(facts) AS facts
    FROM resource_place GROUP BY asset_id
)
SELECT e.event_id, e.subject_id, e.object_id, e.kind, s.here, NOT f.lacks AS alien, NOT a.lacks AS approved,
    joined([e.fact_id], joined(s.facts, joined(f.facts, a.facts))) AS facts
FROM event AS e
LEFT JOIN stood AS s ON s.asset_id = e.object_id
LEFT JOIN lacks_control AS f ON f.subject_id = e.event_id AND f.control = 'foreign_authority'
LEFT JOIN lacks_control AS a ON a.subject_id = e.event_id AND a.control = 'cn_approval'
WHERE e.kind IN ('demand', 'order', 'disclosure') AND coalesce(e.on_date <= $as_of, true);

-- rule: CN-BLK-01
-- A foreign authority asks for what is stored in China and nobody approved (Data Security Law art. 36, PIPL art. 41).
SELECT subject_id AS subject, event_id AS counterparty, verdict(here AND alien AND NOT approved) AS verdict,
    CASE WHEN (here AND alien AND NOT approved) IS NOT FALSE THEN CASE kind WHEN 'disclosure' THEN 'prohibited' ELSE 'conflict' END
         WHEN NOT here OR NOT alien THEN 'not applicable' ELSE 'ok' END AS outcome,
    CASE WHEN here AND alien AND NOT approved THEN CASE kind WHEN 'disclosure' THEN 'handed' ELSE 'conflict' END
         WHEN (here AND alien AND NOT approved) IS NULL THEN 'open' WHEN NOT here THEN 'elsewhere' WHEN NOT alien THEN 'own' ELSE 'approved' END AS message,
    {'asset': object_id, 'kind': kind} AS "values", facts,
    CASE WHEN (here AND alien AND NOT approved) IS NOT NULL THEN []::VARCHAR[]
         ELSE joined(unless_known(here, 'object'), joined(unless_known(alien, 'authority'), unless_known(approved, 'approval'))) END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM asked
WHERE subject_id IS NOT NULL AND event_id IS NOT NULL
