-- view: us_user
-- Who is under US jurisdiction: organised or based in the US, or a person who is there or is its citizen (15 CFR 791.3).
SELECT entity_id,
    CASE WHEN list_contains(list_concat(list_concat(organised_in, principal_places), list_concat(located_in, nationality)), $home) THEN true
         WHEN kind = 'organisation' AND len(organised_in) > 0 THEN false
         WHEN kind <> 'organisation' AND len(located_in) + len(nationality) + len(organised_in) > 0 THEN false
    END AS us, facts
FROM party;

-- view: holder
-- Whether one of those who control an entity is itself of a foreign adversary (15 CFR 791.2: control in the wider sense).
SELECT c.subject_id AS entity_id,
    any_yes(CASE WHEN c.verdict = 'yes' THEN true END AND truth(o.verdict)) AS held,
    min(c.steps) FILTER (WHERE truth(o.verdict)) AS steps,
    joined(united(c.facts), united(o.facts)) AS facts
FROM control_chain AS c
LEFT JOIN covered AS o ON o.entity_id = c.holder_id AND o.list = 'us_15cfr791_foreign_adversaries'
GROUP BY c.subject_id;

-- view: party_tie
-- Whether a foreign adversary owns a party, controls it or has it under its law (15 CFR 791.2, 791.4). Only who has a
-- known controller who is not theirs, or of whom all interests are known, or is a person, is not tied: that nobody told
-- of a controller does not say so.
SELECT o.entity_id,
    o.basis IN ('organised', 'principal_place', 'state', 'person', 'listed') AS direct,
    a.held,
    truth(o.verdict) OR coalesce(a.held, CASE WHEN a.entity_id IS NULL AND (p.kind = 'person' OR w.lacks) THEN false END) AS tied,
    a.steps,
    joined(o.facts, a.facts) AS facts
FROM covered AS o
JOIN party AS p ON p.entity_id = o.entity_id
LEFT JOIN holder AS a ON a.entity_id = o.entity_id
LEFT JOIN lacks_interest AS w ON w.subject_id = o.entity_id
WHERE o.list = 'us_15cfr791_foreign_adversaries';

-- view: tie
-- The same with groups of persons: citizens and residents of an adversary, and who works for somebody who is tied.
WITH adversary AS (
    SELECT list_sort(list(member)) AS countries FROM list_entry
    WHERE list = 'us_15cfr791_foreign_adversaries' AND kind = 'country'
), employed AS (
    SELECT i.subject_id AS entity_id, any_yes(t.tied) AS tied, joined(list(i.fact_id), united(t.facts)) AS facts
    FROM interest AS i LEFT JOIN party_tie AS t ON t.entity_id = i.holder_id
    WHERE i.kind = 'employs'
    GROUP BY i.subject_id
)
SELECT entity_id, direct, held, tied, steps, facts FROM party_tie
UNION ALL
SELECT p.entity_id,
    CASE WHEN list_has_any(list_concat(p.located_in, p.nationality), a.countries) THEN true
         WHEN len(p.located_in) > 0 AND len(p.nationality) > 0 THEN false END AS direct,
    e.tied,
    direct OR CASE WHEN e.entity_id IS NOT NULL THEN e.tied WHEN w.lacks THEN false END,
    NULL, joined(p.facts, e.facts)
FROM party AS p
CROSS JOIN adversary AS a
LEFT JOIN employed AS e ON e.entity_id = p.entity_id
LEFT JOIN lacks_interest AS w ON w.subject_id = p.entity_id
WHERE p.kind = 'group';

