-- view: investor
-- Investors that are outside, or controlled from outside at the top, also through companies in the Union.
-- That nobody outside stands above is only known where the top is a person or state, or all interests in it are known.
SELECT i.entity_id,
    NOT i.inside OR any_yes(CASE
        WHEN u.verdict = 'yes' AND NOT t.inside THEN true
        WHEN u.verdict = 'yes' AND t.inside AND (t.kind <> 'organisation' OR l.lacks) THEN false
    END) AS is_foreign,
    joined(i.facts, joined(united(u.facts), united(t.facts))) AS facts
FROM union_seat AS i
JOIN (SELECT DISTINCT to_id FROM agreement WHERE kind = 'investment') AS g ON g.to_id = i.entity_id
LEFT JOIN ultimate_parent AS u ON u.entity_id = i.entity_id
LEFT JOIN union_seat AS t ON t.entity_id = u.parent_id
LEFT JOIN lacks_interest AS l ON l.subject_id = u.parent_id
GROUP BY i.entity_id, i.inside, i.facts;

-- view: investment
-- Investment agreements and the day on which they are completed.
WITH read AS (
    SELECT agreement_id, from_id, to_id, fact_id,
        CAST(nullif(regexp_extract(terms, '[{ ]"closing_on": "([0-9]{4}-[0-9]{2}-[0-9]{2})"', 1), '') AS DATE) AS closing_on
    FROM agreement WHERE kind = 'investment'
)
SELECT r.agreement_id, r.from_id, r.to_id,
    coalesce(max(r.closing_on), max(e.on_date)) AS closing_on,
    joined(list(r.fact_id), coalesce(list(e.fact_id) FILTER (WHERE e.fact_id IS NOT NULL), []::VARCHAR[])) AS facts
FROM read AS r
LEFT JOIN event AS e ON e.object_id = r.agreement_id AND e.kind = 'closing'
GROUP BY r.agreement_id, r.from_id, r.to_id;

-- view: sector
-- Whether a target is in a sector of the minimum list, as far as somebody says so.
SELECT p.entity_id,
    CASE WHEN bool_or(NOT l.lacks) THEN true WHEN bool_and(coalesce(l.lacks, false)) THEN false END AS is_in,
    united(l.facts) AS facts
FROM (SELECT DISTINCT from_id AS entity_id FROM investment) AS p
JOIN lacks_control AS l ON l.subject_id = p.entity_id AND l.control IN ('defence_dual_use', 'semiconductors_quantum_ai', 'raw_materials',
        'critical_entity', 'financial_infrastructure', 'electoral_systems')
JOIN law_param AS s ON s.name = 'sector' AND s.key = l.control
GROUP BY p.entity_id;

-- rule: EU-FDI-01
WITH judged AS (
    SELECT v.from_id, v.to_id, v.closing_on, t.here, i.is_foreign, s.is_in, v.closing_on >= $start AS in_time,
        NOT c.lacks AS approved,
        joined(joined(v.facts, t.facts), joined(i.facts, joined(s.facts, c.facts))) AS facts
    FROM investment AS v
    LEFT JOIN union_seat AS t ON t.entity_id = v.from_id
    LEFT JOIN investor AS i ON i.entity_id = v.to_id
    LEFT JOIN sector AS s ON s.entity_id = v.from_id
    LEFT JOIN lacks_control AS c ON c.subject_id = v.agreement_id AND c.control = 'fdi_approved'
), said AS (
    SELECT *, here AND is_foreign AND is_in AND in_time AND NOT approved AS hit,
        CASE WHEN NOT here THEN 'elsewhere' WHEN NOT is_foreign THEN 'european' WHEN NOT in_time THEN 'earlier'
             WHEN NOT is_in THEN 'sector' WHEN approved THEN 'approved' END AS why
    FROM judged
)
SELECT from_id AS subject, to_id AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'notify' WHEN why = 'approved' THEN 'ok' ELSE 'not applicable' END AS outcome,
    CASE WHEN hit IS NOT FALSE THEN 'file' ELSE why END AS message,
    {'closing_on': closing_on} AS "values", facts,
    CASE WHEN hit IS NULL THEN joined(joined(unless_known(here, 'target_place'), unless_known(is_foreign, 'investor')),
        joined(unless_known(is_in, 'sector'),
               joined(unless_known(in_time, 'closing'), unless_known(approved, 'approval')))) ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM said
