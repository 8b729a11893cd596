#!/bin/sh
# Writes the secrets of docker-compose.yml, once: a folder that only you can enter, files that containers can read.
set -eu
cd "$(dirname "$0")/.."
umask 077
mkdir -p secrets
random() { head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n'; }
for name in postgres_password metabase_password; do
    [ -s "secrets/$name" ] || random > "secrets/$name"
done
[ -s secrets/gaung_dsn ] || printf 'postgresql://postgres:%s@postgres:5432/gaung' "$(cat secrets/postgres_password)" > secrets/gaung_dsn
chmod 0444 secrets/postgres_password secrets/metabase_password secrets/gaung_dsn
echo "secrets/ is there."