-- view: service
-- Who supplies, operates or services what for whom: by agreement, by custody, or as supplier or licensor; merely to
-- operate, update or service it is enough (15 CFR 791.1(a)(1)).
WITH told AS (
    SELECT from_id, to_id, asset_id, kind AS how, facts FROM dealing WHERE kind IN ('vendor', 'processor', 'ict')
    UNION ALL
    SELECT r.entity_id, c.entity_id, c.asset_id, c.kind, joined(c.facts, r.facts)
    FROM custody AS c JOIN responsible AS r ON r.asset_id = c.asset_id
    UNION ALL
    SELECT r.entity_id, i.holder_id, i.subject_id, i.kind, joined([i.fact_id], r.facts)
    FROM interest AS i JOIN responsible AS r ON r.asset_id = i.subject_id
    WHERE i.kind IN ('supplies', 'licenses', 'resolves', 'registers', 'certifies', 'authenticates')
)
SELECT from_id, to_id, asset_id, list_sort(list_distinct(list(how))) AS hows, united(facts) AS facts
FROM told WHERE from_id <> to_id
GROUP BY from_id, to_id, asset_id;

-- view: pair
-- The same per user and supplier, with whether the rule's jurisdiction reaches it: the user, or something of it in the US.
WITH stood AS (
    SELECT asset_id, CASE WHEN bool_or(country = $home AND stands) THEN true WHEN bool_and(stands) THEN false END AS there,
        united(facts) AS facts
    FROM resource_place GROUP BY asset_id
)
SELECT s.from_id, s.to_id, u.us OR any_yes(CASE WHEN s.asset_id IS NULL THEN false ELSE w.there END) AS reached,
    list_sort(list_distinct(flatten(list(s.hows)))) AS hows,
    joined(united(s.facts), joined(u.facts, united(w.facts))) AS facts
FROM service AS s
LEFT JOIN us_user AS u ON u.entity_id = s.from_id
LEFT JOIN stood AS w ON w.asset_id = s.asset_id
GROUP BY s.from_id, s.to_id, u.us, u.facts;

-- rule: US-ICTS-01
-- Reviewable: a US user and a supplier that is tied to a foreign adversary. A user outside has one row that says so.
SELECT p.from_id AS subject, p.to_id AS counterparty, verdict(p.reached AND t.tied) AS verdict,
    CASE WHEN p.reached AND t.tied IS NOT FALSE OR (p.reached AND t.tied) IS NULL THEN 'assess' ELSE 'ok' END AS outcome,
    CASE WHEN p.reached AND t.tied THEN 'reviewable' WHEN (p.reached AND t.tied) IS NULL THEN 'open' ELSE 'untied' END AS message,
    {'hows': p.hows, 'direct': t.direct, 'steps': t.steps} AS "values",
    joined(p.facts, t.facts) AS facts,
    CASE WHEN (p.reached AND t.tied) IS NULL THEN joined(unless_known(p.reached, 'user_place'), unless_known(t.tied, 'supplier_control'))
         ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM pair AS p LEFT JOIN tie AS t ON t.entity_id = p.to_id
WHERE p.reached IS NOT FALSE
UNION ALL
SELECT from_id, NULL, 'no', 'not applicable', 'not_us', NULL, united(facts), []::VARCHAR[], NULL, NULL
FROM pair
GROUP BY from_id
HAVING bool_and(coalesce(NOT reached, false));

-- view: weight
-- Five of the criteria of 15 CFR 791.103(c), of the assets that a supplier serves; NULL: nobody says.
WITH counted AS (
    SELECT asset_id, max(subjects_lo) AS lo, CASE WHEN count(subjects_hi) = count(*) THEN CAST(sum(subjects_hi) AS BIGINT) END AS hi, united(facts) AS facts
    FROM person_count
    WHERE kind = 'category' AND category LIKE 'us_28cfr202/%' AND category NOT LIKE 'us_28cfr202/listed_identifier_%'
    GROUP BY asset_id
), stopped AS (
    SELECT split_part(cut, ':', 2) || CASE WHEN length(split_part(cut, ':', 3)) > 0 THEN ':' || split_part(cut, ':', 3) ELSE '' END AS entity_id,
        any_yes(truth(verdict)) AS disrupts, united(facts) AS facts
    FROM cutoff WHERE critical AND cut LIKE 'entity:%'
    GROUP BY 1
)
SELECT s.from_id, s.to_id,
    CASE WHEN bool_or(n.asset_id IS NOT NULL AND coalesce(n.hi, 1) > 0) THEN true WHEN bool_and(n.hi = 0) THEN false END AS sensitive,
    max(n.lo) AS persons_lo,
    CASE WHEN count(n.hi) = count(*) THEN CAST(sum(n.hi) AS BIGINT) END AS persons_hi,
    CASE WHEN bool_or(r.critical) THEN true END AS critical,
    bool_or(d.disrupts) AS disrupts,
    any_yes(a.lacks) AS no_substitute,
    joined(united(n.facts), joined(united(r.facts), joined(united(d.facts), united(a.facts)))) AS facts
