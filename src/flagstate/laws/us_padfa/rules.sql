-- view: about_us
-- Groups of persons that data are about: whether they are US individuals. A group of both counts as not known.
SELECT about,
    CASE WHEN located_in = [$home] OR nationality = [$home] THEN true
         WHEN list_contains(located_in, $home) OR list_contains(nationality, $home) THEN NULL
         WHEN len(located_in) > 0 THEN false END AS us,
    facts
FROM about_place;

-- view: controlled
-- Who is in a foreign adversary country, held by a fifth or more from there, or directed from there.
WITH held AS (
    SELECT entity_id, truth(verdict) AS held, facts FROM covered WHERE list = 'us_padfa'
), led AS (
    SELECT c.subject_id AS entity_id, bool_or(c.verdict = 'yes' AND h.held) AS led, united(joined(c.facts, h.facts)) AS facts
    FROM control_chain AS c JOIN held AS h ON h.entity_id = c.holder_id AND h.held
    GROUP BY c.subject_id
)
SELECT h.entity_id, CASE WHEN l.led THEN true WHEN l.entity_id IS NULL OR h.held THEN h.held END AS controlled,
    joined(p.facts, joined(h.facts, l.facts)) AS facts
FROM held AS h
JOIN party AS p ON p.entity_id = h.entity_id
LEFT JOIN led AS l ON l.entity_id = h.entity_id;

-- view: given
-- What is made available to whom, part by part: by an agreement of brokerage, by a party that is said to be a data
-- broker, or in a way that nobody says. broker: whether who gives is a data broker. Who gets at a whole asset gets at each
-- container of it.
WITH got AS (
    SELECT d.dealing_id, d.kind, d.from_id, d.to_id, d.asset_id, d.container, d.facts, any_yes(x.granted) AS granted
    FROM dealing AS d
    LEFT JOIN access AS x ON x.asset_id = d.asset_id AND x.entity_id = d.to_id
        AND (x.container IS NULL OR x.container IS NOT DISTINCT FROM d.container)
    WHERE d.from_id IS NOT NULL AND d.to_id IS NOT NULL AND d.from_id <> d.to_id
    GROUP BY d.dealing_id, d.kind, d.from_id, d.to_id, d.asset_id, d.container, d.facts
), said AS (
    SELECT subject_id, control, lacks, facts FROM lacks_control
    WHERE control IN ('data_broker', 'service_provider', 'data_subject_request') AND (lacks IS NOT NULL OR len(facts) > 0)
), named AS (
    SELECT count(*) > 0 AS known FROM law_param WHERE name = 'sensitive'
), sensitive AS (
    -- Where no category is named on the day, what is sensitive is not known.
    SELECT d.asset_id, coalesce(d.container, '') AS part, d.about, g.us,
        (CASE WHEN bool_or(s.key IS NOT NULL) THEN true WHEN k.known THEN false END) AND bool_or(d.subjects_hi IS DISTINCT FROM 0) AS sensitive, joined(united(d.facts), united(g.facts)) AS facts
    FROM (SELECT asset_id, container, about, subjects_hi, facts, unnest(CASE WHEN len(categories) = 0 THEN [''] ELSE categories END) AS category FROM dataset) AS d
    CROSS JOIN named AS k
    LEFT JOIN law_param AS s ON s.name = 'sensitive' AND s.value = d.category
    LEFT JOIN about_us AS g ON g.about = d.about
    GROUP BY d.asset_id, coalesce(d.container, ''), d.about, g.us, k.known
)
SELECT d.dealing_id, d.from_id, d.to_id,
    CASE WHEN d.kind = 'brokerage' THEN true ELSE NOT b.lacks END AS broker,
    d.granted, s.sensitive, s.us, s.asset_id IS NULL AS data_open,
    d.facts AS deal_facts, s.facts AS data_facts, b.facts AS broker_facts
FROM got AS d
LEFT JOIN said AS b ON b.subject_id = d.from_id AND b.control = 'data_broker'
LEFT JOIN sensitive AS s ON s.asset_id = d.asset_id AND (d.container IS NULL OR s.part = d.container)
WHERE (coalesce(d.kind, 'export') IN ('brokerage', 'export') OR b.lacks IS FALSE);

