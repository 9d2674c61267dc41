-- rule: X-1
LOAD json -- refused