FROM service AS s
LEFT JOIN counted AS n ON n.asset_id = s.asset_id
LEFT JOIN resource AS r ON r.asset_id = s.asset_id
LEFT JOIN stopped AS d ON d.entity_id = s.to_id
LEFT JOIN lacks_control AS a ON a.subject_id = s.asset_id AND a.control = 'alternative'
GROUP BY s.from_id, s.to_id;

-- rule: US-ICTS-02
-- The rank among those that US-ICTS-01 found reviewable: how many of the five criteria hold (15 CFR 791.103(c)). Of the
-- others of a user there is one row: suppliers of whom it is unknown, or else that none is reviewable.
WITH rated AS (
    SELECT f.subject, f.counterparty, w.*, t.direct,
        coalesce(w.sensitive, false)::INTEGER + coalesce(w.critical, false)::INTEGER + coalesce(t.direct, false)::INTEGER
            + coalesce(w.disrupts, false)::INTEGER + coalesce(w.no_substitute, false)::INTEGER AS met,
        (w.sensitive IS NULL)::INTEGER + (w.critical IS NULL)::INTEGER + (t.direct IS NULL)::INTEGER
            + (w.disrupts IS NULL)::INTEGER + (w.no_substitute IS NULL)::INTEGER AS unsaid,
        joined(f.facts, joined(w.facts, t.facts)) AS proof
    FROM ruled AS f
    JOIN weight AS w ON w.from_id = f.subject AND w.to_id = f.counterparty
    LEFT JOIN tie AS t ON t.entity_id = f.counterparty
    WHERE f.rule_id = 'US-ICTS-01' AND f.verdict = 'yes'
), ranked AS (
    SELECT *, rank() OVER (PARTITION BY subject ORDER BY met DESC) AS place, count(*) OVER (PARTITION BY subject) AS amount
    FROM rated
), rest AS (
    SELECT subject, bool_or(verdict = 'yes') AS some_yes, count(*) FILTER (WHERE verdict = 'unknown') AS unknowns,
        count(*) FILTER (WHERE verdict = 'no') AS out, united(facts) AS facts
    FROM ruled WHERE rule_id = 'US-ICTS-01' AND counterparty IS NOT NULL
    GROUP BY subject
)
SELECT subject, counterparty, 'yes' AS verdict, 'assess' AS outcome, 'rank' AS message,
    {'rank': place, 'of': amount, 'met': met, 'open': unsaid, 'sensitive': sensitive, 'persons_lo': persons_lo,
     'persons_hi': persons_hi, 'critical': critical, 'direct': direct, 'disrupts': disrupts, 'no_substitute': no_substitute} AS "values",
    proof AS facts, []::VARCHAR[] AS missing, NULL::VARCHAR AS exemption, NULL AS bounds
FROM ranked
UNION ALL
SELECT subject, NULL, CASE WHEN unknowns > 0 THEN 'unknown' ELSE 'no' END, CASE WHEN unknowns > 0 THEN 'assess' ELSE 'ok' END,
    CASE WHEN unknowns > 0 THEN 'unranked' ELSE 'out' END,
    {'rank': NULL, 'of': CASE WHEN unknowns > 0 THEN unknowns ELSE out END, 'met': NULL, 'open': NULL, 'sensitive': NULL, 'persons_lo': NULL,
     'persons_hi': NULL, 'critical': NULL, 'direct': NULL, 'disrupts': NULL, 'no_substitute': NULL},
    facts, CASE WHEN unknowns > 0 THEN ['supplier_control'] ELSE []::VARCHAR[] END, NULL, NULL
