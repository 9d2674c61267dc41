-- Tables that every law may read beside the nouns. Each is made once per audit, in this order, from facts that hold on
-- the day and from what was derived of them. NULL is unknown. `facts` names the rows that stand under a row.

-- view: party
-- Entities, each once: what several sources say of it together.
-- Where sources contradict each other, `disputed` says so: what rests on it alone is unknown.
SELECT
    e.entity_id,
    min(e.kind) AS kind,
    max(e.name) AS name,
    max(e.lei) AS lei,
    united(e.organised_in) AS organised_in,
    list_sort(list_distinct(coalesce(list(e.principal_place) FILTER (WHERE e.principal_place IS NOT NULL), []::VARCHAR[]))) AS principal_places,
    united(e.located_in) AS located_in,
    united(e.nationality) AS nationality,
    united(e.serves) AS serves,
    max(e.head_count) AS head_count,
    bool_or(c.about_id IS NOT NULL) AS disputed,
    list_sort(list_distinct(list(e.fact_id))) AS facts
FROM legal_entity AS e
LEFT JOIN (SELECT DISTINCT about_id FROM contradiction) AS c ON c.about_id = e.entity_id
GROUP BY e.entity_id;

-- view: resource
-- Assets, each once.
SELECT
    asset_id,
    min(kind) AS kind,
    max(name) AS name,
    min(runs_on) AS runs_on,
    coalesce(bool_or(critical), false) AS critical,
    max(provider) AS provider,
    max(region) AS region,
    max(addr) AS addr,
    max(server_name) AS server_name,
    list_sort(list_distinct(list(fact_id))) AS facts
FROM asset
GROUP BY asset_id;

-- view: asset_layer
-- An asset with itself and every asset below it, with the number of layers between.
WITH RECURSIVE below(asset_id, layer_id, depth) AS (
    SELECT asset_id, asset_id, 0 FROM resource
    UNION
    SELECT b.asset_id, r.runs_on, b.depth + 1
    FROM below AS b JOIN resource AS r ON r.asset_id = b.layer_id
    WHERE r.runs_on IS NOT NULL AND b.depth < 16
)
SELECT asset_id, layer_id, min(depth) AS depth FROM below GROUP BY asset_id, layer_id;

-- view: resource_place
-- Countries in which an asset or a layer below it stands, by sources that speak of the host itself: never who
-- registered an address or a network. stands is NULL where the sources dispute it.
SELECT
    l.asset_id,
    p.country,
    min(l.depth) AS depth,
    any_yes(CASE WHEN p.confidence = 'disputed' THEN NULL ELSE true END) AS stands,
    bool_or(p.stance <> 'declared') AS seen,
    list_sort(list_distinct(list(p.source_kind))) AS source_kinds,
    list_sort(list_distinct(list(p.fact_id))) AS facts
FROM asset_layer AS l
JOIN resource AS r ON r.asset_id = l.layer_id
JOIN place AS p ON p.subject_id = l.layer_id OR p.subject_id = r.addr
WHERE p.country IS NOT NULL
  AND p.source_kind NOT IN ('prefix_registrant', 'as_registration')
  AND coalesce(p.confidence, 'sure') <> 'none'
GROUP BY l.asset_id, p.country;

-- view: about_place
-- Groups of persons that data are about: where they are and of which nationality.
SELECT entity_id AS about, located_in, nationality, kind, facts
FROM party
UNION ALL
SELECT DISTINCT about, [split_part(about, ':', 2)], []::VARCHAR[], 'group', []::VARCHAR[]
FROM (SELECT about FROM holding UNION SELECT about FROM population)
WHERE about LIKE 'residents:%';

