// Auth.js over node:http: its core is a function of a web request.
import { webcrypto } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Auth } from '@auth/core';
import { APP, PORT, end, loggedIn, openBrowser } from './harness.mjs';

// Node 18, Debian 12's, has it under another name only.
globalThis.crypto ??= webcrypto;

/** Signs in with one provider; `nameOf` reads the user of the session. */
export async function login(provider, nameOf) {
  const config = {
    providers: [provider],
    secret: 'a secret of this run, of some length',
    trustHost: true,
    basePath: '/auth',
    callbacks: {
      signIn: ({ user }) => { loggedIn(nameOf(user)); return true; },
      redirect: () => `${APP}/done`,
    },
    logger: { error: (error) => console.error(error), warn() {}, debug() {} },
  };
  const server = createServer(async (request, response) => {
    if (request.url === '/done') return response.end('You are logged in.');
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = chunks.length ? Buffer.concat(chunks) : undefined;
    const { method, headers } = request;
    const answer = await Auth(new Request(APP + request.url, { method, headers, body }), config);
    const plain = [...answer.headers].filter(([name]) => name !== 'set-cookie').flat();
    const cookies = answer.headers.getSetCookie().flatMap((cookie) => ['Set-Cookie', cookie]);
    response.writeHead(answer.status, [...plain, ...cookies]);
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  server.listen(PORT, '127.0.0.1');
  await once(server, 'listening');
  await openBrowser(`${APP}/auth/signin`);
  end();
}
