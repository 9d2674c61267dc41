-- view: union_of
-- Whether an entity is in the Union.
WITH eu AS (
    SELECT list_sort(list(e.member)) AS members, bool_or(l.lacks) AS whole
    FROM list_entry AS e LEFT JOIN lacks_list AS l ON l.list = e.list
    WHERE e.list = 'eu' AND e.kind = 'country'
), named AS (
    SELECT entity_id, kind, facts, joined(joined(organised_in, principal_places), located_in) AS places FROM party
)
SELECT
    n.entity_id, n.kind, n.facts,
    CASE WHEN len(n.places) = 0 THEN NULL WHEN list_has_any(n.places, e.members) THEN true WHEN e.whole THEN false END AS inside
FROM named AS n CROSS JOIN eu AS e;

-- view: service
-- Who runs an asset for a public body or data intermediary: by `dga_body` of who decides over the asset. That nobody
-- says so leaves it unknown, so only who is said to be one, or not, is asked.
SELECT
    x.asset_id, x.entity_id AS provider, r.entity_id AS customer, NOT b.lacks AS bound, c.inside,
    joined(joined(x.facts, r.facts), joined(c.facts, joined(p.facts, b.facts))) AS facts
FROM access AS x
JOIN responsible AS r ON r.asset_id = x.asset_id AND r.entity_id <> x.entity_id
JOIN union_of AS p ON p.entity_id = x.entity_id AND p.kind = 'organisation'
JOIN union_of AS c ON c.entity_id = r.entity_id AND c.inside IS NOT FALSE
JOIN lacks_control AS b ON b.subject_id = r.entity_id AND b.control = 'dga_body'
JOIN (SELECT DISTINCT subject_id FROM control WHERE control = 'dga_body') AS said ON said.subject_id = r.entity_id
WHERE list_has_any(x.hows, ['operates', 'hosts', 'manages']);

-- view: grip
-- Governments outside the Union that reach what an asset holds through its provider. Metadata alone is no reach of the
-- data. Nothing found is no only where the ledger of interests is complete about the provider.
SELECT
    s.provider, s.customer,
    any_yes(CASE WHEN h.here IS FALSE THEN false
                 WHEN g.asset_id IS NOT NULL THEN h.here AND g.reached
                 WHEN i.lacks THEN false END) AS reached,
    bool_or(g.reached IS FALSE) AS ciphertext,
    bool_and(g.contested) AS contested,
    united(g.governments) AS governments,
    united(joined(joined(t.facts, h.facts), joined(g.facts, s.facts))) AS facts
FROM service AS s
JOIN trade_data AS t ON t.asset_id = s.asset_id
LEFT JOIN held_in_union AS h ON h.asset_id = s.asset_id
LEFT JOIN union_grip AS g ON g.asset_id = s.asset_id AND g.entity_id = s.provider
LEFT JOIN lacks_interest AS i ON i.subject_id = s.provider
WHERE h.here IS NOT FALSE
GROUP BY s.provider, s.customer;

-- rule: EU-DGA-01
-- Art. 31: public bodies, re-users, intermediaries and altruism organisations take measures against access of third
-- countries to non-personal data that is held in the Union. The test is that of the Data Act, art. 32.
WITH bound_pair AS (
    SELECT provider, customer, any_yes(bound AND inside) AS bound, united(facts) AS facts FROM service GROUP BY provider, customer
), judged AS (
    SELECT g.*, p.bound, NOT m.lacks AS has, p.bound AND g.reached AND m.lacks AS hit, joined(g.facts, joined(m.facts, p.facts)) AS all_facts
    FROM grip AS g
    JOIN bound_pair AS p ON p.provider = g.provider AND p.customer = g.customer
    LEFT JOIN lacks_control AS m ON m.subject_id = g.customer AND m.control = 'dga_31_measures'
)
SELECT
    customer AS subject, provider AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'assess' WHEN bound IS FALSE THEN 'not applicable' ELSE 'ok' END AS outcome,
    CASE WHEN hit AND contested THEN 'contested' WHEN hit THEN 'reached' WHEN hit IS NULL THEN 'open' WHEN bound IS FALSE THEN 'out_of_scope'
         WHEN has THEN 'measures' WHEN ciphertext THEN 'ciphertext' ELSE 'none' END AS message,
    {'governments': governments} AS "values", all_facts AS facts,
    CASE WHEN hit IS NULL THEN joined(unless_known(bound, 'body'), joined(unless_known(reached, 'reach'), unless_known(has, 'measures'))) ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM judged
