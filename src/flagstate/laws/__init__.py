"""Laws as dated data: a folder each. None is part of this version, and every audit says so."""
