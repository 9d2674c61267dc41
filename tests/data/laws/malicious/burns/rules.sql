-- rule: X-2
-- stopped
SELECT 's' AS subject, NULL::VARCHAR AS counterparty, 'no' AS verdict, 'ok' AS outcome, 'fine' AS message, NULL AS "values", []::VARCHAR[] AS facts, []::VARCHAR[] AS missing, NULL::VARCHAR AS exemption, NULL AS bounds
FROM range(1000000) AS a(i), range(1000000) AS b(j)
WHERE (a.i * b.j) % 1000003 = -1
