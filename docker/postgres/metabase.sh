#!/bin/sh
# Metabase's own database and role; run once, when the server's data folder is made.
set -eu
psql --username postgres --set=ON_ERROR_STOP=1 --set=password="$(cat /run/secrets/metabase_password)" <<'SQL'
create role metabase login password :'password';
create database metabase owner metabase;
revoke all on database metabase from public;
SQL
