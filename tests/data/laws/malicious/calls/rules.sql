-- rule: X-1
CALL enable_logging() -- refused