-- view: dataset
-- What one container holds about one group: its classes and their categories of law, states, keys and marks.
-- key_ids is NULL where nobody says whether there is a key. used: somebody processes it in clear there.
SELECT
    h.asset_id,
    h.container,
    h.about,
    list_sort(list_distinct(list(h.data_class))) AS data_classes,
    coalesce(list_sort(list_distinct(list(d.category) FILTER (WHERE d.category IS NOT NULL))), []::VARCHAR[]) AS categories,
    coalesce(bool_or(d.category = 'eu_gdpr/personal'), false) AS personal,
    bool_or(h.state = 'used') AS used,
    list_sort(list_distinct(coalesce(list(h.state) FILTER (WHERE h.state IS NOT NULL), []::VARCHAR[]))) AS states,
    CASE WHEN count(h.key_ids) > 0 THEN united(h.key_ids) END AS key_ids,
    coalesce(bool_and(h.stance = 'declared'), true) AS only_declared,
    united(h.marks) AS marks,
    max(h.subjects_lo) AS subjects_lo,
    CASE WHEN count(h.subjects_hi) > 0 THEN max(h.subjects_hi) END AS subjects_hi,
    list_sort(list_distinct(list(h.fact_id))) AS facts
FROM holding AS h
LEFT JOIN data_class AS d ON d.data_class = h.data_class
GROUP BY h.asset_id, h.container, h.about;

-- view: responsible
-- Who decides over an asset: its controller in the sense of GDPR art. 4(7), else its owner, else who takes the service.
-- rank 1 is the firmest; a rule takes the first rank there is.
WITH said AS (
    SELECT l.asset_id, i.holder_id AS entity_id, CASE i.kind WHEN 'controller' THEN 1 ELSE 2 END AS rank, i.fact_id
    FROM asset_layer AS l JOIN interest AS i ON i.subject_id = l.asset_id
    WHERE l.depth = 0 AND i.kind IN ('controller', 'owns')
    UNION
    SELECT a.asset_id, a.from_id, 3, a.fact_id FROM agreement AS a
    WHERE a.asset_id IS NOT NULL AND a.kind IN ('vendor', 'processor', 'ict')
)
SELECT asset_id, entity_id, min(rank) AS rank, list_sort(list_distinct(list(fact_id))) AS facts
FROM said WHERE entity_id IS NOT NULL
GROUP BY asset_id, entity_id
QUALIFY min(rank) = min(min(rank)) OVER (PARTITION BY asset_id);

-- view: activity_place
-- Who did what on an asset from which country; a principal is a group, and from_place may be an address.
SELECT
    a.asset_id,
    a.principal,
    a.action,
    coalesce(e.host_country, CASE WHEN length(a.from_place) = 2 THEN a.from_place END) AS country,
    sum(a.count) AS times,
    min(a.day) AS first_day,
    max(a.day) AS last_day,
    list_sort(list_distinct(list(a.fact_id))) AS facts
FROM activity AS a
LEFT JOIN endpoint AS e ON e.addr = a.from_place
GROUP BY ALL;

-- view: access
-- Who has the ability to get at an asset or container, whatever technical controls there are (28 CFR 202.201): by
-- custody of it or of a layer below, as its processor, or because data are sold, exported or sent there.
-- `granted` is NULL where it is not known who the other end is, or what was sent. Never mix this with `clear`.
WITH custodian AS (
    SELECT asset_id, NULL::VARCHAR AS container, entity_id, kind AS how, through, true AS granted, facts
    FROM custody
), processor AS (
    SELECT subject_id, NULL::VARCHAR, holder_id, kind, NULL::VARCHAR, true, [fact_id]
    FROM interest WHERE kind = 'processor'
), recipient AS (
    SELECT asset_id, container, to_id, kind, NULL::VARCHAR, true, [fact_id]
    FROM agreement WHERE asset_id IS NOT NULL
), told AS (
    SELECT from_asset, container, substr(to_pattern, 8), 'flow', NULL::VARCHAR, true, [fact_id]
    FROM flow WHERE to_pattern LIKE 'entity:%' AND from_asset IS NOT NULL AND coalesce(action, 'send') <> 'receive'
), seen AS (
    SELECT
        f.from_asset, f.container, e.operator_id, 'flow', NULL::VARCHAR,
        CASE WHEN f.orig_bytes = 0 THEN false WHEN f.container IS NULL THEN NULL ELSE true END,
        [f.fact_id]
    FROM flow AS f JOIN endpoint AS e ON e.addr = f.resp_h
    WHERE f.from_asset IS NOT NULL AND e.operator_id IS NOT NULL
), every AS (
    SELECT * FROM custodian UNION ALL SELECT * FROM processor UNION ALL SELECT * FROM recipient
    UNION ALL SELECT * FROM told UNION ALL SELECT * FROM seen
)
SELECT
    asset_id, container, entity_id,
    list_sort(list_distinct(list(how))) AS hows,
    max(through) AS through,
    CASE WHEN bool_or(granted) THEN true WHEN count(granted) = count(*) THEN false END AS granted,
    united(facts) AS facts
