"""Clients, brands and what belongs to them: ``brands.yml`` read, checked, and matched with posts."""

from gaung.brands.config import Brand, Brands, Client, Recipient, Watch, load

__all__ = ["Brand", "Brands", "Client", "Recipient", "Watch", "load"]
