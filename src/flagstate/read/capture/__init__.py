"""What captures of packets need: their files, their layers, their connections and their protocols, one file each."""