FROM every
WHERE entity_id IS NOT NULL
GROUP BY asset_id, container, entity_id;

-- view: dealing
-- Who takes what from whom: agreements, and those implied by who operates, administers or receives without one.
-- kind is NULL where only the fact of access is known: vendor or brokerage must then be said (readings 7).
-- An agreement without `covers` covers what the giver has access to and the taker decides over.
WITH said AS (
    SELECT agreement_id AS dealing_id, kind, from_id, to_id, asset_id, container, purpose, false AS implied, [fact_id] AS facts
    FROM agreement WHERE asset_id IS NOT NULL
), whole AS (
    SELECT g.agreement_id, g.kind, g.from_id, g.to_id, r.asset_id, NULL::VARCHAR, g.purpose, false, joined([g.fact_id], r.facts)
    FROM agreement AS g
    LEFT JOIN (
        SELECT r.entity_id AS from_id, x.entity_id AS to_id, r.asset_id, joined(r.facts, x.facts) AS facts
        FROM responsible AS r JOIN access AS x ON x.asset_id = r.asset_id
    ) AS r ON r.from_id = g.from_id AND r.to_id = g.to_id
    WHERE g.asset_id IS NULL
), implied AS (
    SELECT
        'implied:' || x.asset_id || ':' || x.entity_id,
        CASE WHEN list_has_any(x.hows, ['operates', 'hosts', 'manages', 'updates', 'processor']) THEN 'vendor'
             WHEN p.kind IN ('person', 'group') THEN 'employment' END,
        r.entity_id, x.entity_id, x.asset_id, x.container, NULL::VARCHAR, true, joined(x.facts, r.facts)
    FROM access AS x
    JOIN responsible AS r ON r.asset_id = x.asset_id AND r.entity_id <> x.entity_id
    LEFT JOIN party AS p ON p.entity_id = x.entity_id
    ANTI JOIN agreement AS g ON g.from_id = r.entity_id AND g.to_id = x.entity_id
        AND (g.asset_id IS NULL OR g.asset_id = x.asset_id)
    WHERE x.granted IS NOT FALSE
)
SELECT * FROM said UNION ALL SELECT * FROM whole UNION ALL SELECT * FROM implied;

-- view: protection
-- Keys that protect what an asset holds, by container or for the asset as a whole, with who holds or can use each.
SELECT
    k.asset_id, k.container, k.key_id, k.only_declared,
    coalesce(list_sort(list_distinct(list(u.entity_id) FILTER (WHERE u.entity_id IS NOT NULL))), []::VARCHAR[]) AS users,
    joined(united(k.facts), united(u.facts)) AS facts
FROM (
    SELECT asset_id, container, unnest(key_ids) AS key_id, only_declared, facts FROM dataset
    UNION ALL
    SELECT subject_id, NULL, holder_id, stance = 'declared', [fact_id] FROM interest WHERE kind = 'protects'
) AS k
LEFT JOIN key_use AS u ON u.key_id = k.key_id
GROUP BY k.asset_id, k.container, k.key_id, k.only_declared;

