-- view: us_user
-- Who is in the US: organised or based there, or a person who is there.
SELECT entity_id,
    CASE WHEN $home IS NULL THEN NULL
         WHEN list_contains(list_concat(list_concat(organised_in, principal_places), located_in), $home) THEN true
         WHEN kind = 'organisation' AND len(organised_in) > 0 THEN false
         WHEN kind <> 'organisation' AND len(located_in) + len(organised_in) > 0 THEN false
    END AS us, facts
FROM party;

-- view: supply
-- Who makes, supplies, licenses or runs what for whom, per asset where one is known.
WITH told AS (
    SELECT from_id, to_id, asset_id, facts FROM dealing WHERE kind IN ('vendor', 'processor', 'ict')
    UNION ALL
    SELECT r.entity_id, i.holder_id, i.subject_id, joined([i.fact_id], r.facts)
    FROM interest AS i JOIN responsible AS r ON r.asset_id = i.subject_id
    WHERE i.kind IN ('supplies', 'licenses', 'updates', 'operates', 'hosts', 'manages', 'administers', 'resolves', 'registers', 'certifies', 'authenticates')
)
SELECT from_id, to_id, asset_id, united(facts) AS facts
FROM told WHERE from_id <> to_id
GROUP BY from_id, to_id, asset_id;

-- view: listed
-- Who is on a list, by name or under the control of who is; sure is NULL where that control is not certain.
WITH entry AS (
    SELECT list, member, max(name) AS name, list_sort(list(fact_id)) AS facts
    FROM list_entry WHERE kind = 'entity' AND list IN ('us_fcc_covered', 'us_ndaa_889', 'us_1260h')
    GROUP BY list, member
), reached AS (
    SELECT list, member AS entity_id, name, true AS itself, true AS sure, facts FROM entry
    UNION ALL
    SELECT e.list, c.subject_id, e.name, false, CASE WHEN c.verdict = 'yes' THEN true END, joined(e.facts, c.facts)
    FROM entry AS e JOIN control_chain AS c ON c.holder_id = e.member
)
SELECT list, entity_id, max(name) AS name, bool_or(itself) AS itself, bool_or(sure) AS sure, united(facts) AS facts
FROM reached GROUP BY list, entity_id;

-- view: traced
-- Suppliers of a user that no list names, counted: a miss on a list that is not whole says nothing of them.
SELECT l.list, s.from_id, count(DISTINCT s.to_id) AS suppliers, united(s.facts) AS facts
FROM supply AS s
CROSS JOIN lacks_list AS l
LEFT JOIN listed AS n ON n.list = l.list AND n.entity_id = s.to_id
WHERE n.entity_id IS NULL AND l.list IN ('us_fcc_covered', 'us_ndaa_889', 'us_1260h')
GROUP BY l.list, s.from_id;

-- rule: US-LIST-01
-- What the Covered List names may not be newly authorised, imported or marketed; its use is to be assessed.
WITH placed AS (
    SELECT s.from_id, s.to_id, s.asset_id, u.us, n.name, n.sure, NOT c.lacks AS market,
        joined(joined(s.facts, n.facts), joined(u.facts, c.facts)) AS facts
    FROM supply AS s
    JOIN listed AS n ON n.list = 'us_fcc_covered' AND n.entity_id = s.to_id
    LEFT JOIN us_user AS u ON u.entity_id = s.from_id
    LEFT JOIN lacks_control AS c ON c.subject_id = s.asset_id AND c.control = 'fcc_placed_on_market'
    UNION ALL
    SELECT r.entity_id, d.subject_id, d.subject_id, u.us, e.name, NOT d.lacks, NOT c.lacks,
        joined(joined(d.facts, r.facts), joined(u.facts, joined(c.facts, [e.fact_id])))
    FROM lacks_control AS d
    JOIN responsible AS r ON r.asset_id = d.subject_id
    JOIN list_entry AS e ON e.list = 'us_fcc_covered' AND e.member = $drone
    SEMI JOIN control AS k ON k.subject_id = d.subject_id AND k.control = 'foreign_made_drone'
    LEFT JOIN us_user AS u ON u.entity_id = r.entity_id
    LEFT JOIN lacks_control AS c ON c.subject_id = d.subject_id AND c.control = 'fcc_placed_on_market'
    WHERE d.control = 'foreign_made_drone'
), judged AS (
    SELECT from_id, to_id, any_yes(us AND sure) AS hit, bool_or(us) AS us, bool_or(sure) AS sure, bool_or(market) AS market,
        max(name) AS name, united(facts) AS facts
    FROM placed GROUP BY from_id, to_id
)
SELECT from_id AS subject, to_id AS counterparty, verdict(hit) AS verdict,
    CASE WHEN NOT us THEN 'not applicable' WHEN NOT hit THEN 'ok' WHEN market THEN 'prohibited' ELSE 'assess' END AS outcome,
    CASE WHEN NOT us THEN 'not_us' WHEN NOT hit THEN 'not_named' WHEN hit IS NULL THEN 'open' WHEN market THEN 'barred' ELSE 'used' END AS message,
    {'name': name, 'suppliers': NULL::BIGINT} AS "values", facts,
    joined(CASE WHEN hit IS NULL THEN joined(unless_known(us, 'user_place'), unless_known(sure, 'control')) END,
        CASE WHEN hit IS NOT FALSE THEN unless_known(market, 'market') END) AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM judged