FROM rest WHERE unknowns > 0 OR NOT some_yes;

-- view: served
-- Determinations, with what is known of their kind and of what followed.
SELECT e.event_id, e.subject_id, e.on_date,
    e.on_date + CAST($answer_days AS INTEGER) AS answer_by, e.on_date + CAST($final_days AS INTEGER) AS final_by,
    bool_or(CASE WHEN c.control = 'icts_initial_determination' THEN NOT c.lacks END) AS initial,
    bool_or(CASE WHEN c.control = 'icts_answer' THEN NOT c.lacks END) AS answered,
    bool_or(CASE WHEN c.control = 'icts_final_determination' THEN NOT c.lacks END) AS decided,
    joined([e.fact_id], united(c.facts)) AS facts
FROM event AS e
LEFT JOIN lacks_control AS c ON c.subject_id = e.event_id
    AND c.control IN ('icts_initial_determination', 'icts_answer', 'icts_final_determination')
WHERE e.kind = 'determination' AND coalesce(e.on_date <= $as_of, true)
GROUP BY e.event_id, e.subject_id, e.on_date, e.fact_id;

-- rule: US-ICTS-03
-- What is due after an Initial Determination: an answer in 30 days, a Final Determination in 180 (15 CFR 791.105, .107, .109).
WITH stated AS (
    SELECT *, CASE
        WHEN NOT initial THEN 'other'
        WHEN decided AND initial THEN 'closed'
        WHEN initial IS NULL OR on_date IS NULL THEN 'open'
        WHEN $as_of > final_by THEN CASE WHEN NOT decided THEN 'overdue' ELSE 'open' END
        WHEN answered THEN 'answered'
        WHEN answered IS NULL THEN 'open'
        WHEN $as_of > answer_by THEN 'late'
        ELSE 'answer' END AS message
    FROM served
)
SELECT subject_id AS subject, event_id AS counterparty,
    CASE WHEN message IN ('overdue', 'late', 'answer') THEN 'yes' WHEN message = 'open' THEN 'unknown' ELSE 'no' END AS verdict,
    CASE WHEN message = 'other' THEN 'not applicable' WHEN message IN ('closed', 'answered') THEN 'ok'
         WHEN message = 'overdue' OR $as_of > final_by THEN 'assess' ELSE 'notify' END AS outcome,
    message,
    {'served': strftime(on_date, '%Y-%m-%d'), 'answer_by': strftime(answer_by, '%Y-%m-%d'), 'final_by': strftime(final_by, '%Y-%m-%d'),
     'answer_days': $answer_days, 'final_days': $final_days} AS "values",
    facts,
    CASE WHEN message <> 'open' THEN []::VARCHAR[]
         ELSE joined(unless_known(CASE WHEN on_date IS NOT NULL THEN initial END, 'determination_kind'),
            CASE WHEN $as_of > final_by THEN unless_known(decided, 'final') ELSE unless_known(answered, 'answer') END) END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM stated
WHERE subject_id IS NOT NULL;

-- view: named
-- Suppliers that a Final Determination names, themselves or under the control of a party that it names, with its parts
-- that hold on the day and its days (15 CFR 791.109).
WITH entry AS (
    SELECT member, bool_or(coalesce(part, 'updates') = 'updates') AS all_use, bool_or(part = 'new-deals') AS new_use,
        list_sort(list(fact_id)) AS facts
    FROM list_entry WHERE list = 'us_15cfr791_determinations' AND kind = 'entity'
    GROUP BY member
), reached AS (
    SELECT member, member AS entity_id, true AS sure, facts FROM entry
    UNION ALL
    SELECT e.member, c.subject_id, CASE WHEN c.verdict = 'yes' THEN true END, joined(e.facts, c.facts)
    FROM entry AS e JOIN control_chain AS c ON c.holder_id = e.member
)
SELECT r.entity_id, bool_or(r.sure) AS sure, bool_or(e.all_use) AS all_use, bool_or(e.new_use) AS new_use,
    min(n.day) AS new_from, min(o.day) AS old_until, united(r.facts) AS facts
