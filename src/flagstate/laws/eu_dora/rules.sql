-- view: financial
-- Whether DORA binds an entity: only somebody's word tells. Of whom it is not known, each rule has one row and not one per
-- provider or contract.
SELECT p.entity_id, NOT l.lacks AS bound, joined(p.facts, l.facts) AS facts
FROM party AS p
JOIN lacks_control AS l ON l.subject_id = p.entity_id AND l.control = 'financial_entity';

-- view: contract
-- Agreements on ICT services with what they say: regions, notice of their change, a plan to leave.
SELECT agreement_id, from_id, to_id,
    list_filter(string_split(regexp_extract(max(terms), '[{ ]"regions": (\[[^\]]*\]|"[A-Z]{2}")', 1), '"'),
        lambda x: regexp_full_match(x, '[A-Z]{2}')) AS regions,
    CASE regexp_extract(max(terms), '[{ ]"region_notice": (true|false)', 1) WHEN 'true' THEN true WHEN 'false' THEN false END AS notice,
    CASE regexp_extract(max(terms), '[{ ]"exit_plan": (true|false)', 1) WHEN 'true' THEN true WHEN 'false' THEN false END AS exit_plan,
    list_sort(list(fact_id)) AS facts
FROM agreement
WHERE kind IN ('ict', 'vendor', 'processor')
GROUP BY agreement_id, from_id, to_id;

-- view: covered_asset
-- Assets that a contract covers: those that it names, else what the provider has access to and the customer decides over.
SELECT DISTINCT d.dealing_id AS agreement_id, d.asset_id
FROM dealing AS d JOIN contract AS c ON c.agreement_id = d.dealing_id
WHERE NOT d.implied AND d.asset_id IS NOT NULL;

-- view: provider
-- Who gives an entity ICT services by what is seen: custody of what it decides over tells the role; traffic alone does not.
-- Traffic that no asset of ours is known for is the one financial entity's, where there is just one.
WITH seen AS (
    SELECT r.entity_id, x.entity_id AS provider_id,
        bool_or(list_has_any(x.hows, ['operates', 'hosts', 'manages', 'updates', 'administers', 'processor', 'vendor', 'ict'])) AS acts,
        united(joined(r.facts, x.facts)) AS facts
    FROM responsible AS r
    JOIN access AS x ON x.asset_id = r.asset_id AND x.entity_id <> r.entity_id
    WHERE x.granted IS NOT FALSE
      AND list_has_any(x.hows, ['operates', 'hosts', 'manages', 'updates', 'administers', 'processor', 'vendor', 'ict', 'flow'])
    GROUP BY r.entity_id, x.entity_id
    UNION ALL
    SELECT f.entity_id, c.operator_id, NULL, united(c.observed)
    FROM (SELECT min(entity_id) AS entity_id FROM financial WHERE bound HAVING count(*) = 1) AS f
    JOIN reconciliation AS c ON c.operator_id <> f.entity_id
    WHERE c.egress = 'yes' AND c.operator_id IS NOT NULL
    GROUP BY f.entity_id, c.operator_id
)
SELECT s.entity_id, s.provider_id,
    CASE WHEN bool_or(s.acts) THEN true ELSE NOT any_value(l.lacks ORDER BY l.lacks) END AS acts,
    joined(united(s.facts), united(l.facts)) AS facts
FROM seen AS s
LEFT JOIN party AS p ON p.entity_id = s.provider_id
LEFT JOIN lacks_control AS l ON l.subject_id = s.provider_id AND l.control = 'ict_provider'
WHERE coalesce(p.kind, 'organisation') = 'organisation'
GROUP BY s.entity_id, s.provider_id;

-- view: registered
-- Whether a provider stands in the register of contracts. One with a company of its group leaves it open which of both is meant.
WITH direct AS (
    SELECT from_id, to_id, united(facts) AS facts FROM contract GROUP BY from_id, to_id
), family AS (
    SELECT DISTINCT c.from_id, u.parent_id
    FROM contract AS c JOIN ultimate_parent AS u ON u.entity_id = c.to_id
), kin AS (
    SELECT DISTINCT p.entity_id, p.provider_id
    FROM provider AS p
    JOIN ultimate_parent AS u ON u.entity_id = p.provider_id
    JOIN family AS f ON f.from_id = p.entity_id AND f.parent_id = u.parent_id
)
SELECT p.entity_id, p.provider_id,
    CASE WHEN d.to_id IS NOT NULL THEN true WHEN k.provider_id IS NOT NULL THEN NULL WHEN l.lacks THEN false END AS listed,
    k.provider_id IS NOT NULL AS has_kin,
    d.facts