UNION ALL
SELECT t.from_id, NULL, 'unknown', 'assess', 'rest', {'name': NULL, 'suppliers': t.suppliers}, joined(t.facts, u.facts), ['whole_list'], NULL, NULL
FROM traced AS t
JOIN lacks_list AS l ON l.list = t.list AND l.lacks IS NULL
LEFT JOIN us_user AS u ON u.entity_id = t.from_id
WHERE t.list = 'us_fcc_covered' AND u.us IS NOT FALSE;

-- view: contractor
-- Who has a contract with a US federal agency, and whether a waiver covers it. may: some state buys from it, and it is not
-- known whether that one is the US.
WITH state AS (
    SELECT g.to_id AS entity_id, CASE WHEN $home IS NOT NULL THEN list_contains(list_concat(p.organised_in, p.located_in), $home) END AS ours,
        joined([g.fact_id], p.facts) AS facts
    FROM agreement AS g JOIN party AS p ON p.entity_id = g.from_id
    WHERE p.kind = 'state'
), bought AS (
    SELECT entity_id, any_yes(ours) AS ours, united(facts) AS facts FROM state WHERE ours IS NOT FALSE GROUP BY entity_id
)
SELECT p.entity_id, CASE WHEN b.ours THEN true WHEN b.entity_id IS NULL OR c.lacks IS FALSE THEN NOT c.lacks END AS federal,
    b.entity_id IS NOT NULL AND b.ours IS NULL AS may, NOT w.lacks AS waived,
    joined(b.facts, joined(c.facts, w.facts)) AS facts
FROM party AS p
LEFT JOIN bought AS b ON b.entity_id = p.entity_id
LEFT JOIN lacks_control AS c ON c.subject_id = p.entity_id AND c.control = 'us_federal_contractor'
LEFT JOIN lacks_control AS w ON w.subject_id = p.entity_id AND w.control = 'ndaa_889_waiver';

-- rule: US-LIST-02
-- A federal contractor may not use equipment of the makers that section 889 names as a substantial component.
WITH used AS (
    SELECT s.from_id, s.to_id, k.federal, k.waived, n.sure, NOT c.lacks AS component,
        k.federal AND n.sure AND NOT c.lacks AND NOT k.waived AS hit,
        joined(joined(s.facts, n.facts), joined(k.facts, c.facts)) AS facts
    FROM supply AS s
    JOIN listed AS n ON n.list = 'us_ndaa_889' AND n.entity_id = s.to_id
    LEFT JOIN contractor AS k ON k.entity_id = s.from_id
    LEFT JOIN lacks_control AS c ON c.subject_id = s.asset_id AND c.control = 'ndaa_889_component'
), judged AS (
    SELECT from_id, to_id, any_yes(hit) AS hit, bool_or(federal) AS federal, bool_or(waived) AS waived,
        bool_or(sure) AS sure, any_yes(component) AS component, united(facts) AS facts
    FROM used GROUP BY from_id, to_id
)
SELECT from_id AS subject, to_id AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'prohibited' WHEN NOT federal THEN 'not applicable' ELSE 'ok' END AS outcome,
    CASE WHEN hit THEN 'barred' WHEN hit IS NULL THEN 'open' ELSE 'free' END AS message,
    {'why': CASE WHEN NOT federal THEN 'no federal contractor' WHEN waived THEN 'waiver' ELSE 'no substantial component' END,
     'suppliers': NULL::BIGINT} AS "values",
    facts,
    CASE WHEN hit IS NOT NULL THEN []::VARCHAR[] ELSE joined(joined(unless_known(federal, 'contractor'), unless_known(waived, 'waiver')),
        joined(unless_known(component, 'component'), unless_known(sure, 'control'))) END AS missing,
    CASE WHEN waived THEN 'applied: FY2019 NDAA section 889(d): waiver' WHEN NOT waived THEN 'refused: FY2019 NDAA section 889(d): no waiver' END AS exemption,
    NULL AS bounds
