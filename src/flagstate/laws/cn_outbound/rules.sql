-- view: outgoing
-- What an exporter lets a recipient abroad get: data that were collected in China, by agreement, service or remote
-- access. leaves is NULL where recipient or access are not known; exempt is NULL where nobody says what for.
WITH stood AS (
    SELECT asset_id, CASE WHEN bool_or(country = $home AND stands) THEN true WHEN bool_and(stands) THEN false END AS here, united(facts) AS facts
    FROM resource_place GROUP BY asset_id
), seat AS (
    SELECT entity_id,
        CASE WHEN kind = 'organisation' THEN CASE WHEN len(organised_in) > 0 THEN list_contains(list_concat(organised_in, principal_places), $home) END
             WHEN len(located_in) > 0 THEN list_contains(located_in, $home) END AS home,
        facts
    FROM party
), purposes AS (
    SELECT list_sort(list(value)) AS exempt FROM law_param WHERE name = 'exempt_purpose'
)
SELECT d.from_id, d.to_id, d.asset_id, d.container, d.purpose,
    NOT t.home AND CASE WHEN NOT d.implied OR d.kind IS NOT NULL THEN true END AS leaves,
    CASE WHEN d.purpose IS NOT NULL THEN list_contains(p.exempt, d.purpose) END AS exempt,
    joined(d.facts, joined(w.facts, joined(f.facts, t.facts))) AS facts
FROM dealing AS d
CROSS JOIN purposes AS p
LEFT JOIN stood AS w ON w.asset_id = d.asset_id
LEFT JOIN seat AS f ON f.entity_id = d.from_id
LEFT JOIN seat AS t ON t.entity_id = d.to_id
WHERE d.asset_id IS NOT NULL AND coalesce(d.kind, 'vendor') <> 'investment' AND t.home IS NOT TRUE AND (w.here OR f.home);

-- view: counted
-- Individuals per container since 1 January, of any personal data and of sensitive ones: what has no date counts
-- whole; of what has, at least the fullest month of the year and at most the sum of its months.
WITH mapped AS (
    SELECT category, 'persons' AS part FROM (SELECT 'eu_gdpr/personal' AS category)
    UNION ALL
    SELECT value, 'sensitive' FROM law_param WHERE name = 'sensitive'
), twelve AS (
    SELECT n.asset_id, n.container, m.part, max(n.subjects_lo) AS lo,
        CASE WHEN count(n.subjects_hi) = count(*) THEN sum(n.subjects_hi) END AS hi,
        bool_or(n.series IS NOT NULL) AS dated, united(n.facts) AS facts
    FROM person_count AS n JOIN mapped AS m ON m.category = n.category
    WHERE n.kind = 'category'
    GROUP BY n.asset_id, n.container, m.part
), classes AS (
    SELECT c.data_class, m.part FROM data_class AS c JOIN mapped AS m ON m.category = c.category GROUP BY c.data_class, m.part
), monthly AS (
    SELECT p.fact_id, p.asset_id, p.container, p.month, p.subjects_lo, p.subjects_hi, unnest(p.data_classes) AS data_class
    FROM population AS p
    WHERE p.month IS NULL OR left(p.month, 4) = strftime($as_of, '%Y')
), parts AS (
    SELECT m.asset_id, m.container, c.part, m.fact_id, m.subjects_lo, m.subjects_hi
    FROM monthly AS m JOIN classes AS c ON c.data_class = m.data_class
    GROUP BY ALL
), year AS (
    SELECT asset_id, container, part, max(subjects_lo) AS lo,
        CASE WHEN count(subjects_hi) = count(*) THEN sum(subjects_hi) END AS hi, list_sort(list(fact_id)) AS facts
    FROM parts GROUP BY asset_id, container, part
), bounded AS (
    SELECT w.asset_id, w.container, w.part,
        CASE WHEN w.dated THEN coalesce(y.lo, 0) ELSE w.lo END AS lo,
        CASE WHEN w.dated THEN least(w.hi, y.hi) ELSE w.hi END AS hi,
        joined(w.facts, y.facts) AS facts
    FROM twelve AS w
    LEFT JOIN year AS y ON y.asset_id = w.asset_id AND y.container IS NOT DISTINCT FROM w.container AND y.part = w.part
)
SELECT p.asset_id, p.container, p.lo AS persons_lo, p.hi AS persons_hi,
    CASE WHEN s.part IS NULL THEN 0 ELSE s.lo END AS sensitive_lo,
    CASE WHEN s.part IS NULL THEN 0 ELSE least(s.hi, p.hi) END AS sensitive_hi,
    joined(p.facts, s.facts) AS facts
