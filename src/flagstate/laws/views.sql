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
-- An asset with itself and every asset below it, with the number of layers between. Sources that name different assets
-- below it name one each: none of them is left out.
WITH RECURSIVE below(asset_id, layer_id, depth) AS (
    SELECT asset_id, asset_id, 0 FROM resource
    UNION
    SELECT b.asset_id, r.runs_on, b.depth + 1
    FROM below AS b JOIN asset AS r ON r.asset_id = b.layer_id
    WHERE r.runs_on IS NOT NULL AND b.depth < 16
)
SELECT asset_id, layer_id, min(depth) AS depth FROM below GROUP BY asset_id, layer_id;

-- view: resource_place
-- Countries in which an asset or a layer below it stands, by sources that speak of the host itself: never who
-- registered an address or a network. stands is NULL where the sources dispute it. An address is a place `host:ADDRESS`.
WITH spot AS (
    SELECT asset_id, asset_id AS subject_id FROM resource
    UNION
    SELECT asset_id, 'host:' || addr FROM asset WHERE addr IS NOT NULL
    UNION
    SELECT asset_id, addr FROM asset WHERE addr IS NOT NULL
)
SELECT
    l.asset_id,
    p.country,
    min(l.depth) AS depth,
    any_yes(CASE WHEN p.confidence = 'disputed' THEN NULL ELSE true END) AS stands,
    bool_or(p.stance <> 'declared') AS seen,
    list_sort(list_distinct(list(p.source_kind))) AS source_kinds,
    list_sort(list_distinct(list(p.fact_id))) AS facts
FROM asset_layer AS l
JOIN spot AS s ON s.asset_id = l.layer_id
JOIN place AS p ON p.subject_id = s.subject_id
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
-- key_ids is NULL where nobody says whether there is a key: they are those of any class, so ask `clear` what is shut. used:
-- somebody processes a class of it in clear there; NULL where nobody says how each class is held.
SELECT
    h.asset_id,
    h.container,
    h.about,
    list_sort(list_distinct(list(h.data_class))) AS data_classes,
    coalesce(list_sort(list_distinct(list(d.category) FILTER (WHERE d.category IS NOT NULL))), []::VARCHAR[]) AS categories,
    coalesce(bool_or(d.category = 'eu_gdpr/personal'), false) AS personal,
    any_yes(h.state = 'used') AS used,
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
-- rank 1 is the firmest; a rule takes the first rank there is. Who is only declared to decide does not hide who is
-- shown to: then both stand here.
WITH said AS (
    SELECT r.asset_id, i.holder_id AS entity_id, CASE i.kind WHEN 'controller' THEN 1 ELSE 2 END AS rank, i.stance, i.fact_id
    FROM resource AS r JOIN interest AS i ON i.subject_id = r.asset_id
    WHERE i.kind IN ('controller', 'owns')
    UNION
    SELECT a.asset_id, a.from_id, 3, a.stance, a.fact_id FROM agreement AS a
    WHERE a.asset_id IS NOT NULL AND a.kind IN ('vendor', 'processor', 'ict')
)
SELECT asset_id, entity_id, min(rank) AS rank, list_sort(list_distinct(list(fact_id))) AS facts
FROM said WHERE entity_id IS NOT NULL
GROUP BY asset_id, entity_id
QUALIFY min(rank) = min(min(rank)) OVER (PARTITION BY asset_id)
    OR min(rank) FILTER (WHERE stance <> 'declared') = min(min(rank) FILTER (WHERE stance <> 'declared')) OVER (PARTITION BY asset_id);

