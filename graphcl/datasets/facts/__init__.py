"""Facts in text files that embedded data sets are made of, and the scripts that wrote them."""
