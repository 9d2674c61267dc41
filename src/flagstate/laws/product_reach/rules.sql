-- view: accepted
-- Governments that the policy accepts, for everything (scope '') or for one class of data; a group stands for its members.
WITH said AS (
    SELECT CASE WHEN policy = 'accept_reach' THEN '' ELSE substr(policy, 14) END AS scope, upper(value) AS value
    FROM policy WHERE policy = 'accept_reach' OR starts_with(policy, 'accept_reach:')
), wide AS (
    SELECT scope, value FROM said
    UNION
    SELECT s.scope, e.member FROM said AS s JOIN list_entry AS e ON upper(e.list) = s.value AND e.kind = 'country'
    WHERE e.list IN ('eu', 'eea')
    UNION
    SELECT scope, 'EU' FROM said WHERE value = 'EEA'
)
SELECT scope, list_sort(list(value)) AS governments FROM wide GROUP BY scope;

-- view: tolerated
-- What the policy does not want broken although it does not accept it: levels, contested ways, metadata.
SELECT bool_or(starts_with(policy, 'accept_reach')) AS said,
    coalesce(bool_or(policy = 'tolerate:contested' AND value = 'true'), false) AS contested,
    coalesce(bool_or(policy = 'tolerate:metadata' AND value = 'false'), false) AS strict,
    coalesce(list_sort(list(value) FILTER (WHERE policy = 'tolerate:levels')), []::VARCHAR[]) AS levels
FROM policy;

-- view: way
-- Ways of governments to parties, alike ones together: by whom, at which level, to which classes of data. A way by
-- territory alone is told of who runs the asset there, or decides over it.
WITH held AS (
    SELECT asset_id, entity_id FROM custody WHERE kind IN ('operates', 'hosts', 'manages') AND layer_id = asset_id
    UNION
    SELECT r.asset_id, r.entity_id FROM responsible AS r
    LEFT JOIN custody AS c ON c.asset_id = r.asset_id AND c.kind IN ('operates', 'hosts', 'manages') AND c.layer_id = c.asset_id
    WHERE c.asset_id IS NULL
), spread AS (
    SELECT subject_id, government, level, data, answer, contested, disputed, data_classes, law, proof, facts, unnest(entities) AS entity_id
    FROM reach WHERE government IS NOT NULL AND level <> 'direct_place' AND len(entities) > 0
    UNION ALL
    SELECT w.subject_id, w.government, w.level, w.data, w.answer, w.contested, w.disputed, w.data_classes, w.law, w.proof, w.facts,
        coalesce(h.entity_id, w.subject_id)
    FROM reach AS w LEFT JOIN held AS h ON h.asset_id = w.subject_id
    WHERE w.government IS NOT NULL AND w.level = 'direct_place'
)
SELECT entity_id, government, level, data, answer, coalesce(contested, false) AS contested, coalesce(disputed, false) AS disputed,
    coalesce(data_classes, []::VARCHAR[]) AS data_classes, count(DISTINCT subject_id) AS assets, min(law) AS law, min(proof) AS proof,
    united(facts) AS facts
FROM spread
WHERE answer <> 'declared' OR level = 'ciphertext_only'
GROUP BY ALL;

-- view: judged
-- Whether the policy accepts each way to clear data; per party, government and level the gravest.
WITH opened AS (
    SELECT w.*, row_number() OVER (ORDER BY entity_id, government, level, data, answer, contested, disputed, data_classes) AS number
    FROM way AS w WHERE w.data = 'clear' AND w.level IN ('direct_law', 'via_parent', 'direct_place', 'via_person')
), classed AS (
    SELECT number, government, unnest(CASE WHEN len(data_classes) = 0 THEN [NULL::VARCHAR] ELSE data_classes END) AS data_class FROM opened
), weighed AS (
    SELECT c.number, all_yes(CASE WHEN a.scope IS NOT NULL THEN list_contains(a.governments, c.government)
        WHEN g.scope IS NOT NULL THEN list_contains(g.governments, c.government) END) AS accepted
    FROM classed AS c
    LEFT JOIN accepted AS a ON a.scope = c.data_class AND a.scope <> ''
    LEFT JOIN accepted AS g ON g.scope = ''
    GROUP BY c.number
), wanted AS (
    SELECT o.*, t.said,
        CASE WHEN t.said THEN CASE WHEN list_contains(t.levels, o.level) OR o.contested AND t.contested OR w.accepted THEN false
            WHEN o.disputed THEN NULL ELSE NOT w.accepted END END AS hit
    FROM opened AS o JOIN weighed AS w ON w.number = o.number CROSS JOIN tolerated AS t
)
SELECT entity_id, government, level, any_yes(hit) AS hit, united(facts) AS facts,
    {'government': government, 'assets': sum(assets)::BIGINT, 'law': min(law), 'contested': bool_and(contested), 'proof': min(proof)} AS figures,
    CASE WHEN any_yes(hit) IS NOT NULL THEN []::VARCHAR[] WHEN bool_or(said) IS NOT TRUE THEN ['policy']
         WHEN bool_or(hit IS NULL AND disputed) THEN ['settled'] ELSE ['classes'] END AS missing
