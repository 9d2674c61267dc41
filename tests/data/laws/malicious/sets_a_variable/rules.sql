-- rule: X-1
SET VARIABLE kept = 1 -- refused
