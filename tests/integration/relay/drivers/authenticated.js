// An inference as a connection's first request: node authenticated.js URL PASSWORD SCRIPT
const gremlin = require('gremlin');

async function main([url, password, script]) {
  const authenticator = new gremlin.driver.auth.PlainTextSaslAuthenticator('stephen', password);
  const client = new gremlin.driver.Client(url, { traversalSource: 'g', authenticator });
  try {
    for (let round = 0; round < 2; round += 1) {
      console.log(JSON.stringify((await client.submit(script)).toArray()));
    }
  } catch (error) {
    console.log(JSON.stringify(error.statusCode));
  }
  await client.close();
}

main(process.argv.slice(2)).then(() => process.exit(0));
