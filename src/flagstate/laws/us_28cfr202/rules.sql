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

-- view: row_set
-- Classes that stand together in one row about somebody. sure is FALSE for what may stand there: nobody says whom other
-- classes of the container are about.
WITH told AS (
    SELECT asset_id, container, about, data_classes, subjects_lo, subjects_hi, marks, facts FROM person_count WHERE kind = 'linked'
), nobody AS (
    SELECT asset_id, container, list_sort(list_distinct(flatten(list(data_classes)))) AS data_classes, united(facts) AS facts
    FROM told WHERE about IS NULL GROUP BY asset_id, container
)
SELECT *, true AS sure FROM told
UNION ALL
SELECT t.asset_id, t.container, t.about, list_sort(list_distinct(list_concat(t.data_classes, n.data_classes))), 0, t.subjects_hi, t.marks,
    joined(t.facts, n.facts), false
FROM told AS t
JOIN nobody AS n ON n.asset_id = t.asset_id AND n.container IS NOT DISTINCT FROM t.container
WHERE t.about IS NOT NULL AND NOT list_has_all(t.data_classes, n.data_classes);

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
        FROM (SELECT DISTINCT data_classes FROM row_set)
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
-- What stands together where, about whom; sure: known to, not only possible.
SELECT c.sure, c.asset_id, coalesce(c.container, '') AS part, coalesce(c.about, '') AS about, g.us, c.data_classes, c.marks,
    s.letters, s.cpi, s.network, s.contact, s.joint, s.bar, s.keys,
    CASE WHEN g.us THEN coalesce(c.subjects_lo, 0) ELSE 0 END AS lo,
    CASE WHEN g.us IS FALSE THEN 0 ELSE c.subjects_hi END AS hi,
    joined(c.facts, g.facts) AS facts
FROM row_set AS c
JOIN class_set AS s ON s.data_classes = c.data_classes
LEFT JOIN about_us AS g ON g.about = c.about;

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
    WHERE l.cpi AND NOT l.network AND l.sure
    UNION ALL
    SELECT l.asset_id, l.part, l.about, l.us, b.key, w.telecom, b.number, 0, l.hi, l.marks, l.facts
    FROM linked AS l
    JOIN law_param AS b ON b.name = 'bulk' AND b.key = 'covered_personal_identifier'
    CROSS JOIN (SELECT unnest([true, false]) AS telecom) AS w
    ANTI JOIN (SELECT * FROM linked WHERE sure AND cpi) AS k ON k.asset_id = l.asset_id AND k.part = l.part AND k.about = l.about
    WHERE l.cpi AND NOT l.sure AND NOT (w.telecom AND l.network)
    UNION ALL
    SELECT l.asset_id, l.part, l.about, l.us, b.key, NULL, b.number, l.lo, l.hi, l.marks, l.facts
    FROM linked AS l JOIN law_param AS b ON b.name = 'bulk' AND b.key = 'human_genomic'
    WHERE list_contains(coalesce(l.marks, []), 'biospecimen') AND l.sure
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
    FROM linked WHERE joint AND sure GROUP BY asset_id, part, about, us
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
-- Who administers a machine gives an IT service (202.258). Staff with access that who decides over the machine neither
-- employs nor has a contract with work for who runs it.
WITH own AS (
    SELECT DISTINCT x.asset_id, x.entity_id, r.entity_id AS by_id
    FROM access AS x
    JOIN party AS p ON p.entity_id = x.entity_id AND p.kind IN ('person', 'group')
    JOIN responsible AS r ON r.asset_id = x.asset_id
    JOIN (
        SELECT holder_id, subject_id FROM interest WHERE kind = 'employs'
        UNION SELECT from_id, to_id FROM agreement
    ) AS i ON i.holder_id = r.entity_id AND i.subject_id = x.entity_id
), staff AS (
    SELECT 'staff:' || x.asset_id || ':' || x.entity_id AS dealing_id, 'employment' AS kind, o.entity_id AS from_id,
        x.entity_id AS to_id, x.asset_id, x.container, NULL::VARCHAR AS purpose, x.hows, x.granted,
        joined(o.facts, x.facts) AS facts
    FROM access AS x
    JOIN party AS p ON p.entity_id = x.entity_id AND p.kind IN ('person', 'group')
    JOIN access AS o ON o.asset_id = x.asset_id AND list_has_any(o.hows, ['operates', 'hosts', 'manages'])
    JOIN party AS q ON q.entity_id = o.entity_id AND q.kind = 'organisation'
    ANTI JOIN own AS w ON w.asset_id = x.asset_id AND w.entity_id = x.entity_id AND w.by_id <> o.entity_id
    ANTI JOIN dealing AS g ON g.from_id = o.entity_id AND g.to_id = x.entity_id AND g.asset_id = x.asset_id
        AND (g.container IS NULL OR g.container IS NOT DISTINCT FROM x.container)
), gets AS (
    -- Who gets at a whole asset gets at each container of it.
    SELECT d.dealing_id, d.kind, d.implied, d.from_id, d.to_id, d.asset_id, d.container, d.purpose, d.facts,
        list_sort(list_distinct(flatten(list(coalesce(x.hows, []::VARCHAR[]))))) AS hows,
        any_yes(x.granted) AS granted
    FROM dealing AS d
    LEFT JOIN access AS x ON x.asset_id = d.asset_id AND x.entity_id = d.to_id
        AND (x.container IS NULL OR x.container IS NOT DISTINCT FROM d.container)
    GROUP BY d.dealing_id, d.kind, d.implied, d.from_id, d.to_id, d.asset_id, d.container, d.purpose, d.facts
), said AS (
    SELECT dealing_id,
        CASE WHEN kind IN ('vendor', 'processor', 'ict') THEN 'vendor'
             WHEN kind IN ('brokerage', 'employment', 'investment') THEN kind
             WHEN implied AND list_contains(hows, 'administers') THEN 'vendor' END AS kind,
        from_id, to_id, asset_id, container, purpose, hows, granted, facts
    FROM gets
)
SELECT e.dealing_id, e.kind, e.from_id, e.to_id, e.asset_id, coalesce(e.container, '') AS part, e.purpose,
    coalesce(e.hows, []::VARCHAR[]) AS hows, e.granted, e.facts,
    coalesce(t.key IS NOT NULL, false) AS telecom
FROM (SELECT * FROM staff UNION ALL SELECT * FROM said) AS e
LEFT JOIN law_param AS t ON t.name = 'purpose_telecom' AND t.key = e.purpose
WHERE e.from_id IS NOT NULL AND e.to_id IS NOT NULL AND e.from_id <> e.to_id;

-- view: party_pair
-- Pairs that the rule may be about: a US person lets somebody in, or somebody lets a covered person in. A party of which
-- nothing is known on the day may be either.
SELECT d.from_id, d.to_id, f.us, t.us AS to_us, t.covered, t.held AS to_held, t.listed AS to_listed, t.employer_open,
    joined(f.facts, t.facts) AS facts
FROM (SELECT DISTINCT from_id, to_id FROM deal) AS d
LEFT JOIN us_person AS f ON f.entity_id = d.from_id
LEFT JOIN covered_person AS t ON t.entity_id = d.to_id
WHERE f.us IS NOT FALSE OR t.covered IS NOT FALSE;

