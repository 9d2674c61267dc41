-- view: place_of
-- Where an entity is (GDPR art. 3 and 44): established in the EEA, or abroad. Its seat decides; who is seated abroad
-- and has a branch in the EEA is neither for certain. `countries` are its countries outside the EEA.
WITH eea AS (
    SELECT list_sort(list(e.member)) AS members, bool_or(l.lacks) AS whole
    FROM list_entry AS e LEFT JOIN lacks_list AS l ON l.list = e.list
    WHERE e.list = 'eea' AND e.kind = 'country'
), named AS (
    SELECT
        entity_id, kind, lei, serves, facts,
        joined(joined(organised_in, principal_places), located_in) AS places,
        CASE WHEN kind IN ('person', 'group') THEN located_in
             WHEN len(organised_in) + len(principal_places) > 0 THEN joined(organised_in, principal_places)
             ELSE located_in END AS seats
    FROM party
), placed AS (
    SELECT
        n.*, e.members, e.whole,
        CASE WHEN len(n.places) = 0 THEN NULL WHEN list_has_any(n.places, e.members) THEN true WHEN e.whole THEN false END AS established,
        CASE WHEN len(n.serves) = 0 THEN NULL WHEN list_has_any(n.serves, e.members) THEN true WHEN e.whole THEN false END AS serves_eea
    FROM named AS n CROSS JOIN eea AS e
)
SELECT
    entity_id, kind, lei, established, serves_eea, facts,
    CASE WHEN len(places) = 0 THEN NULL
         WHEN list_has_any(seats, members) AND kind NOT IN ('person', 'group') THEN false
         WHEN list_has_all(members, seats) AND len(seats) > 0 THEN false
         WHEN established THEN NULL
         WHEN NOT established THEN true END AS abroad,
    list_filter(seats, lambda one: NOT list_contains(members, one)) AS countries
FROM placed;

-- view: country_of
-- Every country that facts name, and whether it is a third country: outside the EEA. A miss says so only because the
-- list of the EEA is whole.
WITH named AS (
    SELECT unnest(countries) AS country FROM place_of
    UNION SELECT country FROM resource_place
    UNION SELECT country FROM sent
    UNION SELECT country FROM activity_place
    UNION SELECT substr(to_pattern, 9) FROM flow WHERE to_pattern LIKE 'country:%'
)
SELECT n.country, CASE WHEN e.member IS NOT NULL THEN false WHEN l.lacks THEN true END AS third
FROM named AS n
LEFT JOIN list_entry AS e ON e.list = 'eea' AND e.kind = 'country' AND e.member = n.country
LEFT JOIN lacks_list AS l ON l.list = 'eea'
WHERE n.country IS NOT NULL;

-- view: eu_scope
-- Personal data by who decides over them, and whether the GDPR binds that controller (art. 3): established in the EEA,
-- or serving the EEA with data about persons there. Without a known controller the asset stands for it.
WITH group_of AS (
    SELECT a.about, CASE WHEN len(a.located_in) = 0 THEN NULL ELSE bool_or(e.member IS NOT NULL) END AS there, any_value(a.facts ORDER BY a.about) AS facts
    FROM (SELECT about, located_in, facts, unnest(CASE WHEN len(located_in) = 0 THEN ['?'] ELSE located_in END) AS country FROM about_place) AS a
    LEFT JOIN list_entry AS e ON e.list = 'eea' AND e.kind = 'country' AND e.member = a.country
    GROUP BY a.about, a.located_in
)
SELECT
    d.asset_id, d.container, d.about, d.data_classes, d.categories, d.states,
    r.entity_id AS controller,
    coalesce(r.entity_id, d.asset_id) AS exporter,
    p.established OR (p.serves_eea AND g.there) AS in_scope,
    joined(joined(d.facts, r.facts), joined(p.facts, g.facts)) AS facts
FROM dataset AS d
LEFT JOIN responsible AS r ON r.asset_id = d.asset_id
LEFT JOIN place_of AS p ON p.entity_id = r.entity_id
LEFT JOIN group_of AS g ON g.about = d.about
WHERE d.personal;

-- view: employer
-- Who employs a person or group.
SELECT subject_id AS staff_id, holder_id AS employer_id, [fact_id] AS facts
FROM interest WHERE kind = 'employs' AND holder_id IS NOT NULL;

