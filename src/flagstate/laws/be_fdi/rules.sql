-- view: inside
-- Whether a party is in the Union, and whether one of its places is in the country of the law.
SELECT u.entity_id, u.kind, u.inside,
    CASE WHEN list_contains(joined(joined(p.organised_in, p.principal_places), p.located_in), $home) THEN true
         WHEN $home IS NOT NULL AND len(p.organised_in) > 0 AND len(p.principal_places) > 0 THEN false END AS here,
    u.facts
FROM union_seat AS u
JOIN party AS p ON p.entity_id = u.entity_id;

-- view: investor
-- Foreign investors: seat or residence outside the Union, or who stands at the top of control is outside.
-- That nobody outside stands above is only known where the top is a person or state, or all interests in it are known.
SELECT i.entity_id,
    NOT i.inside OR any_yes(CASE
        WHEN u.verdict = 'yes' AND NOT t.inside THEN true
        WHEN u.verdict = 'yes' AND t.inside AND (t.kind <> 'organisation' OR l.lacks) THEN false
    END) AS is_foreign,
    joined(i.facts, joined(united(u.facts), united(t.facts))) AS facts
FROM inside AS i
JOIN agreement AS g ON g.to_id = i.entity_id AND g.kind = 'investment'
LEFT JOIN ultimate_parent AS u ON u.entity_id = i.entity_id
LEFT JOIN inside AS t ON t.entity_id = u.parent_id
LEFT JOIN lacks_interest AS l ON l.subject_id = u.parent_id
GROUP BY i.entity_id, i.inside, i.facts;

-- view: investment
-- Investment agreements with what they say: votes with bounds, the turnover of the target and the day of closing.
WITH read AS (
    SELECT agreement_id, from_id, to_id, fact_id,
        CAST(nullif(regexp_extract(terms, '[{ ]"votes": \[?([0-9.]+)', 1), '') AS DOUBLE) AS votes_lo,
        CAST(nullif(regexp_extract(terms, '[{ ]"votes": (?:\[[0-9.]+, )?([0-9.]+)', 1), '') AS DOUBLE) AS votes_hi,
        CAST(nullif(regexp_extract(terms, '[{ ]"turnover": ([0-9.]+)', 1), '') AS DOUBLE) AS turnover,
        CAST(nullif(regexp_extract(terms, '[{ ]"closing_on": "([0-9]{4}-[0-9]{2}-[0-9]{2})"', 1), '') AS DATE) AS closing_on
    FROM agreement WHERE kind = 'investment'
)
SELECT r.agreement_id, r.from_id, r.to_id,
    max(r.votes_lo) AS votes_lo, max(r.votes_hi) AS votes_hi, max(r.turnover) AS turnover,
    coalesce(max(r.closing_on), max(e.on_date)) AS closing_on,
    joined(list(r.fact_id), coalesce(list(e.fact_id) FILTER (WHERE e.fact_id IS NOT NULL), []::VARCHAR[])) AS facts
FROM read AS r
LEFT JOIN event AS e ON e.object_id = r.agreement_id AND e.kind = 'closing'
GROUP BY r.agreement_id, r.from_id, r.to_id;

-- view: sector
-- Whether a target is in a sector of either bar. Personal data that it holds are sensitive information, whoever denies it.
-- A sector of which no bar is known may have either.
WITH said AS (
    SELECT p.entity_id, l.control AS key, NOT l.lacks AS is_in, l.facts
    FROM (SELECT DISTINCT from_id AS entity_id FROM investment) AS p
    JOIN lacks_control AS l ON l.subject_id = p.entity_id AND l.control IN ('critical_infrastructure', 'critical_technology', 'critical_inputs', 'sensitive_information', 'private_security', 'media',
        'biotechnology', 'defence', 'energy', 'cybersecurity', 'electronic_communications', 'digital_infrastructure')
    UNION ALL
    SELECT x.entity_id, 'sensitive_information', true, joined(x.facts, d.facts)
    FROM (SELECT entity_id, asset_id, facts FROM responsible UNION SELECT entity_id, asset_id, facts FROM access) AS x
    JOIN (SELECT DISTINCT from_id FROM investment) AS p ON p.from_id = x.entity_id
    JOIN (SELECT asset_id, united(facts) AS facts FROM dataset WHERE personal GROUP BY asset_id) AS d ON d.asset_id = x.asset_id
)
SELECT h.entity_id, b.bar, h.key,
    CASE WHEN s.value IS NULL THEN any_yes(h.is_in) AND NULL ELSE any_yes(h.is_in) END AS is_in,
    united(h.facts) AS facts
FROM said AS h
CROSS JOIN (SELECT unnest(['wide', 'narrow']) AS bar) AS b
LEFT JOIN law_param AS s ON s.name = 'sector' AND s.key = h.key
WHERE coalesce(s.value, b.bar) = b.bar
GROUP BY h.entity_id, b.bar, h.key, s.value;

