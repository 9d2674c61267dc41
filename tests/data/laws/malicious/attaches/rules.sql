-- rule: X-1
ATTACH ':memory:' AS other -- refused