-- view: offered
-- What is made available to somebody in a third country, asset by asset. `act` is NULL where it is not known who the
-- other side is, where it is, or what was sent; FALSE where nothing got there.
-- A third-country parent alone gives no row here (EDPB Guidelines 05/2021, example 12); its remote access does.
WITH holder AS (
    -- 1. Whoever has access and is itself abroad. Staff whose employer is known count for the employer.
    SELECT
        x.asset_id, x.container, x.entity_id AS importer, NULL::VARCHAR AS staff,
        unnest(CASE WHEN len(p.countries) = 0 THEN [NULL] ELSE p.countries END) AS country,
        CASE WHEN list_has_any(x.hows, ['brokerage', 'export', 'investment']) THEN 'flow' ELSE 'remote_access' END AS basis,
        CASE WHEN p.kind IN ('person', 'group') THEN p.abroad AND NULL ELSE x.granted AND p.abroad END AS act,
        joined(x.facts, p.facts) AS facts
    FROM access AS x
    JOIN place_of AS p ON p.entity_id = x.entity_id
    LEFT JOIN employer AS e ON e.staff_id = x.entity_id
    WHERE x.hows <> ['flow'] AND p.abroad IS NOT FALSE AND e.staff_id IS NULL
), staff AS (
    -- 2. Staff abroad of whoever employs it: its employer gets at the data from there.
    SELECT
        c.asset_id, NULL::VARCHAR, c.entity_id, c.through,
        unnest(CASE WHEN len(s.countries) = 0 THEN [NULL] ELSE s.countries END),
        'remote_access',
        CASE WHEN e.abroad THEN s.abroad ELSE s.abroad AND NULL END,
        joined(c.facts, joined(s.facts, e.facts))
    FROM custody AS c
    JOIN place_of AS s ON s.entity_id = c.through
    JOIN place_of AS e ON e.entity_id = c.entity_id
    WHERE s.abroad IS NOT FALSE
), login AS (
    -- 3. What was done from a third country, by the staff of somebody or by somebody.
    SELECT
        a.asset_id, NULL::VARCHAR, coalesce(e.employer_id, CASE WHEN p.kind = 'organisation' THEN p.entity_id END), p.entity_id,
        a.country, 'remote_access',
        CASE WHEN coalesce(w.abroad, p.abroad AND p.kind = 'organisation') THEN c.third ELSE c.third AND NULL END,
        joined(a.facts, joined(p.facts, joined(e.facts, w.facts)))
    FROM activity_place AS a
    JOIN country_of AS c ON c.country = a.country
    LEFT JOIN place_of AS p ON p.entity_id = a.principal
    LEFT JOIN employer AS e ON e.staff_id = a.principal
    LEFT JOIN place_of AS w ON w.entity_id = e.employer_id
    WHERE c.third IS NOT FALSE
), keeper AS (
    SELECT x.asset_id, x.container, x.entity_id, joined(x.facts, p.facts) AS facts
    FROM access AS x JOIN place_of AS p ON p.entity_id = x.entity_id
    WHERE list_has_any(x.hows, ['operates', 'hosts', 'manages', 'processor']) AND p.kind = 'organisation'
), stored AS (
    -- 4. An asset that stands in a third country, with whoever runs it there.
    SELECT
        r.asset_id, k.container, k.entity_id, NULL::VARCHAR, r.country, 'storage',
        CASE WHEN k.entity_id IS NULL THEN c.third AND NULL ELSE r.stands AND c.third END,
        joined(r.facts, k.facts)
    FROM resource_place AS r
    JOIN country_of AS c ON c.country = r.country
    LEFT JOIN keeper AS k ON k.asset_id = r.asset_id
    WHERE c.third IS NOT FALSE
), gone AS (
    -- 5. What was seen to leave for a third country, or for nobody knows where. Nothing got there where no byte was sent.
    SELECT
        s.asset_id, s.container, s.importer_id, NULL::VARCHAR, s.country, 'flow',
        CASE WHEN s.attempted THEN false
             WHEN s.importer_id IS NULL OR s.container IS NULL THEN c.third AND NULL
             ELSE c.third END,
        joined(s.facts, p.facts)
    FROM sent AS s
    LEFT JOIN country_of AS c ON c.country = s.country
    LEFT JOIN place_of AS p ON p.entity_id = s.importer_id
    WHERE c.third IS NOT FALSE
), told AS (
    -- 6. What is said to be sent to a party or country.
    SELECT
        f.from_asset, f.container, p.entity_id, NULL::VARCHAR,
        coalesce(c.country, t.country), 'flow', CASE WHEN p.entity_id IS NULL THEN c.third AND NULL ELSE p.abroad END,
        joined([f.fact_id], p.facts)
    FROM flow AS f
    LEFT JOIN place_of AS p ON f.to_pattern = 'entity:' || p.entity_id
    LEFT JOIN (SELECT entity_id, unnest(countries) AS country FROM place_of) AS t ON t.entity_id = p.entity_id
    LEFT JOIN country_of AS c ON f.to_pattern = 'country:' || c.country
    WHERE f.from_asset IS NOT NULL AND coalesce(f.action, 'send') <> 'receive'
      AND (f.to_pattern LIKE 'entity:%' OR f.to_pattern LIKE 'country:%')
      AND c.third IS NOT FALSE AND p.abroad IS NOT FALSE
)
SELECT * FROM holder UNION ALL SELECT * FROM staff UNION ALL SELECT * FROM login
UNION ALL SELECT * FROM stored UNION ALL SELECT * FROM gone UNION ALL SELECT * FROM told;

