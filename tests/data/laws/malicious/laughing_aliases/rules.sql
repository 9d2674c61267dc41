-- rule: X-1
SELECT 's' AS subject, NULL::VARCHAR AS counterparty, 'no' AS verdict, 'ok' AS outcome, 'fine' AS message, NULL AS "values", []::VARCHAR[] AS facts, []::VARCHAR[] AS missing, NULL::VARCHAR AS exemption, NULL AS bounds,
    name AS a0
    , a0 || a0 AS a1
    , a1 || a1 AS a2
    , a2 || a2 AS a3
    , a3 || a3 AS a4
    , a4 || a4 AS a5
    , a5 || a5 AS a6
    , a6 || a6 AS a7
    , a7 || a7 AS a8 -- refused
    , a8 || a8 AS a9
    , a9 || a9 AS a10
    , a10 || a10 AS a11
    , a11 || a11 AS a12
    , a12 || a12 AS a13
    , a13 || a13 AS a14
    , a14 || a14 AS a15
    , a15 || a15 AS a16
    , a16 || a16 AS a17
    , a17 || a17 AS a18
    , a18 || a18 AS a19
    , a19 || a19 AS a20
    , a20 || a20 AS a21
    , a21 || a21 AS a22
    , a22 || a22 AS a23
    , a23 || a23 AS a24
    , a24 || a24 AS a25
    , a25 || a25 AS a26
    , a26 || a26 AS a27
    , a27 || a27 AS a28
    , a28 || a28 AS a29
    , a29 || a29 AS a30
FROM asset
