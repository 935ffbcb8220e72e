"""Mini-batches of a large graph: sampled neighbourhoods, random parts."""
