-- view: stop
-- Critical services that stop, by who switches off; without who decides over the service itself.
SELECT c.asset_id, c.cut, min(c.at_h) AS at_h, any_yes(CASE WHEN c.verdict = 'yes' THEN true END) AS stops,
    bool_and(coalesce(c.contested, false)) AS contested, united(c.facts) AS facts
FROM cutoff AS c
ANTI JOIN responsible AS r ON r.asset_id = c.asset_id AND c.cut = 'entity:' || r.entity_id
WHERE c.critical AND (c.cut LIKE 'government:%' OR c.cut LIKE 'entity:%')
GROUP BY c.asset_id, c.cut;

-- rule: CUT-01
-- It stops, and there is no alternative or nobody tested it.
WITH judged AS (
    SELECT s.*, s.stops AND CASE WHEN a.lacks THEN true ELSE t.lacks END AS hit,
        CASE WHEN a.lacks THEN true ELSE t.lacks END AS untested, joined(s.facts, joined(a.facts, t.facts)) AS proof
    FROM stop AS s
    LEFT JOIN lacks_control AS a ON a.subject_id = s.asset_id AND a.control = 'alternative'
    LEFT JOIN lacks_control AS t ON t.subject_id = s.asset_id AND t.control = 'exit_tested'
)
SELECT asset_id AS subject, CASE WHEN cut LIKE 'entity:%' THEN substr(cut, 8) ELSE cut END AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'assess' ELSE 'ok' END AS outcome,
    CASE WHEN hit THEN 'stops' WHEN hit IS NULL THEN 'open' ELSE 'tested' END AS message,
    {'who': CASE WHEN cut LIKE 'entity:%' THEN substr(cut, 8) ELSE substr(cut, 12) END, 'at_h': at_h, 'contested': contested} AS "values",
    proof AS facts,
    CASE WHEN hit IS NULL THEN joined(unless_known(untested, 'exit_test'), unless_known(stops, 'settled')) ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM judged