-- view: stake
-- Each investment against each bar. The narrow one, and biotechnology, ask for a turnover too. A bar that is not known on the
-- day leaves the investment open.
WITH field AS (
    SELECT v.agreement_id, s.bar,
        any_yes(CASE WHEN s.key = 'biotechnology' THEN s.is_in AND v.turnover > b.number ELSE s.is_in END) AS is_in,
        united(s.facts) AS facts
    FROM investment AS v
    JOIN sector AS s ON s.entity_id = v.from_id
    LEFT JOIN law_param AS b ON b.name = 'turnover' AND b.key = s.key
    GROUP BY v.agreement_id, s.bar
), judged AS (
    SELECT v.agreement_id, v.from_id, v.to_id, v.votes_lo, v.votes_hi, v.turnover, v.closing_on, k.bar,
        t.here, i.is_foreign, above(v.turnover, v.turnover, m.number) AS big, k.bar = 'narrow' AS needs_big,
        at_least(v.votes_lo, v.votes_hi, b.number) AS enough,
        s.is_in, v.closing_on >= $start AS in_time, NOT c.lacks AS approved,
        joined(joined(v.facts, t.facts), joined(i.facts, joined(s.facts, c.facts))) AS facts
    FROM investment AS v
    CROSS JOIN (SELECT unnest(['wide', 'narrow']) AS bar) AS k
    LEFT JOIN law_param AS b ON b.name = 'votes' AND b.key = k.bar
    LEFT JOIN law_param AS m ON m.name = 'turnover' AND m.key = k.bar
    LEFT JOIN inside AS t ON t.entity_id = v.from_id
    LEFT JOIN investor AS i ON i.entity_id = v.to_id
    LEFT JOIN field AS s ON s.agreement_id = v.agreement_id AND s.bar = k.bar
    LEFT JOIN lacks_control AS c ON c.subject_id = v.agreement_id AND c.control = 'isc_approved'
)
SELECT *,
    here AND is_foreign AND enough AND is_in AND in_time AND NOT approved AND (big OR NOT needs_big) AS hit,
    CASE WHEN NOT here THEN 'elsewhere' WHEN NOT is_foreign THEN 'european' WHEN NOT in_time THEN 'earlier'
         WHEN NOT is_in THEN 'sector' WHEN NOT enough THEN 'below' WHEN needs_big AND NOT big THEN 'small'
         WHEN approved THEN 'approved' ELSE 'file' END AS said
FROM judged;

-- rule: BE-FDI-01
SELECT from_id AS subject, to_id AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'notify' WHEN said IN ('approved', 'below') THEN 'ok' ELSE 'not applicable' END AS outcome,
    CASE WHEN hit THEN 'file' WHEN hit IS NULL THEN 'open' ELSE said END AS message,
    {'votes_lo': votes_lo, 'votes_hi': votes_hi, 'closing_on': closing_on} AS "values", facts,
    CASE WHEN hit IS NULL THEN joined(joined(unless_known(here, 'target_place'), unless_known(is_foreign, 'investor')),
        joined(joined(unless_known(enough, 'votes'), unless_known(is_in, 'sector')),
               joined(unless_known(in_time, 'closing'), unless_known(approved, 'approval')))) ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM stake WHERE bar = 'wide';

-- rule: BE-FDI-02
SELECT from_id AS subject, to_id AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'notify' WHEN said IN ('approved', 'below', 'small') THEN 'ok' ELSE 'not applicable' END AS outcome,
    CASE WHEN hit THEN 'file' WHEN hit IS NULL THEN 'open' ELSE said END AS message,
    {'votes_lo': votes_lo, 'votes_hi': votes_hi, 'turnover': turnover, 'closing_on': closing_on} AS "values", facts,
    CASE WHEN hit IS NULL THEN joined(joined(joined(unless_known(here, 'target_place'), unless_known(is_foreign, 'investor')),
        joined(unless_known(enough, 'votes'), unless_known(is_in, 'sector'))),
        joined(unless_known(big, 'turnover'), joined(unless_known(in_time, 'closing'), unless_known(approved, 'approval'))))
        ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM stake WHERE bar = 'narrow';

-- rule: BE-FDI-03
-- Closings from before the screening; who invested, and in what, does not matter.
SELECT from_id AS subject, to_id AS counterparty,
    CASE WHEN in_time IS NULL THEN 'unknown' ELSE 'no' END AS verdict,
    CASE WHEN in_time THEN 'not applicable' ELSE 'ok' END AS outcome,
    CASE WHEN in_time THEN 'later' WHEN NOT in_time THEN 'earlier' ELSE 'when' END AS message,
    {'closing_on': closing_on} AS "values", facts,
    unless_known(in_time, 'closing') AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM stake WHERE bar = 'wide' AND here IS NOT FALSE