-- view: affiliate
-- Whether both sides of a dealing belong to one group; only known not to where all owners of both are known.
WITH tie AS (
    SELECT holder_id AS from_id, subject_id AS to_id, CASE WHEN stance <> 'declared' THEN truth(verdict) END AS tied, facts FROM control_chain
    UNION ALL
    SELECT subject_id, holder_id, CASE WHEN stance <> 'declared' THEN truth(verdict) END, facts FROM control_chain
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

-- view: held
-- What is known to be held in an asset or container, and whether it may be about US persons.
WITH part AS (
    SELECT d.asset_id, coalesce(d.container, '') AS part, g.us IS NOT FALSE AS may_be_us, joined(d.facts, g.facts) AS facts
    FROM dataset AS d LEFT JOIN about_us AS g ON g.about = d.about
)
SELECT asset_id, part, bool_or(may_be_us) AS may_be_us, united(facts) AS facts
FROM (SELECT asset_id, '' AS part, may_be_us, facts FROM part UNION ALL SELECT * FROM part WHERE part <> '')
GROUP BY asset_id, part;

-- view: deal_data
-- Which categories stand in what a dealing is about; other: some that 202.505(a)(4)-(5) does not speak of, NULL where what
-- it is about is not known.
SELECT d.dealing_id, d.from_id, d.to_id,
    any_yes(CASE WHEN h.asset_id IS NOT NULL THEN s.category IS NOT NULL AND e.key IS NULL AND s.category <> 'combined' AND s.hi IS DISTINCT FROM 0 END) AS other,
    coalesce(list_sort(list_distinct(list(s.category) FILTER (WHERE s.category IS NOT NULL))), []::VARCHAR[]) AS categories,
    joined(united(h.facts), united(s.facts)) AS facts
FROM deal AS d
LEFT JOIN held AS h ON h.asset_id = d.asset_id AND h.part = d.part
LEFT JOIN scope_count AS s ON s.asset_id = d.asset_id AND s.part = d.part
LEFT JOIN law_param AS e ON e.name = 'class_505' AND e.key = s.category
GROUP BY d.dealing_id, d.from_id, d.to_id;

-- view: tagged
-- Exemptions that somebody states for a dealing (202.501-.504, .507-.511). A CFIUS action speaks of investments only;
-- telecommunications services are not cloud or data-centre services, nor brokerage: that nobody runs
-- the machines is only known where all interests in them are. shown: more than a declaration says so.
SELECT DISTINCT d.dealing_id, d.from_id, d.to_id, x.key AS code, x.value AS citation, s.lacks, s.facts,
    coalesce(w.shown, false) AS shown,
    (x.key = 'cfius_action' AND d.kind IS DISTINCT FROM 'investment')
        OR (x.key = 'telecom_service' AND (list_has_any(d.hows, ['operates', 'hosts', 'manages']) OR coalesce(d.kind = 'brokerage', false)
            OR CASE WHEN l.lacks THEN false END)) AS misplaced
FROM deal AS d
JOIN stated AS s ON s.subject_id = d.dealing_id
JOIN law_param AS x ON x.name = 'exemption' AND x.key = s.control
LEFT JOIN (
    SELECT subject_id, control, bool_or(stance <> 'declared') AS shown FROM control WHERE state = 'yes' GROUP BY subject_id, control
) AS w ON w.subject_id = s.subject_id AND w.control = s.control
LEFT JOIN lacks_interest AS l ON l.subject_id = d.asset_id;

-- view: exempted
-- Each dealing with its exemption: exempt is TRUE where one is shown, FALSE where none is, NULL where one hangs on a
-- fact that is not known, on a declaration alone, or on the purpose of an agreement that names no asset. An exemption is
-- for who relies on it to show.
WITH told AS (
    SELECT DISTINCT agreement_id, from_id, to_id, purpose FROM agreement
    WHERE stance <> 'declared' AND purpose IS NOT NULL AND asset_id IS NOT NULL
), tag AS (
    SELECT dealing_id, from_id, to_id, bool_or(lacks IS FALSE AND misplaced IS NOT TRUE) AS applied,
        bool_or(lacks IS FALSE AND misplaced IS FALSE AND shown) AS shown,
        coalesce(min('applied: ' || citation || ': ' || code) FILTER (WHERE lacks IS FALSE AND misplaced IS FALSE AND shown),
            min('claimed: ' || citation || ': ' || code) FILTER (WHERE lacks IS FALSE AND misplaced IS NOT TRUE)) AS words,
        min('refused: ' || citation || ': ' || code) FILTER (WHERE lacks IS FALSE AND misplaced) AS refusal,
        united(facts) AS facts
    FROM tagged GROUP BY dealing_id, from_id, to_id
), asked AS (
    SELECT d.*, p5.value AS cite5, p6.value AS cite6, b.other, b.categories, a.affiliated,
        g.applied AS tag_applied, g.shown AS tag_shown, g.words AS tag_words, g.refusal AS tag_refusal, t.agreement_id IS NOT NULL AS told,
        joined(d.facts, joined(a.facts, g.facts)) AS all_facts, b.facts AS data_facts
    FROM deal AS d
    LEFT JOIN law_param AS p5 ON p5.name = 'purpose_505' AND p5.key = d.purpose
    LEFT JOIN law_param AS p6 ON p6.name = 'purpose_506' AND p6.key = d.purpose
    LEFT JOIN deal_data AS b ON b.dealing_id = d.dealing_id AND b.from_id = d.from_id AND b.to_id = d.to_id
    LEFT JOIN affiliate AS a ON a.from_id = d.from_id AND a.to_id = d.to_id
    LEFT JOIN tag AS g ON g.dealing_id = d.dealing_id AND g.from_id = d.from_id AND g.to_id = d.to_id
    LEFT JOIN told AS t ON t.agreement_id = d.dealing_id AND t.from_id = d.from_id AND t.to_id = d.to_id AND t.purpose = d.purpose
)
SELECT * EXCLUDE (all_facts, facts), all_facts AS facts,
    CASE WHEN tag_shown THEN true
         WHEN told AND cite5 IS NOT NULL AND other IS FALSE THEN true
         WHEN told AND cite6 IS NOT NULL AND affiliated THEN true
         WHEN tag_applied OR (cite5 IS NOT NULL AND other IS FALSE) OR (cite6 IS NOT NULL AND affiliated) THEN NULL
         WHEN cite6 IS NOT NULL AND affiliated IS NULL THEN NULL
         WHEN cite5 IS NOT NULL AND other IS NULL THEN NULL
         ELSE false END AS exempt,
    CASE WHEN tag_applied THEN tag_words
         WHEN cite5 IS NOT NULL AND other IS FALSE THEN CASE WHEN told THEN 'applied: ' ELSE 'claimed: ' END || cite5 || ': purpose ' || purpose
         WHEN cite6 IS NOT NULL AND affiliated THEN CASE WHEN told THEN 'applied: ' ELSE 'claimed: ' END || cite6 || ': purpose ' || purpose
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
-- parts together (202.205: one transaction or the aggregate of the same two parties). What stands in another part that
-- is dealt in, too, is not added once more: within: a container of an asset, or what a network needs of either.
WITH dealt AS (
    SELECT *,
        CASE WHEN NOT telecom THEN part <> '' AND bool_or(part = '' AND NOT telecom) OVER (PARTITION BY from_id, to_id, asset_id)
             ELSE bool_or(NOT telecom) OVER (PARTITION BY from_id, to_id, asset_id, part)
                  OR bool_or(part = '' AND NOT telecom) OVER (PARTITION BY from_id, to_id, asset_id)
                  OR (part <> '' AND bool_or(part = '') OVER (PARTITION BY from_id, to_id, asset_id)) END AS within
    FROM open_deal
), summed AS (
    SELECT d.from_id, d.to_id, s.category, min(s.bar) AS bar,
        max(CASE WHEN d.sure THEN s.lo ELSE 0 END) AS lo,
        CASE WHEN count(s.hi) = count(*) THEN CAST(sum(CASE WHEN d.within THEN 0 ELSE s.hi END) AS BIGINT) END AS hi,
        any_yes(s.is_linked) AS is_linked, bool_or(s.about_open) AS about_open, bool_or(NOT d.sure) AS access_open,
        united(s.facts) AS facts
    FROM dealt AS d
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
    bool_or(exempt IS NULL AND cite6 IS NOT NULL AND affiliated IS NULL) AS group_open,
    bool_or(exempt IS NULL) AS proof_open,
    united(facts) AS facts
FROM exempted WHERE exempt IS NOT true
GROUP BY from_id, to_id;

-- view: pair
-- Everything about a pair that the rules ask for. bulk is FALSE only where all that it deals in is known.
SELECT p.from_id, p.to_id, p.us, p.to_us, p.covered, p.to_held, p.to_listed, p.employer_open,
    k.vendor, k.brokerage, k.employment, k.investment, k.cloud, k.exemption, k.group_open, k.proof_open,
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
), part AS (
    -- What keeps out by one agreement keeps out of what that one covers, and of no other.
    SELECT e.from_id, e.to_id, e.asset_id, e.part, bool_or(list_has_any(e.hows, ['operates', 'hosts', 'manages', 'updates'])) AS runs,
        any_yes(k.lacks) AS lacks, united(k.facts) AS kept_facts
    FROM exempted AS e LEFT JOIN kept_out AS k ON k.subject_id = e.dealing_id
    WHERE e.exempt IS NOT true GROUP BY e.from_id, e.to_id, e.asset_id, e.part
), each_set AS (
    SELECT d.from_id, d.to_id,
        CASE WHEN c.clear IS FALSE THEN false
             WHEN d.runs THEN c.clear
             WHEN d.lacks IS FALSE OR a.lacks IS FALSE THEN false
             WHEN d.lacks OR a.lacks THEN c.clear END AS clear,
        joined(c.facts, joined(d.kept_facts, a.facts)) AS facts
    FROM part AS d
    JOIN clear AS c ON c.entity_id = d.to_id AND c.asset_id = d.asset_id AND (d.part = '' OR d.part = coalesce(c.container, ''))
    LEFT JOIN about_us AS g ON g.about = c.about
    LEFT JOIN kept_out AS a ON a.subject_id = d.asset_id
    WHERE g.us IS NOT FALSE
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
-- after a year; the audit counts for its calendar year, and the year after is open until it ends; the report for its year.
SELECT p.from_id, c.key AS code,
    CASE WHEN s.lacks IS FALSE AND c.key = 'annual_audit' THEN
            CASE WHEN year(s.tested_on) >= year($as_of) - 1 THEN false WHEN s.tested_on IS NOT NULL THEN true END
         WHEN s.lacks IS FALSE AND c.key = 'annual_report' THEN
            CASE WHEN year(s.tested_on) >= year($as_of) THEN false WHEN s.tested_on IS NOT NULL THEN true END
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
-- Rows of the three restricted kinds (202.401): vendor, employment, investment. Human 'omic data are for US-DSP-04. A
-- dealing that is exempt as a whole is told of its agreement.
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
         WHEN t.category IS NULL THEN 'nothing'
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
                    WHEN h.group_open THEN 'group' WHEN h.proof_open THEN 'proof' WHEN h.access_open THEN 'access' ELSE 'count' END] ELSE [] END,
                CASE WHEN h.kind = 'investment' THEN unless_known(h.passive, 'passive') ELSE [] END))))
    ELSE []::VARCHAR[] END AS missing,
    h.exemption, NULL AS bounds