FROM provider AS p
LEFT JOIN direct AS d ON d.from_id = p.entity_id AND d.to_id = p.provider_id
LEFT JOIN kin AS k ON k.entity_id = p.entity_id AND k.provider_id = p.provider_id
LEFT JOIN lacks_agreement AS l ON l.entity_id = p.entity_id;

-- rule: EU-DORA-01
-- Art. 28(3): every contract on ICT services is in the register; that one is not there only the ledger can say.
WITH judged AS (
    SELECT p.entity_id, p.provider_id, f.bound, p.acts, r.listed, r.has_kin, f.bound AND p.acts AND NOT r.listed AS hit,
        joined(joined(f.facts, p.facts), r.facts) AS facts
    FROM provider AS p
    JOIN registered AS r ON r.entity_id = p.entity_id AND r.provider_id = p.provider_id
    JOIN financial AS f ON f.entity_id = p.entity_id
)
SELECT entity_id AS subject, provider_id AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'breach' WHEN listed THEN 'ok' ELSE 'not applicable' END AS outcome,
    CASE WHEN hit THEN 'unlisted' WHEN hit IS NULL THEN 'open' WHEN listed THEN 'listed' ELSE 'no_role' END AS message,
    {'listed': listed} AS "values", facts,
    CASE WHEN hit IS NULL THEN joined(unless_known(acts, 'role'),
        CASE WHEN listed IS NULL AND has_kin THEN ['group_contract'] ELSE unless_known(listed, 'register') END)
        ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM judged WHERE bound
UNION ALL
SELECT entity_id, NULL, verdict(any_yes(hit)),
    CASE WHEN any_yes(hit) IS NULL THEN 'breach' WHEN NOT bound THEN 'not applicable' ELSE 'ok' END,
    CASE WHEN any_yes(hit) IS NULL THEN 'scope' WHEN NOT bound THEN 'unbound' ELSE 'either_way' END,
    NULL, united(facts), CASE WHEN any_yes(hit) IS NULL THEN ['financial'] ELSE []::VARCHAR[] END, NULL, NULL
FROM judged WHERE bound IS NOT TRUE GROUP BY entity_id, bound;

-- view: stood
-- Where what a contract covers stands, by sources that speak of the host: never the registrant of an address or network,
-- nor the second data set, which often only repeats it, nor anybody's word.
-- An address is a place `host:ADDRESS`, or by itself.
WITH spot AS (
    SELECT s.asset_id, p.country, p.confidence, p.fact_id
    FROM (
        SELECT asset_id, asset_id AS subject_id FROM resource
        UNION SELECT asset_id, 'host:' || addr FROM asset WHERE addr IS NOT NULL
        UNION SELECT asset_id, addr FROM asset WHERE addr IS NOT NULL
    ) AS s
    JOIN place AS p ON p.subject_id = s.subject_id
    WHERE p.country IS NOT NULL AND p.source_kind IN ('host', 'provider_region', 'configured_region')
)
SELECT c.agreement_id, s.country,
    CASE WHEN bool_or(coalesce(s.confidence, 'sure') IN ('sure', 'likely')) THEN true END AS sure,
    list_sort(list_distinct(list(s.fact_id))) AS facts
FROM covered_asset AS c
JOIN asset_layer AS l ON l.asset_id = c.asset_id
JOIN spot AS s ON s.asset_id = l.layer_id
WHERE coalesce(s.confidence, 'sure') <> 'none'
GROUP BY c.agreement_id, s.country;

-- view: managed
-- From where the provider's people were seen at work on what a contract covers; others' logins leave it open.
WITH staff AS (
    SELECT holder_id AS entity_id, subject_id AS principal, [fact_id] AS facts FROM interest WHERE kind = 'employs'
    UNION ALL
    SELECT entity_id, entity_id, []::VARCHAR[] FROM party
)
SELECT v.agreement_id, a.country,
    bool_or(m.entity_id IS NOT NULL) AS by_provider,
    bool_and(o.entity_id IS NOT NULL) AS by_customer,
    joined(united(a.facts), united(m.facts)) AS facts
FROM contract AS c
JOIN covered_asset AS v ON v.agreement_id = c.agreement_id
JOIN activity_place AS a ON a.asset_id = v.asset_id
LEFT JOIN staff AS m ON m.principal = a.principal AND m.entity_id = c.to_id
LEFT JOIN staff AS o ON o.principal = a.principal AND o.entity_id = c.from_id
GROUP BY v.agreement_id, a.country;

