-- rule: X-1
PRAGMA database_list -- refused