FROM hit AS h
LEFT JOIN top_count AS t ON t.from_id = h.from_id AND t.to_id = h.to_id AND t.among = 'rest'
LEFT JOIN met AS m ON m.from_id = h.from_id AND m.to_id = h.to_id
UNION ALL
SELECT d.kind, d.from_id, d.dealing_id, 'no', 'ok', 'exempt',
    {'category': NULL, 'count_lo': NULL, 'count_hi': NULL, 'threshold': NULL, 'conditions': NULL},
    joined(united(d.facts), united(d.data_facts)), []::VARCHAR[], min(d.exemption), NULL
FROM exempted AS d
JOIN party_pair AS p ON p.from_id = d.from_id AND p.to_id = d.to_id AND p.us IS NOT FALSE AND p.covered IS NOT FALSE
WHERE d.kind IN ('vendor', 'employment', 'investment')
GROUP BY d.kind, d.from_id, d.to_id, d.dealing_id
HAVING bool_and(d.exempt IS true);

-- view: ownerless
-- Who may be a covered person and gets at data that may be bulk, where nobody is known to decide over the asset: who lets
-- it in is not known then. The category that is nearest to its bar stands for all.
WITH alone AS (
    SELECT x.asset_id, x.entity_id, coalesce(x.container, '') AS part, x.granted, x.facts
    FROM access AS x
    ANTI JOIN responsible AS r ON r.asset_id = x.asset_id
    ANTI JOIN deal AS d ON d.asset_id = x.asset_id AND d.to_id = x.entity_id
    WHERE x.granted IS NOT FALSE
)
SELECT a.asset_id, a.entity_id, c.covered, s.category, s.lo, s.hi, s.bar, joined(a.facts, joined(s.facts, c.facts)) AS facts
FROM alone AS a
JOIN scope_count AS s ON s.asset_id = a.asset_id AND s.part = a.part AND s.telecom IS NOT true
LEFT JOIN covered_person AS c ON c.entity_id = a.entity_id
WHERE c.covered IS NOT FALSE AND above(s.lo, s.hi, s.bar) IS NOT FALSE AND s.is_linked IS NOT FALSE
QUALIFY row_number() OVER (PARTITION BY a.asset_id, a.entity_id ORDER BY s.lo / s.bar DESC, s.category = 'combined', s.category, a.part) = 1;

-- view: pair_gov
-- Government-related data of a pair, at any volume (202.222): area: positions in a listed area; marketed: data offered as
-- linked to the US government. Marks of the holdings say so; for marketing, also a statement of the dealing or asset.
SELECT d.from_id, d.to_id,
    bool_or(s.category = 'precise_geolocation') AS some_positions,
    bool_or(s.category = 'precise_geolocation' AND list_contains(s.marks, 'listed_area')) AS said_area,
    any_yes(CASE WHEN s.category <> 'precise_geolocation' OR (s.us IS NOT FALSE AND s.hi = 0) THEN false
                 WHEN list_contains(s.marks, 'listed_area') THEN CASE WHEN d.sure THEN true END
                 WHEN list_contains(s.marks, 'outside_listed_areas') THEN false END) AS area,
    any_yes(CASE WHEN s.hi = 0 THEN false
                 WHEN list_contains(s.marks, 'marketed_us_gov') OR t.lacks IS FALSE OR a.lacks IS FALSE
                     THEN CASE WHEN d.sure AND s.us THEN true END
                 WHEN t.lacks OR a.lacks THEN false END) AS marketed,
    bool_or(list_contains(s.marks, 'marketed_us_gov') OR t.lacks IS FALSE OR a.lacks IS FALSE) AS said_marketed,
    joined(united(s.facts), joined(united(t.facts), united(a.facts))) AS facts
FROM (
    SELECT from_id, to_id, asset_id, part, dealing_id, bool_or(granted IS true AND exempt IS FALSE) AS sure
    FROM exempted WHERE exempt IS NOT true GROUP BY from_id, to_id, asset_id, part, dealing_id
) AS d
JOIN set_count AS s ON s.asset_id = d.asset_id AND (d.part = '' OR s.part = d.part)
LEFT JOIN stated AS t ON t.subject_id = d.dealing_id AND t.control = 'marketed_us_gov'
LEFT JOIN stated AS a ON a.subject_id = d.asset_id AND a.control = 'marketed_us_gov'
GROUP BY d.from_id, d.to_id;

-- view: clause
-- Whether a contract of brokerage lacks the ban on onward brokerage, or the reporting of breaches (202.302).
SELECT d.from_id, d.to_id, any_yes(o.lacks OR r.lacks) AS lacks, joined(united(o.facts), united(r.facts)) AS facts
FROM (SELECT DISTINCT from_id, to_id, dealing_id FROM exempted WHERE coalesce(kind, 'brokerage') = 'brokerage' AND exempt IS NOT true) AS d
LEFT JOIN stated AS o ON o.subject_id = d.dealing_id AND o.control = 'onward_ban'
LEFT JOIN stated AS r ON r.subject_id = d.dealing_id AND r.control = 'breach_reporting'
GROUP BY d.from_id, d.to_id;

-- view: brokered
-- Pairs that may deal by brokerage, with what both rules of brokerage ask. Only what is known to be government-related
-- counts here beside bulk data: US-DSP-08 and US-DSP-09 tell where that is open. What is said to be so leaves it open, too,
-- where it is not known whom it is about or whether it goes there.
SELECT p.*, coalesce(g.area, false) OR coalesce(g.marketed, false) AS gov,
    CASE WHEN g.area OR g.marketed OR p.bulk THEN true WHEN (g.said_marketed AND g.marketed IS NULL) OR (g.said_area AND g.area IS NULL) THEN NULL
         ELSE p.bulk END AS counts,
    c.lacks AS lacks_clause, joined(g.facts, c.facts) AS more, c.facts AS clause_facts,
    {'category': t.category, 'count_lo': t.lo, 'count_hi': t.hi, 'threshold': t.bar,
     'government_related': coalesce(g.area, false) OR coalesce(g.marketed, false)} AS figures,
    CASE WHEN p.bulk IS NULL THEN [CASE WHEN p.data_open THEN 'holdings' WHEN p.about_open THEN 'about'
        WHEN p.group_open THEN 'group' WHEN p.proof_open THEN 'proof' WHEN p.access_open THEN 'access' ELSE 'count' END]
        WHEN g.said_marketed OR g.said_area THEN ['about'] ELSE [] END AS count_missing
FROM pair AS p
LEFT JOIN pair_gov AS g ON g.from_id = p.from_id AND g.to_id = p.to_id
LEFT JOIN clause AS c ON c.from_id = p.from_id AND c.to_id = p.to_id
LEFT JOIN top_count AS t ON t.from_id = p.from_id AND t.to_id = p.to_id AND t.among = 'all'
WHERE p.brokerage IS NOT FALSE;