-- view: activity_place
-- Who did what on an asset from which country; a principal is a group, and from_place may be an address: its country is
-- NULL where the sources dispute it or nobody knows it.
SELECT
    a.asset_id,
    a.principal,
    a.action,
    CASE WHEN length(a.from_place) = 2 THEN a.from_place
         WHEN e.confidence IN ('sure', 'likely') THEN e.host_country END AS country,
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
-- An agreement without `covers` covers what the giver has access to and the taker decides over. One explains access to
-- what it covers only, and an investment or an export does not explain who runs the machines: what is left is implied.
WITH said AS (
    SELECT agreement_id AS dealing_id, kind, from_id, to_id, asset_id, container, purpose, false AS implied, [fact_id] AS facts
    FROM agreement WHERE asset_id IS NOT NULL
), got AS (
    SELECT r.entity_id AS from_id, x.entity_id AS to_id, x.asset_id, bool_or(x.granted IS NOT FALSE) AS may,
        unnest(CASE WHEN bool_or(x.container IS NULL) THEN [NULL]::VARCHAR[] ELSE list_sort(list_distinct(list(x.container))) END) AS container,
        list_sort(list_distinct(flatten(list(x.hows)))) AS hows,
        joined(united(x.facts), united(r.facts)) AS facts
    FROM access AS x JOIN responsible AS r ON r.asset_id = x.asset_id AND r.entity_id <> x.entity_id
    GROUP BY r.entity_id, x.entity_id, x.asset_id
), whole AS (
    SELECT g.agreement_id, g.kind, g.from_id, g.to_id, r.asset_id, r.container, g.purpose, false, joined([g.fact_id], r.facts)
    FROM agreement AS g
    LEFT JOIN got AS r ON r.from_id = g.from_id AND r.to_id = g.to_id
    WHERE g.asset_id IS NULL
), due AS (
    SELECT g.from_id, g.to_id, g.asset_id, g.container, g.facts,
        CASE WHEN list_has_any(g.hows, ['operates', 'hosts', 'manages', 'updates', 'processor']) THEN 'vendor'
             WHEN p.kind IN ('person', 'group') THEN 'employment' END AS kind
    FROM got AS g LEFT JOIN party AS p ON p.entity_id = g.to_id
    WHERE g.may
), apart AS (
    SELECT d.from_id, d.to_id, d.asset_id, d.kind, d.facts,
        CASE WHEN g.from_id IS NULL OR d.container IS NOT NULL THEN d.container ELSE h.container END AS container,
        g.from_id IS NOT NULL AND d.container IS NULL AS parted, h.asset_id IS NOT NULL AS holds
    FROM due AS d
    LEFT JOIN (SELECT DISTINCT from_id, to_id, asset_id FROM agreement WHERE container IS NOT NULL) AS g
        ON g.from_id = d.from_id AND g.to_id = d.to_id AND g.asset_id = d.asset_id
    LEFT JOIN (SELECT DISTINCT asset_id, container FROM holding) AS h
        ON h.asset_id = d.asset_id AND g.from_id IS NOT NULL AND d.container IS NULL
), implied AS (
    SELECT 'implied:' || a.asset_id || ':' || a.to_id, a.kind, a.from_id, a.to_id, a.asset_id, a.container, NULL::VARCHAR, true, a.facts
    FROM apart AS a
    ANTI JOIN agreement AS g ON g.from_id = a.from_id AND g.to_id = a.to_id
        AND (g.asset_id IS NULL OR g.asset_id = a.asset_id)
        AND (g.container IS NULL OR g.container = a.container)
        AND NOT (g.kind = 'investment' OR (g.kind = 'export' AND a.kind IS NOT NULL))
    WHERE a.holds OR NOT a.parted
)
SELECT * FROM said UNION ALL SELECT * FROM whole UNION ALL SELECT * FROM implied;

-- view: protection
-- Keys that protect what an asset holds, by container or for the asset as a whole, with who holds or can use each.
-- only_declared: nothing but a declaration says that it protects, or who has it. Which classes it protects, `clear` asks.
WITH hand AS (
    SELECT key_id, list_sort(list_distinct(list(entity_id))) AS users, bool_and(stance = 'declared') AS declared, united(facts) AS facts
    FROM key_use GROUP BY key_id
)
SELECT
    k.asset_id, k.container, k.key_id,
    bool_and(k.declared) OR coalesce(bool_or(h.declared), false) AS only_declared,
    coalesce(any_value(h.users), []::VARCHAR[]) AS users,
    joined(list(k.fact_id), united(h.facts)) AS facts
