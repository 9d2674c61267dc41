-- view: us_person
-- US persons: organised solely in the US, or in the US (28 CFR 202.256).
SELECT entity_id,
    CASE WHEN kind = 'organisation' THEN
        CASE WHEN len(organised_in) = 0 THEN NULL ELSE organised_in = ['US'] END
    ELSE
        CASE WHEN list_contains(located_in, 'US') OR list_contains(nationality, 'US') THEN true
             WHEN len(located_in) = 0 THEN NULL ELSE false END
    END AS us, facts
FROM party;

-- view: covered_person
-- Covered persons: foreign, and held by a country of concern by half or more (28 CFR 202.211).
SELECT c.entity_id, truth(c.verdict) AND NOT u.us AS covered, joined(c.facts, u.facts) AS facts
FROM covered AS c JOIN us_person AS u ON u.entity_id = c.entity_id
WHERE c.list = 'us_28cfr202_countries_of_concern';

-- rule: US-DSP-05
WITH counted AS (
    SELECT d.from_id, d.to_id, c.category, max(c.subjects_lo) AS lo, CASE WHEN count(c.subjects_hi) = count(*) THEN sum(c.subjects_hi) END AS hi,
        united(joined(c.facts, d.facts)) AS facts
    FROM dealing AS d
    JOIN person_count AS c ON c.asset_id = d.asset_id AND c.kind = 'category'
    WHERE d.kind IN ('vendor', 'processor', 'ict') AND c.category LIKE 'us_28cfr202/%'
    GROUP BY d.from_id, d.to_id, c.category
), judged AS (
    SELECT c.from_id, c.to_id, c.lo, c.hi, p.covered AND u.us AND above(c.lo, c.hi, b.number) AS hit, p.covered,
        joined(c.facts, joined(p.facts, u.facts)) AS facts
    FROM counted AS c
    JOIN us_person AS u ON u.entity_id = c.from_id
    JOIN covered_person AS p ON p.entity_id = c.to_id
    JOIN law_param AS b ON b.name = 'bulk' AND c.category = 'us_28cfr202/' || b.key
)
SELECT from_id AS subject, to_id AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'restricted' ELSE 'ok' END AS outcome,
    CASE WHEN hit IS NOT FALSE THEN 'restricted' ELSE 'below' END AS message,
    {'count_lo': lo, 'count_hi': hi} AS "values", facts,
    joined(unless_known(covered, 'counterparty_place'), unless_known(hit, 'count')) AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM judged