-- rule: US-DSP-01
-- Brokerage of bulk or government-related data with a country of concern or a covered person is prohibited (202.301).
WITH hit AS (SELECT *, brokerage AND us AND covered AND counts AS hit FROM brokered)
SELECT from_id AS subject, to_id AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'prohibited' WHEN us IS FALSE OR no_us_persons THEN 'not applicable' ELSE 'ok' END AS outcome,
    CASE WHEN hit AND gov THEN 'government' WHEN hit THEN 'prohibited' WHEN hit IS NULL THEN 'unknown'
         WHEN us IS FALSE THEN 'not_us' WHEN no_us_persons THEN 'no_us_persons'
         WHEN to_us AND covered IS FALSE THEN 'us_counterparty' WHEN covered IS FALSE THEN 'not_covered' WHEN figures.category IS NULL THEN 'nothing' ELSE 'below' END AS message,
    figures AS "values",
    CASE WHEN hit IS FALSE AND (us IS FALSE OR covered IS FALSE) THEN party_facts WHEN hit IS FALSE THEN data_facts
         ELSE joined(facts, more) END AS facts,
    CASE WHEN hit IS NULL THEN list_concat(unless_known(brokerage, 'kind'), list_concat(unless_known(us, 'from_place'),
        list_concat(unless_known(covered, 'counterparty_place'), CASE WHEN counts IS NULL THEN count_missing ELSE [] END)))
    ELSE []::VARCHAR[] END AS missing,
    exemption, NULL AS bounds
FROM hit;

-- rule: US-DSP-02
-- The same with any other foreign person is lawful only with a ban on onward brokerage and reports of breaches (202.302).
WITH hit AS (
    SELECT *, brokerage AND us AND NOT covered AND NOT to_us AND counts AND lacks_clause AS hit
    FROM brokered WHERE covered IS NOT true AND to_us IS NOT true
)
SELECT from_id AS subject, to_id AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'prohibited' WHEN us IS FALSE OR no_us_persons THEN 'not applicable' ELSE 'ok' END AS outcome,
    CASE WHEN hit THEN 'prohibited' WHEN hit IS NULL THEN 'unknown' WHEN us IS FALSE THEN 'not_us'
         WHEN no_us_persons THEN 'no_us_persons' WHEN lacks_clause IS FALSE THEN 'clause' WHEN figures.category IS NULL THEN 'nothing' ELSE 'below' END AS message,
    figures AS "values",
    CASE WHEN hit IS FALSE AND us IS FALSE THEN party_facts WHEN hit IS FALSE AND lacks_clause IS FALSE THEN clause_facts
         WHEN hit IS FALSE THEN data_facts ELSE joined(facts, more) END AS facts,
    CASE WHEN hit IS NULL THEN list_concat(unless_known(brokerage, 'kind'), list_concat(unless_known(us, 'from_place'),
        list_concat(unless_known(covered AND to_us IS NOT NULL, 'counterparty_place'), list_concat(
            CASE WHEN counts IS NULL THEN count_missing ELSE [] END, unless_known(lacks_clause, 'clause')))))
    ELSE []::VARCHAR[] END AS missing,
    exemption, NULL AS bounds
FROM hit;

-- view: filing
-- Events that must be reported: a breach of the onward ban (202.302(b)), and a rejected offer of prohibited brokerage by a
-- covered person (202.1104); owed is NULL where it is not known. filed_on: the day of the first report; unfiled: TRUE
-- where there is known to be none.
WITH owing AS (
    SELECT 'breach' AS kind, a.from_id, e.event_id, e.on_date, u.us AS owed, ['from_place'] AS open,
        joined([e.fact_id, a.fact_id], u.facts) AS facts
    FROM event AS e
    JOIN agreement AS a ON a.agreement_id = e.subject_id AND a.kind = 'brokerage'
    LEFT JOIN us_person AS u ON u.entity_id = a.from_id
    WHERE e.kind = 'breach'
    UNION ALL
    SELECT 'offer', e.subject_id, e.event_id, e.on_date, u.us AND c.covered AND NOT r.lacks AND NOT b.lacks,
        list_concat(unless_known(u.us, 'from_place'), list_concat(unless_known(c.covered, 'counterparty_place'),
            list_concat(unless_known(r.lacks, 'rejection'), unless_known(b.lacks, 'offer')))),
        joined(joined([e.fact_id], joined(u.facts, c.facts)), joined(r.facts, b.facts))
    FROM event AS e
    LEFT JOIN us_person AS u ON u.entity_id = e.subject_id
    LEFT JOIN covered_person AS c ON c.entity_id = e.object_id
    LEFT JOIN stated AS r ON r.subject_id = e.event_id AND r.control = 'rejected'
    LEFT JOIN stated AS b ON b.subject_id = e.event_id AND b.control = 'brokerage_offer'
    WHERE e.kind = 'offer'
), filed AS (
    SELECT object_id AS event_id, min(on_date) AS filed_on, list_sort(list_distinct(list(fact_id))) AS facts
    FROM event WHERE kind = 'filing' GROUP BY object_id
)
SELECT DISTINCT o.kind, o.from_id, o.event_id, o.on_date, o.owed, o.open,
    coalesce(f.filed_on, CASE WHEN s.lacks IS FALSE THEN s.tested_on END) AS filed_on,
    f.event_id IS NULL AND (s.lacks OR (s.lacks IS NULL AND l.lacks)) AS unfiled,
    joined(o.facts, joined(f.facts, s.facts)) AS facts
FROM owing AS o
LEFT JOIN filed AS f ON f.event_id = o.event_id
LEFT JOIN stated AS s ON s.subject_id = o.event_id AND s.control = 'reported'
LEFT JOIN lacks_event AS l ON l.subject_id = o.from_id;

-- view: report
-- Whether a report is owed and missing, or came late.
SELECT *, owed AND CASE WHEN filed_on IS NOT NULL THEN date_diff('day', on_date, filed_on) > $report_days WHEN unfiled THEN true END AS hit,
    CAST(on_date + to_days(CAST($report_days AS INTEGER)) AS DATE) AS due
FROM filing;

-- rule: US-DSP-03
-- A known or suspected breach of the onward ban is reported within 14 days (202.302(b)).
SELECT from_id AS subject, event_id AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'notify' WHEN owed IS FALSE THEN 'not applicable' ELSE 'ok' END AS outcome,
    CASE WHEN hit AND filed_on IS NOT NULL THEN 'late' WHEN hit THEN 'due' WHEN hit IS NULL THEN 'unknown'
         WHEN owed IS FALSE THEN 'not_us' ELSE 'filed' END AS message,
    {'due': strftime(due, '%Y-%m-%d'), 'filed': strftime(filed_on, '%Y-%m-%d')} AS "values", facts,
    CASE WHEN hit IS NULL THEN list_concat(CASE WHEN owed IS NULL THEN open ELSE [] END, CASE WHEN owed THEN ['filing'] ELSE [] END)
    ELSE []::VARCHAR[] END AS missing, NULL::VARCHAR AS exemption, NULL AS bounds
FROM report WHERE kind = 'breach';

-- rule: US-DSP-04
-- Bulk human 'omic data, and specimens from which they could come, in any of the four kinds: prohibited (202.303).
WITH omic AS (
    SELECT from_id, to_id, any_yes(bulk) AS bulk, united(facts) AS facts
    FROM category_count WHERE category IN ('human_genomic', 'human_omic') GROUP BY from_id, to_id
), top AS (
    -- The figures of the one of both that decides, else of the one nearest to its bar.
    SELECT from_id, to_id, lo, CAST(hi AS BIGINT) AS hi, bar
    FROM category_count WHERE category IN ('human_genomic', 'human_omic')
    QUALIFY row_number() OVER (
        PARTITION BY from_id, to_id
        ORDER BY CASE WHEN bulk THEN 0 WHEN bulk IS NULL THEN 1 ELSE 2 END, lo / bar DESC, hi / bar DESC NULLS FIRST, category
    ) = 1
), hit AS (
    SELECT p.*, o.bulk AS omic, t.lo, t.hi, t.bar, o.facts AS omic_facts, p.us AND p.covered AND o.bulk AS hit
    FROM pair AS p
    JOIN omic AS o ON o.from_id = p.from_id AND o.to_id = p.to_id
    JOIN top AS t ON t.from_id = p.from_id AND t.to_id = p.to_id
)
SELECT from_id AS subject, to_id AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'prohibited' WHEN us IS FALSE OR no_us_persons THEN 'not applicable' ELSE 'ok' END AS outcome,
    CASE WHEN hit THEN 'prohibited' WHEN hit IS NULL THEN 'unknown' WHEN us IS FALSE THEN 'not_us'
         WHEN no_us_persons THEN 'no_us_persons' WHEN covered IS FALSE THEN 'not_covered' ELSE 'below' END AS message,
    {'count_lo': lo, 'count_hi': hi, 'threshold': bar} AS "values",
    CASE WHEN hit IS FALSE AND (us IS FALSE OR covered IS FALSE) THEN party_facts WHEN hit IS FALSE THEN omic_facts
         ELSE joined(facts, omic_facts) END AS facts,
    CASE WHEN hit IS NULL THEN list_concat(unless_known(us, 'from_place'), list_concat(
        CASE WHEN covered IS NULL THEN [CASE WHEN employer_open THEN 'employer' ELSE 'counterparty_place' END] ELSE [] END,
        CASE WHEN omic IS NULL THEN [CASE WHEN about_open THEN 'about' WHEN proof_open THEN 'proof' WHEN access_open THEN 'access' ELSE 'count' END] ELSE [] END))
    ELSE []::VARCHAR[] END AS missing,
    exemption, NULL AS bounds
