// Ten documented queries with the Java driver: java -cp … Queries.java host port
// Prints for each its name and its results as one line of JSON; elements are arrays, kind first.
import static org.apache.tinkerpop.gremlin.process.traversal.AnonymousTraversalSource.traversal;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.tinkerpop.gremlin.driver.Cluster;
import org.apache.tinkerpop.gremlin.driver.exception.ResponseException;
import org.apache.tinkerpop.gremlin.driver.remote.DriverRemoteConnection;
import org.apache.tinkerpop.gremlin.process.traversal.Order;
import org.apache.tinkerpop.gremlin.process.traversal.Path;
import org.apache.tinkerpop.gremlin.process.traversal.Traversal;
import org.apache.tinkerpop.gremlin.process.traversal.dsl.graph.GraphTraversal;
import org.apache.tinkerpop.gremlin.process.traversal.dsl.graph.GraphTraversalSource;
import org.apache.tinkerpop.gremlin.process.traversal.dsl.graph.__;
import org.apache.tinkerpop.gremlin.structure.Property;
import org.apache.tinkerpop.gremlin.structure.T;
import org.apache.tinkerpop.gremlin.structure.Vertex;
import org.apache.tinkerpop.gremlin.structure.VertexProperty;

public class Queries {
    static final String CLASSES = "Neptune#ml.classification";
    static final String NUMBERS = "Neptune#ml.regression";
    static final String LINKS = "Neptune#ml.prediction";
    static final String ROLE = "arn:aws:iam::123456789012:role/NeptuneMLInference";
    static final Object[] FILMS = {"movie_1", "movie_2", "movie_3"};
    static final Object[] EDGES =
        Stream.of(FILMS).map(film -> "user_1-rated-" + film).toArray();

    static String text(String value) {
        return "\"" + value.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }

    static String array(String kind, Stream<?> values) {
        return values.map(Queries::plain)
            .collect(Collectors.joining(",", "[" + text(kind) + ",", "]"));
    }

    static String plain(Object value) {
        if (value instanceof VertexProperty) {
            VertexProperty<?> property = (VertexProperty<?>) value;
            return array("vp", Stream.of(property.key(), property.value()));
        }
        if (value instanceof Property) {
            Property<?> property = (Property<?>) value;
            return array("p", Stream.of(property.key(), property.value()));
        }
        if (value instanceof Vertex) {
            Vertex vertex = (Vertex) value;
            return array("v", Stream.of(vertex.id(), vertex.label()));
        }
        if (value instanceof Path) {
            return array("path", ((Path) value).objects().stream());
        }
        if (value instanceof List) {
            return array("list", ((List<?>) value).stream());
        }
        if (value instanceof Map) {
            return ((Map<?, ?>) value).entrySet().stream()
                .map(entry -> text(entry.getKey().toString()) + ":" + plain(entry.getValue()))
                .collect(Collectors.joining(",", "{", "}"));
        }
        return value instanceof Number ? value.toString() : text(value.toString());
    }

    public static void main(String[] arguments) throws Exception {
        Cluster cluster = Cluster.build(arguments[0]).port(Integer.parseInt(arguments[1]))
            .minConnectionPoolSize(1).maxConnectionPoolSize(1).create();
        GraphTraversalSource g = traversal()
            .withRemote(DriverRemoteConnection.using(cluster, "g"))
            .with("Neptune#ml.iamRoleArn", ROLE);
        GraphTraversalSource genre = g.with("Neptune#ml.endpoint", "genre");
        GraphTraversalSource rated = g.with("Neptune#ml.endpoint", "rated");

        Map<String, GraphTraversal<?, ?>> queries = new LinkedHashMap<>();
        queries.put("limit and threshold", genre.with("Neptune#ml.limit", 2)
            .with("Neptune#ml.threshold", 0.5D)
            .V(FILMS).properties("genre").with(CLASSES));
        queries.put("predicted and stored in a union", genre.V(FILMS)
            .union((Traversal) __.properties("genre").with(CLASSES), (Traversal) __.properties("genre")));
        queries.put("labels before and behind", genre.V(FILMS).as("vertex")
            .properties("genre").with(CLASSES).as("properties").select("vertex", "properties"));
        queries.put("scores", genre.with("Neptune#ml.limit", 3)
            .V(FILMS).properties("genre", "Neptune#ml.score").with(CLASSES));
        queries.put("numbers of vertices", g.with("Neptune#ml.endpoint", "year")
            .V(FILMS).properties("year").with(NUMBERS));
        queries.put("classes of edges", g.with("Neptune#ml.endpoint", "scale")
            .E(EDGES).properties("scale").with(CLASSES));
        queries.put("numbers kept beside their edges", g.with("Neptune#ml.endpoint", "score")
            .V("user_2").outE("rated").as("r").properties("score").with(NUMBERS).value()
            .order().by(Order.desc).limit(10).as("s").select("r").inV()
            .project("title", "predicted_score").by("title").by(__.select("s")));
        queries.put("five sources for each of three", rated.with("Neptune#ml.limit", 5)
            .V(FILMS).in("rated").with(LINKS).hasLabel("user"));
        queries.put("source and target", rated.V("movie_1").as("source")
            .in("rated").with(LINKS).hasLabel("user").as("target").select("source", "target"));
        queries.put("on through real edges", rated.V("user_1").out("rated").with(LINKS)
            .hasLabel("movie").out("included_in").path().by(T.id).by(__.values("title")).by(T.id));

        for (Map.Entry<String, GraphTraversal<?, ?>> query : queries.entrySet()) {
            List<?> results = query.getValue().toList();
            System.out.println("[" + text(query.getKey()) + "," + results.stream()
                .map(Queries::plain).collect(Collectors.joining(",", "[", "]")) + "]");
        }
        try {
            genre.V(FILMS).properties("genre", "other_label").with(CLASSES).toList();
        } catch (Exception error) {
            Throwable cause = error;
            while (!(cause instanceof ResponseException)) {
                cause = cause.getCause();
            }
            int code = ((ResponseException) cause).getResponseStatusCode().getValue();
            System.out.println(
                "[\"refused\",[" + code + "," + text(cause.getMessage()) + "]]");
        }
        cluster.close();
        System.exit(0);
    }
}
