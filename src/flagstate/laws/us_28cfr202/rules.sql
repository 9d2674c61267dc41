-- view: us_person
-- US persons: organised solely in the US with its foreign branches, or a person with its nationality or in it (202.256).
-- An owner does not matter: a US subsidiary of a foreign group is a US person, a foreign subsidiary of a US group is not.
SELECT entity_id, kind,
    CASE
        WHEN coalesce(kind, 'organisation') = 'organisation' THEN
            CASE WHEN len(organised_in) = 0 THEN NULL
                 WHEN disputed AND len(organised_in) > 1 AND list_contains(organised_in, $home) THEN NULL
                 ELSE organised_in = [$home] END
        WHEN list_contains(nationality, $home) AND (kind <> 'group' OR len(nationality) = 1) THEN true
        WHEN kind = 'group' AND len(located_in) > 1 AND list_contains(located_in, $home) THEN NULL
        WHEN list_contains(located_in, $home) THEN true
        WHEN len(located_in) = 0 THEN NULL
        ELSE false
    END AS us,
    facts
FROM party;

-- view: about_us
-- Groups of persons that data are about: whether they are US persons. A group of both counts as not known.
SELECT about,
    CASE WHEN located_in = [$home] OR nationality = [$home] THEN true
         WHEN list_contains(located_in, $home) OR list_contains(nationality, $home) THEN NULL
         WHEN len(located_in) > 0 THEN false END AS us,
    facts
FROM about_place;

-- view: designated
-- Whom the Attorney General named (202.211(a)(5)); a like name alone decides nothing.
WITH found AS (
    SELECT p.entity_id, true AS sure, e.fact_id FROM party AS p JOIN list_entry AS e ON e.member = p.entity_id
    WHERE e.list = 'us_28cfr202_designated'
    UNION ALL
    SELECT p.entity_id, true, e.fact_id FROM party AS p JOIN list_entry AS e ON e.lei = p.lei
    WHERE e.list = 'us_28cfr202_designated'
    UNION ALL
    SELECT p.entity_id, false, e.fact_id FROM party AS p JOIN list_entry AS e ON lower(e.name) = lower(p.name)
    WHERE e.list = 'us_28cfr202_designated'
), named AS (
    SELECT entity_id, bool_or(sure) AS sure, list_sort(list_distinct(list(fact_id))) AS facts FROM found GROUP BY entity_id
)
SELECT p.entity_id,
    CASE WHEN n.sure THEN true WHEN n.entity_id IS NOT NULL THEN NULL WHEN l.lacks THEN false END AS listed,
    coalesce(n.facts, []::VARCHAR[]) AS facts
FROM party AS p
LEFT JOIN named AS n ON n.entity_id = p.entity_id
LEFT JOIN lacks_list AS l ON l.list = 'us_28cfr202_designated';

-- view: covered_entity
-- Covered persons by place, owners, home or designation (202.211(a)(1), (2), (4), (5)): foreign, unless designated.
SELECT u.entity_id, u.kind, u.us, d.listed, truth(c.verdict) AS held, c.share_lo_pct, c.share_hi_pct,
    d.listed OR (NOT u.us AND truth(c.verdict)) AS covered,
    joined(u.facts, joined(c.facts, d.facts)) AS facts
FROM us_person AS u
JOIN designated AS d ON d.entity_id = u.entity_id
LEFT JOIN covered AS c ON c.entity_id = u.entity_id AND c.list = 'us_28cfr202_countries_of_concern';

-- view: covered_person
-- The same with whoever works for a country of concern or a covered entity, anywhere outside the US (202.211(a)(3)).
WITH employer AS (
    SELECT i.subject_id AS entity_id, any_yes(e.covered) AS covered, united(joined([i.fact_id], e.facts)) AS facts
    FROM interest AS i LEFT JOIN covered_entity AS e ON e.entity_id = i.holder_id
    WHERE i.kind = 'employs'
    GROUP BY i.subject_id
)
SELECT e.entity_id, e.kind, e.us, e.listed, e.held, e.share_lo_pct, e.share_hi_pct,
    CASE WHEN e.kind IN ('person', 'group') THEN
        e.listed OR (NOT e.us AND (e.held OR CASE WHEN m.entity_id IS NOT NULL THEN m.covered WHEN l.lacks THEN false END))
    ELSE e.covered END AS covered,
    e.kind IN ('person', 'group') AND m.entity_id IS NULL AND l.lacks IS NULL AS employer_open,
    joined(e.facts, m.facts) AS facts
FROM covered_entity AS e
LEFT JOIN employer AS m ON m.entity_id = e.entity_id
LEFT JOIN lacks_interest AS l ON l.subject_id = e.entity_id;

