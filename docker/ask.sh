#!/bin/sh
# The two questions of the quick start, asked through the proxy at $1.
set -eu

friends='V().hasLabel("User").has("name", "Henry")
  .out("FRIEND").with("Neptune#ml.prediction").hasLabel("User").values("name")'

echo "Henry's next friend:"
gremlink query --url "$1" "g.with(\"Neptune#ml.endpoint\", \"friends\").$friends"
echo "His next eight:"
gremlink query --url "$1" \
    "g.with(\"Neptune#ml.endpoint\", \"friends\").with(\"Neptune#ml.limit\", 8).$friends"