-- view: abroad
-- Whether what was seen lies outside the countries that a contract declares. Inside only where the hosts are known and
-- the logs of what it covers are whole.
WITH hosts AS (
    SELECT c.agreement_id,
        any_yes(s.sure AND NOT list_contains(c.regions, s.country)) AS strays,
        list_sort(list(s.country)) AS countries, united(s.facts) AS facts
    FROM contract AS c JOIN stood AS s ON s.agreement_id = c.agreement_id
    GROUP BY c.agreement_id
), people AS (
    SELECT c.agreement_id,
        any_yes(CASE WHEN m.by_customer THEN false WHEN list_contains(c.regions, m.country) THEN false
                     WHEN m.by_provider AND m.country IS NOT NULL THEN true END) AS strays,
        list_sort(coalesce(list(m.country) FILTER (WHERE m.country IS NOT NULL AND NOT m.by_customer), []::VARCHAR[])) AS countries,
        united(m.facts) AS facts
    FROM contract AS c JOIN managed AS m ON m.agreement_id = c.agreement_id
    GROUP BY c.agreement_id
), logs AS (
    SELECT v.agreement_id, bool_and(coalesce(l.lacks, false)) AS seen_whole
    FROM covered_asset AS v LEFT JOIN lacks_activity AS l ON l.asset_id = v.asset_id
    GROUP BY v.agreement_id
)
SELECT c.agreement_id, h.strays AS hosts_stray,
    CASE WHEN p.strays THEN true WHEN coalesce(NOT p.strays, p.agreement_id IS NULL) AND g.seen_whole THEN false END AS people_stray,
    joined(h.countries, p.countries) AS countries,
    joined(h.facts, p.facts) AS facts
FROM contract AS c
LEFT JOIN hosts AS h ON h.agreement_id = c.agreement_id
LEFT JOIN people AS p ON p.agreement_id = c.agreement_id
LEFT JOIN logs AS g ON g.agreement_id = c.agreement_id;

-- rule: EU-DORA-02
-- ITS 2024/2956, B_02.02.0150 and .0160: the countries declared are those in which data are stored and processed.
WITH judged AS (
    SELECT c.agreement_id, c.from_id, c.to_id, c.regions, f.bound, a.hosts_stray, a.people_stray, a.countries,
        f.bound AND (a.hosts_stray OR a.people_stray) AS hit,
        joined(joined(c.facts, a.facts), f.facts) AS facts
    FROM contract AS c
    JOIN abroad AS a ON a.agreement_id = c.agreement_id
    JOIN financial AS f ON f.entity_id = c.from_id
    WHERE len(c.regions) > 0
)
SELECT from_id AS subject, agreement_id AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'breach' ELSE 'ok' END AS outcome,
    CASE WHEN hit THEN 'stray' WHEN hit IS NULL THEN 'open' ELSE 'inside' END AS message,
    {'declared': regions, 'seen': countries, 'provider': to_id} AS "values", facts,
    CASE WHEN hit IS NULL THEN joined(unless_known(hosts_stray, 'host'), unless_known(people_stray, 'logins')) ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM judged WHERE bound
UNION ALL
SELECT from_id, NULL, verdict(any_yes(hit)),
    CASE WHEN any_yes(hit) IS NULL THEN 'breach' WHEN NOT bound THEN 'not applicable' ELSE 'ok' END,
    CASE WHEN any_yes(hit) IS NULL THEN 'scope' WHEN NOT bound THEN 'unbound' ELSE 'either_way' END,
    NULL, united(facts), CASE WHEN any_yes(hit) IS NULL THEN ['financial'] ELSE []::VARCHAR[] END, NULL, NULL
FROM judged WHERE bound IS NOT TRUE GROUP BY from_id, bound;

-- view: lean
-- Critical functions with every asset or party that they stand on or need, alternatives included: dependence at all.
WITH RECURSIVE edge AS (
    SELECT asset_id, runs_on AS node_id FROM resource WHERE runs_on IS NOT NULL
    UNION SELECT asset_id, needs_id FROM need
), below(asset_id, node_id) AS (
    SELECT asset_id, asset_id FROM resource WHERE critical
    UNION
    SELECT b.asset_id, e.node_id FROM below AS b JOIN edge AS e ON e.asset_id = b.node_id
)
SELECT asset_id, node_id FROM below;

