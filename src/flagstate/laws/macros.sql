-- What every rule may use beside the listed functions. NULL is unknown throughout, as in SQL itself: AND, OR and NOT
-- over TRUE, FALSE and NULL are Kleene's.

-- yes, no or unknown.
CREATE MACRO verdict(b) AS CASE WHEN b THEN 'yes' WHEN NOT b THEN 'no' ELSE 'unknown' END;

-- The same back: yes is TRUE, no is FALSE, all else is NULL.
CREATE MACRO truth(said) AS CASE said WHEN 'yes' THEN true WHEN 'no' THEN false END;

-- Whether a count with bounds is more than n; NULL where n lies between them or a bound is not known.
CREATE MACRO above(lo, hi, n) AS CASE WHEN lo > n THEN true WHEN hi <= n THEN false END;

-- Whether a count with bounds is at least n; NULL where n lies between them or a bound is not known.
CREATE MACRO at_least(lo, hi, n) AS CASE WHEN lo >= n THEN true WHEN hi < n THEN false END;

-- Whether one of a group holds: TRUE if one does, FALSE if none does, else NULL. Over no row: FALSE, so use it only
-- where the group is known to be whole.
CREATE MACRO any_yes(b) AS CASE WHEN bool_or(b) THEN true WHEN count(*) = count(b) THEN false END;

-- Whether all of a group hold.
CREATE MACRO all_yes(b) AS CASE WHEN NOT bool_and(b) THEN false WHEN count(*) = count(b) THEN true END;

-- Two lists of texts as one, sorted, each text once; NULL counts as empty.
CREATE MACRO joined(a, b) AS list_sort(list_distinct(list_concat(coalesce(a, []::VARCHAR[]), coalesce(b, []::VARCHAR[]))));

-- The lists of a group as one.
CREATE MACRO united(lists) AS list_sort(list_distinct(flatten(list(coalesce(lists, []::VARCHAR[])))));

-- The text as a list of one where the condition is not known to hold: for `missing`.
CREATE MACRO unless_known(b, word) AS CASE WHEN b IS NULL THEN [word] ELSE []::VARCHAR[] END;
