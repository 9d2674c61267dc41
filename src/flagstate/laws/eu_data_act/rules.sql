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
-- Data processing services: who runs an asset for whom, with the contract between them where there is one.
-- Bound is who provides to customers in the Union.
SELECT
    x.asset_id, x.entity_id AS provider, r.entity_id AS customer,
    c.inside AS bound,
    joined(joined(x.facts, r.facts), joined(c.facts, p.facts)) AS facts
FROM access AS x
JOIN responsible AS r ON r.asset_id = x.asset_id AND r.entity_id <> x.entity_id
JOIN union_of AS p ON p.entity_id = x.entity_id AND p.kind = 'organisation'
JOIN union_of AS c ON c.entity_id = r.entity_id
WHERE list_has_any(x.hows, ['operates', 'hosts', 'manages']);

-- view: contract
-- Contracts of customers with providers, with their terms; each once.
SELECT
    a.agreement_id, a.from_id AS customer, a.to_id AS provider,
    max(TRY_CAST(nullif(regexp_extract(a.terms, '"notice_days": ([0-9]+)', 1), '') AS BIGINT)) AS notice_days,
    max(TRY_CAST(nullif(regexp_extract(a.terms, '"transition_days": ([0-9]+)', 1), '') AS BIGINT)) AS transition_days,
    min(TRY_CAST(nullif(regexp_extract(a.terms, '"retrieval_days": ([0-9]+)', 1), '') AS BIGINT)) AS retrieval_days,
    max(nullif(regexp_extract(a.terms, '"switching_fee": "?([a-z]+)', 1), '')) AS fee,
    max(nullif(regexp_extract(a.terms, '"regions": (\[[^]]*\]|"[A-Z][A-Z]")', 1), '')) AS regions,
    list_sort(list_distinct(list(a.fact_id))) AS facts
FROM agreement AS a
WHERE a.kind IN ('vendor', 'processor', 'ict')
GROUP BY a.agreement_id, a.from_id, a.to_id;

-- view: page
-- Whether a control stands for a provider: on itself or on its contracts with the customer. Each service has its own: one
-- contract says nothing of another, and where both sides are told it is open.
WITH pair AS (
    SELECT DISTINCT provider, customer FROM service
), asked AS (
    SELECT provider, customer, provider AS subject_id, true AS itself FROM pair
    UNION
    SELECT p.provider, p.customer, c.agreement_id, false FROM pair AS p JOIN contract AS c ON c.provider = p.provider AND c.customer = p.customer
)
SELECT
    a.provider, a.customer, l.control,
    CASE WHEN bool_or(NOT l.lacks) AND bool_or(l.lacks) THEN NULL
         WHEN bool_or(l.lacks) THEN false
         WHEN bool_or(NOT l.lacks AND a.itself) OR bool_and(coalesce(NOT l.lacks, false)) FILTER (WHERE NOT a.itself) THEN true END AS has,
    united(l.facts) AS facts
FROM asked AS a JOIN lacks_control AS l ON l.subject_id = a.subject_id
GROUP BY a.provider, a.customer, l.control;

-- view: stood
-- Where the assets of a service were seen to stand, by sources that speak of the host, beside what the provider says:
-- the regions of its contracts, else the declared place of the asset. Where contracts differ, what only some of them name is open.
WITH said AS (
    SELECT s.asset_id, s.provider, s.customer, c.regions, p.country AS declared, joined(c.facts, p.facts) AS facts
    FROM service AS s
    LEFT JOIN (SELECT provider, customer, list_sort(list(DISTINCT regions)) AS regions, united(facts) AS facts FROM contract WHERE regions IS NOT NULL GROUP BY provider, customer) AS c
        ON c.provider = s.provider AND c.customer = s.customer
    LEFT JOIN (
        SELECT l.asset_id, list_sort(list_distinct(list(p.country))) AS country, list_sort(list(p.fact_id)) AS facts
        FROM asset_layer AS l JOIN place AS p ON p.subject_id = l.layer_id
        WHERE p.source_kind = 'declared' AND p.country IS NOT NULL
        GROUP BY l.asset_id
    ) AS p ON p.asset_id = s.asset_id
), host AS (
    SELECT asset_id, country, stands, facts FROM resource_place
    WHERE list_has_any(source_kinds, ['host', 'host_second', 'provider_region', 'configured_region'])
    UNION ALL
    SELECT r.asset_id, e.host_country, CASE WHEN e.confidence IN ('sure', 'likely') THEN true END, r.facts
    FROM resource AS r JOIN endpoint AS e ON e.addr = r.addr
    WHERE e.host_country IS NOT NULL AND coalesce(e.confidence, 'none') <> 'none' AND NOT coalesce(e.anycast, false)
)
SELECT
    s.provider, s.customer,
    any_yes(CASE WHEN h.country IS NULL THEN NULL
                 WHEN s.regions IS NOT NULL THEN h.stands AND CASE len(list_filter(s.regions, lambda one: contains(one, '"' || h.country || '"')))
                      WHEN 0 THEN true WHEN len(s.regions) THEN false END
                 WHEN s.declared IS NOT NULL THEN h.stands AND NOT list_contains(s.declared, h.country) END) AS elsewhere,
    coalesce(list_sort(list_distinct(list(h.country) FILTER (WHERE h.country IS NOT NULL))), []::VARCHAR[]) AS countries,
    joined(united(s.facts), united(h.facts)) AS facts