-- view: exception
-- What service providers do, and what persons ask for, is not caught; each is told of its agreement.
-- shown: more than a declaration says so.
SELECT DISTINCT d.dealing_id, d.from_id, c.control AS exception, c.lacks, coalesce(w.shown, false) AS shown, c.facts
FROM given AS d
JOIN lacks_control AS c ON c.subject_id = d.dealing_id
LEFT JOIN (
    SELECT subject_id, control, bool_or(stance <> 'declared') AS shown FROM control WHERE state = 'yes' GROUP BY subject_id, control
) AS w ON w.subject_id = c.subject_id AND w.control = c.control
WHERE c.control IN ('service_provider', 'data_subject_request') AND c.lacks IS NOT true AND len(c.facts) > 0;

-- rule: US-PADFA-01
-- A data broker may not make sensitive data of US individuals available to a foreign adversary or to whom it controls.
-- An exception that only a declaration claims leaves it open.
WITH shown AS (
    SELECT dealing_id, bool_or(shown) AS shown FROM exception WHERE lacks IS FALSE GROUP BY dealing_id
), part AS (
    SELECT g.*, c.controlled, c.facts AS party_facts,
        e.dealing_id IS NOT NULL AS claimed,
        g.broker AND c.controlled AND (CASE WHEN g.granted THEN true END) AND g.sensitive AND g.us
            AND (CASE WHEN e.dealing_id IS NULL THEN true END) AS hit
    FROM given AS g
    LEFT JOIN controlled AS c ON c.entity_id = g.to_id
    LEFT JOIN shown AS e ON e.dealing_id = g.dealing_id
    WHERE e.shown IS NOT true
), hit AS (
    SELECT from_id, to_id, any_yes(hit) AS hit, any_yes(broker) AS broker, any_yes(controlled) AS controlled,
        any_yes(sensitive) AS sensitive, any_yes(sensitive AND us) AS sensitive_us, bool_or(data_open) AS data_open, any_yes(us) AS us, bool_or(claimed) AS claimed,
        united(deal_facts) AS deal_facts, united(data_facts) AS data_facts, united(broker_facts) AS broker_facts, united(party_facts) AS party_facts
    FROM part GROUP BY from_id, to_id
)
SELECT from_id AS subject, to_id AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'prohibited' WHEN controlled AND broker IS NOT FALSE AND sensitive IS NOT FALSE THEN 'not applicable' ELSE 'ok' END AS outcome,
    CASE WHEN hit THEN 'prohibited' WHEN hit IS NULL THEN 'unknown' WHEN controlled IS FALSE THEN 'not_controlled'
         WHEN broker IS FALSE THEN 'not_broker' WHEN sensitive IS FALSE THEN 'not_sensitive' ELSE 'no_us_persons' END AS message,
    {'exception': NULL::VARCHAR} AS "values",
    CASE WHEN hit IS FALSE AND controlled IS FALSE THEN party_facts WHEN hit IS FALSE AND broker IS FALSE THEN broker_facts
         WHEN hit IS FALSE THEN data_facts
         ELSE joined(joined(deal_facts, data_facts), joined(broker_facts, party_facts)) END AS facts,
    CASE WHEN hit IS NULL THEN list_concat(unless_known(broker, 'broker'), list_concat(unless_known(controlled, 'recipient'),
        CASE WHEN claimed THEN ['exception'] WHEN sensitive_us IS NULL AND NOT data_open THEN ['about'] WHEN sensitive_us IS NULL OR data_open OR (broker AND controlled) THEN ['data'] ELSE [] END))
    ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM hit
UNION ALL
SELECT from_id, dealing_id, CASE WHEN lacks IS NULL THEN 'unknown' ELSE 'no' END,
    CASE WHEN lacks IS NULL THEN 'prohibited' ELSE 'ok' END,
    CASE WHEN lacks IS NULL THEN 'exception_open' ELSE 'exception' END,
    {'exception': exception}, facts, unless_known(lacks, 'exception'),
    CASE WHEN lacks IS FALSE THEN CASE WHEN shown THEN 'applied: ' ELSE 'claimed: ' END || '15 USC 9901: ' || exception END, NULL
FROM exception