FROM (
    SELECT asset_id, container, unnest(key_ids) AS key_id, stance = 'declared' AS declared, fact_id FROM holding
    UNION ALL
    SELECT subject_id, NULL, holder_id, stance = 'declared', fact_id FROM interest WHERE kind = 'protects'
) AS k
LEFT JOIN hand AS h ON h.key_id = k.key_id
GROUP BY k.asset_id, k.container, k.key_id;

-- view: held_form
-- In what form an asset holds data, the classes of a container apart: whether it is used in clear there, and with which
-- keys. What a source says of a class in the whole asset, or of no group, is said of each container and group as well.
-- used is FALSE in a store and where more than a declaration says that the class rests or passes, else NULL. denied: a
-- source says that the class has no key.
WITH unit AS (
    SELECT DISTINCT asset_id, container, about, data_class FROM holding
), said AS (
    SELECT u.*, h.state, h.stance, h.key_ids, h.fact_id
    FROM unit AS u
    JOIN holding AS h ON h.asset_id = u.asset_id AND h.data_class = u.data_class
        AND (h.container IS NULL OR h.container = u.container)
        AND (h.about IS NULL OR u.about IS NULL OR h.about = u.about)
), keyed AS (
    SELECT s.asset_id, s.container, s.about, s.data_class, s.key_id, s.declared, s.fact_id, s.moved
    FROM (
        SELECT asset_id, container, about, data_class, unnest(key_ids) AS key_id, stance = 'declared' AS declared, fact_id,
            coalesce(state = 'moved', false) AS moved
        FROM said
        UNION ALL
        SELECT s.asset_id, s.container, s.about, s.data_class, i.holder_id, i.stance = 'declared', i.fact_id,
            coalesce(s.state = 'moved', false)
        FROM said AS s JOIN interest AS i ON i.subject_id = s.asset_id AND i.kind = 'protects'
    ) AS s
    LEFT JOIN resource AS r ON r.asset_id = s.asset_id
    LEFT JOIN resource AS k ON k.asset_id = s.key_id
    -- A certificate ends where the connection ends: who runs that sees what came through it.
    WHERE NOT (s.moved AND coalesce(k.kind = 'certificate', false) AND coalesce(r.kind IN ('edge', 'service'), false))
), locks AS (
    SELECT asset_id, container, about, data_class,
        list_sort(list_distinct(list(key_id))) AS keys,
        list_sort(list_distinct(coalesce(list(key_id) FILTER (WHERE NOT declared), []::VARCHAR[]))) AS shown,
        list_sort(list_distinct(list(fact_id))) AS facts
    FROM keyed GROUP BY asset_id, container, about, data_class
), state AS (
    SELECT s.asset_id, s.container, s.about, s.data_class,
        CASE WHEN bool_or(s.state = 'used') THEN true
             WHEN bool_or(s.state IS NOT NULL AND s.stance <> 'declared') OR bool_or(r.kind = 'store') THEN false END AS used,
        coalesce(bool_or(len(s.key_ids) = 0), false) AS denied,
        list_sort(list_distinct(list(s.fact_id))) AS facts
    FROM said AS s LEFT JOIN resource AS r ON r.asset_id = s.asset_id
    GROUP BY s.asset_id, s.container, s.about, s.data_class
)
SELECT
    s.asset_id, s.container, s.about, s.used, s.denied,
    coalesce(l.keys, []::VARCHAR[]) AS keys, coalesce(l.shown, []::VARCHAR[]) AS shown,
    list_sort(list_distinct(list(s.data_class))) AS data_classes,
    joined(united(s.facts), united(l.facts)) AS facts
