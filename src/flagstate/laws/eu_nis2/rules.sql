-- view: bound
-- Essential and important entities (art. 3): only somebody's word tells. Of whom it is not known there is one
-- row and not one per supplier.
SELECT p.entity_id, NOT e.lacks OR NOT i.lacks AS bound, joined(p.facts, joined(e.facts, i.facts)) AS facts
FROM party AS p
JOIN lacks_control AS e ON e.subject_id = p.entity_id AND e.control = 'essential_entity'
JOIN lacks_control AS i ON i.subject_id = p.entity_id AND i.control = 'important_entity';

-- view: supplier
-- Direct suppliers: under an agreement, or by what they run for the entity.
WITH said AS (
    SELECT from_id, to_id, list_sort(list(fact_id)) AS facts FROM agreement
    WHERE kind IN ('vendor', 'ict', 'processor') GROUP BY from_id, to_id
    UNION ALL
    SELECT r.entity_id, x.entity_id, united(joined(r.facts, x.facts))
    FROM responsible AS r JOIN access AS x ON x.asset_id = r.asset_id AND x.entity_id <> r.entity_id
    WHERE list_has_any(x.hows, ['operates', 'hosts', 'manages', 'updates'])
    GROUP BY r.entity_id, x.entity_id
)
SELECT s.from_id AS entity_id, s.to_id AS supplier_id, united(s.facts) AS facts
FROM said AS s LEFT JOIN party AS p ON p.entity_id = s.to_id
WHERE coalesce(p.kind, 'organisation') = 'organisation'
GROUP BY s.from_id, s.to_id;

-- view: assessed
-- What is said of each assessment, by supplier or by agreement with it.
WITH of AS (
    SELECT entity_id, supplier_id, supplier_id AS about FROM supplier
    UNION
    SELECT s.entity_id, s.supplier_id, g.agreement_id
    FROM supplier AS s JOIN agreement AS g ON g.from_id = s.entity_id AND g.to_id = s.supplier_id
)
SELECT o.entity_id, o.supplier_id, l.control,
    CASE WHEN bool_or(NOT l.lacks) THEN true WHEN bool_or(l.lacks) THEN false END AS done,
    united(l.facts) AS facts
FROM of AS o JOIN lacks_control AS l ON l.subject_id = o.about
WHERE l.control IN ('supplier_assessed', 'jurisdiction_assessed')
GROUP BY o.entity_id, o.supplier_id, l.control;

-- view: risk
-- Whether a supplier or its parent at the top is organised or based in a country of high risk. An entry that does not
-- count for members of another list counts only where it is known that the supplier is not on that one.
WITH spot AS (
    SELECT s.supplier_id, unnest(joined(p.organised_in, p.principal_places)) AS country, p.facts, true AS sure
    FROM (SELECT DISTINCT supplier_id FROM supplier) AS s JOIN party AS p ON p.entity_id = s.supplier_id
    UNION ALL
    SELECT s.supplier_id, unnest(joined(p.organised_in, p.principal_places)), joined(u.facts, p.facts), u.verdict = 'yes'
    FROM (SELECT DISTINCT supplier_id FROM supplier) AS s
    JOIN ultimate_parent AS u ON u.entity_id = s.supplier_id
    JOIN party AS p ON p.entity_id = u.parent_id
)
SELECT s.supplier_id,
    any_yes(CASE
        WHEN e.member IS NOT NULL AND e.not_with IS NULL AND e.only_with IS NULL AND s.sure THEN true
        WHEN e.member IS NULL AND l.lacks THEN false END) AS high,
    list_sort(list_distinct(coalesce(list(s.country) FILTER (WHERE e.member IS NOT NULL), []::VARCHAR[]))) AS countries,
    united(s.facts) AS facts
FROM spot AS s
LEFT JOIN list_entry AS e ON e.list = 'gdpr_problematic_law' AND e.kind = 'country' AND e.member = s.country
LEFT JOIN lacks_list AS l ON l.list = 'gdpr_problematic_law'
GROUP BY s.supplier_id;

-- rule: EU-NIS2-01
-- Art. 21(2)(d): the supply chain; art. 21(3): what is particular to each supplier, and its jurisdiction.
WITH judged AS (
    SELECT s.entity_id, s.supplier_id, b.bound, a.done AS assessed, j.done AS law_assessed, r.high, r.countries,
        b.bound AND (NOT a.done OR (r.high AND NOT j.done)) AS hit,
        joined(joined(joined(b.facts, s.facts), joined(a.facts, j.facts)), r.facts) AS facts
    FROM supplier AS s
    JOIN bound AS b ON b.entity_id = s.entity_id
    LEFT JOIN assessed AS a ON a.entity_id = s.entity_id AND a.supplier_id = s.supplier_id AND a.control = 'supplier_assessed'
    LEFT JOIN assessed AS j ON j.entity_id = s.entity_id AND j.supplier_id = s.supplier_id AND j.control = 'jurisdiction_assessed'
    LEFT JOIN risk AS r ON r.supplier_id = s.supplier_id
)
SELECT entity_id AS subject, supplier_id AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'assess' ELSE 'ok' END AS outcome,
    CASE WHEN NOT hit THEN 'assessed' WHEN hit IS NULL THEN 'open' WHEN assessed THEN 'jurisdiction' ELSE 'unassessed' END AS message,
    {'countries': countries} AS "values", facts,
    CASE WHEN hit IS NULL THEN joined(unless_known(assessed, 'assessment'),
        CASE WHEN law_assessed OR NOT high THEN []::VARCHAR[] ELSE ['jurisdiction'] END) ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM judged WHERE bound
UNION ALL
SELECT entity_id, NULL, verdict(any_yes(hit)),
    CASE WHEN any_yes(hit) IS NULL THEN 'assess' WHEN NOT bound THEN 'not applicable' ELSE 'ok' END,
    CASE WHEN any_yes(hit) IS NULL THEN 'scope' WHEN NOT bound THEN 'unbound' ELSE 'either_way' END,
    NULL, united(facts), CASE WHEN any_yes(hit) IS NULL THEN ['entity'] ELSE []::VARCHAR[] END, NULL, NULL
FROM judged WHERE bound IS NOT TRUE GROUP BY entity_id, bound
