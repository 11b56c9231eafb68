#!/bin/sh
# The sample graph into the server at $1, and a trained endpoint for it into the store. Does nothing
# if the endpoint is there. Everything else is kept in a directory that goes.
set -eu

url=$1
if gremlink endpoint list | cut -f1 | grep -qx friends; then
    echo "The endpoint friends exists."
    exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

friends=$(python -c 'from gremlink.proxy.embedded.sample import FRIENDS; print(FRIENDS)')
gremlink load "$friends" --url "$url"
gremlink export --output "$work/export" --url "$url"
gremlink train "$work/export" --output "$work/artifact"
gremlink endpoint create friends --artifact "$work/artifact"
