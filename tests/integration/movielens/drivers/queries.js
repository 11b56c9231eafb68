// Ten documented queries with gremlin-javascript: node queries.js ws://host:port/gremlin
// Prints for each its name and its results as one line of JSON; elements are arrays, kind first.
const gremlin = require('gremlin');

const { statics: __, t: T, order } = gremlin.process;
const { traversal } = gremlin.process.AnonymousTraversalSource;
const { DriverRemoteConnection } = gremlin.driver;
const { Vertex, VertexProperty, Property, Path } = gremlin.structure;

const CLASSES = 'Neptune#ml.classification';
const NUMBERS = 'Neptune#ml.regression';
const LINKS = 'Neptune#ml.prediction';
const FILMS = ['movie_1', 'movie_2', 'movie_3'];
const EDGES = FILMS.map((film) => `user_1-rated-${film}`);

function plain(value) {
  if (value instanceof VertexProperty) return ['vp', value.key, plain(value.value)];
  if (value instanceof Property) return ['p', value.key, plain(value.value)];
  if (value instanceof Vertex) return ['v', value.id, value.label];
  if (value instanceof Path) return ['path', ...value.objects.map(plain)];
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, each]) => [key, plain(each)]));
  }
  return Array.isArray(value) ? ['list', ...value.map(plain)] : value;
}

async function main(url) {
  const connection = new DriverRemoteConnection(url);
  const ask = (endpoint) => traversal().withRemote(connection)
    .with_('Neptune#ml.endpoint', endpoint)
    .with_('Neptune#ml.iamRoleArn', 'arn:aws:iam::123456789012:role/NeptuneMLInference');

  const queries = {
    'limit and threshold': ask('genre').with_('Neptune#ml.limit', 2)
      .with_('Neptune#ml.threshold', 0.5)
      .V(...FILMS).properties('genre').with_(CLASSES),
    'predicted and stored in a union': ask('genre').V(...FILMS)
      .union(__.properties('genre').with_(CLASSES), __.properties('genre')),
    'labels before and behind': ask('genre').V(...FILMS).as('vertex')
      .properties('genre').with_(CLASSES).as('properties').select('vertex', 'properties'),
    scores: ask('genre').with_('Neptune#ml.limit', 3)
      .V(...FILMS).properties('genre', 'Neptune#ml.score').with_(CLASSES),
    'numbers of vertices': ask('year').V(...FILMS).properties('year').with_(NUMBERS),
    'classes of edges': ask('scale').E(...EDGES).properties('scale').with_(CLASSES),
    'numbers kept beside their edges': ask('score').V('user_2').outE('rated').as('r')
      .properties('score').with_(NUMBERS).value().order().by(order.desc).limit(10).as('s')
      .select('r').inV().project('title', 'predicted_score').by('title').by(__.select('s')),
    'five sources for each of three': ask('rated').with_('Neptune#ml.limit', 5)
      .V(...FILMS).in_('rated').with_(LINKS).hasLabel('user'),
    'source and target': ask('rated').V('movie_1').as('source')
      .in_('rated').with_(LINKS).hasLabel('user').as('target').select('source', 'target'),
    'on through real edges': ask('rated').V('user_1').out('rated').with_(LINKS).hasLabel('movie')
      .out('included_in').path().by(T.id).by(__.values('title')).by(T.id),
  };
  for (const [name, query] of Object.entries(queries)) {
    console.log(JSON.stringify([name, (await query.toList()).map(plain)]));
  }
  try {
    await ask('genre').V(...FILMS).properties('genre', 'other_label').with_(CLASSES).toList();
  } catch (error) {
    console.log(JSON.stringify(['refused', [error.statusCode, error.statusMessage]]));
  }
  await connection.close();
}

main(process.argv[2]).catch((error) => { console.error(error); process.exit(1); });