FROM hit;

-- rule: US-DSP-05
-- A vendor that is a covered person and may get at bulk data, cloud services included (202.401, 202.258).
SELECT subject, counterparty, verdict, outcome, message, "values", facts, missing, exemption, bounds
FROM restricted_pair WHERE kind = 'vendor'
UNION ALL
SELECT asset_id, entity_id, 'unknown', 'restricted', 'ownerless',
    {'category': category, 'count_lo': lo, 'count_hi': hi, 'threshold': bar, 'conditions': NULL}, facts,
    list_concat(['decider'], unless_known(covered, 'counterparty_place')), NULL, NULL
FROM ownerless;

-- rule: US-DSP-06
-- An employee or contractor who is a covered person and may get at bulk data (202.401, 202.217).
SELECT subject, counterparty, verdict, outcome, message, "values", facts, missing, exemption, bounds
FROM restricted_pair WHERE kind = 'employment';

-- rule: US-DSP-07
-- An investment of a covered person that comes with access to bulk data and is not passive (202.401, 202.228).
SELECT subject, counterparty, verdict, outcome, message, "values", facts, missing, exemption, bounds
FROM restricted_pair WHERE kind = 'investment';

-- rule: US-DSP-08
-- Positions in a listed area, at any volume: brokerage is prohibited, the other kinds are restricted (202.222(a)(1)).
WITH hit AS (
    SELECT p.*, g.area, g.facts AS gov_facts, p.us AND p.covered AND g.area AS gov,
        p.us AND p.covered AND g.area AND (p.brokerage OR p.brokerage IS NOT NULL) AS hit
    FROM pair AS p JOIN pair_gov AS g ON g.from_id = p.from_id AND g.to_id = p.to_id
    WHERE g.some_positions
)
SELECT from_id AS subject, to_id AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS FALSE THEN CASE WHEN us IS FALSE THEN 'not applicable' ELSE 'ok' END
         WHEN brokerage IS FALSE THEN 'restricted' ELSE 'prohibited' END AS outcome,
    CASE WHEN hit AND brokerage THEN 'prohibited' WHEN hit THEN 'restricted' WHEN hit IS NULL THEN 'unknown'
         WHEN us IS FALSE THEN 'not_us' WHEN covered IS FALSE THEN 'not_covered' ELSE 'outside' END AS message,
    NULL AS "values",
    CASE WHEN hit IS FALSE AND (us IS FALSE OR covered IS FALSE) THEN party_facts WHEN hit IS FALSE THEN gov_facts
         ELSE joined(facts, gov_facts) END AS facts,
    CASE WHEN hit IS NULL THEN list_concat(CASE WHEN gov AND brokerage IS NULL THEN ['kind'] ELSE [] END, list_concat(
        unless_known(us, 'from_place'), list_concat(
        CASE WHEN covered IS NULL THEN [CASE WHEN employer_open THEN 'employer' ELSE 'counterparty_place' END] ELSE [] END,
        unless_known(area, 'area'))))
    ELSE []::VARCHAR[] END AS missing,
    exemption, NULL AS bounds
FROM hit;

-- rule: US-DSP-09
-- Data marketed as linked to the US government, at any volume: as 08 (202.222(a)(2)). Asked of whoever brokers data, and
-- of all data that are marked so.
WITH hit AS (
    SELECT p.*, g.marketed, g.facts AS gov_facts, p.us AND p.covered AND g.marketed AS gov,
        p.us AND p.covered AND g.marketed AND (p.brokerage OR p.brokerage IS NOT NULL) AS hit
    FROM pair AS p JOIN pair_gov AS g ON g.from_id = p.from_id AND g.to_id = p.to_id
    WHERE g.said_marketed OR p.brokerage IS NOT FALSE
)
SELECT from_id AS subject, to_id AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS FALSE THEN CASE WHEN us IS FALSE THEN 'not applicable' ELSE 'ok' END
         WHEN brokerage IS FALSE THEN 'restricted' ELSE 'prohibited' END AS outcome,
    CASE WHEN hit AND brokerage THEN 'prohibited' WHEN hit THEN 'restricted' WHEN hit IS NULL THEN 'unknown'
         WHEN us IS FALSE THEN 'not_us' WHEN covered IS FALSE THEN 'not_covered' ELSE 'not_marketed' END AS message,
    NULL AS "values",
    CASE WHEN hit IS FALSE AND (us IS FALSE OR covered IS FALSE) THEN party_facts WHEN hit IS FALSE THEN gov_facts
         ELSE joined(facts, gov_facts) END AS facts,
    CASE WHEN hit IS NULL THEN list_concat(CASE WHEN gov AND brokerage IS NULL THEN ['kind'] ELSE [] END, list_concat(
        unless_known(us, 'from_place'), list_concat(unless_known(covered, 'counterparty_place'), unless_known(marketed, 'marketing'))))
    ELSE []::VARCHAR[] END AS missing,
    exemption, NULL AS bounds
FROM hit;

-- rule: US-DSP-10
-- Data of several categories together take the lowest bar present (202.205(g)).
WITH hit AS (
    SELECT c.*, p.us, p.covered, p.party_facts, p.deal_facts, p.employer_open, p.exemption, p.proof_open, p.us AND p.covered AND c.bulk AS hit
    FROM category_count AS c JOIN pair AS p ON p.from_id = c.from_id AND p.to_id = c.to_id
    WHERE c.category = 'combined'
)
SELECT from_id AS subject, to_id AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'assess' WHEN us IS FALSE THEN 'not applicable' ELSE 'ok' END AS outcome,
    CASE WHEN hit THEN 'combined' WHEN hit IS NULL THEN 'unknown' WHEN us IS FALSE THEN 'not_us'
         WHEN covered IS FALSE THEN 'not_covered' ELSE 'below' END AS message,
    {'count_lo': lo, 'count_hi': hi, 'threshold': bar} AS "values",
    CASE WHEN hit IS FALSE AND (us IS FALSE OR covered IS FALSE) THEN party_facts WHEN hit IS FALSE THEN facts
         ELSE joined(facts, joined(party_facts, deal_facts)) END AS facts,
    CASE WHEN hit IS NULL THEN list_concat(unless_known(us, 'from_place'), list_concat(
        CASE WHEN covered IS NULL THEN [CASE WHEN employer_open THEN 'employer' ELSE 'counterparty_place' END] ELSE [] END,
        CASE WHEN bulk IS NULL THEN [CASE WHEN is_linked IS NULL THEN 'linkage' WHEN about_open THEN 'about'
            WHEN proof_open THEN 'proof' WHEN access_open THEN 'access' ELSE 'count' END] ELSE [] END))
    ELSE []::VARCHAR[] END AS missing,
    exemption, NULL AS bounds
FROM hit;

-- view: contact_set
-- Linkable sets with contact data: whether another identifier stands beside them in a row, and whether a birth date does.
SELECT asset_id, part, about,
    CASE WHEN max(CASE WHEN cpi THEN lo END) > 0 THEN true
         WHEN coalesce(bool_or(cpi AND hi IS DISTINCT FROM 0), false) THEN NULL ELSE false END AS beside,
    bool_or(letters = ['d'] AND list_contains(data_classes, 'birth_date') AND len(data_classes) > 1) AS birth,
    bool_or(us IS NOT FALSE) AS may_be_us, united(facts) AS facts
FROM linked WHERE list_contains(letters, 'd')
GROUP BY asset_id, part, about;

-- rule: US-DSP-11
-- Contact data alone are no covered personal identifiers, until another listed identifier joins them (202.212(b)(1)).
WITH seen AS (
    SELECT d.from_id, d.to_id, any_yes(c.beside) AS beside, bool_or(c.birth) AS birth, united(c.facts) AS facts
    FROM open_deal AS d
    JOIN party_pair AS p ON p.from_id = d.from_id AND p.to_id = d.to_id
    JOIN contact_set AS c ON c.asset_id = d.asset_id AND (d.part = '' OR c.part = d.part)
    WHERE c.may_be_us AND p.us IS NOT FALSE AND p.covered IS NOT FALSE
    GROUP BY d.from_id, d.to_id
)
SELECT from_id AS subject, to_id AS counterparty,
    CASE WHEN beside THEN 'no' WHEN beside IS NULL THEN 'unknown' WHEN birth THEN 'yes' ELSE 'no' END AS verdict,
    CASE WHEN beside THEN 'not applicable' WHEN beside IS NULL OR birth THEN 'assess' ELSE 'ok' END AS outcome,
    CASE WHEN beside THEN 'joined' WHEN beside IS NULL THEN 'unknown' WHEN birth THEN 'birth' ELSE 'contact' END AS message,
    NULL AS "values", facts,
    unless_known(beside, 'linkage') AS missing, NULL::VARCHAR AS exemption, NULL AS bounds