-- view: clear
-- Whether who has access to data alone gets it in clear text: with technical controls, unlike `access`.
-- Without a known key, clear is presumed; a key that is only declared leaves it unknown; in use it is clear to who runs
-- the machine, whatever the keys. Several who could be compelled together are in `reach`, not here.
WITH held AS (
    SELECT x.entity_id, x.hows, x.granted, d.asset_id, d.container, d.about, d.used, d.key_ids, joined(x.facts, d.facts) AS facts
    FROM access AS x
    JOIN dataset AS d ON d.asset_id = x.asset_id AND (x.container IS NULL OR d.container IS NULL OR d.container = x.container)
), locked AS (
    SELECT
        h.entity_id, h.asset_id, h.container, h.about,
        count(p.key_id) AS keys,
        bool_or(p.key_id IS NOT NULL AND NOT p.only_declared AND len(p.users) > 0 AND NOT list_contains(p.users, h.entity_id)) AS shut,
        bool_or(p.key_id IS NOT NULL AND NOT list_contains(p.users, h.entity_id)) AS doubtful,
        united(p.facts) AS facts
    FROM held AS h
    LEFT JOIN protection AS p ON p.asset_id = h.asset_id AND (p.container IS NULL OR p.container IS NOT DISTINCT FROM h.container)
    GROUP BY ALL
)
SELECT
    h.entity_id, h.asset_id, h.container, h.about,
    any_yes(CASE
        WHEN h.granted IS NULL THEN NULL
        WHEN NOT h.granted THEN false
        WHEN h.used AND list_has_any(h.hows, ['operates', 'hosts', 'manages', 'updates', 'administers']) THEN true
        WHEN l.keys = 0 THEN true
        WHEN l.shut THEN false
        WHEN l.doubtful THEN NULL
        ELSE true
    END) AS clear,
    bool_or(coalesce(h.used, false)) AS used,
    joined(united(h.facts), united(l.facts)) AS facts
FROM held AS h
JOIN locked AS l ON l.entity_id = h.entity_id AND l.asset_id = h.asset_id
    AND l.container IS NOT DISTINCT FROM h.container AND l.about IS NOT DISTINCT FROM h.about
GROUP BY h.entity_id, h.asset_id, h.container, h.about;

-- view: sent
-- What left an asset, for whom and whereto, as observed: attempts without a byte are told apart.
-- importer_id and country are NULL where nobody knows them; container is NULL where the payload is not known.
SELECT
    f.from_asset AS asset_id,
    f.container,
    e.operator_id AS importer_id,
    CASE WHEN coalesce(e.confidence, 'none') IN ('sure', 'likely') THEN e.host_country END AS country,
    sum(f.orig_bytes) AS orig_bytes,
    sum(f.conns) AS conns,
    coalesce(sum(f.orig_bytes), 1) = 0 AS attempted,
    min(f.day) AS first_day,
    max(f.day) AS last_day,
    united([f.fact_id]) AS facts
FROM flow AS f
LEFT JOIN endpoint AS e ON e.addr = f.resp_h
WHERE f.from_asset IS NOT NULL AND f.resp_h IS NOT NULL AND e.special IS NULL
GROUP BY ALL;

-- view: lacks_list
-- Whether what a list does not name is really not on it: TRUE only for a list that is complete on the day.
SELECT list, CASE WHEN complete = 'yes' THEN true END AS lacks, status
FROM list_state;

-- view: whole
-- What the coverage ledger says was seen whole: noun and scope, with its window.
SELECT noun, scope, any_yes(truth(complete)) AS complete, min(from_ts) AS from_ts, max(to_ts) AS to_ts, max(share_seen) AS share_seen
FROM coverage
GROUP BY noun, scope;

-- lookup: lacks_control
-- Whether a control, clause, filing or proof is really absent: FALSE where it is there, TRUE where somebody says that it
-- is not or the ledger of controls is complete about the subject, else NULL. One row per subject and code.
WITH subject AS (
    SELECT entity_id AS subject_id FROM party UNION SELECT asset_id FROM resource
    UNION SELECT agreement_id FROM agreement UNION SELECT event_id FROM event WHERE event_id IS NOT NULL
    UNION SELECT subject_id FROM control
), state AS (
    SELECT subject_id, control, bool_or(state = 'yes') AS has, bool_or(state = 'no') AS has_not,
           max(tested_on) AS tested_on, list_sort(list(fact_id)) AS facts
    FROM control GROUP BY subject_id, control
)
SELECT
    s.subject_id, c.control,
    CASE WHEN t.has AND t.has_not THEN NULL WHEN t.has THEN false WHEN t.has_not THEN true
         WHEN t.subject_id IS NULL AND coalesce(w.complete, a.complete, false) THEN true END AS lacks,
    t.tested_on,
    coalesce(t.facts, []::VARCHAR[]) AS facts
