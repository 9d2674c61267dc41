-- view: provider
-- Providers of which the qualification is claimed, sought or asked for; others are not looked at.
WITH said AS (
    SELECT subject_id AS entity_id, fact_id FROM control WHERE control = 'secnumcloud' AND state = 'yes'
    UNION ALL
    SELECT g.to_id, c.fact_id FROM control AS c JOIN agreement AS g ON g.agreement_id = c.subject_id
    WHERE c.control = 'secnumcloud' AND c.state = 'yes'
)
SELECT s.entity_id, i.inside, coalesce(any_value(l.lacks ORDER BY l.lacks), false) AS whole,
    joined(list(s.fact_id), i.facts) AS facts
FROM said AS s
JOIN union_seat AS i ON i.entity_id = s.entity_id
LEFT JOIN lacks_interest AS l ON l.subject_id = s.entity_id
GROUP BY s.entity_id, i.inside, i.facts;

-- view: steered
-- Entities that somebody outside controls or may control; a veto is looked at by itself.
SELECT c.subject_id AS entity_id, c.holder_id, united(c.facts) AS facts
FROM control_chain AS c JOIN union_seat AS i ON i.entity_id = c.holder_id AND NOT i.inside
WHERE c.kind <> 'veto'
GROUP BY c.subject_id, c.holder_id;

-- view: stake
-- Direct stakes in capital and votes, with where the holder is and whether all above it is known. A holder is closed
-- where nothing from outside can hide above it: a person or state inside, or an organisation inside that nobody
-- outside controls and of which all interests are known.
WITH part AS (
    SELECT subject_id, holder_id, kind, max(coalesce(share_lo_pct, 0)) AS lo, max(coalesce(share_hi_pct, 100)) AS hi,
        list_sort(list(fact_id)) AS facts
    FROM interest
    WHERE kind IN ('owns', 'votes') AND holder_id IS NOT NULL AND coalesce(directness, 'direct') <> 'indirect'
    GROUP BY subject_id, holder_id, kind
), led AS (
    SELECT DISTINCT entity_id FROM steered
)
SELECT p.subject_id, p.holder_id, p.kind, p.lo, p.hi, i.inside, t.entity_id IS NOT NULL AS led_outside,
    coalesce(i.inside AND t.entity_id IS NULL AND (i.kind <> 'organisation' OR l.lacks), false) AS closed,
    joined(p.facts, i.facts) AS facts
FROM part AS p
LEFT JOIN union_seat AS i ON i.entity_id = p.holder_id
LEFT JOIN lacks_interest AS l ON l.subject_id = p.holder_id
LEFT JOIN led AS t ON t.entity_id = p.holder_id;

-- view: above_it
-- Every way up from a provider to holders, with the share multiplied along it. A way ends at the first holder outside.
-- The upper bound takes a stake whole where its holder is not closed, and follows it further only where it is.
WITH RECURSIVE way(entity_id, kind, holder_id, inside, closed, lo, hi, facts, depth) AS (
    SELECT p.entity_id, s.kind, s.holder_id, s.inside, s.closed, s.lo, s.hi, s.facts, 1
    FROM provider AS p JOIN stake AS s ON s.subject_id = p.entity_id
    UNION ALL
    SELECT w.entity_id, w.kind, s.holder_id, s.inside, s.closed,
        w.lo * s.lo / 100, CASE WHEN w.closed THEN w.hi * s.hi / 100 ELSE 0 END, joined(w.facts, s.facts), w.depth + 1
    FROM way AS w JOIN stake AS s ON s.subject_id = w.holder_id AND s.kind = 'owns'
    WHERE w.inside IS NOT FALSE AND w.depth < 8
)
SELECT entity_id, kind, holder_id, inside, closed, lo, hi, facts, depth FROM way;

-- view: single
-- The largest holder outside, of capital or votes: at least what multiplies along chains, at most whole stakes of those
-- that it controls; and what may hide above a holder that is not closed, or in what nobody accounts for.
WITH owned AS (
    SELECT o.subject_id AS entity_id, o.holder_id, o.share_lo_pct AS lo, o.share_hi_pct AS hi, joined(o.facts, i.facts) AS facts
    FROM owned_share AS o
    JOIN provider AS p ON p.entity_id = o.subject_id
    JOIN union_seat AS i ON i.entity_id = o.holder_id AND NOT i.inside
    UNION ALL
    SELECT s.subject_id, s.holder_id, s.lo, s.hi, s.facts
    FROM stake AS s JOIN provider AS p ON p.entity_id = s.subject_id
    WHERE s.kind = 'votes' AND NOT s.inside
), led AS (
    SELECT s.subject_id AS entity_id, t.holder_id, 0.0 AS lo, sum(s.hi) AS hi, joined(united(s.facts), united(t.facts)) AS facts
    FROM stake AS s
    JOIN provider AS p ON p.entity_id = s.subject_id
    JOIN (
        SELECT entity_id, holder_id, facts FROM steered
        UNION ALL SELECT entity_id, entity_id, []::VARCHAR[] FROM union_seat WHERE NOT inside
    ) AS t ON t.entity_id = s.holder_id
    GROUP BY s.subject_id, t.holder_id, s.kind
), dark AS (
    SELECT s.subject_id AS entity_id, s.holder_id, 0.0 AS lo, s.hi, s.facts
    FROM stake AS s JOIN provider AS p ON p.entity_id = s.subject_id
    WHERE s.inside IS NOT FALSE AND NOT s.closed
), rest AS (
    SELECT p.entity_id, NULL AS holder_id, 0.0 AS lo, greatest(0, 100 - coalesce(sum(s.lo), 0)) AS hi, p.facts
    FROM provider AS p LEFT JOIN stake AS s ON s.subject_id = p.entity_id AND s.kind = 'owns'
    WHERE NOT p.whole
    GROUP BY p.entity_id, p.facts
), every AS (
    SELECT * FROM owned UNION ALL SELECT * FROM led UNION ALL SELECT * FROM dark UNION ALL SELECT * FROM rest
)
SELECT entity_id, max(lo) AS lo, least(100, max(hi)) AS hi,
    first(holder_id ORDER BY lo DESC, hi DESC, holder_id) AS holder_id, united(facts) AS facts