-- view: supports
-- Whether a contract supports a critical function: one of these stands on what it covers, or somebody says.
SELECT c.agreement_id,
    CASE WHEN bool_or(b.node_id IS NOT NULL) THEN true ELSE bool_or(NOT l.lacks) END AS critical,
    united(l.facts) AS facts
FROM contract AS c
LEFT JOIN covered_asset AS v ON v.agreement_id = c.agreement_id
LEFT JOIN (SELECT DISTINCT node_id FROM lean) AS b ON b.node_id = v.asset_id
LEFT JOIN lacks_control AS l ON l.subject_id = c.agreement_id AND l.control = 'critical_function'
GROUP BY c.agreement_id;

-- view: hangs
-- Critical functions of an entity, with the parties on which they depend at all and their parents at the top.
WITH own AS (
    SELECT r.entity_id, r.asset_id, joined(r.facts, s.facts) AS facts
    FROM responsible AS r JOIN resource AS s ON s.asset_id = r.asset_id
    WHERE s.critical
), helper AS (
    SELECT b.asset_id, i.holder_id AS party_id, i.fact_id
    FROM lean AS b JOIN interest AS i ON i.subject_id = b.node_id
    WHERE i.kind IN ('operates', 'hosts', 'manages', 'updates', 'licenses', 'resolves', 'registers', 'certifies', 'authenticates')
    UNION
    SELECT b.asset_id, b.node_id, n.fact_id
    FROM lean AS b JOIN need AS n ON n.needs_id = b.node_id JOIN party AS p ON p.entity_id = b.node_id
    UNION
    SELECT b.asset_id, a.to_id, a.fact_id
    FROM lean AS b JOIN agreement AS a ON a.asset_id = b.node_id WHERE a.kind IN ('ict', 'vendor', 'processor')
)
SELECT o.entity_id, o.asset_id, h.party_id, u.parent_id, u.verdict = 'yes' AS sure,
    joined(joined(o.facts, [h.fact_id]), u.facts) AS facts
FROM own AS o
JOIN helper AS h ON h.asset_id = o.asset_id AND h.party_id <> o.entity_id
JOIN ultimate_parent AS u ON u.entity_id = h.party_id AND u.parent_id <> o.entity_id;

-- view: known
-- Critical functions of an entity, and of how many all that they stand on is known: interests, needs and contracts.
WITH sight AS (
    SELECT b.asset_id,
        bool_and(coalesce(i.lacks, false)) AND bool_and(coalesce(w.complete, a.complete, false)) AS seen
    FROM lean AS b
    LEFT JOIN lacks_interest AS i ON i.subject_id = b.node_id
    LEFT JOIN whole AS w ON w.noun = 'need' AND w.scope = b.node_id
    LEFT JOIN whole AS a ON a.noun = 'need' AND a.scope = 'all'
    GROUP BY b.asset_id
)
SELECT r.entity_id, r.asset_id, s.seen AND coalesce(g.lacks, false) AS seen
FROM responsible AS r
JOIN sight AS s ON s.asset_id = r.asset_id
LEFT JOIN lacks_agreement AS g ON g.entity_id = r.entity_id;

-- view: weight
-- Of how many critical functions one parent is a part, and how many stop when it stops.
WITH one AS (
    SELECT entity_id, parent_id, asset_id, bool_or(sure) AS sure, united(facts) AS facts
    FROM hangs GROUP BY entity_id, parent_id, asset_id
), all_of AS (
    SELECT entity_id, count(*) AS total, count(*) FILTER (WHERE NOT seen) AS dim FROM known GROUP BY entity_id
), dim AS (
    SELECT o.entity_id, o.parent_id, count(*) AS leaning FROM one AS o
    JOIN known AS k ON k.entity_id = o.entity_id AND k.asset_id = o.asset_id AND NOT k.seen
    GROUP BY o.entity_id, o.parent_id
), stop AS (
    SELECT o.entity_id, o.parent_id, count(*) AS fails FROM one AS o
    JOIN (SELECT DISTINCT asset_id, cut FROM cutoff WHERE verdict = 'yes') AS c ON c.asset_id = o.asset_id AND c.cut = 'entity:' || o.parent_id
    GROUP BY o.entity_id, o.parent_id
)
SELECT o.entity_id, o.parent_id, any_value(t.total ORDER BY t.total) AS total,
    count(*) FILTER (WHERE o.sure) AS lo,
    count(*) + max(t.dim) - coalesce(max(d.leaning), 0) AS hi,
    coalesce(max(s.fails), 0) AS fails,
    united(o.facts) AS facts
