-- rule: X-1
SET enable_external_access = true -- refused
