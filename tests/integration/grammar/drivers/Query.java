// Sends inference queries with the Java driver: java -cp … Query.java host port
// Prints the results of each as one line of JSON.
import static org.apache.tinkerpop.gremlin.process.traversal.AnonymousTraversalSource.traversal;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.tinkerpop.gremlin.driver.Cluster;
import org.apache.tinkerpop.gremlin.driver.remote.DriverRemoteConnection;
import org.apache.tinkerpop.gremlin.process.traversal.P;
import org.apache.tinkerpop.gremlin.process.traversal.dsl.graph.GraphTraversalSource;
import org.apache.tinkerpop.gremlin.process.traversal.dsl.graph.__;
import org.apache.tinkerpop.gremlin.structure.T;

public class Query {
    static String json(Object value) {
        if (value instanceof List) {
            return ((List<?>) value).stream().map(Query::json)
                .collect(Collectors.joining(",", "[", "]"));
        }
        if (value instanceof Map) {
            Map<?, ?> row = (Map<?, ?>) value;
            return "[" + json(row.get("name")) + "," + json(row.get("friends")) + "]";
        }
        return value instanceof Number ? value.toString() : "\"" + value + "\"";
    }

    public static void main(String[] arguments) throws Exception {
        Cluster cluster = Cluster.build(arguments[0]).port(Integer.parseInt(arguments[1]))
            .minConnectionPoolSize(1).maxConnectionPoolSize(1).create();
        GraphTraversalSource g = traversal()
            .withRemote(DriverRemoteConnection.using(cluster, "g"))
            .with("Neptune#ml.endpoint", "friends");

        System.out.println(json(g.with("Neptune#ml.limit", 8)
            .V().hasLabel("User").has("name", "Henry")
            .out("FRIEND").with("Neptune#ml.prediction").hasLabel("User").values("name")
            .toList()));

        System.out.println(json(g.V().has("name", P.within("Henry", "Bill"))
            .project("name", "friends").by("name")
            .by(__.out("FRIEND").with("Neptune#ml.prediction").hasLabel("User").values("name")
                .fold())
            .toList()));

        System.out.println(json(g.with("Neptune#ml.limit", 3)
            .V().has(T.label, "User").has("name", "Henry")
            .in("FRIEND").with("Neptune#ml.prediction").hasLabel("User").count()
            .toList()));
        cluster.close();
        System.exit(0);
    }
}