FROM judged
UNION ALL
SELECT t.from_id, NULL, 'unknown', 'prohibited', 'rest', {'why': NULL, 'suppliers': t.suppliers}, joined(t.facts, k.facts), ['whole_list'], NULL, NULL
FROM traced AS t
JOIN lacks_list AS l ON l.list = t.list AND l.lacks IS NULL
JOIN contractor AS k ON k.entity_id = t.from_id AND (k.federal OR k.may)
WHERE t.list = 'us_ndaa_889';

-- view: defense
-- Contracts of the Department of Defense: with a company itself, or through one of its contractors.
WITH bureau AS (
    SELECT subject_id AS entity_id, facts FROM lacks_control
    WHERE control = 'us_department_of_defense' AND NOT lacks
), direct AS (
    SELECT g.from_id, g.to_id, min(g.valid_from) AS since_first, max(g.valid_from) AS since, count(g.valid_from) = count(*) AS dated,
        joined(list(g.fact_id), united(b.facts)) AS facts
    FROM agreement AS g JOIN bureau AS b ON b.entity_id = g.from_id
    GROUP BY g.from_id, g.to_id
)
SELECT from_id, NULL::VARCHAR AS through, to_id, CAST(since AS DATE) AS since, dated, facts FROM direct
UNION ALL
SELECT d.from_id, d.to_id, s.to_id, NULL, NULL, joined(d.facts, united(s.facts))
FROM direct AS d JOIN supply AS s ON s.from_id = d.to_id AND s.to_id <> d.from_id
GROUP BY d.from_id, d.to_id, s.to_id, d.facts;

-- rule: US-LIST-03
-- No contract of the Department of Defense with a listed company from one day, and not through others from another.
WITH judged AS (
    SELECT d.*, n.itself, n.sure,
        CASE WHEN d.through IS NOT NULL THEN 'indirect' WHEN NOT n.itself THEN 'affiliate'
             WHEN d.since >= $direct_from THEN 'direct' WHEN d.dated THEN 'running' ELSE 'open' END AS way,
        CASE WHEN d.through IS NOT NULL THEN n.sure AND $as_of >= $indirect_from ELSE n.sure AND $as_of >= $direct_from END AS hit,
        joined(d.facts, n.facts) AS proof
    FROM defense AS d JOIN listed AS n ON n.list = 'us_1260h' AND n.entity_id = d.to_id
)
SELECT from_id AS subject, to_id AS counterparty,
    CASE WHEN way = 'open' THEN 'unknown' ELSE verdict(hit) END AS verdict,
    CASE WHEN hit IS FALSE AND way <> 'open' THEN 'ok' WHEN way IN ('affiliate', 'running') OR NOT itself THEN 'assess' ELSE 'prohibited' END AS outcome,
    CASE WHEN way = 'open' OR hit IS NULL THEN 'open' WHEN NOT hit THEN 'later' ELSE way END AS message,
    {'through': through, 'direct_from': strftime($direct_from, '%Y-%m-%d'), 'indirect_from': strftime($indirect_from, '%Y-%m-%d'),
     'suppliers': NULL::BIGINT} AS "values",
    proof AS facts,
    joined(CASE WHEN way = 'open' THEN ['contract_date'] END, unless_known(sure, 'control')) AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM judged
UNION ALL
SELECT d.from_id, NULL, 'unknown', 'prohibited', 'rest', {'through': NULL, 'direct_from': NULL, 'indirect_from': NULL, 'suppliers': count(DISTINCT d.to_id)},
    united(d.facts), ['whole_list'], NULL, NULL
FROM defense AS d
JOIN lacks_list AS l ON l.list = 'us_1260h' AND l.lacks IS NULL
LEFT JOIN listed AS n ON n.list = 'us_1260h' AND n.entity_id = d.to_id
WHERE n.entity_id IS NULL AND d.through IS NULL
GROUP BY d.from_id