-- view: transfer
-- Transfers (GDPR art. 44): the GDPR binds the exporter, another entity gets at personal data, and that in a third
-- country. The exporter's own staff, travelling, is no other entity. `return`: a processor in the EEA works for a
-- controller abroad, who gets the data back (module 4 of the clauses).
WITH found AS (
    SELECT
        s.exporter, o.importer, o.staff, o.country, s.asset_id, s.container, s.about, o.basis, s.in_scope,
        CASE WHEN o.importer = s.controller THEN false ELSE o.act END AS act,
        joined(s.facts, o.facts) AS facts
    FROM eu_scope AS s
    JOIN offered AS o ON o.asset_id = s.asset_id
        AND (o.container IS NULL OR s.container IS NULL OR o.container = s.container)
    UNION ALL
    SELECT
        x.entity_id, s.controller, NULL, unnest(c.countries), s.asset_id, s.container, s.about, 'return',
        p.established, true, joined(joined(s.facts, x.facts), joined(p.facts, c.facts))
    FROM eu_scope AS s
    JOIN place_of AS c ON c.entity_id = s.controller
    JOIN access AS x ON x.asset_id = s.asset_id AND x.entity_id <> s.controller
    JOIN place_of AS p ON p.entity_id = x.entity_id
    WHERE s.in_scope IS NOT TRUE AND c.abroad AND p.established AND p.kind = 'organisation'
      AND list_has_any(x.hows, ['operates', 'hosts', 'manages', 'processor'])
)
SELECT
    *, in_scope AND act AS transfer,
    coalesce(importer, 'country:' || country, 'unknown') AS other
FROM found;

-- view: adequate_country
-- Adequacy decisions (GDPR art. 45) by importer and country. Some count only for importers on another list, or within
-- a scope of their own: then a control has to say so.
WITH pair AS (
    SELECT DISTINCT importer, country FROM transfer WHERE country IS NOT NULL
), named AS (
    SELECT
        p.importer, p.country, e.fact_id, e.only_with,
        CASE WHEN e.fact_id IS NULL THEN CASE WHEN l.lacks THEN false END
             WHEN e.only_with IS NOT NULL THEN
                CASE WHEN o.member IS NOT NULL THEN true WHEN d.lacks THEN false WHEN NOT d.lacks THEN true WHEN w.lacks THEN false END
             WHEN e.scope IS NOT NULL THEN NOT s.lacks
             ELSE true END AS adequate,
        joined(CASE WHEN e.fact_id IS NULL THEN [] ELSE [e.fact_id] END,
               joined(CASE WHEN e.only_with IS NOT NULL THEN d.facts WHEN e.scope IS NOT NULL THEN s.facts END, [o.fact_id])) AS facts
    FROM pair AS p
    LEFT JOIN list_entry AS e ON e.list = 'gdpr_adequacy' AND e.kind = 'country' AND e.member = p.country
    LEFT JOIN lacks_list AS l ON l.list = 'gdpr_adequacy'
    LEFT JOIN lacks_list AS w ON w.list = e.only_with
    LEFT JOIN list_entry AS o ON o.list = e.only_with AND o.member = p.importer
    LEFT JOIN lacks_control AS d ON d.subject_id = p.importer AND d.control = 'dpf_listed'
    LEFT JOIN lacks_control AS s ON s.subject_id = p.importer AND s.control = 'adequacy_scope'
)
SELECT importer, country, any_yes(adequate) AS adequate, max(only_with) AS only_with,
       list_filter(united(facts), lambda one: one IS NOT NULL) AS facts
