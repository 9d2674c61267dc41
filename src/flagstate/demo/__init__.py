"""An invented parcel hub, made from a seed and a scale, with the truth about it beside."""
