"""The named queries of the brief, one file each; the page prints them at its end."""