FROM subject AS s
CROSS JOIN control_code AS c
LEFT JOIN state AS t ON t.subject_id = s.subject_id AND t.control = c.control
LEFT JOIN whole AS w ON w.noun = 'control' AND w.scope = s.subject_id
LEFT JOIN whole AS a ON a.noun = 'control' AND a.scope = 'all';

-- lookup: lacks_agreement
-- Whether agreements of an entity that are not in the table really do not exist: TRUE or NULL.
SELECT p.entity_id, CASE WHEN w.complete OR a.complete THEN true END AS lacks
FROM party AS p
LEFT JOIN whole AS w ON w.noun = 'agreement' AND w.scope = p.entity_id
LEFT JOIN whole AS a ON a.noun = 'agreement' AND a.scope = 'all';

-- lookup: lacks_interest
-- Whether interests in a subject (an entity or an asset) that are not in the table really do not exist: TRUE or NULL.
SELECT s.subject_id, CASE WHEN w.complete OR a.complete THEN true END AS lacks
FROM (SELECT entity_id AS subject_id FROM party UNION SELECT asset_id FROM resource) AS s
LEFT JOIN whole AS w ON w.noun = 'interest' AND w.scope = s.subject_id
LEFT JOIN whole AS a ON a.noun = 'interest' AND a.scope = 'all';

-- lookup: lacks_holding
-- Whether data that is not in the table is really not in an asset: TRUE or NULL.
SELECT r.asset_id, CASE WHEN w.complete OR a.complete THEN true END AS lacks
FROM resource AS r
LEFT JOIN whole AS w ON w.noun = 'holding' AND w.scope = r.asset_id
LEFT JOIN whole AS a ON a.noun = 'holding' AND a.scope = 'all';

-- lookup: lacks_activity
-- Whether logins and reads that were not logged really did not happen on an asset, in the window that the log covers.
SELECT r.asset_id, CASE WHEN w.complete OR a.complete THEN true END AS lacks,
       coalesce(w.from_ts, a.from_ts) AS from_ts, coalesce(w.to_ts, a.to_ts) AS to_ts,
       coalesce(w.share_seen, a.share_seen) AS share_seen
FROM resource AS r
LEFT JOIN whole AS w ON w.noun = 'activity' AND w.scope = r.asset_id
LEFT JOIN whole AS a ON a.noun = 'activity' AND a.scope = 'all';

-- lookup: lacks_flow
-- Whether flows that were not seen really did not leave an asset, in the window that was captured.
SELECT r.asset_id, CASE WHEN w.complete OR a.complete THEN true END AS lacks,
       coalesce(w.from_ts, a.from_ts) AS from_ts, coalesce(w.to_ts, a.to_ts) AS to_ts,
       coalesce(w.share_seen, a.share_seen) AS share_seen
FROM resource AS r
LEFT JOIN whole AS w ON w.noun = 'flow' AND w.scope = r.asset_id
LEFT JOIN whole AS a ON a.noun = 'flow' AND a.scope = 'all';

-- lookup: lacks_event
-- Whether events of a subject that are not in the table really did not happen: TRUE or NULL.
SELECT s.subject_id, CASE WHEN w.complete OR a.complete THEN true END AS lacks
FROM (SELECT entity_id AS subject_id FROM party UNION SELECT asset_id FROM resource UNION SELECT agreement_id FROM agreement) AS s
LEFT JOIN whole AS w ON w.noun = 'event' AND w.scope = s.subject_id
LEFT JOIN whole AS a ON a.noun = 'event' AND a.scope = 'all';
