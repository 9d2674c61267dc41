"""Joins the rooms: evidence is read in bounded children, then one tuple of steps concludes."""
