// passport-google-oauth20.
import { Strategy } from 'passport-google-oauth20';
import { APP, CLIENT_ID, CLIENT_SECRET, UPLOAD } from './harness.mjs';
import { login } from './passport_app.mjs';

const strategy = new Strategy(
  { clientID: CLIENT_ID, clientSecret: CLIENT_SECRET, callbackURL: `${APP}/callback`, state: true },
  (accessToken, refreshToken, profile, done) => done(null, profile),
);
const options = { scope: ['profile', 'email', UPLOAD], accessType: 'offline', prompt: 'consent' };
await login(strategy, options, (profile) => profile.emails[0].value);