FROM said AS s LEFT JOIN host AS h ON h.asset_id = s.asset_id
GROUP BY s.provider, s.customer;

-- view: bound_pair
-- Providers and customers, each pair once.
SELECT provider, customer, any_yes(bound) AS bound, united(facts) AS facts
FROM service WHERE bound IS NOT FALSE GROUP BY provider, customer;

-- rule: EU-DATA-01
-- Art. 28: each service has a page that names the jurisdiction of its infrastructure and its measures, and the page is
-- right about the place.
WITH judged AS (
    SELECT p.*, g.has, s.elsewhere, s.countries, p.bound AND (NOT g.has OR s.elsewhere) AS hit, joined(p.facts, joined(g.facts, s.facts)) AS all_facts
    FROM bound_pair AS p
    LEFT JOIN page AS g ON g.provider = p.provider AND g.customer = p.customer AND g.control = 'data_act_28_page'
    LEFT JOIN stood AS s ON s.provider = p.provider AND s.customer = p.customer
)
SELECT
    provider AS subject, customer AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'restricted' ELSE 'ok' END AS outcome,
    CASE WHEN hit AND elsewhere THEN 'elsewhere' WHEN hit THEN 'no_page' WHEN hit IS NULL THEN 'open' ELSE 'right' END AS message,
    {'countries': countries} AS "values", all_facts AS facts,
    CASE WHEN hit IS NULL THEN joined(unless_known(bound, 'union'), joined(unless_known(has, 'page'), unless_known(elsewhere, 'place'))) ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM judged;

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

-- rule: EU-DATA-02
-- Art. 32: the provider takes measures against access of third countries to non-personal data that is held in the Union.
WITH judged AS (
    SELECT g.*, p.bound, m.has, p.bound AND g.reached AND NOT m.has AS hit, joined(g.facts, joined(m.facts, p.facts)) AS all_facts
    FROM grip AS g
    JOIN bound_pair AS p ON p.provider = g.provider AND p.customer = g.customer
    LEFT JOIN page AS m ON m.provider = g.provider AND m.customer = g.customer AND m.control = 'data_act_32_measures'
)
SELECT
    provider AS subject, customer AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'assess' ELSE 'ok' END AS outcome,
    CASE WHEN hit AND contested THEN 'contested' WHEN hit THEN 'reached' WHEN hit IS NULL THEN 'open'
         WHEN has THEN 'measures' WHEN ciphertext THEN 'ciphertext' ELSE 'none' END AS message,
    {'governments': governments} AS "values", all_facts AS facts,
    CASE WHEN hit IS NULL THEN joined(unless_known(bound, 'union'), joined(unless_known(reached, 'reach'), unless_known(has, 'measures'))) ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM judged;

-- rule: EU-DATA-03
-- Art. 25 and 29: a customer leaves on short notice, within a short transition, with time to fetch its data, and from
-- January 2027 without a charge for it. Months are counted at their longest: 62 days for two, 215 for seven.
WITH judged AS (
    SELECT
        c.*, u.facts AS customer_facts, j.facts AS proof_facts,
        u.inside AS bound,
        c.notice_days > $notice_days AS long_notice,
        CASE WHEN c.transition_days <= $transition_days THEN false WHEN c.transition_days > $transition_long_days THEN true
             WHEN c.transition_days IS NOT NULL THEN j.lacks END AS long_transition,
        c.retrieval_days < $retrieval_days AS short_retrieval,
        CASE WHEN $as_of < $no_charge_from THEN false WHEN c.fee IN ('true', 'yes') THEN true WHEN c.fee IN ('false', 'no') THEN false END AS charged,
        c.transition_days > $transition_days AND j.lacks IS FALSE AS justified
    FROM contract AS c
    JOIN (SELECT DISTINCT provider FROM service) AS s ON s.provider = c.provider
    JOIN union_of AS u ON u.entity_id = c.customer AND u.inside IS NOT FALSE
    LEFT JOIN lacks_control AS j ON j.subject_id = c.agreement_id AND j.control = 'transition_justified'
), said AS (
    SELECT *, bound AND (long_notice OR long_transition OR short_retrieval OR charged) AS hit FROM judged
)
SELECT
    customer AS subject, provider AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'restricted' ELSE 'ok' END AS outcome,
    CASE WHEN hit AND long_notice THEN 'notice' WHEN hit AND long_transition THEN 'transition' WHEN hit AND short_retrieval THEN 'retrieval'
         WHEN hit THEN 'charge' WHEN hit IS NULL THEN 'open' ELSE 'fits' END AS message,
    {'notice_days': notice_days, 'transition_days': transition_days, 'retrieval_days': retrieval_days, 'charge': fee} AS "values",
    joined(facts, joined(customer_facts, proof_facts)) AS facts,
    CASE WHEN hit IS NULL THEN joined(unless_known(bound, 'union'),
        CASE WHEN transition_days > $transition_days AND long_transition IS NULL THEN ['justified'] ELSE ['terms'] END) ELSE []::VARCHAR[] END AS missing,
    CASE WHEN justified AND NOT long_transition THEN 'applied: Data Act art. 25: a longer transition is justified'
         WHEN justified THEN 'refused: Data Act art. 25: longer than seven months' END AS exemption, NULL AS bounds
FROM said
