-- rule: X-1
PIVOT asset ON name USING count(*) -- refused