FROM bounded AS p
LEFT JOIN bounded AS s ON s.asset_id = p.asset_id AND s.container IS NOT DISTINCT FROM p.container AND s.part = 'sensitive'
WHERE p.part = 'persons';

-- view: exported
-- Each container that leaves, once: sends says whether any of it leaves for a purpose that is not exempt.
SELECT o.from_id, o.asset_id, n.container, any_yes(o.leaves AND NOT o.exempt) AS sends, any_yes(o.leaves) AS leaves,
    max(n.persons_lo) AS persons_lo, max(n.persons_hi) AS persons_hi,
    max(n.sensitive_lo) AS sensitive_lo, max(n.sensitive_hi) AS sensitive_hi,
    joined(united(o.facts), united(n.facts)) AS facts
FROM outgoing AS o
LEFT JOIN counted AS n ON n.asset_id = o.asset_id AND (o.container IS NULL OR n.container IS NULL OR n.container = o.container)
GROUP BY o.from_id, o.asset_id, n.container;

-- view: tally
-- Individuals per exporter over all its recipients: at least those of the fullest container, at most those of all.
SELECT e.from_id,
    coalesce(max(e.persons_lo) FILTER (WHERE e.sends), 0) AS persons_lo,
    CASE WHEN bool_or(e.persons_hi IS NULL AND e.sends IS NOT FALSE) THEN NULL
         ELSE CAST(coalesce(sum(e.persons_hi) FILTER (WHERE e.sends IS NOT FALSE), 0) AS BIGINT) END AS persons_hi,
    coalesce(max(e.sensitive_lo) FILTER (WHERE e.sends), 0) AS sensitive_lo,
    CASE WHEN bool_or(e.sensitive_hi IS NULL AND e.sends IS NOT FALSE) THEN NULL
         ELSE CAST(coalesce(sum(e.sensitive_hi) FILTER (WHERE e.sends IS NOT FALSE), 0) AS BIGINT) END AS sensitive_hi,
    any_yes(e.leaves AND NOT i.lacks) AS important, any_yes(e.leaves) AS leaves, any_yes(e.sends) AS sends,
    joined(united(e.facts), united(i.facts)) AS facts
FROM exported AS e
LEFT JOIN lacks_control AS i ON i.subject_id = e.asset_id AND i.control = 'cn_important_data'
GROUP BY e.from_id;

-- view: gate
-- Which gate an exporter stands before: the assessment (art. 7) or the filing (art. 8), and whether it has passed it.
WITH known AS (
    SELECT t.*, NOT k.lacks AS critical_operator, NOT a.lacks AS assessed, NOT f.lacks AS filed,
        at_least(t.persons_lo, t.persons_hi, $assess_persons) OR at_least(t.sensitive_lo, t.sensitive_hi, $assess_sensitive) AS many,
        at_least(t.persons_lo, t.persons_hi, $file_persons) OR at_least(t.sensitive_lo, t.sensitive_hi, $file_sensitive) AS several,
        joined(t.facts, joined(k.facts, joined(a.facts, f.facts))) AS proof
    FROM tally AS t
    LEFT JOIN lacks_control AS k ON k.subject_id = t.from_id AND k.control = 'cn_critical_operator'
    LEFT JOIN lacks_control AS a ON a.subject_id = t.from_id AND a.control = 'cn_assessment'
    LEFT JOIN lacks_control AS f ON f.subject_id = t.from_id AND f.control = 'cn_contract_filed'
)
SELECT *, leaves AND critical_operator OR important OR many AS assessment,
    NOT (leaves AND critical_operator OR important OR many) AND several AS filing,
    {'persons_lo': persons_lo, 'persons_hi': persons_hi, 'sensitive_lo': sensitive_lo, 'sensitive_hi': sensitive_hi,
     'since': strftime($as_of, '%Y') || '-01-01',
     'why': CASE WHEN leaves AND critical_operator THEN 'critical operator' WHEN important THEN 'important data' ELSE 'number of individuals' END} AS figures,
    joined(joined(unless_known(critical_operator, 'critical_operator'), unless_known(important, 'important_data')),
        joined(unless_known(leaves, 'recipient_place'),
            CASE WHEN several IS NULL OR many IS NULL THEN CASE WHEN sends IS NULL AND leaves THEN ['purpose'] ELSE ['count'] END END)) AS lacking
