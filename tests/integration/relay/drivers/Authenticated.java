// An inference as a connection's first request: java Authenticated.java HOST PORT PASSWORD SCRIPT

import org.apache.tinkerpop.gremlin.driver.Client;
import org.apache.tinkerpop.gremlin.driver.Cluster;
import org.apache.tinkerpop.gremlin.driver.exception.ResponseException;

public class Authenticated {
    public static void main(String[] words) throws Exception {
        Cluster cluster = Cluster.build(words[0]).port(Integer.parseInt(words[1]))
                .credentials("stephen", words[2])
                .minConnectionPoolSize(1).maxConnectionPoolSize(1).create();
        Client client = cluster.connect();
        try {
            for (int round = 0; round < 2; round++) {
                StringBuilder line = new StringBuilder();
                client.submit(words[3]).all().get().forEach(each -> line.append(each.getString()));
                System.out.println("[\"" + line + "\"]");
            }
        } catch (Exception error) {
            Throwable cause = error;
            while (cause != null && !(cause instanceof ResponseException)) {
                cause = cause.getCause();
            }
            System.out.println(cause == null ? "null"
                    : ((ResponseException) cause).getResponseStatusCode().getValue());
        }
        cluster.close();
    }
}
