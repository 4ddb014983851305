// An Express application with one strategy of Passport, as its guides have it.
import { once } from 'node:events';
import express from 'express';
import session from 'express-session';
import passport from 'passport';
import { APP, PORT, end, loggedIn, openBrowser } from './harness.mjs';

/** Logs in with a strategy; `nameOf` reads a profile. */
export async function login(strategy, options, nameOf) {
  passport.use(strategy);
  passport.serializeUser((user, done) => done(null, user));
  passport.deserializeUser((user, done) => done(null, user));
  const app = express();
  app.use(session({ secret: 'a secret of this run', resave: false, saveUninitialized: false }));
  app.use(passport.session());
  app.get('/login', passport.authenticate(strategy.name, options));
  app.get('/callback', passport.authenticate(strategy.name, { failureRedirect: '/failed' }),
    (request, response) => {
      loggedIn(nameOf(request.user));
      response.send('You are logged in.');
    });
  const server = app.listen(PORT, '127.0.0.1');
  await once(server, 'listening');
  await openBrowser(`${APP}/login`);
  server.close();
  end();
}
