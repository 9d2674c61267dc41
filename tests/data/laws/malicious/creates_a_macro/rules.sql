-- rule: X-1
CREATE MACRO verdict(b) AS 'no' -- refused
