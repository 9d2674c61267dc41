-- view: placed
-- Claims whose test names an asset and the countries in which it is said to stand.
SELECT claim_id, fact_id, regexp_extract(test, '"of": "([^"]*)"', 1) AS asset_id,
    string_split(regexp_extract(test, '"place_in": \[([^\]]*)\]', 1), ', ') AS said
FROM claim
WHERE contains(test, '"place_in": [') AND contains(test, '"of": "');

-- view: expected
-- The same with each country; a group stands for its members.
WITH each_one AS (
    SELECT claim_id, fact_id, asset_id, said, upper(trim(unnest(said), '" ')) AS country FROM placed
)
SELECT claim_id, fact_id, asset_id, said, country FROM each_one
UNION
SELECT o.claim_id, o.fact_id, o.asset_id, o.said, e.member
FROM each_one AS o JOIN list_entry AS e ON upper(e.list) = o.country AND e.kind = 'country'
WHERE e.list IN ('eu', 'eea');

-- view: seen_at
-- Where the asset of a claim, or a layer below it, was seen to stand: inside or outside of what the claim says.
WITH stood AS (
    SELECT p.claim_id, w.country, w.stands, w.facts,
        list_contains(c.countries, w.country) AS inside
    FROM placed AS p
    JOIN resource_place AS w ON w.asset_id = p.asset_id AND w.seen
    JOIN (SELECT claim_id, list_sort(list(country)) AS countries FROM expected GROUP BY claim_id) AS c ON c.claim_id = p.claim_id
)
SELECT claim_id,
    any_yes(stands AND NOT inside) AS outside, any_yes(stands AND inside) AS inside,
    list_sort(list_distinct(list(country))) AS countries, united(facts) AS facts
FROM stood GROUP BY claim_id;

-- view: gone
-- Countries outside the claim to which data of the asset went, or from which it was read.
WITH moved AS (
    SELECT asset_id, country, facts FROM sent WHERE NOT attempted AND country IS NOT NULL
    UNION ALL
    SELECT asset_id, country, facts FROM activity_place WHERE country IS NOT NULL
)
SELECT p.claim_id, list_sort(list_distinct(list(m.country))) AS countries, united(m.facts) AS facts
FROM placed AS p
JOIN moved AS m ON m.asset_id = p.asset_id
LEFT JOIN expected AS x ON x.claim_id = p.claim_id AND x.country = m.country
WHERE x.claim_id IS NULL
GROUP BY p.claim_id;

-- rule: CLAIM-01
-- Contradicted where a host was seen outside, supported where all that was seen is inside, else not observed.
WITH judged AS (
    SELECT p.*, s.outside, s.inside, s.countries, g.countries AS leaves, f.from_ts, f.to_ts, f.share_seen,
        CASE WHEN s.outside THEN true WHEN NOT s.outside AND s.inside THEN false END AS hit,
        s.claim_id IS NOT NULL AS looked,
        joined([p.fact_id], joined(s.facts, g.facts)) AS proof, joined(s.facts, g.facts) AS grounds
    FROM placed AS p
    LEFT JOIN seen_at AS s ON s.claim_id = p.claim_id
    LEFT JOIN gone AS g ON g.claim_id = p.claim_id
    LEFT JOIN lacks_flow AS f ON f.asset_id = p.asset_id
)
SELECT claim_id AS subject, asset_id AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'assess' ELSE 'ok' END AS outcome,
    CASE WHEN hit THEN 'contradicted' WHEN hit IS NULL THEN 'not_observed' WHEN leaves IS NOT NULL THEN 'leaves' ELSE 'supported' END AS message,
    {'claimed': list_transform(said, lambda one: trim(one, '" ')), 'seen': countries, 'leaves': leaves,
     'window_from': strftime(from_ts, '%Y-%m-%d'), 'window_to': strftime(to_ts, '%Y-%m-%d'), 'share': share_seen} AS "values",
    CASE WHEN hit IS FALSE THEN grounds ELSE proof END AS facts,
    CASE WHEN hit IS NOT NULL THEN []::VARCHAR[] WHEN looked THEN ['settled'] ELSE ['place'] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM judged;

-- view: origin
-- The first assertion behind each claim; a chain that comes back to itself has none, and the smallest of its circle
-- stands for it.
WITH RECURSIVE told AS (
    SELECT claim_id, max(derived_from) AS derived_from, list_sort(list(fact_id)) AS facts FROM claim GROUP BY claim_id
), upward(claim_id, at_id, depth) AS (
    SELECT claim_id, claim_id, 0 FROM told
    UNION ALL
    SELECT u.claim_id, t.derived_from, u.depth + 1
    FROM upward AS u JOIN told AS t ON t.claim_id = u.at_id
    WHERE t.derived_from IS NOT NULL AND u.depth < 128
), ended AS (
    SELECT claim_id, max(depth) AS depth FROM upward GROUP BY claim_id
)
SELECT u.claim_id, min(u.at_id) AS origin_id, bool_or(e.depth >= 128) AS circular, bool_or(o.claim_id IS NULL) AS absent, united(t.facts) AS facts
FROM upward AS u
JOIN ended AS e ON e.claim_id = u.claim_id
JOIN told AS t ON t.claim_id = u.claim_id
LEFT JOIN told AS o ON o.claim_id = u.at_id
WHERE u.depth = e.depth AND e.depth < 128 OR e.depth >= 128 AND u.depth >= 64
GROUP BY u.claim_id;

-- rule: CLAIM-02
-- Two or more assertions with one primary count as one.
WITH counted AS (
    SELECT origin_id, count(*) AS assertions, bool_or(circular) AS circular, bool_or(absent) AS absent, united(facts) AS facts
    FROM origin GROUP BY origin_id
)
SELECT origin_id AS subject, NULL::VARCHAR AS counterparty,
    CASE WHEN circular OR absent AND assertions = 1 THEN 'unknown' WHEN assertions > 1 THEN 'yes' ELSE 'no' END AS verdict,
    CASE WHEN NOT circular AND NOT absent AND assertions = 1 THEN 'ok' ELSE 'assess' END AS outcome,
    CASE WHEN circular THEN 'circle' WHEN assertions > 1 THEN 'repeated' WHEN absent THEN 'absent' ELSE 'single' END AS message,
    {'assertions': assertions} AS "values", facts,
    CASE WHEN circular OR absent AND assertions = 1 THEN ['primary'] ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM counted