FROM state AS s
LEFT JOIN locks AS l ON l.asset_id = s.asset_id AND l.data_class = s.data_class
    AND l.container IS NOT DISTINCT FROM s.container AND l.about IS NOT DISTINCT FROM s.about
GROUP BY s.asset_id, s.container, s.about, s.used, s.denied, coalesce(l.keys, []::VARCHAR[]), coalesce(l.shown, []::VARCHAR[]);

-- view: clear
-- Whether who has access to data alone gets it in clear text: with technical controls, unlike `access`. One class of a
-- container that it reads is enough. Without a known key, clear is presumed. A key leaves it unknown where only a
-- declaration says that it protects or who has it, where a source denies it, and where who has access controls who has
-- it. In use, data is clear to who runs the machine, whatever the keys; unless it is known to rest or pass there, a key
-- leaves that unknown. Several who could be compelled together are in `reach`, not here.
WITH hand AS (
    SELECT key_id, list_sort(list_distinct(list(entity_id))) AS users, bool_and(stance = 'declared') AS declared, united(facts) AS facts
    FROM key_use GROUP BY key_id
), above AS (
    SELECT DISTINCT u.key_id, c.holder_id AS entity_id FROM key_use AS u JOIN control_chain AS c ON c.subject_id = u.entity_id
), held AS (
    SELECT x.entity_id, x.hows, x.granted, f.asset_id, f.container, f.about, f.used, f.denied, f.keys, f.shown,
        joined(x.facts, f.facts) AS facts
    FROM access AS x
    JOIN held_form AS f ON f.asset_id = x.asset_id AND (x.container IS NULL OR f.container IS NULL OR f.container = x.container)
), tried AS (
    SELECT h.entity_id, h.asset_id, h.container, h.about, h.used, h.granted, len(h.keys) = 0 AS bare,
        list_has_any(h.hows, ['operates', 'hosts', 'manages', 'updates', 'administers']) AS runs,
        bool_or(NOT h.denied AND list_contains(h.shown, h.key_id) AND NOT u.declared AND a.key_id IS NULL
            AND NOT list_contains(u.users, h.entity_id)) AS shut,
        bool_or(h.key_id IS NOT NULL AND NOT coalesce(list_contains(u.users, h.entity_id), false)) AS doubtful,
        joined(united(h.facts), united(u.facts)) AS facts
    FROM (SELECT *, unnest(CASE WHEN len(keys) = 0 THEN [NULL]::VARCHAR[] ELSE keys END) AS key_id FROM held) AS h
    LEFT JOIN hand AS u ON u.key_id = h.key_id
    LEFT JOIN above AS a ON a.key_id = h.key_id AND a.entity_id = h.entity_id
    GROUP BY h.entity_id, h.asset_id, h.container, h.about, h.used, h.denied, h.hows, h.granted, h.keys, h.shown
)
SELECT
    entity_id, asset_id, container, about,
    any_yes(CASE
        WHEN granted IS NULL THEN NULL
        WHEN NOT granted THEN false
        WHEN used AND runs THEN true
        WHEN bare THEN true
        WHEN shut THEN CASE WHEN used IS NULL AND runs THEN NULL ELSE false END
        WHEN doubtful THEN NULL
        ELSE true
    END) AS clear,
    bool_or(coalesce(used, false)) AS used,
    united(facts) AS facts
FROM tried
GROUP BY entity_id, asset_id, container, about;