-- view: class_set
-- Classes that stand together in one row: listed identifiers by letter (202.234), categories with a bar of their own,
-- whether they make a covered personal identifier (202.212), and the lowest bar present (202.205(g)).
WITH class AS (
    SELECT s.data_classes, s.data_class,
        max(right(d.category, 1)) FILTER (WHERE d.category LIKE 'us_28cfr202/listed_identifier_%') AS letter,
        list_sort(list_distinct(coalesce(list(b.key) FILTER (WHERE b.key IS NOT NULL), []::VARCHAR[]))) AS keys,
        min(b.number) AS bar
    FROM (
        SELECT data_classes, unnest(data_classes) AS data_class
        FROM (SELECT DISTINCT data_classes FROM person_count WHERE kind = 'linked')
    ) AS s
    LEFT JOIN data_class AS d ON d.data_class = s.data_class
    LEFT JOIN law_param AS b ON b.name = 'bulk' AND d.category = 'us_28cfr202/' || b.key
    GROUP BY s.data_classes, s.data_class
), summed AS (
    SELECT data_classes,
        coalesce(list_sort(list_distinct(list(letter) FILTER (WHERE letter IS NOT NULL))), []::VARCHAR[]) AS letters,
        count(letter) AS identifiers,
        count(letter) FILTER (WHERE bar IS NULL) AS plain,
        united(keys) AS keys,
        min(bar) AS bar
    FROM class GROUP BY data_classes
)
SELECT s.data_classes, s.letters, s.identifiers, s.keys,
    s.identifiers >= 2 AND s.letters <> ['d'] AS cpi,
    s.identifiers >= 1 AND len(list_filter(s.letters, lambda one: one NOT IN ('f', 'g', 'h'))) = 0 AS network,
    s.identifiers >= 1 AND s.letters = ['d'] AND len(s.keys) = 0 AS contact,
    len(s.keys) - (CASE WHEN list_has_all(s.keys, ['human_genomic', 'human_omic']) THEN 1 ELSE 0 END)
        + (CASE WHEN s.identifiers >= 2 AND s.letters <> ['d'] THEN 1 ELSE 0 END) >= 2
        OR (s.plain >= 1 AND len(s.keys) >= 1) AS joint,
    CASE WHEN s.identifiers >= 2 AND s.letters <> ['d'] THEN least(s.bar, b.number) ELSE s.bar END AS bar
FROM summed AS s
LEFT JOIN law_param AS b ON b.name = 'bulk' AND b.key = 'covered_personal_identifier';

-- view: linked
-- What stands together where, about whom.
SELECT c.asset_id, coalesce(c.container, '') AS part, coalesce(c.about, '') AS about, g.us, c.data_classes, c.marks,
    s.letters, s.cpi, s.network, s.contact, s.joint, s.bar, s.keys,
    CASE WHEN g.us THEN coalesce(c.subjects_lo, 0) ELSE 0 END AS lo,
    CASE WHEN g.us IS FALSE THEN 0 ELSE c.subjects_hi END AS hi,
    joined(c.facts, g.facts) AS facts
FROM person_count AS c
JOIN class_set AS s ON s.data_classes = c.data_classes
LEFT JOIN about_us AS g ON g.about = c.about
WHERE c.kind = 'linked';

-- view: set_count
-- How many US persons or devices one linkable set counts (a container and a group of persons), by category with a bar:
-- persons not known to be US persons count in the upper bound only. telecom: how the covered personal identifiers count
-- where a network needs them (202.212(b)(2)), and where not. Specimens count as what their sequence would (202.303).
WITH entry AS (
    SELECT c.asset_id, coalesce(c.container, '') AS part, coalesce(c.about, '') AS about, g.us, b.key AS category,
        CASE WHEN b.key = 'covered_personal_identifier' THEN false END AS telecom, b.number AS bar,
        CASE WHEN g.us THEN coalesce(c.subjects_lo, 0) ELSE 0 END AS lo,
        CASE WHEN g.us IS FALSE THEN 0 ELSE c.subjects_hi END AS hi,
        c.marks, joined(c.facts, g.facts) AS facts
    FROM person_count AS c
    JOIN law_param AS b ON b.name = 'bulk' AND c.category = 'us_28cfr202/' || b.key
    LEFT JOIN about_us AS g ON g.about = c.about
    WHERE c.kind = 'category' AND NOT (b.key = 'human_genomic' AND list_contains(coalesce(c.marks, []), 'not_sequence'))
    UNION ALL
    SELECT l.asset_id, l.part, l.about, l.us, b.key, true, b.number, l.lo, l.hi, l.marks, l.facts
    FROM linked AS l JOIN law_param AS b ON b.name = 'bulk' AND b.key = 'covered_personal_identifier'
    WHERE l.cpi AND NOT l.network
    UNION ALL
    SELECT l.asset_id, l.part, l.about, l.us, b.key, NULL, b.number, l.lo, l.hi, l.marks, l.facts
    FROM linked AS l JOIN law_param AS b ON b.name = 'bulk' AND b.key = 'human_genomic'
    WHERE list_contains(coalesce(l.marks, []), 'biospecimen')
)
SELECT asset_id, part, about, us, category, telecom, bar, max(lo) AS lo,
    CASE WHEN count(hi) = count(*) THEN CAST(sum(hi) AS BIGINT) END AS hi,
    united(marks) AS marks, united(facts) AS facts
FROM entry
GROUP BY asset_id, part, about, us, category, telecom, bar;

