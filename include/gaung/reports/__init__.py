"""Facts → page → message: the daily brief of a brand, every number of it a query on the marts."""
