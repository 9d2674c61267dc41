-- rule: X-3
-- stopped
SELECT 's' AS subject, NULL::VARCHAR AS counterparty, 'no' AS verdict, 'ok' AS outcome, 'fine' AS message, NULL AS "values", []::VARCHAR[] AS facts, []::VARCHAR[] AS missing, NULL::VARCHAR AS exemption, NULL AS bounds
FROM (SELECT list(i ORDER BY i) AS l FROM range(3000) AS r(i)) AS a
WHERE len(list_filter(l, lambda x: len(list_filter(l, lambda y: len(list_filter(l, lambda z: x + y + z < 0)) > 0)) > 0)) > 0
