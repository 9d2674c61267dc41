-- rule: X-1
INSTALL httpfs -- refused