FROM seen;

-- rule: US-DSP-12
-- Account, network and call data alone, as far as a network needs them, are none either (202.212(b)(2)).
WITH net AS (
    SELECT asset_id, part, about, bool_or(cpi AND network) AS network,
        CASE WHEN max(CASE WHEN cpi AND NOT network THEN lo END) > 0 THEN true
             WHEN coalesce(bool_or(cpi AND NOT network AND hi IS DISTINCT FROM 0), false) THEN NULL ELSE false END AS beside,
        united(facts) AS facts
    FROM linked WHERE us IS NOT FALSE
    GROUP BY asset_id, part, about
), seen AS (
    SELECT d.from_id, d.to_id, d.dealing_id, d.purpose, d.telecom, any_yes(n.beside) AS beside,
        joined(united(n.facts), united(d.facts)) AS facts
    FROM exempted AS d
    JOIN party_pair AS p ON p.from_id = d.from_id AND p.to_id = d.to_id
    JOIN net AS n ON n.asset_id = d.asset_id AND (d.part = '' OR n.part = d.part)
    WHERE p.us IS NOT FALSE AND p.covered IS NOT FALSE AND (d.telecom OR n.network)
    GROUP BY d.from_id, d.to_id, d.dealing_id, d.purpose, d.telecom
)
SELECT from_id AS subject, to_id AS counterparty,
    CASE WHEN telecom AND beside THEN 'yes' WHEN (telecom AND beside IS NULL) OR purpose IS NULL THEN 'unknown' ELSE 'no' END AS verdict,
    CASE WHEN telecom AND beside IS FALSE THEN 'ok' WHEN telecom OR purpose IS NULL THEN 'assess' ELSE 'not applicable' END AS outcome,
    CASE WHEN telecom AND beside THEN 'broken' WHEN (telecom AND beside IS NULL) OR purpose IS NULL THEN 'unknown'
         WHEN telecom THEN 'network' ELSE 'other_purpose' END AS message,
    NULL AS "values", facts,
    CASE WHEN telecom THEN unless_known(beside, 'linkage') ELSE unless_known(purpose, 'purpose') END AS missing,
    CASE WHEN telecom AND beside IS FALSE THEN 'applied: 28 CFR 202.212(b)(2): purpose ' || purpose
         WHEN telecom AND beside THEN 'refused: 28 CFR 202.212(b)(2): other identifiers stand beside'
         WHEN purpose IS NOT NULL AND NOT telecom THEN 'refused: 28 CFR 202.212(b)(2): purpose ' || purpose END AS exemption,
    NULL AS bounds
FROM seen;

-- view: claimed
-- Dealings of US persons with whom the rule may reach, with their data: what an exemption may be claimed for.
SELECT d.*, p.us, p.covered, p.facts AS party_facts
FROM exempted AS d
JOIN party_pair AS p ON p.from_id = d.from_id AND p.to_id = d.to_id
WHERE p.us IS NOT FALSE AND p.to_us IS NOT true AND (p.covered IS NOT FALSE OR coalesce(d.kind, 'brokerage') = 'brokerage');

-- rule: US-DSP-13
-- Filling orders and paying for them is exempt, for financial data and identifiers and for that purpose only
-- (202.505(a)(4)-(5)).
SELECT from_id AS subject, to_id AS counterparty,
    CASE WHEN purpose IS NULL OR other IS NULL THEN 'unknown' WHEN cite5 IS NOT NULL AND other THEN 'yes' ELSE 'no' END AS verdict,
    CASE WHEN purpose IS NULL OR other IS NULL OR (cite5 IS NOT NULL AND other) THEN 'assess'
         WHEN cite5 IS NOT NULL THEN 'ok' ELSE 'not applicable' END AS outcome,
    CASE WHEN purpose IS NULL OR other IS NULL THEN 'unknown' WHEN cite5 IS NOT NULL AND other THEN 'broken'
         WHEN cite5 IS NOT NULL THEN 'exempt' ELSE 'other_purpose' END AS message,
    {'purpose': purpose} AS "values", joined(facts, data_facts) AS facts,
    CASE WHEN purpose IS NULL THEN ['purpose'] ELSE unless_known(other, 'holdings') END AS missing,
    exemption, NULL AS bounds
FROM claimed
WHERE cite5 IS NOT NULL OR (other IS FALSE AND cite6 IS NULL AND tag_applied IS NOT true AND NOT telecom
    AND list_has_any(categories, ['personal_financial', 'covered_personal_identifier']));

-- rule: US-DSP-14
-- Running one's own group is exempt for listed ancillary purposes, never to serve a foreign government (202.506).
SELECT from_id AS subject, to_id AS counterparty,
    CASE WHEN purpose = 'government_request' THEN 'yes' WHEN affiliated IS NULL THEN 'unknown' ELSE 'no' END AS verdict,
    CASE WHEN purpose = 'government_request' OR affiliated IS NULL THEN 'assess' WHEN affiliated THEN 'ok' ELSE 'not applicable' END AS outcome,
    CASE WHEN purpose = 'government_request' THEN 'government' WHEN affiliated IS NULL THEN 'unknown'
         WHEN affiliated THEN 'exempt' ELSE 'not_group' END AS message,
    {'purpose': purpose} AS "values", facts,
    CASE WHEN cite6 IS NOT NULL THEN unless_known(affiliated, 'group') ELSE []::VARCHAR[] END AS missing,
    exemption, NULL AS bounds
FROM claimed
WHERE cite6 IS NOT NULL OR purpose = 'government_request';

-- rule: US-DSP-15
-- Exemptions that rest on a statement (202.501-.504, .507-.511): shown, open, or out of place.
SELECT t.from_id AS subject, t.to_id AS counterparty,
    CASE WHEN t.misplaced AND t.lacks IS FALSE THEN 'yes' WHEN t.lacks IS NULL OR t.misplaced IS NULL THEN 'unknown' ELSE 'no' END AS verdict,
    CASE WHEN t.lacks IS NULL OR t.misplaced IS NOT FALSE THEN 'assess' ELSE 'ok' END AS outcome,
    CASE WHEN t.lacks IS NULL OR t.misplaced IS NULL THEN 'unknown' WHEN t.misplaced THEN 'misplaced' ELSE 'exempt' END AS message,
    {'exemption': t.code, 'citation': t.citation} AS "values", t.facts,
    unless_known(NOT t.lacks AND NOT t.misplaced OR t.misplaced AND NOT t.lacks, 'proof') AS missing,
    CASE WHEN t.lacks IS FALSE THEN (CASE WHEN t.misplaced THEN 'refused: ' WHEN t.shown AND NOT t.misplaced THEN 'applied: ' ELSE 'claimed: ' END) || t.citation || ': ' || t.code END AS exemption,
    NULL AS bounds
FROM tagged AS t
JOIN party_pair AS p ON p.from_id = t.from_id AND p.to_id = t.to_id
WHERE t.lacks IS NOT true AND p.us IS NOT FALSE;

-- rule: US-DSP-16
-- A vendor organised in the US whose owners are in a country of concern is a US person: assess who abroad gets access
-- (202.211, 202.256 example 8, 202.304).
WITH hit AS (
    SELECT *, vendor AND us AND to_held AND NOT to_listed AS hit FROM pair WHERE to_us AND vendor IS NOT FALSE
)
SELECT from_id AS subject, to_id AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'assess' WHEN us IS FALSE OR to_listed THEN 'not applicable' ELSE 'ok' END AS outcome,
    CASE WHEN hit THEN 'assess' WHEN hit IS NULL THEN 'unknown' WHEN us IS FALSE THEN 'not_us' WHEN to_listed THEN 'designated'
         ELSE 'no_parent' END AS message,
    NULL AS "values", CASE WHEN hit IS FALSE THEN party_facts ELSE facts END AS facts,
    CASE WHEN hit IS NULL THEN list_concat(unless_known(vendor, 'kind'), list_concat(unless_known(us, 'from_place'),
        unless_known(to_held AND NOT to_listed, 'counterparty_place'))) ELSE []::VARCHAR[] END AS missing,
    exemption, NULL AS bounds
FROM hit;

