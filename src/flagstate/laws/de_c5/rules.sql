-- view: sensitive
-- Assets with health data, found or declared, and assets of which somebody says whether they hold social data.
SELECT asset_id, any_yes(held) AS held, united(facts) AS facts
FROM (
    SELECT asset_id, true AS held, facts FROM dataset WHERE list_contains(categories, 'eu_gdpr/art9_health')
    UNION ALL
    SELECT c.subject_id, NOT l.lacks, l.facts
    FROM control AS c JOIN lacks_control AS l ON l.subject_id = c.subject_id AND l.control = c.control
    WHERE c.control = 'social_data'
)
GROUP BY asset_id;

-- view: cloud
-- Such assets in the hands of another than who decides over them, and whether the case is a German one.
WITH home AS (
    SELECT entity_id,
        CASE WHEN list_contains(joined(joined(organised_in, principal_places), located_in), $home) THEN true
             WHEN len(organised_in) > 0 AND len(principal_places) > 0 THEN false END AS here,
        facts
    FROM party
), stands AS (
    SELECT asset_id,
        CASE WHEN bool_or(country = $home AND stands) THEN true
             WHEN bool_or(country = $home) OR NOT bool_or(coalesce(stands, false)) THEN NULL ELSE false END AS here,
        united(facts) AS facts
    FROM resource_place GROUP BY asset_id
)
SELECT r.entity_id, x.entity_id AS provider_id, s.asset_id, s.held, h.here OR p.here AS here,
    joined(joined(s.facts, r.facts), joined(x.facts, joined(h.facts, p.facts))) AS facts
FROM sensitive AS s
JOIN responsible AS r ON r.asset_id = s.asset_id
JOIN access AS x ON x.asset_id = s.asset_id AND x.entity_id <> r.entity_id
JOIN party AS y ON y.entity_id = x.entity_id AND y.kind NOT IN ('person', 'group', 'state')
LEFT JOIN home AS h ON h.entity_id = r.entity_id
LEFT JOIN stands AS p ON p.asset_id = s.asset_id
WHERE list_has_any(x.hows, ['operates', 'hosts', 'manages', 'processor', 'vendor', 'ict']);

-- view: proof
-- Whether a provider is attested towards a customer: by itself, or for an agreement between them. One that covers other
-- assets attests nothing here; sources that contradict each other leave it open.
WITH near AS (
    SELECT asset_id, layer_id FROM asset_layer
    UNION
    SELECT layer_id, asset_id FROM asset_layer
), of AS (
    SELECT DISTINCT entity_id, provider_id, asset_id, provider_id AS about FROM cloud
    UNION
    SELECT c.entity_id, c.provider_id, c.asset_id, g.agreement_id
    FROM cloud AS c JOIN agreement AS g ON g.from_id = c.entity_id AND g.to_id = c.provider_id AND g.asset_id IS NULL
    UNION
    SELECT c.entity_id, c.provider_id, c.asset_id, g.agreement_id
    FROM cloud AS c
    JOIN near AS n ON n.asset_id = c.asset_id
    JOIN agreement AS g ON g.from_id = c.entity_id AND g.to_id = c.provider_id AND g.asset_id = n.layer_id
)
SELECT o.entity_id, o.provider_id, o.asset_id,
    CASE WHEN bool_or(NOT l.lacks) AND bool_or(l.lacks) THEN NULL WHEN bool_or(NOT l.lacks) THEN true WHEN bool_or(l.lacks) THEN false END AS attested,
    united(l.facts) AS facts
FROM of AS o
JOIN lacks_control AS l ON l.subject_id = o.about AND l.control = 'c5_type2'
GROUP BY o.entity_id, o.provider_id, o.asset_id;

-- rule: DE-C5-01
WITH judged AS (
    SELECT c.entity_id, c.provider_id, all_yes(p.attested) AS attested,
        any_yes(c.held) AS held, any_yes(c.here) AS here,
        any_yes(c.held AND c.here AND NOT p.attested) AS hit,
        any_yes(c.held AND c.here) AS bound,
        joined(united(c.facts), united(p.facts)) AS facts
    FROM cloud AS c
    JOIN proof AS p ON p.entity_id = c.entity_id AND p.provider_id = c.provider_id AND p.asset_id = c.asset_id
    GROUP BY c.entity_id, c.provider_id
)
SELECT entity_id AS subject, provider_id AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'prohibited' WHEN attested THEN 'ok' ELSE 'not applicable' END AS outcome,
    CASE WHEN hit IS NOT FALSE THEN 'without' WHEN attested THEN 'attested' WHEN NOT here THEN 'elsewhere' ELSE 'none' END AS message,
    {'attested': attested, 'here': here} AS "values", facts,
    CASE WHEN hit IS NULL THEN joined(unless_known(attested, 'attestation'),
        joined(unless_known(here, 'place'), unless_known(held, 'social'))) ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM judged
