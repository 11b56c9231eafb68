// Sends inference queries with gremlin-go: query ws://host:port/gremlin
// Prints the results of each as one line of JSON.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	gremlin "github.com/apache/tinkerpop/gremlin-go/v3/driver"
)

var anonymous = gremlin.T__

func show(results []*gremlin.Result, err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	values := []any{}
	for _, result := range results {
		value := result.GetInterface()
		if row, ok := value.(map[any]any); ok {
			value = []any{row["name"], row["friends"]}
		}
		values = append(values, value)
	}
	text, err := json.Marshal(values)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(string(text))
}

func main() {
	remote, err := gremlin.NewDriverRemoteConnection(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer remote.Close()
	source := func() *gremlin.GraphTraversalSource {
		return gremlin.Traversal_().WithRemote(remote).With("Neptune#ml.endpoint", "friends")
	}

	show(source().With("Neptune#ml.limit", int32(8)).
		V().HasLabel("User").Has("name", "Henry").
		Out("FRIEND").With("Neptune#ml.prediction").HasLabel("User").Values("name").ToList())

	show(source().V().Has("name", gremlin.P.Within("Henry", "Bill")).Project("name", "friends").
		By("name").
		By(anonymous.Out("FRIEND").With("Neptune#ml.prediction").HasLabel("User").
			Values("name").Fold()).ToList())

	show(source().With("Neptune#ml.limit", int32(3)).
		V().Has(gremlin.T.Label, "User").Has("name", "Henry").
		In("FRIEND").With("Neptune#ml.prediction").HasLabel("User").Count().ToList())
}