-- view: sent
-- What left an asset, for whom and whereto, as observed: attempts without a byte are told apart.
-- importer_id and country are NULL where nobody knows them; container is NULL where the payload is not known. What a caller
-- from outside fetched left, too, but who runs the network of a caller is not who has the data: importer_id is NULL then.
-- Callers that an asset is there for, by a flow with `action: receive`, are left out. To whom access was given (a share, or
-- a role that another account took on) has what is there: nobody knows how much of it, nor, of an account, whose it is.
WITH moved AS (
    SELECT from_asset AS asset_id, container, resp_h AS addr, true AS opened, orig_bytes AS bytes, conns, day, fact_id
    FROM flow WHERE from_asset IS NOT NULL AND resp_h IS NOT NULL
    UNION ALL
    SELECT f.to_asset, f.container, f.orig_h, false, f.resp_bytes, f.conns, f.day, f.fact_id
    FROM flow AS f
    ANTI JOIN flow AS r ON r.to_asset = f.to_asset AND r.action IN ('receive', 'both') AND r.resp_h IS NULL
    WHERE f.to_asset IS NOT NULL AND f.from_asset IS NULL AND f.orig_h IS NOT NULL
)
SELECT
    f.asset_id,
    f.container,
    CASE WHEN f.opened THEN e.operator_id END AS importer_id,
    CASE WHEN coalesce(e.confidence, 'none') IN ('sure', 'likely') THEN e.host_country END AS country,
    sum(f.bytes) AS orig_bytes,
    sum(f.conns) AS conns,
    coalesce(all_yes(f.bytes = 0), false) AS attempted,
    min(f.day) AS first_day,
    max(f.day) AS last_day,
    united([f.fact_id]) AS facts
FROM moved AS f
LEFT JOIN endpoint AS e ON e.addr = f.addr
WHERE e.special IS NULL
GROUP BY ALL
UNION ALL
SELECT a.asset_id, NULL, p.entity_id, NULL, NULL, sum(a.count), coalesce(all_yes(a.failed >= a.count), false),
    min(a.day), max(a.day), united([a.fact_id])
FROM activity AS a
LEFT JOIN party AS p ON p.entity_id = a.to_party
WHERE a.to_party IS NOT NULL AND a.action IN ('share', 'login')
GROUP BY a.asset_id, p.entity_id, a.to_party;

-- view: lacks_list
-- Whether what a list does not name is really not on it: TRUE only for a list that is complete on the day.
SELECT list, CASE WHEN complete = 'yes' THEN true END AS lacks, status
FROM list_state;

-- view: union_seat
-- Whether a party is in the Union: an organisation by its seat and principal place, a person by where it lives.
-- One place outside is enough to be outside; inside is only who is
-- known to be so in all respects. here: at least one of its places is in the Union.
WITH spot AS (
    SELECT entity_id, unnest(CASE WHEN kind IN ('person', 'group') THEN located_in
        WHEN kind = 'state' THEN joined(organised_in, located_in) ELSE joined(organised_in, principal_places) END) AS country
    FROM party
), told AS (
    SELECT s.entity_id,
        bool_or(e.member IS NULL AND l.lacks) AS some_outside,
        bool_or(e.member IS NOT NULL) AS some_inside,
        bool_and(e.member IS NULL AND l.lacks) AS all_outside,
        bool_and(e.member IS NOT NULL) AS all_inside
    FROM spot AS s
    LEFT JOIN list_entry AS e ON e.list = 'eu' AND e.kind = 'country' AND e.member = s.country
    LEFT JOIN lacks_list AS l ON l.list = 'eu'
    GROUP BY s.entity_id
)
SELECT p.entity_id, p.kind,
    CASE WHEN t.some_outside THEN false
         WHEN t.all_inside AND (p.kind <> 'organisation' OR (len(p.organised_in) > 0 AND len(p.principal_places) > 0)) THEN true
    END AS inside,
    CASE WHEN t.some_inside THEN true
         WHEN t.all_outside AND len(p.organised_in) > 0 AND len(p.principal_places) > 0 THEN false END AS here,
    p.facts
FROM party AS p
LEFT JOIN told AS t ON t.entity_id = p.entity_id;