FROM wanted
GROUP BY entity_id, government, level;

-- rule: REACH-01
-- Operators and key holders that are organised or based under a government.
SELECT entity_id AS subject, 'government:' || government AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'assess' ELSE 'ok' END AS outcome,
    CASE WHEN hit THEN 'reached' WHEN hit IS NULL THEN 'open' ELSE 'accepted' END AS message,
    figures AS "values", facts, missing, NULL::VARCHAR AS exemption, NULL AS bounds
FROM judged WHERE level = 'direct_law';

-- rule: REACH-02
-- Operators that somebody under a government controls.
SELECT entity_id AS subject, 'government:' || government AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'assess' ELSE 'ok' END AS outcome,
    CASE WHEN hit THEN 'reached' WHEN hit IS NULL THEN 'open' ELSE 'accepted' END AS message,
    figures AS "values", facts, missing, NULL::VARCHAR AS exemption, NULL AS bounds
FROM judged WHERE level = 'via_parent';

-- rule: REACH-03
-- What stands on the territory of a government, by who runs it.
SELECT entity_id AS subject, 'government:' || government AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'assess' ELSE 'ok' END AS outcome,
    CASE WHEN hit THEN 'reached' WHEN hit IS NULL THEN 'open' ELSE 'accepted' END AS message,
    figures AS "values", facts, missing, NULL::VARCHAR AS exemption, NULL AS bounds
FROM judged WHERE level = 'direct_place';

-- rule: REACH-04
-- Persons with access who are there or are citizens.
SELECT entity_id AS subject, 'government:' || government AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'assess' ELSE 'ok' END AS outcome,
    CASE WHEN hit THEN 'reached' WHEN hit IS NULL THEN 'open' ELSE 'accepted' END AS message,
    figures AS "values", facts, missing, NULL::VARCHAR AS exemption, NULL AS bounds
FROM judged WHERE level = 'via_person';

-- rule: REACH-05
-- Only ciphertext: the keys are elsewhere. Metadata stay within reach, which the policy tolerates unless it says not.
WITH locked AS (
    SELECT w.*, t.said, t.strict, CASE WHEN a.scope IS NOT NULL THEN list_contains(a.governments, w.government) ELSE false END AS welcome
    FROM way AS w CROSS JOIN tolerated AS t LEFT JOIN accepted AS a ON a.scope = ''
    WHERE w.level = 'ciphertext_only'
), weighed AS (
    SELECT *, CASE WHEN said THEN CASE WHEN strict AND NOT welcome THEN true WHEN answer = 'declared' OR disputed THEN NULL ELSE false END END AS hit
    FROM locked
)
SELECT entity_id AS subject, 'government:' || government AS counterparty, verdict(any_yes(hit)) AS verdict,
    CASE WHEN any_yes(hit) IS NOT FALSE THEN 'assess' ELSE 'ok' END AS outcome,
    CASE WHEN any_yes(hit) THEN 'metadata' WHEN any_yes(hit) IS NULL THEN 'open' ELSE 'ciphertext' END AS message,
    {'government': government, 'assets': sum(assets)::BIGINT} AS "values", united(facts) AS facts,
    CASE WHEN any_yes(hit) IS NOT NULL THEN []::VARCHAR[] WHEN bool_or(said) IS NOT TRUE THEN ['policy']
         WHEN bool_or(disputed) THEN ['settled'] ELSE ['key_proof'] END AS missing,
    NULL::VARCHAR AS exemption, NULL AS bounds
FROM weighed
GROUP BY entity_id, government