-- view: set_combined
-- Data of several categories that stand together, or an identifier beside one: the highest count of the set against the
-- lowest bar present (202.205(g)). How it is counted is our reading.
WITH joint AS (
    SELECT asset_id, part, about, us, min(bar) AS bar,
        CASE WHEN max(lo) > 0 THEN true WHEN bool_and(hi = 0) THEN false END AS is_linked, united(facts) AS facts
    FROM linked WHERE joint GROUP BY asset_id, part, about, us
), top AS (
    SELECT asset_id, part, about, max(lo) AS lo, CASE WHEN count(hi) = count(*) THEN max(hi) END AS hi, united(facts) AS facts
    FROM set_count WHERE telecom IS NOT true GROUP BY asset_id, part, about
)
SELECT j.asset_id, j.part, j.about, j.us, j.is_linked, j.bar, t.lo, t.hi, joined(j.facts, t.facts) AS facts
FROM joint AS j JOIN top AS t ON t.asset_id = j.asset_id AND t.part = j.part AND t.about = j.about;

-- view: scope_count
-- The same by what an agreement covers: a whole asset (part '') or one container of it. At least the largest set, at
-- most all of them together (readings 5). combined: the category is the combination.
WITH every AS (
    SELECT asset_id, part, us, category, telecom, bar, lo, hi, NULL::BOOLEAN AS is_linked, marks, facts FROM set_count
    UNION ALL
    SELECT asset_id, part, us, 'combined', NULL, bar, lo, hi, is_linked, []::VARCHAR[], facts FROM set_combined
), scoped AS (
    SELECT * EXCLUDE (part), '' AS part FROM every
    UNION ALL
    SELECT * EXCLUDE (part), part FROM every WHERE part <> ''
)
SELECT asset_id, part, category, telecom, min(bar) AS bar, max(lo) AS lo,
    CASE WHEN count(hi) = count(*) THEN CAST(sum(hi) AS BIGINT) END AS hi,
    any_yes(is_linked) AS is_linked,
    bool_or(us IS NOT FALSE) AS may_be_us, bool_or(us IS NULL) AS about_open,
    united(marks) AS marks, united(facts) AS facts
FROM scoped
GROUP BY asset_id, part, category, telecom;

-- view: stated
-- What is said of the controls, clauses, filings and proofs that this law asks for.
SELECT l.subject_id, l.control, l.lacks, l.tested_on, l.facts
FROM lacks_control AS l
SEMI JOIN law_param AS c ON c.key = l.control AND c.name IN ('cisa_org', 'duty', 'exemption', 'said')
WHERE l.lacks IS NOT NULL OR len(l.facts) > 0;

-- view: deal
-- Who lets whom get at what, by the kinds of 202.210; kind is NULL where vendor or brokerage must still be said.
-- Who administers a machine gives an IT service (202.258). Staff with access work for who runs the machine, too.
WITH staff AS (
    SELECT 'staff:' || x.asset_id || ':' || x.entity_id AS dealing_id, 'employment' AS kind, o.entity_id AS from_id,
        x.entity_id AS to_id, x.asset_id, x.container, NULL::VARCHAR AS purpose, x.hows, x.granted,
        joined(o.facts, x.facts) AS facts
    FROM access AS x
    JOIN party AS p ON p.entity_id = x.entity_id AND p.kind IN ('person', 'group')
    JOIN access AS o ON o.asset_id = x.asset_id AND list_has_any(o.hows, ['operates', 'hosts', 'manages'])
    JOIN party AS q ON q.entity_id = o.entity_id AND q.kind = 'organisation'
), said AS (
    SELECT d.dealing_id,
        CASE WHEN d.kind IN ('vendor', 'processor', 'ict') THEN 'vendor'
             WHEN d.kind IN ('brokerage', 'employment', 'investment') THEN d.kind
             WHEN d.implied AND list_contains(x.hows, 'administers') THEN 'vendor' END AS kind,
        d.from_id, d.to_id, d.asset_id, d.container, d.purpose, x.hows, x.granted, d.facts
    FROM dealing AS d
    LEFT JOIN access AS x ON x.asset_id = d.asset_id AND x.entity_id = d.to_id
        AND x.container IS NOT DISTINCT FROM d.container
)
SELECT e.dealing_id, e.kind, e.from_id, e.to_id, e.asset_id, coalesce(e.container, '') AS part, e.purpose,
    coalesce(e.hows, []::VARCHAR[]) AS hows, e.granted, e.facts,
    coalesce(t.key IS NOT NULL, false) AS telecom
FROM (SELECT * FROM staff UNION ALL SELECT * FROM said) AS e
LEFT JOIN law_param AS t ON t.name = 'purpose_telecom' AND t.key = e.purpose
WHERE e.from_id IS NOT NULL AND e.to_id IS NOT NULL AND e.from_id <> e.to_id;

-- view: party_pair
-- Pairs that the rule may be about: a US person lets somebody in, or somebody lets a covered person in.
SELECT d.from_id, d.to_id, f.us, t.us AS to_us, t.covered, t.held AS to_held, t.listed AS to_listed, t.employer_open,
    joined(f.facts, t.facts) AS facts
FROM (SELECT DISTINCT from_id, to_id FROM deal) AS d
JOIN us_person AS f ON f.entity_id = d.from_id
JOIN covered_person AS t ON t.entity_id = d.to_id
WHERE f.us IS NOT FALSE OR t.covered IS NOT FALSE;

