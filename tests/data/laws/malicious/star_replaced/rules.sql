-- rule: X-1
SELECT
    * REPLACE (name AS asset_id) -- refused
FROM asset
