"""The known findings of a whole project in the formats that other programs read: an iterable in, a byte stream out."""