-- view: affiliate
-- Whether both sides of a dealing belong to one group; only known not to where all owners of both are known.
WITH tie AS (
    SELECT holder_id AS from_id, subject_id AS to_id, truth(verdict) AS tied, facts FROM control_chain
    UNION ALL
    SELECT subject_id, holder_id, truth(verdict), facts FROM control_chain
    UNION ALL
    SELECT a.entity_id, b.entity_id, CASE WHEN a.verdict = 'yes' AND b.verdict = 'yes' THEN true END, joined(a.facts, b.facts)
    FROM ultimate_parent AS a JOIN ultimate_parent AS b ON b.parent_id = a.parent_id AND b.entity_id <> a.entity_id
    JOIN (SELECT DISTINCT d.from_id, d.to_id FROM deal AS d JOIN law_param AS w ON w.name = 'purpose_506' AND w.key = d.purpose) AS n
        ON n.from_id = a.entity_id AND n.to_id = b.entity_id
)
SELECT p.from_id, p.to_id,
    CASE WHEN count(t.from_id) > 0 THEN CASE WHEN bool_or(t.tied) THEN true END
         WHEN bool_or(l.lacks) AND bool_or(m.lacks) THEN false END AS affiliated,
    united(t.facts) AS facts
FROM (SELECT DISTINCT d.from_id, d.to_id FROM deal AS d JOIN law_param AS w ON w.name = 'purpose_506' AND w.key = d.purpose) AS p
LEFT JOIN tie AS t ON t.from_id = p.from_id AND t.to_id = p.to_id
LEFT JOIN lacks_interest AS l ON l.subject_id = p.from_id
LEFT JOIN lacks_interest AS m ON m.subject_id = p.to_id
GROUP BY p.from_id, p.to_id;

-- view: deal_data
-- Which categories stand in what a dealing is about; other: some that 202.505(a)(4)-(5) does not speak of.
SELECT d.dealing_id, d.from_id, d.to_id,
    bool_or(e.key IS NULL AND s.category <> 'combined' AND s.hi IS DISTINCT FROM 0) AS other,
    bool_or(s.may_be_us) AS may_be_us,
    list_sort(list_distinct(list(s.category))) AS categories,
    united(s.facts) AS facts
FROM deal AS d
JOIN scope_count AS s ON s.asset_id = d.asset_id AND s.part = d.part
LEFT JOIN law_param AS e ON e.name = 'class_505' AND e.key = s.category
GROUP BY d.dealing_id, d.from_id, d.to_id;

-- view: tagged
-- Exemptions that somebody states for a dealing (202.501-.504, .507-.511). A CFIUS action speaks of investments only;
-- telecommunications services are not cloud or data-centre services.
SELECT DISTINCT d.dealing_id, d.from_id, d.to_id, x.key AS code, x.value AS citation, s.lacks, s.facts,
    (x.key = 'cfius_action' AND d.kind IS DISTINCT FROM 'investment')
        OR (x.key = 'telecom_service' AND list_has_any(d.hows, ['operates', 'hosts', 'manages'])) AS misplaced
FROM deal AS d
JOIN stated AS s ON s.subject_id = d.dealing_id
JOIN law_param AS x ON x.name = 'exemption' AND x.key = s.control;

-- view: exempted
-- Each dealing with its exemption: exempt is TRUE where one is shown, FALSE where none is, NULL where one hangs on a
-- fact that is not known. An exemption is for who relies on it to show.
WITH tag AS (
    SELECT dealing_id, from_id, to_id, bool_or(lacks IS FALSE AND NOT misplaced) AS applied,
        min('applied: ' || citation || ': ' || code) FILTER (WHERE lacks IS FALSE AND NOT misplaced) AS words,
        min('refused: ' || citation || ': ' || code) FILTER (WHERE lacks IS FALSE AND misplaced) AS refusal,
        united(facts) AS facts
    FROM tagged GROUP BY dealing_id, from_id, to_id
), asked AS (
    SELECT d.*, p5.value AS cite5, p6.value AS cite6, b.other, b.categories, a.affiliated,
        g.applied AS tag_applied, g.words AS tag_words, g.refusal AS tag_refusal,
        joined(d.facts, joined(a.facts, g.facts)) AS all_facts, b.facts AS data_facts
    FROM deal AS d
    LEFT JOIN law_param AS p5 ON p5.name = 'purpose_505' AND p5.key = d.purpose
    LEFT JOIN law_param AS p6 ON p6.name = 'purpose_506' AND p6.key = d.purpose
    LEFT JOIN deal_data AS b ON b.dealing_id = d.dealing_id AND b.from_id = d.from_id AND b.to_id = d.to_id
    LEFT JOIN affiliate AS a ON a.from_id = d.from_id AND a.to_id = d.to_id
    LEFT JOIN tag AS g ON g.dealing_id = d.dealing_id AND g.from_id = d.from_id AND g.to_id = d.to_id
)
SELECT * EXCLUDE (all_facts, facts), all_facts AS facts,
    CASE WHEN tag_applied THEN true
         WHEN cite5 IS NOT NULL AND other IS FALSE THEN true
         WHEN cite6 IS NOT NULL AND affiliated THEN true
         WHEN cite6 IS NOT NULL AND affiliated IS NULL THEN NULL
         WHEN cite5 IS NOT NULL AND other IS NULL THEN NULL
         ELSE false END AS exempt,
    CASE WHEN tag_applied THEN tag_words
         WHEN cite5 IS NOT NULL AND other IS FALSE THEN 'applied: ' || cite5 || ': purpose ' || purpose
         WHEN cite6 IS NOT NULL AND affiliated THEN 'applied: ' || cite6 || ': purpose ' || purpose
         WHEN cite5 IS NOT NULL AND other THEN 'refused: ' || cite5 || ': other data than financial data and identifiers'
         WHEN cite6 IS NOT NULL AND NOT affiliated THEN 'refused: ' || cite6 || ': not of one group'
         WHEN tag_refusal IS NOT NULL THEN tag_refusal
         WHEN purpose = 'government_request' THEN 'refused: 28 CFR 202.506: a request of a foreign government'
         WHEN purpose IS NOT NULL AND cite5 IS NULL AND cite6 IS NULL AND other IS FALSE
             THEN 'refused: 28 CFR 202.505: purpose ' || purpose
    END AS exemption
