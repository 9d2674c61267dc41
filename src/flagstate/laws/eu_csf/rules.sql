-- view: offer
-- Agreements and offers on ICT services, with what they claim.
SELECT agreement_id, from_id, to_id,
    regexp_extract(max(terms), '[{ ]"seal": \{([^}]*)\}', 1) AS seal,
    regexp_extract(max(terms), '[{ ]"score": \{([^}]*)\}', 1) AS score,
    list_sort(list_distinct(coalesce(list(asset_id) FILTER (WHERE asset_id IS NOT NULL), []::VARCHAR[]))) AS assets,
    list_sort(list(fact_id)) AS facts
FROM agreement
WHERE kind IN ('ict', 'vendor', 'processor')
GROUP BY agreement_id, from_id, to_id;

-- view: offered
-- What an offer claims per objective: its SEAL, and its score.
SELECT agreement_id, what, regexp_extract(item, '"(sov_[1-8])"', 1) AS objective,
    CAST(regexp_extract(item, ': ([0-9.]+)', 1) AS DOUBLE) AS number
FROM (
    SELECT agreement_id, 'seal' AS what, unnest(string_split(nullif(seal, ''), ', ')) AS item FROM offer
    UNION ALL
    SELECT agreement_id, 'score', unnest(string_split(nullif(score, ''), ', ')) FROM offer
);

-- view: keeper
-- Who gives the service and whoever has custody of what the offer covers, except the customer.
-- whole: it is known where it is, all interests in it are, and who stands at the top of its control, and where.
WITH spot AS (
    SELECT agreement_id, from_id, unnest(assets) AS asset_id FROM offer
), one AS (
    SELECT agreement_id, to_id AS entity_id, []::VARCHAR[] AS facts FROM offer
    UNION ALL
    SELECT s.agreement_id, c.entity_id, c.facts
    FROM spot AS s JOIN custody AS c ON c.asset_id = s.asset_id AND c.entity_id <> s.from_id
), top AS (
    SELECT u.entity_id,
        bool_and(coalesce(u.verdict = 'yes' AND i.inside IS NOT NULL AND (i.kind <> 'organisation' OR l.lacks), false)) AS whole
    FROM ultimate_parent AS u
    LEFT JOIN union_seat AS i ON i.entity_id = u.parent_id
    LEFT JOIN lacks_interest AS l ON l.subject_id = u.parent_id
    GROUP BY u.entity_id
)
SELECT o.agreement_id, o.entity_id, i.inside,
    i.inside IS NOT NULL AND bool_and(coalesce(l.lacks, false) AND coalesce(t.whole, false)) AS whole,
    joined(united(o.facts), i.facts) AS facts
FROM one AS o
LEFT JOIN union_seat AS i ON i.entity_id = o.entity_id
LEFT JOIN lacks_interest AS l ON l.subject_id = o.entity_id
LEFT JOIN top AS t ON t.entity_id = o.entity_id
GROUP BY o.agreement_id, o.entity_id, i.inside, i.facts;

-- view: ceiling
-- The highest SEAL of SOV-2 that the evidence allows, and whether nothing lower can hide: every keeper, every interest
-- in what is covered, and every place is known.
WITH cap AS (
    SELECT k.agreement_id, 'seat' AS key, true AS sure, k.facts FROM keeper AS k WHERE NOT k.inside
    UNION ALL
    SELECT k.agreement_id, 'parent', c.verdict = 'yes', joined(c.facts, i.facts)
    FROM keeper AS k
    JOIN control_chain AS c ON c.subject_id = k.entity_id AND c.kind <> 'veto'
    JOIN union_seat AS i ON i.entity_id = c.holder_id AND NOT i.inside
    UNION ALL
    SELECT o.agreement_id, 'place', p.stands, p.facts
    FROM (SELECT agreement_id, unnest(assets) AS asset_id FROM offer) AS o
    JOIN resource_place AS p ON p.asset_id = o.asset_id
    LEFT JOIN list_entry AS e ON e.list = 'eu' AND e.kind = 'country' AND e.member = p.country
    JOIN lacks_list AS l ON l.list = 'eu'
    WHERE e.member IS NULL AND l.lacks
), lowest AS (
    SELECT c.agreement_id, min(p.number) FILTER (WHERE c.sure) AS at_most,
        coalesce(min(p.number) FILTER (WHERE c.sure IS NOT TRUE), 4) AS at_least, united(c.facts) AS facts
    FROM cap AS c JOIN law_param AS p ON p.name = 'ceiling' AND p.key = c.key
    GROUP BY c.agreement_id
), eyes AS (
    SELECT agreement_id, bool_and(whole) AS whole, united(facts) AS facts FROM keeper GROUP BY agreement_id
), ground AS (
    SELECT o.agreement_id, bool_and(coalesce(l.lacks, false) AND p.asset_id IS NOT NULL) AS whole, united(p.facts) AS facts
    FROM (SELECT agreement_id, unnest(assets) AS asset_id FROM offer) AS o
    LEFT JOIN lacks_interest AS l ON l.subject_id = o.asset_id
    LEFT JOIN (SELECT asset_id, united(facts) AS facts FROM resource_place WHERE stands GROUP BY asset_id) AS p ON p.asset_id = o.asset_id
    GROUP BY o.agreement_id
)
SELECT o.agreement_id, coalesce(w.at_most, 4) AS at_most,
    CASE WHEN e.whole AND g.whole THEN least(coalesce(w.at_most, 4), coalesce(w.at_least, 4)) ELSE 0 END AS at_least,
    joined(coalesce(w.facts, []::VARCHAR[]), joined(e.facts, g.facts)) AS facts
