-- rule: X-7
-- stopped
SELECT 's' AS subject, NULL::VARCHAR AS counterparty, 'no' AS verdict, 'ok' AS outcome, 'fine' AS message, NULL AS "values", []::VARCHAR[] AS facts, []::VARCHAR[] AS missing, NULL::VARCHAR AS exemption, NULL AS bounds
FROM (SELECT list(i ORDER BY i % 1009) AS l FROM range(4000000000) AS r(i)) AS a
WHERE len(l) < 0