FROM one AS o
JOIN all_of AS t ON t.entity_id = o.entity_id
LEFT JOIN dim AS d ON d.entity_id = o.entity_id AND d.parent_id = o.parent_id
LEFT JOIN stop AS s ON s.entity_id = o.entity_id AND s.parent_id = o.parent_id
GROUP BY o.entity_id, o.parent_id;

-- view: replaceable
-- Whether each provider of a parent could be replaced easily, by what is said of it or of a contract with it.
WITH of AS (
    SELECT DISTINCT entity_id, parent_id, party_id, party_id AS about FROM hangs
    UNION
    SELECT h.entity_id, h.parent_id, h.party_id, c.agreement_id
    FROM (SELECT DISTINCT entity_id, parent_id, party_id FROM hangs) AS h
    JOIN contract AS c ON c.from_id = h.entity_id AND c.to_id = h.party_id
), each AS (
    SELECT o.entity_id, o.parent_id, o.party_id,
        CASE WHEN bool_or(l.lacks) THEN false WHEN bool_or(NOT l.lacks) THEN true END AS easy,
        united(l.facts) AS facts
    FROM of AS o JOIN lacks_control AS l ON l.subject_id = o.about AND l.control = 'substitutable'
    GROUP BY o.entity_id, o.parent_id, o.party_id
)
SELECT entity_id, parent_id, all_yes(easy) AS easy, united(facts) AS facts FROM each GROUP BY entity_id, parent_id;

-- rule: EU-DORA-03
-- Art. 29(1): a provider that cannot be replaced easily, or several contracts with connected providers.
WITH judged AS (
    SELECT w.entity_id, w.parent_id, w.total, w.lo, w.hi, w.fails, f.bound, r.easy,
        above(100.0 * w.lo / w.total, 100.0 * w.hi / w.total, $tolerance) AS heavy,
        joined(joined(w.facts, f.facts), r.facts) AS facts
    FROM weight AS w
    JOIN financial AS f ON f.entity_id = w.entity_id
    LEFT JOIN replaceable AS r ON r.entity_id = w.entity_id AND r.parent_id = w.parent_id
), said AS (
    SELECT *, bound AND (heavy OR NOT easy) AS hit FROM judged
)
SELECT entity_id AS subject, parent_id AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'assess' ELSE 'ok' END AS outcome,
    CASE WHEN NOT hit THEN 'spread' WHEN hit AND NOT coalesce(heavy, false) THEN 'stuck' ELSE 'heavy' END AS message,
    {'depend': lo, 'depend_hi': hi, 'total': total, 'share': round(100.0 * lo / total, 1), 'fails': fails,
     'share_fails': round(100.0 * fails / total, 1), 'tolerance': $tolerance} AS "values", facts,
    CASE WHEN hit IS NULL THEN joined(unless_known(heavy, 'dependence'), unless_known(easy, 'substitute')) ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption,
    {'lo': lo, 'hi': hi, 'of': total} AS bounds
FROM said WHERE bound
UNION ALL
SELECT entity_id, NULL, verdict(any_yes(hit)),
    CASE WHEN any_yes(hit) IS NULL THEN 'assess' WHEN NOT bound THEN 'not applicable' ELSE 'ok' END,
    CASE WHEN any_yes(hit) IS NULL THEN 'scope' WHEN NOT bound THEN 'unbound' ELSE 'either_way' END,
    NULL, united(facts), CASE WHEN any_yes(hit) IS NULL THEN ['financial'] ELSE []::VARCHAR[] END, NULL, NULL
FROM said WHERE bound IS NOT TRUE GROUP BY entity_id, bound;

-- view: way_out
-- What a contract has to leave it by: a plan, an alternative, and a test that is not too old on the day.
SELECT c.agreement_id,
    coalesce(c.exit_plan, NOT p.lacks) AS planned,
    NOT a.lacks AS has_other,
    CASE WHEN t.lacks THEN false
         WHEN t.tested_on > $as_of THEN false
         WHEN NOT t.lacks THEN t.tested_on + to_months(CAST($test_months AS INTEGER)) >= $as_of END AS tested,
    t.tested_on,
    joined(p.facts, joined(a.facts, t.facts)) AS facts