FROM known;

-- rule: CN-OUT-01
-- The security assessment: critical operator, important data, or the two figures of art. 7.
SELECT from_id AS subject, NULL::VARCHAR AS counterparty, verdict(assessment AND NOT assessed) AS verdict,
    CASE WHEN (assessment AND NOT assessed) IS NOT FALSE THEN 'notify' ELSE 'ok' END AS outcome,
    CASE WHEN assessment AND NOT assessed THEN 'needed' WHEN (assessment AND NOT assessed) IS NULL THEN 'open'
         WHEN assessment IS FALSE THEN 'below' ELSE 'passed' END AS message,
    figures AS "values", proof AS facts,
    CASE WHEN (assessment AND NOT assessed) IS NULL THEN
        joined(CASE WHEN assessment IS NULL THEN lacking END, unless_known(assessed, 'assessment')) ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM gate;

-- rule: CN-OUT-02
-- The filed contract or certification: below art. 7 and from the two figures of art. 8.
SELECT from_id AS subject, NULL::VARCHAR AS counterparty, verdict(filing AND NOT filed) AS verdict,
    CASE WHEN (filing AND NOT filed) IS NOT FALSE THEN 'notify' ELSE 'ok' END AS outcome,
    CASE WHEN filing AND NOT filed THEN 'needed' WHEN (filing AND NOT filed) IS NULL THEN 'open'
         WHEN assessment THEN 'instead' WHEN filing IS FALSE THEN 'below' ELSE 'filed' END AS message,
    figures AS "values", proof AS facts,
    CASE WHEN (filing AND NOT filed) IS NULL THEN
        joined(CASE WHEN filing IS NULL THEN lacking END, unless_known(filed, 'filing')) ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM gate;

-- rule: CN-OUT-03
-- What may leave without either: an exempt purpose, or below every figure (art. 3 to 6). Per recipient.
WITH sent_to AS (
    SELECT from_id, to_id, all_yes(exempt) AS exempt, max(purpose) AS purpose, any_yes(leaves) AS leaves, united(facts) AS facts
    FROM outgoing GROUP BY from_id, to_id
), judged AS (
    SELECT s.from_id, s.to_id, s.purpose, g.figures, s.exempt AND NOT g.critical_operator AND NOT g.important AS free,
        g.assessment OR g.filing AS gated, s.exempt, g.critical_operator, g.lacking, joined(s.facts, g.proof) AS facts
    FROM sent_to AS s JOIN gate AS g ON g.from_id = s.from_id
    WHERE s.leaves IS NOT FALSE
)
SELECT from_id AS subject, to_id AS counterparty,
    CASE WHEN free OR gated IS NOT NULL THEN 'no' ELSE 'unknown' END AS verdict,
    CASE WHEN NOT free AND gated THEN 'not applicable' WHEN free IS NULL AND gated THEN 'not applicable' ELSE 'ok' END AS outcome,
    CASE WHEN free THEN 'exempt' WHEN gated THEN 'gated' WHEN NOT gated THEN 'below' ELSE 'open' END AS message,
    struct_insert(figures, purpose := purpose) AS "values", facts,
    CASE WHEN free OR gated IS NOT NULL THEN []::VARCHAR[] ELSE joined(lacking, unless_known(exempt, 'purpose')) END AS missing,
    CASE WHEN free THEN 'applied: CAC Provisions of 22 March 2024, art. 3 to 6: purpose ' || purpose
         WHEN NOT free AND purpose IS NOT NULL THEN 'refused: CAC Provisions of 22 March 2024, art. 3 to 6: purpose ' || purpose END AS exemption,
    NULL AS bounds
FROM judged
