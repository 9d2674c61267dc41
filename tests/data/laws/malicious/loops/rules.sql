-- rule: X-6
-- stopped
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i > 0)
SELECT 's' AS subject, NULL::VARCHAR AS counterparty, 'no' AS verdict, 'ok' AS outcome, 'fine' AS message, NULL AS "values", []::VARCHAR[] AS facts, []::VARCHAR[] AS missing, NULL::VARCHAR AS exemption, NULL AS bounds FROM n WHERE i < 0
