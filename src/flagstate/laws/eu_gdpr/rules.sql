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
), marked AS (
    SELECT h.asset_id, h.container, h.about, h.data_class, bool_or(list_contains(coalesce(h.marks, []::VARCHAR[]), 'pseudonymised')) AS pseudonym
    FROM holding AS h SEMI JOIN data_class AS c ON c.data_class = h.data_class AND c.category = 'eu_gdpr/personal'
    GROUP BY h.asset_id, h.container, h.about, h.data_class
), plain AS (
    -- Pseudonyms are such only where no other personal data stand beside them.
    SELECT DISTINCT asset_id, container, about FROM marked WHERE NOT pseudonym
)
SELECT
    d.asset_id, d.container, d.about, d.data_classes, d.categories, d.states,
    CASE WHEN n.asset_id IS NULL THEN d.marks ELSE list_filter(d.marks, lambda one: one <> 'pseudonymised') END AS marks,
    r.entity_id AS controller,
    coalesce(r.entity_id, d.asset_id) AS exporter,
    p.established OR (p.serves_eea AND g.there) AS in_scope,
    joined(joined(d.facts, r.facts), joined(p.facts, g.facts)) AS facts
FROM dataset AS d
LEFT JOIN responsible AS r ON r.asset_id = d.asset_id
LEFT JOIN place_of AS p ON p.entity_id = r.entity_id
LEFT JOIN group_of AS g ON g.about = d.about
LEFT JOIN plain AS n ON n.asset_id = d.asset_id AND n.container IS NOT DISTINCT FROM d.container AND n.about IS NOT DISTINCT FROM d.about
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
        CASE WHEN list_has_any(x.hows, ['operates', 'hosts', 'manages', 'processor']) THEN 6 ELSE 7 END AS use,
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
        'remote_access', 7,
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
        a.country, 'remote_access', 7,
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
        r.asset_id, k.container, k.entity_id, NULL::VARCHAR, r.country, 'storage', 6,
        CASE WHEN k.entity_id IS NULL THEN c.third AND NULL ELSE r.stands AND c.third END,
        joined(r.facts, k.facts)
    FROM resource_place AS r
    JOIN country_of AS c ON c.country = r.country
    LEFT JOIN keeper AS k ON k.asset_id = r.asset_id
    WHERE c.third IS NOT FALSE
), gone AS (
    -- 5. What was seen to leave for a third country, or for nobody knows where. Nothing got there where no byte was sent.
    SELECT
        s.asset_id, s.container, s.importer_id, NULL::VARCHAR, s.country, 'flow', 6,
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
        coalesce(c.country, t.country), 'flow', 6, CASE WHEN p.entity_id IS NULL THEN c.third AND NULL ELSE p.abroad END,
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
        s.exporter, o.importer, o.staff, o.country, s.asset_id, s.container, s.about, s.states, s.marks, o.basis, o.use, s.in_scope,
        CASE WHEN o.importer = s.controller THEN false ELSE o.act END AS act,
        joined(s.facts, o.facts) AS facts
    FROM eu_scope AS s
    JOIN offered AS o ON o.asset_id = s.asset_id
        AND (o.container IS NULL OR s.container IS NULL OR o.container = s.container)
    UNION ALL
    SELECT
        x.entity_id, s.controller, NULL, unnest(c.countries), s.asset_id, s.container, s.about, s.states, s.marks, 'return', 6,
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
    coalesce(importer, country, 'unknown') AS other
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
-- derogation of art. 49. Asked asset by asset: of the agreements that cover it (or name no asset) of the importer with the
-- exporter or with anyone else who has access to it (a processor and its sub-processor), and of the importer itself
-- (binding corporate rules). Clauses for one asset carry no other. Missing and not known to be missing is unknown.
WITH side AS (
    SELECT agreement_id, from_id AS one_id, to_id AS other_id, asset_id, regexp_extract(terms, '"scc_module": ([1-4])', 1) AS scc_module, fact_id FROM agreement
    UNION ALL
    SELECT agreement_id, to_id, from_id, asset_id, regexp_extract(terms, '"scc_module": ([1-4])', 1), fact_id FROM agreement
), sent_on AS (
    SELECT DISTINCT exporter, importer, asset_id FROM transfer WHERE importer IS NOT NULL AND transfer IS NOT FALSE
), via AS (
    SELECT exporter, importer, asset_id, exporter AS via_id FROM sent_on
    UNION
    SELECT t.exporter, t.importer, t.asset_id, x.entity_id
    FROM sent_on AS t JOIN access AS x ON x.asset_id = t.asset_id AND x.entity_id <> t.importer
), near AS (
    SELECT asset_id, layer_id FROM asset_layer
    UNION
    SELECT layer_id, asset_id FROM asset_layer
), asked AS (
    SELECT v.exporter, v.importer, v.asset_id, s.agreement_id AS subject_id, s.scc_module IN ('1', '2', '3', '4') AS module, [s.fact_id] AS facts, true AS contract
    FROM via AS v
    JOIN near AS n ON n.asset_id = v.asset_id
    JOIN side AS s ON s.one_id = v.via_id AND s.other_id = v.importer AND s.asset_id = n.layer_id
    UNION
    SELECT v.exporter, v.importer, v.asset_id, s.agreement_id, s.scc_module IN ('1', '2', '3', '4'), [s.fact_id], true
    FROM via AS v JOIN side AS s ON s.one_id = v.via_id AND s.other_id = v.importer AND s.asset_id IS NULL
    UNION
    SELECT exporter, importer, asset_id, importer, false, []::VARCHAR[], false FROM via
), state AS (
    SELECT
        subject_id,
        bool_or(control IN ('scc_2021', 'bcr', 'art46_other') AND NOT lacks) AS has,
        bool_or(control = 'scc_old' AND NOT lacks) AS has_old,
        bool_or(control = 'transfer_tool' AND NOT lacks) AS has_some,
        bool_or(control = 'transfer_tool' AND lacks) AS has_none,
        bool_or(control = 'scc_2021' AND lacks) AS no_scc,
        bool_or(control = 'bcr' AND lacks) AS no_bcr,
        bool_or(control = 'derogation_49' AND NOT lacks) AS derogation,
        bool_or(control = 'tia' AND NOT lacks) AS tia_has,
        bool_or(control = 'tia' AND lacks) AS tia_not,
        bool_or(control = 'occasional' AND NOT lacks) AS occasional,
        bool_or(control = 'occasional' AND lacks) AS not_occasional,
        united(facts) AS facts
    FROM lacks_control
    WHERE control IN ('scc_2021', 'scc_old', 'bcr', 'art46_other', 'transfer_tool', 'tia', 'derogation_49', 'occasional')
      AND (lacks IS NOT NULL OR len(facts) > 0)
    GROUP BY subject_id
), said AS (
    SELECT
        a.exporter, a.importer, a.asset_id,
        coalesce(bool_or(a.module) OR bool_or(c.has), bool_or(c.has), bool_or(a.module), false) AS has,
        coalesce(bool_or(c.has_old), false) AS has_old,
        coalesce(bool_or(c.has_some), false) AS has_some,
        coalesce(bool_or(c.has_none), false) AS has_none,
        bool_and(coalesce(c.no_scc, false)) FILTER (WHERE a.contract) AS no_scc,
        coalesce(bool_or(c.no_bcr), false) AS no_bcr,
        coalesce(bool_or(c.derogation), false) AS derogation,
        CASE WHEN bool_or(c.tia_has) THEN true WHEN bool_or(c.tia_not) THEN false END AS tia,
        CASE WHEN bool_or(c.occasional) THEN true WHEN bool_or(c.not_occasional) THEN false END AS occasional,
        joined(united(a.facts), united(c.facts)) AS facts
    FROM asked AS a LEFT JOIN state AS c ON c.subject_id = a.subject_id
    GROUP BY a.exporter, a.importer, a.asset_id
), each_asset AS (
    SELECT s.*,
        CASE WHEN (s.has OR s.has_some OR (s.has_old AND $as_of < $scc_old_until)) THEN CASE WHEN s.has_none THEN NULL ELSE true END
             WHEN s.has_none THEN false
             WHEN coalesce(s.no_scc, l.lacks, false) AND s.no_bcr THEN false END AS tool
    FROM said AS s LEFT JOIN lacks_agreement AS l ON l.entity_id = s.exporter
)
SELECT
    exporter, importer, united(facts) AS facts, bool_or(has_old) AS has_old, bool_and(derogation) AS derogation,
    all_yes(occasional) AS occasional, all_yes(tia) AS tia, all_yes(tool) AS tool
FROM each_asset GROUP BY exporter, importer;

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

-- view: problematic
-- Whether the law of the destination defeats safeguards (clause 14): by our list, which is not whole, so that a miss is
-- unknown. An entry may count only for importers that are not on another list.
WITH named AS (
    SELECT
        p.importer, p.country,
        CASE WHEN e.fact_id IS NULL THEN CASE WHEN l.lacks THEN false END
             WHEN e.not_with IS NULL THEN true
             WHEN o.member IS NOT NULL THEN false
             WHEN d.lacks OR w.lacks THEN true
             WHEN NOT d.lacks THEN false END AS problematic,
        joined(CASE WHEN e.fact_id IS NULL THEN []::VARCHAR[] ELSE [e.fact_id] END, CASE WHEN e.not_with IS NOT NULL THEN d.facts END) AS facts
    FROM (SELECT DISTINCT importer, country FROM transfer WHERE country IS NOT NULL) AS p
    LEFT JOIN list_entry AS e ON e.list = 'gdpr_problematic_law' AND e.kind = 'country' AND e.member = p.country
    LEFT JOIN lacks_list AS l ON l.list = 'gdpr_problematic_law'
    LEFT JOIN lacks_list AS w ON w.list = e.not_with
    LEFT JOIN list_entry AS o ON o.list = e.not_with AND o.member = p.importer
    LEFT JOIN lacks_control AS d ON d.subject_id = p.importer AND d.control = 'dpf_listed'
)
SELECT importer, country, any_yes(problematic) AS problematic, united(facts) AS facts
FROM named GROUP BY importer, country;

-- view: locked
-- The keys of each container with personal data: how many, who can use them or controls who can, whether that is more
-- than declared, and whether all who can use them are in the EEA or in an adequate country (use case 1).
WITH trusted AS (
    SELECT
        p.entity_id,
        CASE WHEN p.abroad IS FALSE THEN true WHEN p.abroad THEN coalesce(bool_and(e.member IS NOT NULL), false) END AS trusted
    FROM (SELECT entity_id, abroad, unnest(CASE WHEN len(countries) = 0 THEN ['?'] ELSE countries END) AS country FROM place_of) AS p
    LEFT JOIN list_entry AS e ON e.list = 'gdpr_adequacy' AND e.kind = 'country' AND e.member = p.country AND e.scope IS NULL AND e.only_with IS NULL
    GROUP BY p.entity_id, p.abroad
), used AS (
    SELECT d.asset_id, d.container, k.key_id, k.only_declared, k.users, k.facts, unnest(CASE WHEN len(k.users) = 0 THEN [NULL] ELSE k.users END) AS user_id
    FROM (SELECT DISTINCT asset_id, container FROM eu_scope) AS d
    JOIN protection AS k ON k.asset_id = d.asset_id AND (k.container IS NULL OR k.container IS NOT DISTINCT FROM d.container)
)
SELECT
    u.asset_id, u.container, count(DISTINCT u.key_id) AS keys,
    coalesce(list_sort(list_distinct(list(u.user_id) FILTER (WHERE u.user_id IS NOT NULL))), []::VARCHAR[]) AS users,
    united(c.masters) AS masters,
    bool_and(u.user_id IS NOT NULL AND NOT u.only_declared) AS firm,
    all_yes(t.trusted) AS trusted,
    united(u.facts) AS facts
FROM used AS u
LEFT JOIN trusted AS t ON t.entity_id = u.user_id
LEFT JOIN (SELECT subject_id, list_sort(list(holder_id)) AS masters FROM control_chain GROUP BY subject_id) AS c ON c.subject_id = u.user_id
GROUP BY u.asset_id, u.container;

-- view: share
-- Data that are split (use case 5): how many shares stand or go where one country can get at them, and how many it
-- takes to read them.
SELECT t.country, h.split, count(DISTINCT h.asset_id || '/' || coalesce(h.container, '')) AS shares, max(h.split_needs) AS needs
FROM holding AS h
JOIN (SELECT DISTINCT asset_id, container, country FROM transfer WHERE transfer IS NOT FALSE) AS t
    ON t.asset_id = h.asset_id AND t.container IS NOT DISTINCT FROM h.container
WHERE h.split IS NOT NULL
GROUP BY t.country, h.split;

-- view: sight
-- What each importer sees (EDPB Recommendations 01/2020, annex 2): clear text in use cases 6 and 7; not in 1 (stored,
-- keys elsewhere), 2 (pseudonyms without means), 3 (only passes), 5 (split). A protected recipient (4) leaves it open.
WITH form AS (
    SELECT asset_id, container, about, bool_or(len(keys) = 0) AS bare, bool_or(denied) AS denied, any_yes(used) AS used
    FROM held_form GROUP BY asset_id, container, about
), seen AS (
    -- What `clear` leaves open stays open. Who has no access of which it speaks is shut out where every class has a key of
    -- others and nobody uses the data there.
    SELECT
        t.exporter, t.other, t.importer, t.country, t.transfer, t.use,
        CASE WHEN c.entity_id IS NOT NULL THEN c.clear
             WHEN l.keys IS NULL OR f.bare THEN true
             WHEN t.importer IS NULL OR NOT l.firm THEN NULL
             WHEN list_contains(l.users, t.importer) THEN true
             WHEN list_contains(l.masters, t.importer) OR f.denied THEN NULL
             WHEN f.used IS FALSE THEN false END AS clear,
        CASE WHEN list_contains(t.marks, 'pseudonymised') THEN NOT m.lacks OR list_contains(coalesce(l.users, []::VARCHAR[]), t.importer)
             ELSE true END AS means,
        p.lacks IS FALSE AS secret,
        CASE WHEN h.shares < h.needs THEN false ELSE true END AS whole,
        t.states = ['moved'] AS passes,
        l.trusted, l.keys,
        joined(joined(t.facts, coalesce(c.facts, l.facts)), joined(m.facts, l.facts)) AS facts
    FROM transfer AS t
    LEFT JOIN clear AS c ON c.entity_id = t.importer AND c.asset_id = t.asset_id
        AND c.container IS NOT DISTINCT FROM t.container AND c.about IS NOT DISTINCT FROM t.about
    LEFT JOIN locked AS l ON l.asset_id = t.asset_id AND l.container IS NOT DISTINCT FROM t.container
    LEFT JOIN form AS f ON f.asset_id = t.asset_id AND f.container IS NOT DISTINCT FROM t.container AND f.about IS NOT DISTINCT FROM t.about
    LEFT JOIN lacks_control AS m ON m.subject_id = t.importer AND m.control = 'reidentification_means'
    LEFT JOIN lacks_control AS p ON p.subject_id = t.importer AND p.control = 'protected_recipient'
    LEFT JOIN (
        SELECT h.asset_id, h.container, s.country, max(s.shares) AS shares, min(s.needs) AS needs
        FROM holding AS h JOIN share AS s ON s.split = h.split
        GROUP BY h.asset_id, h.container, s.country
    ) AS h ON h.asset_id = t.asset_id AND h.container IS NOT DISTINCT FROM t.container AND h.country = t.country
    WHERE t.transfer IS NOT FALSE AND t.basis <> 'return'
), open AS (
    SELECT *, clear AND means AND whole AND CASE WHEN secret THEN NULL ELSE true END AS sees FROM seen
)
SELECT
    exporter, other, importer, country,
    any_yes(transfer AND sees) AS reached,
    any_yes(sees) AS sees,
    max(CASE WHEN sees THEN use END) AS use,
    max(CASE WHEN sees THEN NULL WHEN NOT means THEN 2 WHEN NOT whole THEN 5 WHEN secret THEN 4 WHEN NOT clear AND passes THEN 3 WHEN NOT clear THEN 1 END) AS effective,
    bool_or(NOT clear AND trusted IS NOT TRUE AND keys > 0) AS keys_abroad,
    bool_or(secret) AS secret,
    united(facts) AS facts
FROM open
GROUP BY exporter, other, importer, country;

-- view: effect
-- Safeguards against the law of the destination: both sides of clause 14 in one row per pair and country.
SELECT g.*, p.problematic, s.reached, s.sees, s.use, s.effective, coalesce(s.keys_abroad, false) AS keys_abroad, coalesce(s.secret, false) AS secret,
    joined(p.facts, s.facts) AS sight_facts
FROM gate AS g
JOIN sight AS s ON s.exporter = g.exporter AND s.other = g.other AND s.country IS NOT DISTINCT FROM g.country
LEFT JOIN problematic AS p ON p.importer IS NOT DISTINCT FROM g.importer AND p.country = g.country
WHERE g.transfer IS NOT FALSE;

-- rule: EU-GDPR-01
-- A transfer is no violation in itself: it opens the gates of chapter V, in order. Of an exporter that the GDPR does not
-- bind one row is enough.
WITH told AS (
    SELECT exporter, other, importer, country, transfer, act, in_scope, bases, assets, facts FROM gate WHERE in_scope IS NOT FALSE
    UNION ALL
    SELECT exporter, NULL, NULL, NULL, false, NULL, false, []::VARCHAR[], []::VARCHAR[], any_value(facts ORDER BY other, country)
    FROM gate WHERE in_scope IS FALSE GROUP BY exporter
)
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
FROM told;

-- rule: EU-GDPR-02
-- First gate: a decision on adequacy (art. 45).
SELECT
    exporter AS subject, other AS counterparty, verdict(transfer AND NOT adequate) AS verdict,
    CASE WHEN (transfer AND NOT adequate) IS NOT FALSE THEN 'assess' ELSE 'ok' END AS outcome,
    CASE WHEN adequate THEN 'adequate' WHEN NOT adequate THEN 'not_adequate' ELSE 'open' END AS message,
    {'country': country} AS "values", joined(facts, list_facts) AS facts,
    joined(unless_known(transfer OR adequate, 'what_left'), unless_known(adequate, 'adequacy')) AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM gate WHERE transfer;

-- rule: EU-GDPR-04
-- Second gate: safeguards (art. 46); without them, and without a derogation that is relied on, the transfer is unlawful.
WITH judged AS (
    SELECT *, transfer AND NOT adequate AND NOT tool AND NOT derogation AS hit FROM gate WHERE transfer IS NOT FALSE AND in_scope IS NOT FALSE
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
FROM judged;

-- rule: EU-GDPR-03
-- Adequacy that turns on a list of importers (the EU-US Data Privacy Framework): good while it lasts, so keep clauses.
SELECT
    exporter AS subject, other AS counterparty, verdict(transfer AND NOT adequate) AS verdict,
    CASE WHEN (transfer AND NOT adequate) IS NOT FALSE THEN 'assess' ELSE 'ok' END AS outcome,
    CASE WHEN adequate THEN 'listed' WHEN NOT adequate THEN 'not_listed' ELSE 'open' END AS message,
    {'country': country, 'fragility': 'high'} AS "values", joined(facts, list_facts) AS facts,
    joined(unless_known(transfer OR adequate, 'what_left'), unless_known(adequate, 'adequacy')) AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM gate WHERE transfer AND only_with IS NOT NULL;

-- rule: EU-GDPR-05
-- Clause 14: a transfer on safeguards needs an assessment that finds them effective. Where clear access meets a
-- problematic law no assessment helps: rule 06 speaks there, and rule 04 where there is no safeguard.
WITH judged AS (
    SELECT *, transfer AND NOT adequate AND tool AND NOT tia AS hit
    FROM effect
    WHERE transfer AND (problematic AND reached) IS NOT TRUE AND tool IS NOT FALSE AND adequate IS NOT TRUE
)
SELECT
    exporter AS subject, other AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'assess' ELSE 'ok' END AS outcome,
    CASE WHEN hit IS NULL THEN 'open' WHEN NOT hit THEN 'assessed' WHEN sees THEN 'plain'
         WHEN sees IS NULL THEN CASE WHEN secret THEN 'protected' ELSE 'unassessed' END
         WHEN keys_abroad THEN 'keys_abroad' ELSE 'use_case' END AS message,
    {'country': country, 'use_case': CASE WHEN sees IS NOT NULL OR secret THEN coalesce(use, effective) END, 'problematic_law': problematic} AS "values",
    joined(joined(facts, tool_facts), joined(list_facts, sight_facts)) AS facts,
    CASE WHEN hit IS NULL THEN joined(joined(unless_known(transfer, 'what_left'), unless_known(adequate, 'adequacy')),
        joined(unless_known(tool, 'tool'), unless_known(tia, 'tia'))) ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM judged;

-- rule: EU-GDPR-06
-- Use cases 6 and 7: clear text where the law defeats the safeguards. No clause and no assessment cures it.
-- A country that was not assessed is unknown, until an assessment is shown.
WITH judged AS (
    SELECT
        *,
        CASE WHEN problematic IS NULL AND tia THEN false ELSE problematic END AS law_bad
    FROM effect
), said AS (
    SELECT *, reached AND NOT adequate AND law_bad AS hit FROM judged
)
SELECT
    exporter AS subject, other AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'prohibited' ELSE 'ok' END AS outcome,
    CASE WHEN hit AND use = 7 THEN 'remote' WHEN hit THEN 'works' WHEN hit IS NULL THEN 'open'
         WHEN adequate THEN 'adequate' WHEN NOT law_bad THEN 'law' ELSE 'unclear' END AS message,
    {'country': country, 'use_case': coalesce(use, effective)} AS "values",
    joined(joined(facts, list_facts), joined(sight_facts, CASE WHEN problematic IS NULL THEN tool_facts END)) AS facts,
    CASE WHEN hit IS NULL THEN joined(joined(unless_known(reached OR NOT sees, CASE WHEN secret THEN 'protected' ELSE 'clear' END), unless_known(adequate, 'adequacy')),
        joined(unless_known(law_bad, 'law'), unless_known(transfer, 'what_left'))) ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM said;

-- rule: EU-GDPR-07
-- Art. 48: a judgment or order of a third country is no ground of its own for handing data over. A disclosure without
-- a treaty or another ground of chapter V is unlawful; an order or demand that came in has to be assessed. What is dated
-- later than the day has not happened yet.
WITH binding AS (
    SELECT entity_id, bool_or(in_scope) AS in_scope, united(facts) AS facts
    FROM (
        SELECT controller AS entity_id, in_scope, facts FROM eu_scope WHERE controller IS NOT NULL
        UNION ALL
        SELECT x.entity_id, s.in_scope, joined(s.facts, x.facts) FROM eu_scope AS s JOIN access AS x ON x.asset_id = s.asset_id
    )
    GROUP BY entity_id
), happened AS (
    SELECT
        e.event_id, e.kind, e.subject_id, e.object_id, e.fact_id,
        CASE WHEN a.kind = 'state' THEN p.abroad WHEN f.lacks THEN false ELSE NOT f.lacks END AS outside,
        CASE WHEN t.lacks AND g.lacks THEN false WHEN NOT t.lacks OR NOT g.lacks THEN true END AS ground,
        joined(joined(p.facts, f.facts), joined(t.facts, g.facts)) AS facts
    FROM event AS e
    LEFT JOIN party AS a ON a.entity_id = e.object_id
    LEFT JOIN place_of AS p ON p.entity_id = e.object_id
    LEFT JOIN lacks_control AS f ON f.subject_id = e.event_id AND f.control = 'foreign_authority'
    LEFT JOIN lacks_control AS t ON t.subject_id = e.event_id AND t.control = 'treaty_basis'
    LEFT JOIN lacks_control AS g ON g.subject_id = e.event_id AND g.control = 'chapter_v_ground'
    WHERE e.kind IN ('disclosure', 'order', 'demand') AND coalesce(e.on_date <= $as_of, true)
), judged AS (
    SELECT h.*, b.in_scope, b.in_scope AND h.outside AND NOT h.ground AS hit, joined(h.facts, b.facts) AS all_facts
    FROM happened AS h JOIN binding AS b ON b.entity_id = h.subject_id
    WHERE h.outside IS NOT FALSE
)
SELECT
    subject_id AS subject, coalesce(object_id, event_id) AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS FALSE THEN CASE WHEN in_scope IS FALSE THEN 'not applicable' ELSE 'ok' END
         WHEN kind = 'disclosure' THEN 'prohibited' ELSE 'assess' END AS outcome,
    CASE WHEN hit IS FALSE AND in_scope IS FALSE THEN 'out_of_scope' WHEN hit IS FALSE THEN 'ground'
         WHEN hit IS NULL THEN 'open' WHEN kind = 'disclosure' THEN 'disclosed' ELSE 'asked' END AS message,
    {'kind': kind} AS "values", joined([fact_id], all_facts) AS facts,
    CASE WHEN hit IS NULL THEN joined(unless_known(in_scope, 'scope'), joined(unless_known(outside, 'authority'), unless_known(ground, 'ground')))
         ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM judged;

-- view: seen_days
-- On how many days a pair was seen to transfer.
SELECT exporter, importer, count(DISTINCT day) AS days, list_sort(list_distinct(list(fact_id))) AS facts
FROM (
    SELECT s.exporter, e.operator_id AS importer, f.day, f.fact_id
    FROM flow AS f
    JOIN endpoint AS e ON e.addr = f.resp_h
    JOIN country_of AS c ON c.country = e.host_country AND c.third
    JOIN (SELECT DISTINCT exporter, asset_id FROM eu_scope) AS s ON s.asset_id = f.from_asset
    WHERE f.orig_bytes > 0 AND e.operator_id IS NOT NULL
    UNION ALL
    SELECT s.exporter, coalesce(m.employer_id, a.principal), a.day, a.fact_id
    FROM activity AS a
    LEFT JOIN employer AS m ON m.staff_id = a.principal
    JOIN (SELECT DISTINCT exporter, asset_id FROM eu_scope) AS s ON s.asset_id = a.asset_id
)
GROUP BY exporter, importer;

-- rule: EU-GDPR-08
-- Third gate: a derogation of art. 49 carries occasional transfers only. What was seen outweighs what is said.
WITH judged AS (
    SELECT
        g.*, coalesce(d.days, 0) AS days, d.facts AS day_facts,
        CASE WHEN d.days > $occasional_days THEN true ELSE NOT g.occasional END AS repeated
    FROM gate AS g
    LEFT JOIN seen_days AS d ON d.exporter = g.exporter AND d.importer = g.importer
    WHERE g.derogation AND g.transfer IS NOT FALSE AND g.tool IS NOT TRUE AND g.adequate IS NOT TRUE
), said AS (
    SELECT *, transfer AND NOT adequate AND NOT tool AND repeated AS hit FROM judged
)
SELECT
    exporter AS subject, other AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'prohibited' ELSE 'ok' END AS outcome,
    CASE WHEN hit THEN 'repeated' WHEN hit IS NULL THEN 'open' ELSE 'occasional' END AS message,
    {'country': country, 'days': days} AS "values", joined(joined(facts, tool_facts), joined(list_facts, day_facts)) AS facts,
    CASE WHEN hit IS NULL THEN joined(joined(unless_known(transfer, 'what_left'), unless_known(repeated, 'occasional')),
        joined(unless_known(tool, 'tool'), unless_known(adequate, 'adequacy'))) ELSE []::VARCHAR[] END AS missing,
    CASE WHEN hit THEN 'refused: GDPR art. 49: repeated' WHEN hit IS FALSE THEN 'applied: GDPR art. 49: occasional' END AS exemption, NULL AS bounds
FROM said;

-- view: parent_of
-- Who controls an entity from a third country, on any step: TRUE or NULL by control that is certain or not; FALSE only
-- where all above it are known and in the EEA, or the ledger of interests is complete and names nobody.
WITH held AS (
    SELECT c.subject_id AS entity_id, c.holder_id, truth(c.verdict) AND NOT coalesce(c.contested, false) OR NULL AS sure, p.abroad, joined(c.facts, p.facts) AS facts
    FROM control_chain AS c LEFT JOIN place_of AS p ON p.entity_id = c.holder_id
), summed AS (
    SELECT
        entity_id, any_yes(CASE WHEN sure THEN abroad WHEN abroad IS FALSE THEN false END) AS abroad,
        min(holder_id) FILTER (WHERE abroad) AS parent_id, united(facts) AS facts
    FROM held GROUP BY entity_id
)
SELECT
    p.entity_id,
    CASE WHEN s.entity_id IS NOT NULL THEN CASE WHEN s.abroad THEN true WHEN u.kind IN ('organisation', 'person', 'state') AND u.verdict = 'yes' THEN s.abroad END
         WHEN l.lacks THEN false END AS abroad,
    s.parent_id,
    joined(p.facts, joined(s.facts, u.facts)) AS facts
FROM party AS p
LEFT JOIN summed AS s ON s.entity_id = p.entity_id
LEFT JOIN (SELECT entity_id, min(kind) AS kind, min(verdict) AS verdict, united(facts) AS facts FROM ultimate_parent GROUP BY entity_id) AS u ON u.entity_id = p.entity_id
LEFT JOIN lacks_interest AS l ON l.subject_id = p.entity_id;

-- rule: EU-GDPR-09
-- A processor in the EEA with a parent in a third country: no transfer by that fact alone, but art. 28(1) asks whether
-- its guarantees hold against that parent. Where access from a third country is seen, rules 01 to 06 speak instead. What
-- somebody unknown there fetched or got may be the parent's: then nobody can say that nothing was observed.
WITH strange AS (
    SELECT asset_id, list_sort(list_distinct(list(country) FILTER (WHERE country IS NOT NULL))) AS places, united(facts) AS facts
    FROM transfer WHERE importer IS NULL AND transfer IS NULL AND basis IN ('flow', 'remote_access')
    GROUP BY asset_id
), served AS (
    SELECT
        s.exporter, x.entity_id, any_yes(s.in_scope) AS in_scope, joined(united(s.facts), joined(united(x.facts), united(g.facts))) AS facts,
        bool_or(g.asset_id IS NOT NULL) AS strange, united(g.places) AS places,
        max(date_diff('day', f.from_ts, f.to_ts)) AS flow_days, max(date_diff('day', a.from_ts, a.to_ts)) AS login_days,
        min(f.share_seen) AS flow_share, min(a.share_seen) AS login_share
    FROM eu_scope AS s
    JOIN access AS x ON x.asset_id = s.asset_id AND x.entity_id <> s.exporter
    JOIN place_of AS p ON p.entity_id = x.entity_id AND p.abroad IS FALSE AND p.kind = 'organisation'
    LEFT JOIN lacks_flow AS f ON f.asset_id = s.asset_id
    LEFT JOIN lacks_activity AS a ON a.asset_id = s.asset_id
    LEFT JOIN strange AS g ON g.asset_id = s.asset_id
    WHERE list_has_any(x.hows, ['operates', 'hosts', 'manages', 'administers', 'updates', 'processor', 'vendor', 'ict']) AND s.in_scope IS NOT FALSE
    GROUP BY s.exporter, x.entity_id
), gone AS (
    SELECT t.exporter, c.subject_id AS entity_id, bool_or(t.transfer) IS TRUE AS seen, united(t.facts) AS facts
    FROM transfer AS t JOIN control_chain AS c ON c.holder_id = t.importer
    WHERE t.transfer IS NOT FALSE
    GROUP BY t.exporter, c.subject_id
), judged AS (
    SELECT
        s.*, a.parent_id, g.seen, g.facts AS seen_facts,
        s.in_scope AND a.abroad AS hit, a.facts AS parent_facts, NOT c.lacks AS guarantees
    FROM served AS s
    JOIN parent_of AS a ON a.entity_id = s.entity_id
    LEFT JOIN gone AS g ON g.exporter = s.exporter AND g.entity_id = s.entity_id
    LEFT JOIN lacks_control AS c ON c.subject_id = s.entity_id AND c.control = 'art28_guarantees'
)
SELECT
    exporter AS subject, entity_id AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'assess' ELSE 'ok' END AS outcome,
    CASE WHEN hit AND seen THEN 'seen' WHEN hit AND NOT seen THEN 'doubtful' WHEN hit AND strange THEN 'stranger' WHEN hit AND guarantees THEN 'guaranteed' WHEN hit AND flow_days IS NULL AND login_days IS NULL THEN 'not_watched'
         WHEN hit THEN 'not_observed' WHEN hit IS NULL THEN 'open' ELSE 'none' END AS message,
    {'parent': parent_id, 'places': places, 'days': least(coalesce(flow_days, login_days), coalesce(login_days, flow_days)),
     'share': 100 * least(coalesce(flow_share, login_share), coalesce(login_share, flow_share))} AS "values",
    joined(facts, joined(parent_facts, seen_facts)) AS facts,
    CASE WHEN hit IS NULL THEN joined(unless_known(in_scope, 'scope'), ['parent']) ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM judged;

-- rule: EU-GDPR-10
-- Art. 28: whoever gets at the data is bound by contract with the controller, or is a sub-processor that was
-- authorised. A contract that forbids subcontracting refuses it.
WITH reached AS (
    SELECT s.exporter, s.controller, x.entity_id, any_yes(x.granted) AS granted, any_yes(s.in_scope) AS in_scope, joined(united(s.facts), united(x.facts)) AS facts
    FROM eu_scope AS s
    JOIN access AS x ON x.asset_id = s.asset_id AND x.entity_id <> s.exporter
        AND (x.container IS NULL OR s.container IS NULL OR x.container = s.container)
    JOIN place_of AS p ON p.entity_id = x.entity_id AND p.kind = 'organisation'
    LEFT JOIN responsible AS r ON r.asset_id = s.asset_id AND r.entity_id = x.entity_id
    WHERE r.entity_id IS NULL AND s.in_scope IS NOT FALSE AND x.granted IS NOT FALSE AND s.controller IS NOT NULL
    GROUP BY s.exporter, s.controller, x.entity_id
), bound AS (
    SELECT r.exporter, r.entity_id, list_sort(list_distinct(list(a.fact_id))) AS facts
    FROM reached AS r JOIN agreement AS a ON a.from_id = r.exporter AND a.to_id = r.entity_id AND a.kind <> 'investment'
    GROUP BY r.exporter, r.entity_id
), chained AS (
    SELECT
        r.exporter, r.entity_id, any_yes(CASE WHEN contains(m.terms, '"subcontracting": false') OR contains(m.terms, '"subcontracting": "no"') THEN true ELSE c.lacks END) AS refused,
        min(s.from_id) AS via_id, joined(united([s.fact_id, m.fact_id]), united(c.facts)) AS facts
    FROM reached AS r
    JOIN agreement AS s ON s.to_id = r.entity_id
    JOIN agreement AS m ON m.from_id = r.exporter AND m.to_id = s.from_id
    LEFT JOIN lacks_control AS c ON c.subject_id = s.agreement_id AND c.control = 'subprocessor_authorised'
    GROUP BY r.exporter, r.entity_id
), judged AS (
    SELECT
        r.*, b.exporter IS NOT NULL AS has, h.exporter IS NOT NULL AS sub, h.via_id,
        r.in_scope AND r.granted AND CASE WHEN b.exporter IS NOT NULL THEN false WHEN h.exporter IS NOT NULL THEN h.refused ELSE l.lacks END AS hit,
        joined(r.facts, joined(b.facts, h.facts)) AS all_facts
    FROM reached AS r
    LEFT JOIN bound AS b ON b.exporter = r.exporter AND b.entity_id = r.entity_id
    LEFT JOIN chained AS h ON h.exporter = r.exporter AND h.entity_id = r.entity_id
    LEFT JOIN lacks_agreement AS l ON l.entity_id = r.exporter
)
SELECT
    exporter AS subject, entity_id AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'restricted' ELSE 'ok' END AS outcome,
    CASE WHEN hit AND sub THEN 'not_authorised' WHEN hit THEN 'no_contract' WHEN hit IS NULL THEN 'open' WHEN sub AND NOT has THEN 'authorised' ELSE 'bound' END AS message,
    {'via': via_id} AS "values", all_facts AS facts,
    CASE WHEN hit IS NULL THEN joined(unless_known(in_scope, 'scope'), joined(unless_known(granted, 'what_left'), ['contract'])) ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM judged;

-- rule: EU-GDPR-11
-- Art. 30: recipients and countries of what was seen to leave must stand in the record of processing. The record is what
-- flows and agreements declare; that something is missing from it is only known where it is said to be whole.
WITH left_for AS (
    SELECT
        p.exporter, p.controller, s.importer_id, s.country, coalesce(s.importer_id, s.country, 'unknown') AS other,
        any_yes(p.in_scope) AS in_scope, any_yes(CASE WHEN s.container IS NULL THEN NULL ELSE true END) AS personal,
        joined(united(s.facts), united(p.facts)) AS facts
    FROM sent AS s
    JOIN eu_scope AS p ON p.asset_id = s.asset_id AND (s.container IS NULL OR p.container IS NULL OR s.container = p.container)
    WHERE NOT s.attempted AND s.importer_id IS DISTINCT FROM p.exporter AND p.in_scope IS NOT FALSE
    GROUP BY p.exporter, p.controller, s.importer_id, s.country
), told AS (
    SELECT DISTINCT s.exporter, f.to_pattern, f.fact_id
    FROM flow AS f JOIN (SELECT DISTINCT exporter, asset_id FROM eu_scope) AS s ON s.asset_id = f.from_asset
    WHERE f.to_pattern IS NOT NULL
), signed AS (
    SELECT from_id, to_id, regexp_extract(terms, '"regions": ([^]}]+)', 1) AS regions, fact_id FROM agreement
), covered_by AS (
    SELECT operator_id, country, bool_or(result = 'covered') AS covered, united(joined(declared, configured)) AS facts
    FROM reconciliation WHERE result = 'covered' GROUP BY operator_id, country
), named AS (
    SELECT
        l.exporter, l.other, l.country,
        bool_or(t.fact_id IS NOT NULL OR u.fact_id IS NOT NULL OR v.covered IS NOT NULL) AS named_flow,
        bool_or(CASE WHEN g.fact_id IS NULL THEN NULL WHEN coalesce(g.regions, '') = '' OR l.country IS NULL THEN true ELSE contains(g.regions, '"' || l.country || '"') END) AS named_party,
        united(joined([t.fact_id, u.fact_id, g.fact_id], v.facts)) AS facts
    FROM left_for AS l
    LEFT JOIN told AS t ON t.exporter = l.exporter AND t.to_pattern = 'entity:' || l.importer_id
    LEFT JOIN told AS u ON u.exporter = l.exporter AND u.to_pattern = 'country:' || l.country
    LEFT JOIN signed AS g ON g.from_id = l.exporter AND g.to_id = l.importer_id
    LEFT JOIN covered_by AS v ON v.operator_id = l.importer_id AND v.country = l.country
    GROUP BY l.exporter, l.other, l.country
), judged AS (
    SELECT
        l.*, n.named_party IS FALSE AND NOT n.named_flow AS elsewhere,
        CASE WHEN n.named_flow OR n.named_party THEN true WHEN n.named_party IS FALSE THEN false
             WHEN w.lacks AND c.lacks IS FALSE THEN false END AS recorded,
        joined(l.facts, joined(list_filter(n.facts, lambda one: one IS NOT NULL), c.facts)) AS all_facts
    FROM left_for AS l
    JOIN named AS n ON n.exporter = l.exporter AND n.other = l.other AND n.country IS NOT DISTINCT FROM l.country
    LEFT JOIN lacks_agreement AS w ON w.entity_id = l.exporter
    LEFT JOIN lacks_control AS c ON c.subject_id = l.exporter AND c.control = 'ropa_complete'
), said AS (
    SELECT *, in_scope AND personal AND NOT recorded AS hit FROM judged
)
SELECT
    exporter AS subject, other AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'restricted' ELSE 'ok' END AS outcome,
    CASE WHEN hit AND elsewhere THEN 'other_country' WHEN hit THEN 'not_recorded' WHEN hit IS NULL THEN 'open' ELSE 'recorded' END AS message,
    {'country': country} AS "values", all_facts AS facts,
    CASE WHEN hit IS NULL THEN joined(unless_known(in_scope, 'scope'), joined(unless_known(personal, 'what_left'), unless_known(recorded, 'ropa'))) ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM said;

-- rule: EU-GDPR-12
-- Art. 9: data that reveal health, religion and the like, alone or joined, need a ground of art. 9(2). Goods text beside
-- the consignee reveals what it was bought for; two tables that share a parcel or customs number are joined by it.
WITH table_of AS (
    SELECT
        d.asset_id, d.container, d.personal, d.facts,
        list_has_any(d.categories, ['eu_gdpr/art9_health', 'eu_gdpr/art9_religion', 'eu_gdpr/art9_origin', 'eu_gdpr/art9_political',
            'eu_gdpr/art9_union', 'eu_gdpr/art9_sex_life', 'eu_gdpr/art9_genetic', 'eu_gdpr/art9_biometric'])
            OR len(list_filter(d.data_classes, lambda one: starts_with(one, 'inferred_'))) > 0 AS reveals,
        list_contains(d.data_classes, 'goods_description') AS goods_text,
        list_filter(d.data_classes, lambda one: list_contains(j.keys, one)) AS keys
    FROM dataset AS d
    CROSS JOIN (
        SELECT coalesce(list_sort(list(DISTINCT data_class)), []::VARCHAR[]) AS keys FROM data_class WHERE category IN ('trade/shipment', 'customs/identifier')
    ) AS j
), said AS (
    SELECT
        t.asset_id,
        bool_or(t.reveals AND t.personal) AS alone,
        bool_or(t.reveals) AS revealing,
        bool_or(t.goods_text) AS goods_text,
        united(CASE WHEN t.reveals THEN t.keys END) AS keys_there,
        united(CASE WHEN t.personal THEN t.keys END) AS keys_here,
        united(CASE WHEN t.reveals OR t.personal OR t.goods_text THEN t.facts END) AS facts
    FROM table_of AS t
    GROUP BY t.asset_id
), judged AS (
    SELECT
        s.*, p.exporter, p.in_scope, p.facts AS scope_facts, NOT g.lacks AS ground, g.facts AS ground_facts,
        CASE WHEN s.alone THEN true
             WHEN s.revealing AND list_has_any(s.keys_there, s.keys_here) THEN true
             WHEN s.revealing THEN NULL
             WHEN l.lacks THEN false END AS reveals
    FROM said AS s
    JOIN (SELECT exporter, asset_id, any_yes(in_scope) AS in_scope, united(facts) AS facts FROM eu_scope WHERE in_scope IS NOT FALSE GROUP BY exporter, asset_id) AS p
        ON p.asset_id = s.asset_id
    LEFT JOIN lacks_holding AS l ON l.asset_id = s.asset_id
    LEFT JOIN lacks_control AS g ON g.subject_id = s.asset_id AND g.control = 'art9_ground'
    WHERE s.revealing OR s.goods_text
), verdicts AS (
    SELECT *, in_scope AND reveals AND NOT ground AS hit FROM judged
)
SELECT
    exporter AS subject, asset_id AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'restricted' ELSE 'ok' END AS outcome,
    CASE WHEN hit AND alone THEN 'alone' WHEN hit THEN 'joined' WHEN hit IS NULL THEN 'open' WHEN reveals THEN 'ground' ELSE 'none' END AS message,
    {'joined_by': list_filter(keys_there, lambda one: list_contains(keys_here, one))} AS "values",
    joined(facts, joined(scope_facts, ground_facts)) AS facts,
    CASE WHEN hit IS NULL THEN joined(unless_known(in_scope, 'scope'), joined(unless_known(reveals, 'goods_text'), unless_known(ground, 'art9_ground'))) ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM verdicts;

-- rule: EU-GDPR-13
-- Pseudonyms are relative (C-413/23 P): for a recipient without the key and without means to single persons out they may
-- be no personal data; for the controller they stay so.
WITH given AS (
    SELECT s.exporter, x.entity_id, any_yes(s.in_scope) AS in_scope, joined(united(s.facts), united(x.facts)) AS facts,
        bool_or(list_contains(coalesce(l.users, []::VARCHAR[]), x.entity_id)) AS has_key, united(l.facts) AS key_facts
    FROM eu_scope AS s
    JOIN access AS x ON x.asset_id = s.asset_id AND x.entity_id <> s.exporter AND x.granted IS NOT FALSE
        AND (x.container IS NULL OR s.container IS NULL OR x.container = s.container)
    LEFT JOIN locked AS l ON l.asset_id = s.asset_id AND l.container IS NOT DISTINCT FROM s.container
    WHERE list_contains(s.marks, 'pseudonymised') AND s.in_scope IS NOT FALSE AND s.controller IS NOT NULL
    GROUP BY s.exporter, x.entity_id
), judged AS (
    SELECT g.*, g.has_key OR NOT c.lacks AS means, c.facts AS said FROM given AS g
    LEFT JOIN lacks_control AS c ON c.subject_id = g.entity_id AND c.control = 'reidentification_means'
)
SELECT
    exporter AS subject, entity_id AS counterparty, verdict(in_scope AND NOT means) AS verdict,
    CASE WHEN (in_scope AND NOT means) IS NOT FALSE THEN 'assess' ELSE 'not applicable' END AS outcome,
    CASE WHEN means THEN 'means' WHEN NOT means THEN 'no_means' ELSE 'open' END AS message,
    {'has_key': has_key} AS "values", joined(facts, joined(said, key_facts)) AS facts,
    CASE WHEN (in_scope AND NOT means) IS NULL THEN joined(unless_known(in_scope, 'scope'), unless_known(means, 'means')) ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM judged;

-- rule: EU-GDPR-14
-- Art. 33: a breach is notified to the authority within 72 hours. Days give bounds on the hours. What left undeclared
-- (rule 11) is one. That a risk is unlikely has to be reasoned, so saying so leaves it open. What is dated later than the
-- day has not happened yet.
WITH filed AS (
    SELECT b.event_id, min(date_diff('day', b.on_date, f.on_date)) AS days, list_sort(list(f.fact_id)) AS facts
    FROM event AS b JOIN event AS f ON f.kind = 'filing' AND f.object_id = b.event_id AND coalesce(f.on_date <= $as_of, true)
    WHERE b.kind = 'breach'
    GROUP BY b.event_id
), happened AS (
    SELECT
        b.event_id, coalesce(r.entity_id, b.subject_id) AS exporter, b.on_date, f.days,
        CASE WHEN f.days IS NULL THEN CASE WHEN l.lacks AND f.event_id IS NULL THEN true END
             WHEN (f.days - 1) * 24 >= $breach_hours THEN true
             WHEN (f.days + 1) * 24 <= $breach_hours THEN false END AS late,
        c.lacks IS FALSE AS no_risk,
        joined(joined([b.fact_id], f.facts), joined(r.facts, c.facts)) AS facts
    FROM event AS b
    LEFT JOIN filed AS f ON f.event_id = b.event_id
    LEFT JOIN responsible AS r ON r.asset_id = b.subject_id
    LEFT JOIN lacks_event AS l ON l.subject_id = b.subject_id
    LEFT JOIN lacks_control AS c ON c.subject_id = b.event_id AND c.control = 'risk_unlikely'
    WHERE b.kind = 'breach' AND coalesce(b.on_date <= $as_of, true)
), bound AS (
    SELECT h.*, s.in_scope, h.late AND s.in_scope AND CASE WHEN h.no_risk THEN NULL ELSE true END AS hit, joined(h.facts, s.facts) AS all_facts
    FROM happened AS h
    JOIN (
        SELECT entity_id, bool_or(in_scope) AS in_scope, united(facts) AS facts
        FROM (SELECT controller AS entity_id, in_scope, facts FROM eu_scope)
        GROUP BY entity_id
    ) AS s ON s.entity_id = h.exporter
    WHERE s.in_scope IS NOT FALSE
)
SELECT
    exporter AS subject, event_id AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'notify' ELSE 'ok' END AS outcome,
    CASE WHEN hit AND days IS NOT NULL THEN 'late' WHEN hit AND date_diff('day', on_date, $as_of) * 24 <= $breach_hours THEN 'due' WHEN hit THEN 'overdue'
         WHEN hit IS NULL THEN 'open' ELSE 'filed' END AS message,
    {'date': on_date, 'days': days, 'hours': $breach_hours} AS "values", all_facts AS facts,
    CASE WHEN hit IS NULL THEN joined(unless_known(in_scope, 'scope'), CASE WHEN no_risk THEN ['risk'] ELSE unless_known(late, 'filing') END) ELSE []::VARCHAR[] END AS missing,
    CASE WHEN no_risk THEN 'claimed: GDPR art. 33: a risk is unlikely' END AS exemption, NULL AS bounds
FROM bound
UNION ALL
SELECT
    subject, counterparty, 'yes', 'notify', 'egress', {'date': NULL::DATE, 'days': NULL::BIGINT, 'hours': $breach_hours}, facts,
    []::VARCHAR[], NULL, NULL
FROM ruled WHERE rule_id = 'EU-GDPR-11' AND verdict = 'yes'