FROM asked;

-- view: open_deal
-- What a pair deals in that no exemption is shown for, each part once. sure: access and the lack of an exemption are known.
SELECT from_id, to_id, asset_id, part, telecom, bool_or(granted IS true AND exempt IS FALSE) AS sure
FROM exempted
WHERE exempt IS NOT true
GROUP BY from_id, to_id, asset_id, part, telecom;

-- view: category_count
-- How many US persons or devices a counterparty may get at, per pair and category: at least the largest part, at most all
-- parts together (202.205: one transaction or the aggregate of the same two parties).
WITH summed AS (
    SELECT d.from_id, d.to_id, s.category, min(s.bar) AS bar,
        max(CASE WHEN d.sure THEN s.lo ELSE 0 END) AS lo,
        CASE WHEN count(s.hi) = count(*) THEN CAST(sum(s.hi) AS BIGINT) END AS hi,
        any_yes(s.is_linked) AS is_linked, bool_or(s.about_open) AS about_open, bool_or(NOT d.sure) AS access_open,
        united(s.facts) AS facts
    FROM open_deal AS d
    JOIN scope_count AS s ON s.asset_id = d.asset_id AND s.part = d.part AND (s.telecom IS NULL OR s.telecom = d.telecom)
    SEMI JOIN party_pair AS p ON p.from_id = d.from_id AND p.to_id = d.to_id
    GROUP BY d.from_id, d.to_id, s.category
)
SELECT *,
    CASE WHEN category = 'combined' THEN is_linked AND above(lo, hi, bar) ELSE above(lo, hi, bar) END AS bulk
FROM summed;

-- view: pair_bulk
-- Whether what a pair deals in is bulk: any category, any but human 'omic data, and human 'omic data alone (202.303).
SELECT from_id, to_id,
    any_yes(bulk) AS bulk,
    any_yes(CASE WHEN category IN ('human_genomic', 'human_omic') THEN false ELSE bulk END) AS bulk_rest,
    bool_or(about_open AND bulk IS NULL) AS about_open, bool_or(access_open AND bulk IS NULL) AS access_open
FROM category_count GROUP BY from_id, to_id;

-- view: top_count
-- The category that decides for a pair: above its bar, else not known to be below it, else the nearest to it; once among
-- all categories, once without human 'omic data.
WITH ranked AS (
    SELECT *, 'all' AS among FROM category_count
    UNION ALL
    SELECT *, 'rest' FROM category_count WHERE category NOT IN ('human_genomic', 'human_omic')
)
SELECT from_id, to_id, among, category, bar, lo, hi, bulk FROM ranked
QUALIFY row_number() OVER (
    PARTITION BY from_id, to_id, among
    ORDER BY CASE WHEN bulk THEN 0 WHEN bulk IS NULL THEN 1 ELSE 2 END, lo / bar DESC, hi / bar DESC NULLS FIRST, category = 'combined', category
) = 1;

-- view: held
-- What is known to be held in an asset or container, and whether it may be about US persons.
WITH part AS (
    SELECT d.asset_id, coalesce(d.container, '') AS part, g.us IS NOT FALSE AS may_be_us, joined(d.facts, g.facts) AS facts
    FROM dataset AS d LEFT JOIN about_us AS g ON g.about = d.about
)
SELECT asset_id, part, bool_or(may_be_us) AS may_be_us, united(facts) AS facts
FROM (SELECT asset_id, '' AS part, may_be_us, facts FROM part UNION ALL SELECT * FROM part WHERE part <> '')
GROUP BY asset_id, part;

-- view: pair_data
-- Whether all that a pair deals in is known, and whether some of it may be about US persons.
SELECT d.from_id, d.to_id,
    bool_or(h.asset_id IS NULL AND l.lacks IS NULL) AS data_open,
    bool_or(h.asset_id IS NOT NULL) AS some_data,
    coalesce(bool_or(h.may_be_us), false) AS may_be_us,
    united(h.facts) AS facts
FROM open_deal AS d
LEFT JOIN held AS h ON h.asset_id = d.asset_id AND h.part = d.part
LEFT JOIN lacks_holding AS l ON l.asset_id = d.asset_id
GROUP BY d.from_id, d.to_id;

