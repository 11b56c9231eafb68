// The questions with gremlin-javascript: node - URL CONNECTIONS SECONDS '[["name", token], ...]'
// Prints a line of JSON for each: its place, what came of it (answer, error, broken, stuck), and that.
const gremlin = require('gremlin');

const { statics: __, t: T } = gremlin.process;
const { traversal } = gremlin.process.AnonymousTraversalSource;
const { DriverRemoteConnection } = gremlin.driver;

const [url, connections, seconds, list] = process.argv.slice(2);
const asked = JSON.parse(list);
const LINKS = 'Neptune#ml.prediction';

const model = (g, name = 'friends') => {
  const source = g.with_('Neptune#ml.endpoint', name);
  return name === 'friends' ? source.with_('Neptune#ml.limit', 8) : source;
};
const user = (g, name) => model(g, name).V('user_01');
const long = gremlin.structure.toLong;

const QUESTIONS = {
  count: (g) => g.V().hasLabel('User').count(),
  names: (g) => g.V().hasLabel('User').order().by('name').values('name'),
  one: (g) => g.V('user_01').out('FRIEND').id().order(),
  numbers: (g) => g.V().hasLabel('Many').order().by('number').values('number'),
  text: (g) => g.V('long').values('text'),
  error: (g) => g.V('user_01').fail('asked'),
  friends: (g) => user(g).out('FRIEND').with_(LINKS).hasLabel('User').values('name'),
  everybody: (g) => model(g).V().hasLabel('User').order().by(T.id).as('a')
    .out('FRIEND').with_(LINKS).hasLabel('User').as('b').select('a', 'b').by('name'),
  nobody: (g) => user(g, 'nobody').out('FRIEND').with_(LINKS).hasLabel('User'),
  write: (g, token) => g.addV('Seen').property('token', long(token)).constant('written'),
  'write and predict': (g, token) => user(g)
    .sideEffect(__.addV('Seen').property('token', long(token))).out('FRIEND').with_(LINKS).hasLabel('User').count(),
};

const plain = (value) => (value instanceof Map
  ? Object.fromEntries([...value].map(([key, each]) => [key, plain(each)])) : value);

const say = (place, outcome, said) => console.log(JSON.stringify([place, outcome, said]));

function within(promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('stuck')), Number(seconds) * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function ask(connection, place) {
  const [name, token] = asked[place];
  try {
    const found = await within(
      QUESTIONS[name](traversal().withRemote(connection), token).toList());
    say(place, 'answer', found.map(plain));
    return true;
  } catch (error) {
    if (error.statusCode) {
      say(place, 'error', [error.statusCode, error.statusMessage]);
      return error.statusCode !== 500;
    }
    say(place, error.message === 'stuck' ? 'stuck' : 'broken', error.message);
    return false;
  }
}

let next = 0;

async function work() {
  while (next < asked.length) {
    const connection = new DriverRemoteConnection(url, { connectOnStartup: false });
    connection.addListener('socketError', () => {});
    let alive = true;
    for (let share = 8; alive && share > 0 && next < asked.length; share -= 1) {
      next += 1;
      alive = await ask(connection, next - 1);
    }
    connection.close().catch(() => {});
  }
}

process.on('unhandledRejection', () => {});  // of connections that broke while nobody asked
Promise.all(Array.from({ length: Number(connections) }, work)).then(() => process.exit(0));
