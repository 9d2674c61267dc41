-- view: market
-- Whether an entity serves the Union, or is in it: the member states, without the one that stays outside this act.
WITH eu AS (
    SELECT list_sort(list(e.member) FILTER (WHERE e.member <> $outside)) AS members, bool_or(l.lacks) AS whole
    FROM list_entry AS e LEFT JOIN lacks_list AS l ON l.list = e.list
    WHERE e.list = 'eu' AND e.kind = 'country'
), named AS (
    SELECT entity_id, kind, serves, facts, joined(joined(organised_in, principal_places), located_in) AS places FROM party
)
SELECT
    n.entity_id, n.facts,
    CASE WHEN len(n.serves) = 0 THEN NULL WHEN list_has_any(n.serves, e.members) THEN true WHEN e.whole THEN false END AS serves,
    CASE WHEN len(n.places) = 0 THEN NULL WHEN list_has_any(n.places, e.members) THEN true WHEN e.whole THEN false END AS inside
FROM named AS n CROSS JOIN eu AS e
WHERE n.kind = 'organisation';

-- view: provider
-- Who provides services that hold data of others: it runs an asset that somebody else decides over, or is said to.
SELECT entity_id, united(facts) AS facts
FROM (
    SELECT x.entity_id, joined(x.facts, r.facts) AS facts
    FROM access AS x JOIN responsible AS r ON r.asset_id = x.asset_id AND r.entity_id <> x.entity_id
    WHERE list_has_any(x.hows, ['operates', 'hosts', 'manages'])
    UNION ALL
    SELECT subject_id, [fact_id] FROM control WHERE control = 'eev_service' AND state = 'yes'
)
GROUP BY entity_id;

-- view: customer_market
-- Serving a customer in the Union is serving the Union.
SELECT x.entity_id, any_yes(m.inside) AS inside, united(m.facts) AS facts
FROM access AS x
JOIN responsible AS r ON r.asset_id = x.asset_id AND r.entity_id <> x.entity_id
JOIN market AS m ON m.entity_id = r.entity_id
GROUP BY x.entity_id;

-- rule: EU-EEV-01
-- A provider that offers services in the Union has a designated establishment or appoints a representative there, to
-- whom orders for evidence are addressed, wherever the data are.
WITH judged AS (
    SELECT
        p.entity_id, m.inside, NOT l.lacks AS designated, l.lacks,
        CASE WHEN c.entity_id IS NULL THEN m.serves ELSE m.serves OR c.inside END AS offers,
        joined(joined(p.facts, m.facts), joined(c.facts, l.facts)) AS facts
    FROM provider AS p
    JOIN market AS m ON m.entity_id = p.entity_id
    LEFT JOIN customer_market AS c ON c.entity_id = p.entity_id
    LEFT JOIN lacks_control AS l ON l.subject_id = p.entity_id AND l.control = 'eev_designated'
), said AS (
    SELECT *, offers AND lacks AS hit FROM judged WHERE offers IS NOT FALSE
)
SELECT
    entity_id AS subject, NULL::VARCHAR AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'restricted' ELSE 'ok' END AS outcome,
    CASE WHEN hit AND inside THEN 'not_designated' WHEN hit THEN 'nobody' WHEN hit IS NULL THEN 'open' ELSE 'designated' END AS message,
    {'in_the_union': inside} AS "values", facts,
    CASE WHEN hit IS NULL THEN joined(unless_known(offers, 'market'), unless_known(designated, 'designated')) ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM said