FROM contract AS c
LEFT JOIN lacks_control AS p ON p.subject_id = c.agreement_id AND p.control = 'exit_plan'
LEFT JOIN lacks_control AS a ON a.subject_id = c.agreement_id AND a.control = 'alternative'
LEFT JOIN lacks_control AS t ON t.subject_id = c.agreement_id AND t.control = 'exit_tested';

-- rule: EU-DORA-04
-- Art. 28(8): for critical or important functions a plan to leave, tested, with alternatives.
WITH judged AS (
    SELECT c.agreement_id, c.from_id, c.to_id, f.bound, s.critical, w.planned, w.has_other, w.tested, w.tested_on,
        f.bound AND s.critical AND NOT (w.planned AND w.has_other AND w.tested) AS hit,
        joined(joined(c.facts, f.facts), joined(s.facts, w.facts)) AS facts
    FROM contract AS c
    JOIN financial AS f ON f.entity_id = c.from_id
    JOIN supports AS s ON s.agreement_id = c.agreement_id
    JOIN way_out AS w ON w.agreement_id = c.agreement_id
)
SELECT from_id AS subject, agreement_id AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'restricted' WHEN critical THEN 'ok' ELSE 'not applicable' END AS outcome,
    CASE WHEN hit IS NULL THEN 'open' WHEN NOT hit THEN CASE WHEN NOT critical THEN 'minor' ELSE 'ready' END
         WHEN NOT planned THEN 'no_plan' WHEN NOT has_other THEN 'no_other' ELSE 'untested' END AS message,
    {'provider': to_id, 'planned': planned, 'has_other': has_other, 'tested_on': tested_on} AS "values", facts,
    CASE WHEN hit IS NULL THEN joined(joined(unless_known(critical, 'critical'), unless_known(planned, 'exit_plan')),
        joined(unless_known(has_other, 'alternative'), unless_known(tested, 'exit_test'))) ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM judged WHERE bound
UNION ALL
SELECT from_id, NULL, verdict(any_yes(hit)),
    CASE WHEN any_yes(hit) IS NULL THEN 'restricted' WHEN NOT bound THEN 'not applicable' ELSE 'ok' END,
    CASE WHEN any_yes(hit) IS NULL THEN 'scope' WHEN NOT bound THEN 'unbound' ELSE 'either_way' END,
    NULL, united(facts), CASE WHEN any_yes(hit) IS NULL THEN ['financial'] ELSE []::VARCHAR[] END, NULL, NULL
FROM judged WHERE bound IS NOT TRUE GROUP BY from_id, bound;

-- rule: EU-DORA-05
-- Art. 30(2)(b): the contract names the countries of service and data, and a change of them is announced before.
WITH judged AS (
    SELECT c.agreement_id, c.from_id, c.to_id, f.bound,
        CASE WHEN len(c.regions) > 0 THEN true ELSE NOT r.lacks END AS named,
        coalesce(c.notice, NOT n.lacks) AS notice,
        joined(joined(c.facts, f.facts), joined(r.facts, n.facts)) AS facts
    FROM contract AS c
    JOIN financial AS f ON f.entity_id = c.from_id
    LEFT JOIN lacks_control AS r ON r.subject_id = c.agreement_id AND r.control = 'regions_named'
    LEFT JOIN lacks_control AS n ON n.subject_id = c.agreement_id AND n.control = 'region_notice'
), said AS (
    SELECT *, bound AND NOT (named AND notice) AS hit FROM judged
)
SELECT from_id AS subject, agreement_id AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'restricted' ELSE 'ok' END AS outcome,
    CASE WHEN NOT hit THEN 'complete' WHEN hit IS NULL THEN 'open' WHEN NOT named THEN 'no_regions' ELSE 'no_notice' END AS message,
    {'provider': to_id} AS "values", facts,
    CASE WHEN hit IS NULL THEN joined(unless_known(named, 'regions'), unless_known(notice, 'notice')) ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM said WHERE bound
UNION ALL
SELECT from_id, NULL, verdict(any_yes(hit)),
    CASE WHEN any_yes(hit) IS NULL THEN 'restricted' WHEN NOT bound THEN 'not applicable' ELSE 'ok' END,
    CASE WHEN any_yes(hit) IS NULL THEN 'scope' WHEN NOT bound THEN 'unbound' ELSE 'either_way' END,
    NULL, united(facts), CASE WHEN any_yes(hit) IS NULL THEN ['financial'] ELSE []::VARCHAR[] END, NULL, NULL
FROM said WHERE bound IS NOT TRUE GROUP BY from_id, bound