-- view: engaged
-- Who engages in restricted transactions with whom: TRUE, or NULL where that is not known.
SELECT subject AS from_id, counterparty AS to_id, bool_or(verdict = 'yes') AS sure, united(facts) AS facts
FROM ruled
SEMI JOIN party_pair AS p ON p.from_id = subject AND p.to_id = counterparty
WHERE rule_id IN ('US-DSP-05', 'US-DSP-06', 'US-DSP-07', 'US-DSP-08', 'US-DSP-09')
  AND verdict <> 'no' AND outcome = 'restricted'
GROUP BY subject, counterparty;

-- rule: US-DSP-17
-- Security requirements of organisation and systems; one that is missing prohibits (202.248, CISA I).
WITH level AS (
    SELECT e.from_id, e.to_id, e.sure, any_yes(o.lacks) AS lacks,
        list_sort(coalesce(list(o.code) FILTER (WHERE o.lacks), []::VARCHAR[])) AS lacking,
        list_sort(coalesce(list(o.code) FILTER (WHERE o.lacks IS NULL), []::VARCHAR[])) AS open,
        united(o.facts) AS level_facts, joined(united(o.facts), united(e.facts)) AS facts
    FROM engaged AS e JOIN org_level AS o ON o.from_id = e.from_id AND o.to_id = e.to_id
    GROUP BY e.from_id, e.to_id, e.sure
), hit AS (SELECT *, (CASE WHEN sure THEN true END) AND lacks AS hit FROM level)
SELECT from_id AS subject, to_id AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'prohibited' ELSE 'ok' END AS outcome,
    CASE WHEN hit THEN 'lacking' WHEN hit IS NULL THEN 'unknown' ELSE 'met' END AS message,
    {'lacking': lacking, 'open': open} AS "values", CASE WHEN hit IS FALSE THEN level_facts ELSE facts END AS facts,
    CASE WHEN hit IS NULL THEN list_concat(CASE WHEN NOT sure THEN ['transaction'] ELSE [] END, unless_known(lacks, 'security'))
    ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM hit;

-- rule: US-DSP-18
-- Who gets the data in clear is let in against the security requirements: prohibited (202.248, CISA II).
WITH hit AS (
    SELECT e.*, l.clear, l.facts AS level_facts, (CASE WHEN e.sure THEN true END) AND l.clear AS hit
    FROM engaged AS e LEFT JOIN data_level AS l ON l.from_id = e.from_id AND l.to_id = e.to_id
)
SELECT from_id AS subject, to_id AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'prohibited' ELSE 'ok' END AS outcome,
    CASE WHEN hit THEN 'clear' WHEN hit IS NULL THEN 'unknown' ELSE 'shut' END AS message,
    NULL AS "values", CASE WHEN hit IS FALSE THEN level_facts ELSE joined(facts, level_facts) END AS facts,
    CASE WHEN hit IS NULL THEN list_concat(CASE WHEN NOT sure THEN ['transaction'] ELSE [] END, unless_known(clear, 'clear_text'))
    ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM hit;

-- rule: US-DSP-19
-- A key in a country of concern, beside the data or in the hands of a covered person protects nothing (202.248, CISA II.B).
WITH hit AS (
    SELECT e.*, k.key_id, k.concern, k.beside, k.covered, k.bad, k.facts AS key_facts, (CASE WHEN e.sure THEN true END) AND k.bad AS hit
    FROM engaged AS e JOIN key_level AS k ON k.from_id = e.from_id AND k.to_id = e.to_id
)
SELECT from_id AS subject, to_id AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'prohibited' ELSE 'ok' END AS outcome,
    CASE WHEN hit AND concern THEN 'concern' WHEN hit AND covered THEN 'usable' WHEN hit THEN 'beside'
         WHEN hit IS NULL THEN 'unknown' ELSE 'apart' END AS message,
    {'key': key_id} AS "values", CASE WHEN hit IS FALSE THEN key_facts ELSE joined(facts, key_facts) END AS facts,
    CASE WHEN hit IS NULL THEN list_concat(CASE WHEN NOT sure THEN ['transaction'] ELSE [] END, unless_known(bad, 'key_place'))
    ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM hit;

-- view: dutiful
-- Each duty of each US person that engages in restricted transactions.
SELECT e.from_id, d.code, bool_or(e.sure) AS sure, min(d.lacks) AS lacks, united(d.facts) AS duty_facts, united(e.facts) AS facts,
    (CASE WHEN bool_or(e.sure) THEN true END) AND min(d.lacks) AS hit
FROM engaged AS e JOIN duty AS d ON d.from_id = e.from_id
GROUP BY e.from_id, d.code;

-- rule: US-DSP-20
-- A compliance programme and two policies certified every year (202.1001).
WITH hit AS (
    SELECT from_id, bool_or(sure) AS sure, any_yes(hit) AS hit, united(duty_facts) AS duty_facts, united(facts) AS facts,
        list_sort(coalesce(list(code) FILTER (WHERE hit), []::VARCHAR[])) AS lacking
    FROM dutiful WHERE code IN ('compliance_programme', 'policies_certified') GROUP BY from_id
)
SELECT from_id AS subject, NULL::VARCHAR AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'breach' ELSE 'ok' END AS outcome,
    CASE WHEN hit THEN 'lacking' WHEN hit IS NULL THEN 'unknown' ELSE 'met' END AS message,
    {'lacking': lacking} AS "values", CASE WHEN hit IS FALSE THEN duty_facts ELSE joined(facts, duty_facts) END AS facts,
    CASE WHEN hit IS NULL THEN CASE WHEN sure THEN ['duty'] ELSE ['transaction', 'duty'] END ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM hit;

-- rule: US-DSP-21
-- An independent audit of every calendar year with restricted transactions (202.1002).
SELECT from_id AS subject, NULL::VARCHAR AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'breach' ELSE 'ok' END AS outcome,
    CASE WHEN hit THEN 'lacking' WHEN hit IS NULL THEN 'unknown' ELSE 'met' END AS message,
    {'year': CAST(year($as_of) AS VARCHAR)} AS "values", CASE WHEN hit IS FALSE THEN duty_facts ELSE joined(facts, duty_facts) END AS facts,
    CASE WHEN hit IS NULL THEN CASE WHEN sure THEN ['duty'] ELSE ['transaction', 'duty'] END ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM dutiful WHERE code = 'annual_audit';

-- rule: US-DSP-22
-- Records of the transactions, kept for ten years (202.1101).
SELECT from_id AS subject, NULL::VARCHAR AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'breach' ELSE 'ok' END AS outcome,
    CASE WHEN hit THEN 'lacking' WHEN hit IS NULL THEN 'unknown' ELSE 'met' END AS message,
    NULL AS "values", CASE WHEN hit IS FALSE THEN duty_facts ELSE joined(facts, duty_facts) END AS facts,
    CASE WHEN hit IS NULL THEN CASE WHEN sure THEN ['duty'] ELSE ['transaction', 'duty'] END ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM dutiful WHERE code = 'records_10y';

-- rule: US-DSP-23
-- A US person held by a quarter or more from countries of concern reports its restricted cloud transactions by 1 March
-- (202.1103).
WITH cloud AS (
    SELECT e.from_id, bool_or(p.cloud) AS cloud
    FROM engaged AS e JOIN pair AS p ON p.from_id = e.from_id AND p.to_id = e.to_id GROUP BY e.from_id
), hit AS (
    SELECT d.from_id, d.sure, d.lacks, d.facts, d.duty_facts, o.facts AS owner_facts, o.share_lo_pct AS lo, o.share_hi_pct AS hi,
        at_least(o.share_lo_pct, o.share_hi_pct, $report_pct) AS held,
        at_least(o.share_lo_pct, o.share_hi_pct, $report_pct) AND (CASE WHEN d.sure THEN true END) AND d.lacks AS hit
    FROM dutiful AS d
    JOIN cloud AS c ON c.from_id = d.from_id AND c.cloud
    LEFT JOIN covered_entity AS o ON o.entity_id = d.from_id
    WHERE d.code = 'annual_report'
)
SELECT from_id AS subject, NULL::VARCHAR AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'notify' WHEN held IS FALSE THEN 'not applicable' ELSE 'ok' END AS outcome,
    CASE WHEN hit THEN 'due' WHEN hit IS NULL THEN 'unknown' WHEN held IS FALSE THEN 'below' ELSE 'filed' END AS message,
    {'share_lo': lo, 'share_hi': hi,
     'due': strftime(make_date(year($as_of) + (CASE WHEN $as_of > make_date(year($as_of), 3, 1) THEN 1 ELSE 0 END), 3, 1), '%Y-%m-%d')} AS "values",
    CASE WHEN hit IS FALSE AND held IS FALSE THEN owner_facts WHEN hit IS FALSE THEN duty_facts
         ELSE joined(facts, joined(owner_facts, duty_facts)) END AS facts,
    CASE WHEN hit IS NULL THEN list_concat(CASE WHEN NOT sure THEN ['transaction'] ELSE [] END,
        list_concat(unless_known(held, 'owners'), unless_known(lacks, 'filing'))) ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM hit;