-- view: pair_kind
-- By which kinds of transaction a pair deals (202.210), dealings with a shown exemption left out. A kind that nobody
-- says may be vendor or brokerage. cloud: the counterparty runs the machines.
SELECT from_id, to_id,
    CASE WHEN bool_or(kind = 'vendor') THEN true WHEN bool_or(kind IS NULL) THEN NULL ELSE false END AS vendor,
    CASE WHEN bool_or(kind = 'brokerage') THEN true WHEN bool_or(kind IS NULL) THEN NULL ELSE false END AS brokerage,
    coalesce(bool_or(kind = 'employment'), false) AS employment,
    coalesce(bool_or(kind = 'investment'), false) AS investment,
    bool_or(list_has_any(hows, ['operates', 'hosts'])) AS cloud,
    min(exemption) AS exemption,
    bool_or(exempt IS NULL AND cite6 IS NOT NULL) AS group_open,
    united(facts) AS facts
FROM exempted WHERE exempt IS NOT true
GROUP BY from_id, to_id;

-- view: pair
-- Everything about a pair that the rules ask for. bulk is FALSE only where all that it deals in is known.
SELECT p.from_id, p.to_id, p.us, p.to_us, p.covered, p.to_held, p.to_listed, p.employer_open,
    k.vendor, k.brokerage, k.employment, k.investment, k.cloud, k.exemption, k.group_open,
    CASE WHEN b.bulk OR NOT d.data_open THEN CASE WHEN b.from_id IS NULL THEN false ELSE b.bulk END END AS bulk,
    CASE WHEN b.bulk_rest OR NOT d.data_open THEN CASE WHEN b.from_id IS NULL THEN false ELSE b.bulk_rest END END AS bulk_rest,
    coalesce(b.about_open, false) AS about_open, coalesce(b.access_open, false) AS access_open,
    d.data_open, d.some_data AND NOT d.may_be_us AND NOT d.data_open AS no_us_persons,
    p.facts AS party_facts, d.facts AS data_facts, k.facts AS deal_facts,
    joined(p.facts, joined(d.facts, k.facts)) AS facts
FROM party_pair AS p
JOIN pair_kind AS k ON k.from_id = p.from_id AND k.to_id = p.to_id
JOIN pair_data AS d ON d.from_id = p.from_id AND d.to_id = p.to_id
LEFT JOIN pair_bulk AS b ON b.from_id = p.from_id AND b.to_id = p.to_id;

-- view: org_level
-- Security requirements of organisation and systems (202.248, CISA I), per pair and code: a `no` of the US person or of a
-- system counts against, a `yes` of the US person or of every system for. Some lapse with the day of their last review.
WITH subject AS (
    SELECT DISTINCT from_id, to_id, from_id AS subject_id, true AS whole_party FROM party_pair WHERE covered IS NOT FALSE AND us IS NOT FALSE
    UNION
    SELECT d.from_id, d.to_id, d.asset_id, false FROM open_deal AS d
    JOIN party_pair AS p ON p.from_id = d.from_id AND p.to_id = d.to_id
    WHERE p.covered IS NOT FALSE AND p.us IS NOT FALSE AND d.asset_id IS NOT NULL
), state AS (
    SELECT s.from_id, s.to_id, s.whole_party, c.key AS code,
        CASE WHEN t.lacks IS FALSE AND c.value = 'monthly' AND date_diff('day', t.tested_on, $as_of) > $inventory_days THEN true
             WHEN t.lacks IS FALSE AND c.value = 'yearly' AND date_diff('day', t.tested_on, $as_of) > $review_days THEN true
             ELSE t.lacks END AS lacks,
        t.facts
    FROM subject AS s
    JOIN law_param AS c ON c.name = 'cisa_org'
    LEFT JOIN stated AS t ON t.subject_id = s.subject_id AND t.control = c.key
)
SELECT from_id, to_id, code,
    CASE WHEN bool_or(lacks) THEN true
         WHEN bool_or(whole_party AND lacks IS FALSE) THEN false
         WHEN count_if(NOT whole_party) > 0 AND bool_and(whole_party OR coalesce(NOT lacks, false)) THEN false END AS lacks,
    united(facts) AS facts
FROM state GROUP BY from_id, to_id, code;

-- view: data_level
-- Whether the counterparty gets data that may be about US persons in clear (202.248, CISA II). Who runs the machines is not kept
-- out by access rights; others are, where somebody says so, and that nobody says so is not known.
WITH kept_out AS (
    SELECT subject_id, all_yes(lacks) AS lacks, united(facts) AS facts
    FROM stated WHERE control IN ('iam_deny', 'masked_view') GROUP BY subject_id
), each_set AS (
    SELECT d.from_id, d.to_id,
        CASE WHEN c.clear IS FALSE THEN false
             WHEN list_has_any(d.hows, ['operates', 'hosts', 'manages', 'updates']) THEN c.clear
             WHEN k.lacks IS FALSE OR a.lacks IS FALSE THEN false
             WHEN k.lacks OR a.lacks THEN c.clear END AS clear,
        joined(c.facts, joined(k.facts, a.facts)) AS facts
    FROM exempted AS d
    JOIN clear AS c ON c.entity_id = d.to_id AND c.asset_id = d.asset_id AND (d.part = '' OR d.part = coalesce(c.container, ''))
    LEFT JOIN about_us AS g ON g.about = c.about
    LEFT JOIN kept_out AS k ON k.subject_id = d.dealing_id
    LEFT JOIN kept_out AS a ON a.subject_id = d.asset_id
    WHERE g.us IS NOT FALSE AND d.exempt IS NOT true
)
SELECT from_id, to_id, any_yes(clear) AS clear, united(facts) AS facts FROM each_set GROUP BY from_id, to_id;