-- view: trade_data
-- Assets with non-personal data that matter here: trade, customs and trade secrets, by classes that are no personal data.
WITH class_of AS (
    SELECT data_class, bool_or(category LIKE 'trade/%' OR category LIKE 'customs/%' OR category LIKE 'trade_secret/%') AS trade,
           bool_or(category = 'eu_gdpr/personal') AS personal
    FROM data_class GROUP BY data_class
)
SELECT h.asset_id, list_sort(list_distinct(list(h.data_class))) AS data_classes, list_sort(list(h.fact_id)) AS facts
FROM holding AS h JOIN class_of AS c ON c.data_class = h.data_class
WHERE c.trade AND NOT c.personal
GROUP BY h.asset_id;

-- view: held_in_union
-- Whether an asset stands in the Union.
SELECT r.asset_id, CASE WHEN bool_or(r.stands AND e.member IS NOT NULL) THEN true WHEN bool_and(r.stands AND l.lacks AND e.member IS NULL) THEN false END AS here,
       united(r.facts) AS facts
FROM resource_place AS r
LEFT JOIN list_entry AS e ON e.list = 'eu' AND e.kind = 'country' AND e.member = r.country
LEFT JOIN lacks_list AS l ON l.list = 'eu'
GROUP BY r.asset_id;

-- view: union_grip
-- Governments outside the Union that reach what an asset holds through an entity. Metadata alone is no reach of the data.
WITH proof AS (
    SELECT
        r.subject_id AS asset_id, unnest(r.entities) AS entity_id, r.government, r.data = 'clear' AS clear,
        coalesce(r.contested, false) AS contested, coalesce(r.disputed, false) AS disputed, r.facts
    FROM reach AS r
    LEFT JOIN list_entry AS e ON e.list = 'eu' AND e.kind = 'country' AND e.member = r.government
    WHERE r.government IS NOT NULL AND r.government <> 'EU' AND e.member IS NULL
      AND r.answer IN ('both', 'evidenced') AND r.level <> 'covert_only'
)
SELECT
    asset_id, entity_id,
    any_yes(CASE WHEN NOT clear THEN false WHEN disputed THEN NULL ELSE true END) AS reached,
    bool_and(contested) FILTER (WHERE clear) AS contested,
    coalesce(list_sort(list_distinct(list(government) FILTER (WHERE clear))), []::VARCHAR[]) AS governments,
    united(facts) AS facts
FROM proof GROUP BY asset_id, entity_id;