FROM offer AS o
LEFT JOIN lowest AS w ON w.agreement_id = o.agreement_id
LEFT JOIN eyes AS e ON e.agreement_id = o.agreement_id
LEFT JOIN ground AS g ON g.agreement_id = o.agreement_id;

-- view: level
-- Each objective with a minimum of the policy against what is claimed, what was assessed, and what the evidence allows.
-- The policy is what the customer asks for, not a fact about the offer: it is not among the facts.
WITH wanted AS (
    SELECT split_part(policy, ':', 2) AS objective, max(CAST(value AS DOUBLE)) AS least_seal
    FROM policy WHERE policy LIKE 'min_seal:%' GROUP BY policy
), claimed AS (
    SELECT o.agreement_id, w.objective, w.least_seal, k.number AS claims
    FROM offer AS o CROSS JOIN wanted AS w
    LEFT JOIN offered AS k ON k.agreement_id = o.agreement_id AND k.objective = w.objective AND k.what = 'seal'
)
SELECT c.agreement_id, c.objective, c.least_seal, c.claims, NOT a.lacks AS assessed, e.at_most,
    c.claims < c.least_seal AS too_low,
    CASE WHEN c.objective <> 'sov_2' THEN false ELSE above(c.least_seal, c.least_seal, e.at_most) END AS capped,
    CASE WHEN c.claims < c.least_seal OR (c.objective = 'sov_2' AND e.at_most < c.least_seal) THEN true
         WHEN c.claims >= c.least_seal AND NOT a.lacks AND (c.objective <> 'sov_2' OR e.at_least >= c.least_seal) THEN false END AS short,
    c.objective = 'sov_2' AND e.at_least < c.least_seal AS dim,
    a.facts
FROM claimed AS c
LEFT JOIN lacks_control AS a ON a.subject_id = c.agreement_id AND a.control = 'seal_assessed'
LEFT JOIN ceiling AS e ON e.agreement_id = c.agreement_id;

-- view: score
-- The weighted score, only where every objective has one.
SELECT o.agreement_id,
    CASE WHEN count(*) = count(k.number) THEN sum(w.number * k.number) / 100 END AS score
FROM offer AS o
JOIN law_param AS w ON w.name = 'weight'
LEFT JOIN offered AS k ON k.agreement_id = o.agreement_id AND k.objective = w.key AND k.what = 'score'
GROUP BY o.agreement_id;

-- rule: EU-CSF-01
-- The minimum rejects first; only what keeps every minimum has a score.
WITH judged AS (
    SELECT o.agreement_id, o.from_id, o.facts AS said, any_yes(l.short) AS hit,
        bool_or(l.too_low) AS too_low, bool_or(l.capped AND l.claims >= l.least_seal) AS capped,
        list_sort(coalesce(list(l.objective) FILTER (WHERE l.too_low), []::VARCHAR[])) AS below,
        max(l.claims) FILTER (WHERE l.objective = 'sov_2') AS claimed,
        bool_and(l.claims IS NOT NULL) AS claims_all, bool_and(coalesce(l.assessed, false)) AS assessed, bool_or(l.dim) AS dim,
        united(l.facts) AS facts
    FROM offer AS o JOIN level AS l ON l.agreement_id = o.agreement_id
    GROUP BY o.agreement_id, o.from_id, o.facts
)
SELECT j.from_id AS subject, j.agreement_id AS counterparty, verdict(j.hit) AS verdict,
    CASE WHEN j.hit IS NOT FALSE THEN 'restricted' ELSE 'ok' END AS outcome,
    CASE WHEN NOT j.hit THEN 'kept' WHEN j.hit IS NULL THEN 'open' WHEN j.too_low THEN 'rejected' ELSE 'capped' END AS message,
    {'below': j.below, 'claimed': j.claimed, 'ceiling': c.at_most, 'score': CASE WHEN NOT j.hit THEN s.score END} AS "values",
    joined(joined(j.said, j.facts), c.facts) AS facts,
    CASE WHEN j.hit IS NULL THEN joined(CASE WHEN j.claims_all THEN []::VARCHAR[] ELSE ['seal'] END,
        joined(CASE WHEN j.assessed THEN []::VARCHAR[] ELSE ['assessment'] END, CASE WHEN j.dim THEN ['evidence'] ELSE []::VARCHAR[] END))
        ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM judged AS j
LEFT JOIN ceiling AS c ON c.agreement_id = j.agreement_id
LEFT JOIN score AS s ON s.agreement_id = j.agreement_id