FROM reached AS r
JOIN entry AS e ON e.member = r.member
LEFT JOIN law_param AS n ON n.name = 'new_deals_from' AND 'ent:' || n.key = r.member
LEFT JOIN law_param AS o ON o.name = 'old_deals_until' AND 'ent:' || o.key = r.member
GROUP BY r.entity_id;

-- rule: US-ICTS-04
-- Barred by a Final Determination: new agreements from its first day, all else from its second (89 FR 52434). A supplier
-- that the list does not name says no only if the list is whole; all such suppliers of a user are one row.
WITH begun AS (
    SELECT from_id, to_id, max(valid_from) AS since FROM agreement GROUP BY from_id, to_id
), used AS (
    SELECT p.from_id, p.to_id, p.reached, n.sure, n.new_from, n.old_until,
        n.sure AND (n.all_use OR n.new_use AND CAST(b.since AS DATE) >= n.new_from) AS barred,
        joined(p.facts, n.facts) AS facts
    FROM pair AS p
    JOIN named AS n ON n.entity_id = p.to_id
    LEFT JOIN begun AS b ON b.from_id = p.from_id AND b.to_id = p.to_id
), others AS (
    SELECT p.from_id, bool_or(p.reached) AS reached, count(*) AS suppliers, united(p.facts) AS facts
    FROM pair AS p ANTI JOIN named AS n ON n.entity_id = p.to_id
    WHERE p.reached IS NOT FALSE
    GROUP BY p.from_id
)
SELECT from_id AS subject, to_id AS counterparty, verdict(reached AND barred) AS verdict,
    CASE WHEN NOT reached THEN 'not applicable' WHEN (reached AND barred) IS NOT FALSE THEN 'prohibited' ELSE 'ok' END AS outcome,
    CASE WHEN NOT reached THEN 'not_us' WHEN reached AND barred THEN 'barred' WHEN (reached AND barred) IS NULL THEN 'open' ELSE 'still' END AS message,
    {'new_from': strftime(new_from, '%Y-%m-%d'), 'old_until': strftime(old_until, '%Y-%m-%d'), 'suppliers': NULL::BIGINT} AS "values",
    facts,
    CASE WHEN (reached AND barred) IS NULL THEN joined(unless_known(reached, 'user_place'),
         CASE WHEN sure IS NULL THEN ['supplier_control'] ELSE unless_known(barred, 'deal_date') END) ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM used
UNION ALL
SELECT o.from_id, NULL, CASE WHEN l.lacks THEN 'no' ELSE 'unknown' END, CASE WHEN l.lacks THEN 'ok' ELSE 'prohibited' END,
    CASE WHEN l.lacks THEN 'none' ELSE 'rest' END, {'new_from': NULL, 'old_until': NULL, 'suppliers': o.suppliers}, o.facts,
    CASE WHEN l.lacks THEN []::VARCHAR[] ELSE ['whole_list'] END, NULL, NULL
FROM others AS o JOIN lacks_list AS l ON l.list = 'us_15cfr791_determinations';

-- view: vehicle
-- Vehicles, parts of vehicles and their software: assets of which somebody says so (15 CFR 791.300 to 791.308).
SELECT c.subject_id AS asset_id,
    bool_or(CASE WHEN c.control = 'cv_us_market' THEN NOT c.lacks END) AS market,
    bool_or(CASE WHEN c.control = 'cv_light' THEN NOT c.lacks END) AS light,
    bool_or(CASE WHEN c.control = 'cv_software' THEN NOT c.lacks END) AS software,
    bool_or(CASE WHEN c.control = 'cv_hardware' THEN NOT c.lacks END) AS hardware,
    bool_or(CASE WHEN c.control = 'cv_maker' THEN NOT c.lacks END) AS made,
    bool_or(CASE WHEN c.control = 'cv_model_2027' THEN NOT c.lacks END) AS model_2027,
    bool_or(CASE WHEN c.control = 'cv_model_2030' THEN NOT c.lacks END) AS model_2030,
    bool_or(CASE WHEN c.control = 'cv_no_model_year' THEN NOT c.lacks END) AS unmarked,
    bool_or(CASE WHEN c.control = 'cv_authorised' THEN NOT c.lacks END) AS authorised,
    united(c.facts) AS facts
