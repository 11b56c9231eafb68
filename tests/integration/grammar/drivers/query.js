// Sends inference queries with gremlin-javascript: node query.js ws://host:port/gremlin
// Prints the results of each as one line of JSON.
const gremlin = require('gremlin');

const { statics: __, t: T, P } = gremlin.process;
const { traversal } = gremlin.process.AnonymousTraversalSource;
const { DriverRemoteConnection } = gremlin.driver;

async function main(url) {
  const connection = new DriverRemoteConnection(url);
  const source = () => traversal().withRemote(connection).with_('Neptune#ml.endpoint', 'friends');

  const names = await source().with_('Neptune#ml.limit', 8)
    .V().hasLabel('User').has('name', 'Henry')
    .out('FRIEND').with_('Neptune#ml.prediction').hasLabel('User').values('name').toList();
  console.log(JSON.stringify(names));

  const nested = await source()
    .V().has('name', P.within('Henry', 'Bill')).project('name', 'friends')
    .by('name')
    .by(__.out('FRIEND').with_('Neptune#ml.prediction').hasLabel('User').values('name').fold())
    .toList();
  console.log(JSON.stringify(nested.map((row) => [row.get('name'), row.get('friends')])));

  const count = await source().with_('Neptune#ml.limit', 3)
    .V().has(T.label, 'User').has('name', 'Henry')
    .in_('FRIEND').with_('Neptune#ml.prediction').hasLabel('User').count().toList();
  console.log(JSON.stringify(count));
  await connection.close();
}

main(process.argv[2]).catch((error) => { console.error(error); process.exit(1); });