FROM named GROUP BY importer, country;

-- view: tool
-- What makes a transfer lawful without adequacy: safeguards of art. 46, an assessment of them (clause 14), or a
-- derogation of art. 49. Asked of the agreements of the importer with the exporter or with anyone else who has access
-- to the same asset (a processor and its sub-processor), and of the importer itself (binding corporate rules).
-- Missing and not known to be missing is unknown.
WITH side AS (
    SELECT agreement_id, from_id AS one_id, to_id AS other_id, regexp_extract(terms, '"scc_module": ([1-4])', 1) AS scc_module, fact_id FROM agreement
    UNION ALL
    SELECT agreement_id, to_id, from_id, regexp_extract(terms, '"scc_module": ([1-4])', 1), fact_id FROM agreement
), via AS (
    SELECT DISTINCT exporter, importer, exporter AS via_id FROM transfer WHERE importer IS NOT NULL
    UNION
    SELECT DISTINCT t.exporter, t.importer, x.entity_id
    FROM (SELECT DISTINCT exporter, importer, asset_id FROM transfer WHERE importer IS NOT NULL) AS t
    JOIN access AS x ON x.asset_id = t.asset_id AND x.entity_id <> t.importer
), asked AS (
    SELECT v.exporter, v.importer, s.agreement_id AS subject_id, s.scc_module IN ('1', '2', '3', '4') AS module, [s.fact_id] AS facts, true AS contract
    FROM via AS v JOIN side AS s ON s.one_id = v.via_id AND s.other_id = v.importer
    UNION
    SELECT exporter, importer, importer, false, []::VARCHAR[], false FROM via
), said AS (
    SELECT
        a.exporter, a.importer,
        bool_or(a.contract) AS contract,
        coalesce(bool_or(a.module) OR bool_or(c.control IN ('scc_2021', 'bcr', 'art46_other') AND NOT c.lacks), false) AS has,
        coalesce(bool_or(c.control = 'scc_old' AND NOT c.lacks), false) AS has_old,
        coalesce(bool_or(c.control = 'transfer_tool' AND NOT c.lacks), false) AS has_some,
        coalesce(bool_or(c.control = 'transfer_tool' AND c.lacks), false) AS has_none,
        bool_and(coalesce(c.lacks, false)) FILTER (WHERE c.control = 'scc_2021' AND a.contract) AS no_scc,
        coalesce(bool_or(c.control = 'bcr' AND c.lacks), false) AS no_bcr,
        bool_or(c.control = 'derogation_49' AND NOT c.lacks) AS derogation,
        any_yes(CASE WHEN c.control = 'tia' THEN NOT c.lacks ELSE false END) AS tia_any,
        bool_or(c.control = 'tia' AND NOT c.lacks) AS tia_has,
        bool_or(c.control = 'tia' AND c.lacks) AS tia_not,
        bool_or(c.control = 'occasional' AND NOT c.lacks) AS occasional,
        bool_or(c.control = 'occasional' AND c.lacks) AS not_occasional,
        joined(united(a.facts), united(c.facts)) AS facts
    FROM asked AS a
    LEFT JOIN lacks_control AS c ON c.subject_id = a.subject_id
    GROUP BY a.exporter, a.importer
)
SELECT
    s.exporter, s.importer, s.contract, s.facts, s.has_old,
    coalesce(s.derogation, false) AS derogation,
    CASE WHEN s.occasional THEN true WHEN s.not_occasional THEN false END AS occasional,
    CASE WHEN s.tia_has THEN true WHEN s.tia_not THEN false END AS tia,
    CASE WHEN (s.has OR s.has_some OR (s.has_old AND $scc_old_counts)) THEN CASE WHEN s.has_none THEN NULL ELSE true END
         WHEN s.has_none THEN false
         WHEN coalesce(s.no_scc, l.lacks, false) AND s.no_bcr THEN false END AS tool
FROM said AS s
LEFT JOIN lacks_agreement AS l ON l.entity_id = s.exporter;