-- view: key_state
-- Keys (CISA II.B): whether one stands in a country of concern, beside the data, or can be used by a covered person.
WITH keyed AS (
    SELECT DISTINCT k.asset_id, k.key_id FROM protection AS k
), stand AS (
    SELECT k.key_id, any_yes(CASE WHEN l.member IS NOT NULL THEN p.stands ELSE false END) AS concern, united(p.facts) AS facts
    FROM (SELECT DISTINCT key_id FROM keyed) AS k
    JOIN resource_place AS p ON p.asset_id = k.key_id
    LEFT JOIN list_entry AS l ON l.list = 'us_28cfr202_countries_of_concern' AND l.member = p.country
    GROUP BY k.key_id
), usable AS (
    SELECT u.key_id, any_yes(c.covered) AS covered, united(joined(u.facts, c.facts)) AS facts
    FROM key_use AS u LEFT JOIN covered_person AS c ON c.entity_id = u.entity_id GROUP BY u.key_id
), shared AS (
    SELECT k.asset_id, k.key_id, bool_or(a.asset_id IS NOT NULL) AS beside, count_if(b.depth > 0) > 0 AS layers_known
    FROM keyed AS k
    JOIN asset_layer AS b ON b.asset_id = k.key_id
    LEFT JOIN asset_layer AS a ON a.asset_id = k.asset_id AND a.layer_id = b.layer_id
    GROUP BY k.asset_id, k.key_id
), apart AS (
    SELECT k.asset_id, k.key_id, bool_and(p.country <> q.country) AS differ
    FROM keyed AS k
    JOIN resource_place AS p ON p.asset_id = k.key_id
    JOIN resource_place AS q ON q.asset_id = k.asset_id
    GROUP BY k.asset_id, k.key_id
)
SELECT k.asset_id, k.key_id, s.concern, u.covered,
    CASE WHEN h.beside OR t.lacks THEN true WHEN t.lacks IS FALSE OR h.layers_known OR a.differ THEN false END AS beside,
    joined(s.facts, joined(u.facts, t.facts)) AS facts
FROM keyed AS k
LEFT JOIN stand AS s ON s.key_id = k.key_id
LEFT JOIN usable AS u ON u.key_id = k.key_id
LEFT JOIN shared AS h ON h.asset_id = k.asset_id AND h.key_id = k.key_id
LEFT JOIN apart AS a ON a.asset_id = k.asset_id AND a.key_id = k.key_id
LEFT JOIN stated AS t ON t.subject_id = k.key_id AND t.control = 'key_apart';

-- view: key_level
-- The keys of what a pair deals in.
SELECT d.from_id, d.to_id, k.key_id, k.concern, k.beside, k.covered, k.concern OR k.beside OR k.covered AS bad, k.facts
FROM (SELECT DISTINCT from_id, to_id, asset_id FROM open_deal) AS d
JOIN key_state AS k ON k.asset_id = d.asset_id
SEMI JOIN party_pair AS p ON p.from_id = d.from_id AND p.to_id = d.to_id AND p.covered IS NOT FALSE;

-- view: duty
-- Duties of who engages in restricted transactions (subpart J, K): lacks is NULL where nobody says. Certificates lapse
-- after a year; the audit counts for its calendar year, and the year after is open until it ends.
SELECT p.from_id, c.key AS code,
    CASE WHEN s.lacks IS FALSE AND c.key = 'annual_audit' THEN
            CASE WHEN year(s.tested_on) >= year($as_of) - 1 THEN false WHEN s.tested_on IS NOT NULL THEN true END
         WHEN s.lacks IS FALSE AND c.key = 'policies_certified' AND date_diff('day', s.tested_on, $as_of) > $review_days THEN true
         ELSE s.lacks END AS lacks,
    coalesce(s.facts, []::VARCHAR[]) AS facts
FROM (SELECT DISTINCT from_id FROM party_pair WHERE us IS NOT FALSE AND covered IS NOT FALSE) AS p
JOIN law_param AS c ON c.name = 'duty'
LEFT JOIN stated AS s ON s.subject_id = p.from_id AND s.control = c.key;

-- view: met
-- Whether the conditions of a restricted transaction are met (202.401, readings 1): all security requirements and duties
-- that hold on the day.
WITH one AS (
    SELECT from_id, to_id, NOT lacks AS met FROM org_level
    UNION ALL
    SELECT p.from_id, p.to_id, NOT l.clear FROM party_pair AS p
    LEFT JOIN data_level AS l ON l.from_id = p.from_id AND l.to_id = p.to_id WHERE p.covered IS NOT FALSE AND p.us IS NOT FALSE
    UNION ALL
    SELECT from_id, to_id, NOT bad FROM key_level
    UNION ALL
    SELECT p.from_id, p.to_id, NOT u.lacks FROM party_pair AS p JOIN duty AS u ON u.from_id = p.from_id
    WHERE p.covered IS NOT FALSE AND u.code IN ('compliance_programme', 'policies_certified', 'annual_audit', 'records_10y')
      AND (u.code = 'records_10y' OR $as_of >= $duties_from)
)
SELECT from_id, to_id, all_yes(met) AS met FROM one GROUP BY from_id, to_id;