FROM lacks_control AS c
SEMI JOIN (SELECT subject_id FROM control WHERE control IN ('cv_us_market', 'cv_software', 'cv_hardware', 'cv_maker')) AS v
    ON v.subject_id = c.subject_id
WHERE c.control LIKE 'cv_%'
GROUP BY c.subject_id;

-- view: vehicle_tie
-- Which suppliers are tied to the adversaries that the vehicle rule names, which are fewer than those of 791.4.
WITH wanted AS (
    SELECT list_sort(list(value)) AS countries FROM law_param WHERE name = 'vehicle_adversary'
), chained AS (
    SELECT entity_id, entity_id AS at_id FROM party
    UNION ALL
    SELECT subject_id, holder_id FROM control_chain WHERE verdict = 'yes'
), placed AS (
    SELECT c.entity_id, any_yes(CASE WHEN len(p.organised_in) + len(p.principal_places) + len(p.located_in) + len(p.nationality) > 0
        THEN list_has_any(list_concat(list_concat(p.organised_in, p.principal_places), list_concat(p.nationality,
            CASE WHEN p.kind = 'organisation' THEN []::VARCHAR[] ELSE p.located_in END)), w.countries) END) AS there,
        united(p.facts) AS facts
    FROM chained AS c JOIN party AS p ON p.entity_id = c.at_id CROSS JOIN wanted AS w
    GROUP BY c.entity_id
)
SELECT t.entity_id, t.tied AND CASE WHEN l.there THEN true WHEN NOT l.there AND (t.direct OR t.held) THEN false END AS tied,
    joined(t.facts, l.facts) AS facts
FROM tie AS t JOIN placed AS l ON l.entity_id = t.entity_id;

-- rule: US-ICTS-05
-- A light vehicle for the US market with software or a maker of the two adversaries from model year 2027, or with their
-- hardware from 2030 (without a model year: from a day), unless authorised.
WITH supplier AS (
    SELECT subject_id AS asset_id, holder_id AS entity_id, list_sort(list(fact_id)) AS facts
    FROM interest WHERE kind IN ('supplies', 'licenses', 'updates', 'operates', 'manages', 'hosts', 'owns', 'controls')
    GROUP BY subject_id, holder_id
), judged AS (
    SELECT v.*, s.entity_id, t.tied,
        v.market AND v.light AND t.tied AND NOT v.authorised
            AND ((v.software OR v.made) AND v.model_2027
                OR v.hardware AND (v.model_2030 OR v.unmarked AND $as_of >= $hardware_day)) AS barred,
        joined(v.facts, joined(s.facts, t.facts)) AS proof
    FROM vehicle AS v
    JOIN supplier AS s ON s.asset_id = v.asset_id
    LEFT JOIN vehicle_tie AS t ON t.entity_id = s.entity_id
)
SELECT asset_id AS subject, entity_id AS counterparty, verdict(barred) AS verdict,
    CASE WHEN barred IS NOT FALSE THEN 'prohibited' WHEN NOT market OR NOT light THEN 'not applicable' ELSE 'ok' END AS outcome,
    CASE WHEN barred THEN 'barred' WHEN barred IS NULL THEN 'open' ELSE 'free' END AS message,
    {'why': CASE WHEN NOT market THEN 'not for the US market' WHEN NOT light THEN '10,001 pounds or more' WHEN NOT tied THEN 'supplier not tied'
        WHEN authorised THEN 'authorised' ELSE 'model year before the bar, or no part of it' END} AS "values",
    proof AS facts, unless_known(barred, 'vehicle_facts') AS missing,
    CASE WHEN authorised THEN 'applied: 15 CFR 791.302 to 791.308: authorisation' WHEN NOT authorised THEN 'refused: 15 CFR 791.302 to 791.308: no authorisation' END AS exemption,
    NULL AS bounds
FROM judged