-- view: whole
-- What the coverage ledger says was seen whole: noun and scope, with its window. What is whole is read off the sources that
-- say so, over the time that they cover without a gap, the latest such time; share_seen is the least that any of them saw.
-- complete is NULL where one says yes and another, of the same time, says no.
WITH part AS (
    SELECT noun, scope, from_ts, to_ts, share_seen,
        max(to_ts) OVER (PARTITION BY noun, scope ORDER BY from_ts NULLS FIRST, to_ts ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
    FROM coverage WHERE complete = 'yes'
), island AS (
    SELECT *, sum(CASE WHEN from_ts <= before THEN 0 ELSE 1 END) OVER (PARTITION BY noun, scope ORDER BY from_ts NULLS FIRST, to_ts ROWS UNBOUNDED PRECEDING) AS number
    FROM part
), span AS (
    SELECT noun, scope, min(from_ts) AS from_ts, max(to_ts) AS to_ts, min(share_seen) AS share_seen, count(*) AS said
    FROM island GROUP BY noun, scope, number
    QUALIFY row_number() OVER (PARTITION BY noun, scope ORDER BY max(to_ts) DESC NULLS FIRST, min(from_ts) NULLS FIRST) = 1
), hole AS (
    SELECT s.noun, s.scope, count(c.noun) > 0 AS holed
    FROM span AS s LEFT JOIN coverage AS c ON c.noun = s.noun AND c.scope = s.scope AND c.complete = 'no'
        AND coalesce(c.from_ts < s.to_ts, true) AND coalesce(c.to_ts > s.from_ts, true)
    GROUP BY s.noun, s.scope
)
SELECT k.noun, k.scope,
    CASE WHEN s.noun IS NOT NULL THEN CASE WHEN NOT h.holed THEN true END WHEN k.none THEN false END AS complete,
    s.from_ts, s.to_ts, s.share_seen
FROM (SELECT noun, scope, bool_and(complete = 'no') AS none FROM coverage GROUP BY noun, scope) AS k
LEFT JOIN span AS s ON s.noun = k.noun AND s.scope = k.scope
LEFT JOIN hole AS h ON h.noun = k.noun AND h.scope = k.scope;

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
SELECT p.entity_id, CASE WHEN coalesce(w.complete, a.complete) THEN true END AS lacks
FROM party AS p
LEFT JOIN whole AS w ON w.noun = 'agreement' AND w.scope = p.entity_id
LEFT JOIN whole AS a ON a.noun = 'agreement' AND a.scope = 'all';

-- lookup: lacks_interest
-- Whether interests in a subject (an entity or an asset) that are not in the table really do not exist: TRUE or NULL.
SELECT s.subject_id, CASE WHEN coalesce(w.complete, a.complete) THEN true END AS lacks
FROM (SELECT entity_id AS subject_id FROM party UNION SELECT asset_id FROM resource) AS s
LEFT JOIN whole AS w ON w.noun = 'interest' AND w.scope = s.subject_id
LEFT JOIN whole AS a ON a.noun = 'interest' AND a.scope = 'all';

-- lookup: lacks_holding
-- Whether data that is not in the table is really not in an asset: TRUE or NULL.
SELECT r.asset_id, CASE WHEN coalesce(w.complete, a.complete) THEN true END AS lacks
FROM resource AS r
LEFT JOIN whole AS w ON w.noun = 'holding' AND w.scope = r.asset_id
LEFT JOIN whole AS a ON a.noun = 'holding' AND a.scope = 'all';

-- lookup: lacks_activity
-- Whether logins and reads that were not logged really did not happen on an asset, in the window that the log covers.
SELECT r.asset_id, CASE WHEN coalesce(w.complete, a.complete) THEN true END AS lacks,
       CASE WHEN w.complete IS NULL THEN a.from_ts ELSE w.from_ts END AS from_ts, CASE WHEN w.complete IS NULL THEN a.to_ts ELSE w.to_ts END AS to_ts,
       CASE WHEN w.complete IS NULL THEN a.share_seen ELSE w.share_seen END AS share_seen
FROM resource AS r
LEFT JOIN whole AS w ON w.noun = 'activity' AND w.scope = r.asset_id
LEFT JOIN whole AS a ON a.noun = 'activity' AND a.scope = 'all';

-- lookup: lacks_flow
-- Whether flows that were not seen really did not leave an asset, in the window that was captured.
SELECT r.asset_id, CASE WHEN coalesce(w.complete, a.complete) THEN true END AS lacks,
       CASE WHEN w.complete IS NULL THEN a.from_ts ELSE w.from_ts END AS from_ts, CASE WHEN w.complete IS NULL THEN a.to_ts ELSE w.to_ts END AS to_ts,
       CASE WHEN w.complete IS NULL THEN a.share_seen ELSE w.share_seen END AS share_seen
FROM resource AS r
LEFT JOIN whole AS w ON w.noun = 'flow' AND w.scope = r.asset_id
LEFT JOIN whole AS a ON a.noun = 'flow' AND a.scope = 'all';

-- lookup: lacks_event
-- Whether events of a subject that are not in the table really did not happen: TRUE or NULL.
SELECT s.subject_id, CASE WHEN coalesce(w.complete, a.complete) THEN true END AS lacks
FROM (SELECT entity_id AS subject_id FROM party UNION SELECT asset_id FROM resource UNION SELECT agreement_id FROM agreement) AS s
LEFT JOIN whole AS w ON w.noun = 'event' AND w.scope = s.subject_id
LEFT JOIN whole AS a ON a.noun = 'event' AND a.scope = 'all';