-- rule: US-DSP-24
-- A rejected offer of prohibited brokerage is reported within 14 days (202.1104).
SELECT from_id AS subject, event_id AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'notify' WHEN owed IS FALSE THEN 'not applicable' ELSE 'ok' END AS outcome,
    CASE WHEN hit AND filed_on IS NOT NULL THEN 'late' WHEN hit THEN 'due' WHEN hit IS NULL THEN 'unknown'
         WHEN owed IS FALSE THEN 'not_owed' ELSE 'filed' END AS message,
    {'due': strftime(due, '%Y-%m-%d'), 'filed': strftime(filed_on, '%Y-%m-%d')} AS "values", facts,
    CASE WHEN hit IS NULL THEN list_concat(CASE WHEN owed IS NULL THEN open ELSE [] END,
        CASE WHEN filed_on IS NULL AND unfiled IS NOT true THEN ['filing'] ELSE [] END) ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM report WHERE kind = 'offer';

-- rule: US-DSP-25
-- A US person who directs a foreign company may not have it do what the rule forbids to a US person (202.305).
WITH led AS (
    SELECT i.holder_id AS director, p.from_id, p.covered, p.bulk, p.bulk_rest, p.brokerage, p.vendor, p.employment, p.investment,
        p.us AS from_us, p.no_us_persons, l.clear, o.omic, joined(p.facts, [i.fact_id]) AS facts, p.data_facts, p.party_facts
    FROM interest AS i
    JOIN pair AS p ON p.from_id = i.subject_id
    LEFT JOIN data_level AS l ON l.from_id = p.from_id AND l.to_id = p.to_id
    LEFT JOIN (
        SELECT from_id, to_id, any_yes(bulk) AS omic FROM category_count
        WHERE category IN ('human_genomic', 'human_omic') GROUP BY from_id, to_id
    ) AS o ON o.from_id = p.from_id AND o.to_id = p.to_id
    WHERE i.kind = 'directs' AND p.us IS NOT true
), done AS (
    SELECT director, from_id, facts, data_facts, party_facts, NOT from_us AS abroad,
        covered AND ((brokerage AND bulk) OR coalesce(omic, false) OR ((vendor OR employment OR investment) AND bulk_rest AND (clear OR NULL))) AS forbidden
    FROM led
), gathered AS (
    SELECT d.director, d.from_id, any_yes(d.forbidden) AS forbidden, any_yes(d.abroad) AS abroad, any_yes(u.us) AS us,
        any_yes(r.lacks) AS said_joins, any_yes(d.forbidden AND d.abroad AND u.us) AS barred,
        joined(united(d.facts), joined(united(u.facts), united(r.facts))) AS facts,
        joined(united(d.data_facts), united(d.party_facts)) AS calm_facts, united(r.facts) AS recusal_facts, united(u.facts) AS director_facts
    FROM done AS d
    LEFT JOIN us_person AS u ON u.entity_id = d.director
    LEFT JOIN stated AS r ON r.subject_id = d.director AND r.control = 'recused'
    GROUP BY d.director, d.from_id
), asked AS (
    -- Who directs several such companies and keeps out of something: of which is not known.
    SELECT *, CASE WHEN said_joins IS FALSE AND count_if(barred IS NOT FALSE) OVER (PARTITION BY director) > 1 THEN NULL ELSE said_joins END AS joins_in
    FROM gathered
), hit AS (
    SELECT *, barred AND joins_in AS hit FROM asked
)
SELECT director AS subject, from_id AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'prohibited' WHEN us IS FALSE THEN 'not applicable' ELSE 'ok' END AS outcome,
    CASE WHEN hit THEN 'prohibited' WHEN hit IS NULL THEN 'unknown' WHEN us IS FALSE THEN 'not_us'
         WHEN joins_in IS FALSE THEN 'recused' ELSE 'lawful' END AS message,
    NULL AS "values",
    CASE WHEN hit IS FALSE AND us IS FALSE THEN director_facts WHEN hit IS FALSE AND joins_in IS FALSE THEN recusal_facts
         WHEN hit IS FALSE THEN calm_facts ELSE facts END AS facts,
    CASE WHEN hit IS NULL THEN list_concat(unless_known(us AND abroad, 'from_place'), list_concat(unless_known(joins_in, 'recusal'),
        unless_known(forbidden, 'transaction'))) ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM hit;

-- rule: US-DSP-26
-- Counterparties of one group, each at or below a bar, and together above it: assess, prohibited where it is done to avoid
-- the rule (202.304). Together means at most: the same persons may be with both (readings 5).
WITH each_one AS (
    SELECT c.from_id, u.parent_id, c.to_id, c.category, c.bar, c.lo, c.hi, c.bulk, p.us, p.covered, u.verdict = 'yes' AS tied,
        joined(c.facts, joined(u.facts, p.facts)) AS facts
    FROM category_count AS c
    JOIN pair AS p ON p.from_id = c.from_id AND p.to_id = c.to_id AND p.us IS NOT FALSE AND p.covered IS NOT FALSE
    JOIN ultimate_parent AS u ON u.entity_id = c.to_id
    WHERE c.category <> 'combined'
), grouped AS (
    SELECT from_id, parent_id, category, min(bar) AS bar, max(lo) AS lo, count(DISTINCT to_id) AS parties,
        CASE WHEN count(hi) = count(*) THEN CAST(sum(hi) AS BIGINT) END AS hi,
        all_yes(us) AS us, all_yes(covered) AS covered, all_yes(CASE WHEN tied THEN true END) AS tied, united(facts) AS facts
    FROM each_one GROUP BY from_id, parent_id, category
    HAVING count(DISTINCT to_id) > 1 AND NOT coalesce(bool_or(bulk), false)
), hit AS (
    SELECT g.*, s.lacks IS FALSE AS meant, joined(g.facts, s.facts) AS all_facts,
        g.us AND g.covered AND g.tied AND (CASE WHEN g.hi > g.bar THEN true WHEN g.hi <= g.bar THEN false END) AS hit
    FROM grouped AS g LEFT JOIN stated AS s ON s.subject_id = g.from_id AND s.control = 'split_to_avoid'
)
SELECT from_id AS subject, parent_id AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS FALSE THEN 'ok' WHEN hit AND meant THEN 'prohibited' ELSE 'assess' END AS outcome,
    CASE WHEN hit IS FALSE THEN 'below' WHEN hit AND meant THEN 'evasion' WHEN hit THEN 'together' ELSE 'unknown' END AS message,
    {'category': category, 'count_lo': lo, 'count_hi': hi, 'threshold': bar, 'parties': parties} AS "values", all_facts AS facts,
    CASE WHEN hit IS NULL THEN list_concat(unless_known(us, 'from_place'), list_concat(unless_known(covered AND tied, 'counterparty_place'),
        unless_known(hi, 'count'))) ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, {'lo': lo, 'hi': hi} AS bounds
FROM hit;

-- rule: US-DSP-27
-- No law: a warning before a bar is crossed.
WITH hit AS (
    SELECT c.*, p.us, p.covered, p.party_facts, p.deal_facts, p.employer_open, p.no_us_persons,
        p.us AND p.covered AND above(c.lo, c.hi, $early_share * c.bar) AND NOT c.bulk AS hit
    FROM category_count AS c JOIN pair AS p ON p.from_id = c.from_id AND p.to_id = c.to_id
    WHERE c.category <> 'combined' AND p.us IS NOT FALSE AND p.covered IS NOT FALSE
)
SELECT from_id AS subject, to_id AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'assess' WHEN bulk OR no_us_persons THEN 'not applicable' ELSE 'ok' END AS outcome,
    CASE WHEN hit THEN 'near' WHEN hit IS NULL THEN 'unknown' WHEN bulk THEN 'crossed' WHEN no_us_persons THEN 'no_us_persons' ELSE 'far' END AS message,
    {'category': category, 'count_lo': lo, 'count_hi': hi, 'threshold': bar} AS "values",
    CASE WHEN hit IS FALSE THEN facts ELSE joined(facts, joined(party_facts, deal_facts)) END AS facts,
    CASE WHEN hit IS NULL THEN list_concat(unless_known(us, 'from_place'), list_concat(
        CASE WHEN covered IS NULL THEN [CASE WHEN employer_open THEN 'employer' ELSE 'counterparty_place' END] ELSE [] END,
        CASE WHEN about_open THEN ['about'] WHEN access_open THEN ['access'] WHEN covered AND us THEN ['count'] ELSE [] END))
    ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, {'lo': lo, 'hi': hi} AS bounds
FROM hit