-- view: investment
-- Whether an investment is passive (202.228): without influence, and less than a tenth of votes and of equity.
WITH term AS (
    SELECT from_id, to_id, fact_id,
        CASE regexp_extract(terms, '"passive": "?([a-z]+)', 1) WHEN 'true' THEN true WHEN 'false' THEN false END AS quiet,
        CAST(nullif(regexp_extract(terms, '"votes": \[?([0-9.]+)', 1), '') AS DOUBLE) AS votes_lo,
        CAST(nullif(regexp_extract(terms, '"votes": (?:\[[0-9.]+, )?([0-9.]+)', 1), '') AS DOUBLE) AS votes_hi,
        CAST(nullif(regexp_extract(terms, '"equity": \[?([0-9.]+)', 1), '') AS DOUBLE) AS equity_lo,
        CAST(nullif(regexp_extract(terms, '"equity": (?:\[[0-9.]+, )?([0-9.]+)', 1), '') AS DOUBLE) AS equity_hi
    FROM agreement WHERE kind = 'investment'
)
SELECT from_id, to_id,
    all_yes(quiet AND NOT at_least(votes_lo, votes_hi, $passive_pct) AND NOT at_least(equity_lo, equity_hi, $passive_pct)) AS passive,
    list_sort(list_distinct(list(fact_id))) AS facts
FROM term GROUP BY from_id, to_id;

-- view: restricted_pair
-- Rows of the three restricted kinds (202.401): vendor, employment, investment. Human 'omic data are for US-DSP-04.
WITH kind AS (
    SELECT *, 'vendor' AS kind, vendor AS of_kind, NULL::BOOLEAN AS passive, []::VARCHAR[] AS more FROM pair WHERE vendor IS NOT FALSE
    UNION ALL
    SELECT *, 'employment', true, NULL, []::VARCHAR[] FROM pair WHERE employment
    UNION ALL
    SELECT p.*, 'investment', true, i.passive, coalesce(i.facts, []::VARCHAR[])
    FROM pair AS p LEFT JOIN investment AS i ON i.from_id = p.from_id AND i.to_id = p.to_id WHERE p.investment
), hit AS (
    SELECT *, of_kind AND us AND covered AND bulk_rest AND (CASE WHEN kind = 'investment' THEN NOT passive ELSE true END) AS hit FROM kind
)
SELECT h.kind, h.from_id AS subject, h.to_id AS counterparty, verdict(h.hit) AS verdict,
    CASE WHEN h.hit IS NOT FALSE THEN 'restricted' WHEN h.us IS FALSE OR h.no_us_persons THEN 'not applicable' ELSE 'ok' END AS outcome,
    CASE WHEN h.hit AND m.met THEN 'restricted_met'
         WHEN h.hit AND NOT m.met THEN 'restricted_unmet'
         WHEN h.hit THEN 'restricted_open'
         WHEN h.hit IS NULL THEN 'unknown'
         WHEN h.us IS FALSE THEN 'not_us'
         WHEN h.no_us_persons THEN 'no_us_persons'
         WHEN h.to_us AND h.covered IS FALSE THEN 'us_counterparty'
         WHEN h.covered IS FALSE THEN 'not_covered'
         WHEN h.passive THEN 'passive'
         ELSE 'below' END AS message,
    {'category': t.category, 'count_lo': t.lo, 'count_hi': t.hi, 'threshold': t.bar,
     'conditions': CASE WHEN m.met THEN 'met' WHEN m.met IS FALSE THEN 'not met' ELSE 'unknown' END} AS "values",
    CASE WHEN h.hit IS FALSE AND (h.us IS FALSE OR h.covered IS FALSE) THEN h.party_facts
         WHEN h.hit IS FALSE AND h.passive THEN joined(h.party_facts, h.more)
         WHEN h.hit IS FALSE THEN h.data_facts
         ELSE joined(h.facts, h.more) END AS facts,
    CASE WHEN h.hit IS NULL THEN
        list_concat(unless_known(h.of_kind, 'kind'), list_concat(unless_known(h.us, 'from_place'), list_concat(
            CASE WHEN h.covered IS NULL THEN [CASE WHEN h.employer_open THEN 'employer' ELSE 'counterparty_place' END] ELSE [] END,
            list_concat(
                CASE WHEN h.bulk_rest IS NULL THEN [CASE WHEN h.data_open THEN 'holdings' WHEN h.about_open THEN 'about'
                    WHEN h.group_open THEN 'group' WHEN h.access_open THEN 'access' ELSE 'count' END] ELSE [] END,
                CASE WHEN h.kind = 'investment' THEN unless_known(h.passive, 'passive') ELSE [] END))))
    ELSE []::VARCHAR[] END AS missing,
    h.exemption, NULL AS bounds
FROM hit AS h
LEFT JOIN top_count AS t ON t.from_id = h.from_id AND t.to_id = h.to_id AND t.among = 'rest'
LEFT JOIN met AS m ON m.from_id = h.from_id AND m.to_id = h.to_id;

-- rule: US-DSP-05
SELECT subject, counterparty, verdict, outcome, message, "values", facts, missing, exemption, bounds
FROM restricted_pair WHERE kind = 'vendor'
