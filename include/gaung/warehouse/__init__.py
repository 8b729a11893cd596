"""The warehouse: local server, migrations, roles, loader, builds and publisher."""
