-- view: filing
-- Assets that file low-value declarations, and whether these name both product identifiers. A class in the data and a
-- control that says the contrary leave it unknown.
WITH seen AS (
    SELECT asset_id, bool_or(list_contains(data_classes, 'h7_declaration')) AS h7,
        bool_or(list_contains(data_classes, 'merchant_reference')) AS merchant,
        bool_or(list_contains(data_classes, 'gtin')) AS manufacturer, united(facts) AS facts
    FROM dataset GROUP BY asset_id
), scope AS (
    SELECT asset_id FROM seen WHERE h7
    UNION
    SELECT subject_id FROM control WHERE control = 'h7_low_value_sales'
), said AS (
    SELECT c.subject_id,
        bool_or(CASE WHEN c.control = 'h7_low_value_sales' THEN NOT c.lacks END) AS h7,
        bool_or(CASE WHEN c.control = 'h7_merchant_product_id' THEN NOT c.lacks END) AS merchant,
        bool_or(CASE WHEN c.control = 'h7_manufacturer_product_id' THEN NOT c.lacks END) AS manufacturer,
        united(c.facts) AS facts
    FROM lacks_control AS c SEMI JOIN scope AS s ON s.asset_id = c.subject_id
    WHERE c.control IN ('h7_low_value_sales', 'h7_merchant_product_id', 'h7_manufacturer_product_id')
    GROUP BY c.subject_id
)
SELECT s.asset_id,
    CASE WHEN NOT n.h7 AND w.h7 THEN NULL WHEN w.h7 THEN true ELSE n.h7 END AS files,
    CASE WHEN NOT n.merchant AND w.merchant THEN NULL WHEN w.merchant THEN true ELSE n.merchant END AS merchant,
    CASE WHEN NOT n.manufacturer AND w.manufacturer THEN NULL WHEN w.manufacturer THEN true ELSE n.manufacturer END AS manufacturer,
    joined(w.facts, n.facts) AS facts
FROM scope AS s
LEFT JOIN seen AS w ON w.asset_id = s.asset_id
LEFT JOIN said AS n ON n.subject_id = s.asset_id;

-- rule: CUST-01
-- A low-value declaration of a distance sale names both product identifiers of each item.
SELECT asset_id AS subject, NULL::VARCHAR AS counterparty, verdict(files AND NOT (merchant AND manufacturer)) AS verdict,
    CASE WHEN (files AND NOT (merchant AND manufacturer)) IS NOT FALSE THEN 'restricted' WHEN NOT files THEN 'not applicable' ELSE 'ok' END AS outcome,
    CASE WHEN files AND NOT (merchant AND manufacturer) THEN 'fault' WHEN (files AND NOT (merchant AND manufacturer)) IS NULL THEN 'open'
         WHEN NOT files THEN 'other' ELSE 'complete' END AS message,
    {'merchant': merchant, 'manufacturer': manufacturer} AS "values", facts,
    CASE WHEN (files AND NOT (merchant AND manufacturer)) IS NOT NULL THEN []::VARCHAR[]
         ELSE joined(unless_known(files, 'low_value'), unless_known(merchant AND manufacturer, 'product_ids')) END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM filing;

-- view: parcel
-- Containers by whether they put consignee, description and value together, whomever each of these is about.
SELECT d.asset_id, d.container,
    bool_or(list_contains(d.data_classes, 'h7_declaration'))
        OR list_has_all(united(d.data_classes), ['consignee', 'goods_description', 'declared_value']) AS triple,
    united(d.facts) AS facts
FROM dataset AS d
GROUP BY d.asset_id, d.container;

-- view: reached
-- Where parcel data were seen to go: outside is TRUE for an undeclared destination and for a party that no agreement, no
-- interest and no declared destination names where all of them are known, FALSE for who is named, else NULL.
WITH rich AS (
    SELECT asset_id, united(facts) AS facts FROM parcel WHERE triple GROUP BY asset_id
), went AS (
    SELECT s.asset_id, s.container, s.importer_id, s.country, s.attempted,
        CASE WHEN s.attempted THEN false WHEN s.container IS NULL OR p.asset_id IS NULL THEN NULL ELSE p.triple END AS carried,
        joined(s.facts, joined(p.facts, r.facts)) AS facts
    FROM sent AS s
    JOIN rich AS r ON r.asset_id = s.asset_id
    LEFT JOIN parcel AS p ON p.asset_id = s.asset_id AND p.container = s.container
), named AS (
    SELECT r.asset_id, g.to_id AS entity_id, g.fact_id FROM responsible AS r JOIN agreement AS g ON g.from_id = r.entity_id
    UNION ALL
    SELECT asset_id, entity_id, unnest(facts) FROM custody
    UNION ALL
    SELECT asset_id, entity_id, unnest(facts) FROM responsible
    UNION ALL
    SELECT from_asset, substr(to_pattern, 8), fact_id FROM flow WHERE to_pattern LIKE 'entity:%' AND from_asset IS NOT NULL
), inside AS (
    SELECT asset_id, entity_id, list_sort(list_distinct(list(fact_id))) AS facts FROM named GROUP BY asset_id, entity_id
), astray AS (
    SELECT operator_id, country, united(coalesce(observed, []::VARCHAR[])) AS facts
    FROM reconciliation WHERE result IN ('undeclared', 'contradicted') AND operator_id IS NOT NULL
    GROUP BY operator_id, country
), closed AS (
    SELECT r.asset_id, bool_and(coalesce(a.lacks, false)) AND bool_and(coalesce(i.lacks, false)) AS lacks
    FROM responsible AS r
    LEFT JOIN lacks_agreement AS a ON a.entity_id = r.entity_id
    LEFT JOIN lacks_interest AS i ON i.subject_id = r.asset_id
    GROUP BY r.asset_id
)
SELECT w.asset_id, coalesce(w.importer_id, 'country:' || w.country, 'unknown destination') AS to_id, w.carried, w.attempted,
    CASE WHEN a.operator_id IS NOT NULL THEN true WHEN n.entity_id IS NOT NULL THEN false
         WHEN c.lacks AND w.importer_id IS NOT NULL THEN true END AS outside,
    joined(w.facts, joined(n.facts, a.facts)) AS facts
FROM went AS w
LEFT JOIN inside AS n ON n.asset_id = w.asset_id AND n.entity_id = w.importer_id
LEFT JOIN astray AS a ON a.operator_id = w.importer_id AND a.country IS NOT DISTINCT FROM w.country
LEFT JOIN closed AS c ON c.asset_id = w.asset_id;

-- rule: CUST-02
-- Parcel rows with consignee, description and value that reach a party or place outside the declared chain.
WITH judged AS (
    SELECT asset_id, to_id, any_yes(carried AND outside) AS hit, bool_and(attempted) AS attempted, any_yes(carried) AS carried,
        any_yes(outside) AS outside, united(facts) AS facts
    FROM reached GROUP BY asset_id, to_id
)
SELECT asset_id AS subject, to_id AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'assess' ELSE 'ok' END AS outcome,
    CASE WHEN hit THEN 'outside' WHEN hit IS NULL THEN 'open' WHEN attempted THEN 'attempted' WHEN NOT carried THEN 'lean' ELSE 'inside' END AS message,
    NULL AS "values", facts,
    CASE WHEN hit IS NULL THEN joined(unless_known(carried, 'payload'), unless_known(outside, 'chain')) ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM judged