FROM every GROUP BY entity_id;

-- view: together
-- What all holders outside have together, of capital and of votes, whichever is more.
WITH summed AS (
    SELECT entity_id, kind,
        coalesce(sum(lo) FILTER (WHERE NOT inside), 0) AS lo,
        coalesce(sum(hi) FILTER (WHERE NOT inside OR NOT closed OR depth = 8), 0) AS hi,
        coalesce(sum(lo) FILTER (WHERE depth = 1), 0) AS told,
        united(facts) AS facts
    FROM above_it GROUP BY entity_id, kind
)
SELECT p.entity_id,
    least(100, coalesce(max(s.lo), 0)) AS lo,
    least(100, coalesce(max(s.hi + CASE WHEN p.whole THEN 0 ELSE greatest(0, 100 - s.told) END), CASE WHEN p.whole THEN 0 ELSE 100 END)) AS hi,
    united(s.facts) AS facts
FROM provider AS p LEFT JOIN summed AS s ON s.entity_id = p.entity_id
GROUP BY p.entity_id, p.whole;

-- view: rights
-- Whether a holder outside, or one led from outside, can veto, decide, or fill the majority of the board.
WITH power AS (
    SELECT p.entity_id, p.whole,
        CASE WHEN r.fact_id IS NULL THEN false
             WHEN (NOT i.inside OR t.entity_id IS NOT NULL) AND r.strong THEN true
             WHEN i.inside AND (i.kind <> 'organisation' OR l.lacks) THEN false
             WHEN r.strong IS FALSE THEN false END AS outside,
        CASE WHEN r.fact_id IS NULL THEN []::VARCHAR[] ELSE joined([r.fact_id], i.facts) END AS facts
    FROM provider AS p
    LEFT JOIN (
        SELECT subject_id, holder_id, fact_id,
            CASE WHEN kind <> 'appoints' OR share_hi_pct IS NULL THEN true ELSE above(share_lo_pct, share_hi_pct, $board) END AS strong
        FROM interest WHERE kind IN ('vetoes', 'appoints', 'controls', 'contracts')
    ) AS r ON r.subject_id = p.entity_id
    LEFT JOIN union_seat AS i ON i.entity_id = r.holder_id
    LEFT JOIN lacks_interest AS l ON l.subject_id = r.holder_id
    LEFT JOIN (SELECT DISTINCT entity_id FROM steered) AS t ON t.entity_id = r.holder_id
)
SELECT entity_id,
    CASE WHEN bool_or(outside) THEN true WHEN whole AND count(*) = count(outside) THEN false END AS outside,
    united(facts) AS facts
FROM power GROUP BY entity_id, whole;

-- rule: FR-SNC-01
-- § 19.6: seat in the Union; at most 24 % each and 39 % together, direct or indirect; no veto, no majority of the board.
WITH judged AS (
    SELECT p.entity_id, NOT p.inside AS seat_out, s.holder_id, coalesce(s.lo, 0) AS single_lo, coalesce(s.hi, 0) AS single_hi,
        t.lo AS total_lo, t.hi AS total_hi, r.outside AS may_decide,
        above(coalesce(s.lo, 0), coalesce(s.hi, 0), $single) AS one_too_many, above(t.lo, t.hi, $together) AS all_too_many,
        joined(joined(p.facts, s.facts), joined(t.facts, r.facts)) AS facts
    FROM provider AS p
    LEFT JOIN single AS s ON s.entity_id = p.entity_id
    LEFT JOIN together AS t ON t.entity_id = p.entity_id
    LEFT JOIN rights AS r ON r.entity_id = p.entity_id
), said AS (
    SELECT *, seat_out OR one_too_many OR all_too_many OR may_decide AS hit FROM judged
)
SELECT entity_id AS subject, NULL::VARCHAR AS counterparty, verdict(hit) AS verdict,
    CASE WHEN hit IS NOT FALSE THEN 'restricted' ELSE 'ok' END AS outcome,
    CASE WHEN NOT hit THEN 'within' WHEN seat_out THEN 'seat' WHEN one_too_many THEN 'single' WHEN all_too_many THEN 'together'
         WHEN may_decide THEN 'rights' ELSE 'open' END AS message,
    {'holder': holder_id, 'single_lo': round(single_lo, 2), 'single_hi': round(single_hi, 2), 'single_limit': $single,
     'total_lo': round(total_lo, 2), 'total_hi': round(total_hi, 2), 'total_limit': $together} AS "values", facts,
    CASE WHEN hit IS NULL THEN joined(unless_known(seat_out, 'seat'),
        joined(joined(unless_known(one_too_many, 'owners'), unless_known(all_too_many, 'owners')), unless_known(may_decide, 'rights'))) ELSE []::VARCHAR[] END AS missing,
    NULL::VARCHAR AS exemption,
    {'single_lo': single_lo, 'single_hi': single_hi, 'total_lo': total_lo, 'total_hi': total_hi} AS bounds
FROM said
