-- rule: X-1
-- it is bound before it runs
SELECT 's' AS subject, NULL::VARCHAR AS counterparty, 'no' AS verdict, 'ok' AS outcome, 'fine' AS message, NULL AS "values", []::VARCHAR[] AS facts, []::VARCHAR[] AS missing, NULL::VARCHAR AS exemption, NULL AS bounds FROM asset ORDER BY name LIMIT list_sum([1, 2, 3]) -- refused
