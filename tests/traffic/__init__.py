"""Made traffic with truth: ordinary life of a parcel hub's network, and hidden behaviours planted into it.

How ordinary traffic looks is taken from published descriptions: heavy-tailed sessions and think times, office hours,
weekends and shifts, caches that obey the life time of names, fronts that answer for many names from changing
addresses, retries, losses, translation of addresses. Nothing here is taken from what looks for behaviours.
"""