-- view: gate
-- Each pair of exporter and importer with the country, and how far it gets through the gates of chapter V.
WITH pair AS (
    SELECT
        exporter, other, importer, country,
        any_yes(transfer) AS transfer,
        any_yes(act) AS act,
        any_yes(in_scope) AS in_scope,
        bool_or(basis <> 'return') AS onward,
        coalesce(list_sort(list_distinct(list(basis) FILTER (WHERE transfer))), []::VARCHAR[]) AS bases,
        list_sort(list_distinct(list(asset_id))) AS assets,
        united(facts) AS facts
    FROM transfer
    GROUP BY exporter, other, importer, country
)
SELECT
    p.*, a.adequate, a.only_with, coalesce(a.facts, []::VARCHAR[]) AS list_facts,
    t.tool, t.tia, coalesce(t.derogation, false) AS derogation, t.occasional, coalesce(t.has_old, false) AS has_old,
    coalesce(t.facts, []::VARCHAR[]) AS tool_facts
FROM pair AS p
LEFT JOIN adequate_country AS a ON a.importer IS NOT DISTINCT FROM p.importer AND a.country = p.country
LEFT JOIN tool AS t ON t.exporter = p.exporter AND t.importer = p.importer;

-- rule: EU-GDPR-01
-- A transfer is no violation in itself: it opens the gates of chapter V, in order.
SELECT
    exporter AS subject, other AS counterparty, verdict(transfer) AS verdict,
    CASE WHEN transfer IS NOT FALSE THEN 'assess' WHEN in_scope IS FALSE THEN 'not applicable' ELSE 'ok' END AS outcome,
    CASE WHEN transfer AND list_contains(bases, 'remote_access') THEN 'remote'
         WHEN transfer AND list_contains(bases, 'storage') THEN 'storage'
         WHEN transfer AND list_contains(bases, 'flow') THEN 'flow'
         WHEN transfer THEN 'return'
         WHEN transfer IS NULL THEN 'open'
         WHEN in_scope IS FALSE THEN 'out_of_scope' ELSE 'none' END AS message,
    {'country': country, 'bases': bases, 'assets': assets} AS "values",
    facts,
    CASE WHEN transfer IS NULL THEN
        joined(unless_known(in_scope, 'scope'), joined(unless_known(act, 'what_left'), unless_known(importer IS NOT NULL OR NULL, 'importer')))
    ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM gate;

-- rule: EU-GDPR-02
-- First gate: a decision on adequacy (art. 45).
SELECT
    exporter AS subject, other AS counterparty, verdict(transfer AND NOT adequate) AS verdict,
    CASE WHEN (transfer AND NOT adequate) IS NOT FALSE THEN 'assess' ELSE 'ok' END AS outcome,
    CASE WHEN adequate THEN 'adequate' WHEN NOT adequate THEN 'not_adequate' ELSE 'open' END AS message,
    {'country': country} AS "values", joined(facts, list_facts) AS facts,
    joined(unless_known(transfer OR adequate, 'what_left'), unless_known(adequate, 'adequacy')) AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM gate WHERE transfer IS NOT FALSE;

-- rule: EU-GDPR-04
-- Second gate: safeguards (art. 46); without them, and without a derogation that is relied on, the transfer is unlawful.
WITH judged AS (
    SELECT *, transfer AND NOT adequate AND NOT tool AND NOT derogation AS hit FROM gate WHERE transfer IS NOT FALSE
)
SELECT
    exporter AS subject, other AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'prohibited' WHEN adequate THEN 'not applicable'
         WHEN tool THEN 'ok' ELSE 'not applicable' END AS outcome,
    CASE WHEN hit AND has_old THEN 'old_clauses' WHEN hit THEN 'prohibited' WHEN hit IS NULL THEN 'open'
         WHEN adequate THEN 'adequate' WHEN tool THEN 'tool' ELSE 'derogation' END AS message,
    {'country': country} AS "values",
    joined(facts, joined(list_facts, tool_facts)) AS facts,
    CASE WHEN hit IS NULL THEN joined(unless_known(transfer, 'what_left'), joined(unless_known(adequate, 'adequacy'), unless_known(tool, 'tool')))
         ELSE []::VARCHAR[] END AS missing,
    CASE WHEN derogation AND tool IS NOT TRUE THEN 'relied on: GDPR art. 49' END AS exemption, NULL AS bounds
FROM judged
