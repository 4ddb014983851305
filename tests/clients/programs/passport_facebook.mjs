// passport-facebook, whose default version of the Graph API is v3.2.
import { Strategy } from 'passport-facebook';
import { APP, CLIENT_ID, CLIENT_SECRET } from './harness.mjs';
import { login } from './passport_app.mjs';

const strategy = new Strategy(
  {
    clientID: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    callbackURL: `${APP}/callback`,
    profileFields: ['id', 'displayName', 'photos', 'email'],
    enableProof: true,
    state: true,
  },
  (accessToken, refreshToken, profile, done) => done(null, profile),
);
const options = { scope: ['email', 'pages_show_list', 'pages_manage_posts'] };
await login(strategy, options, (profile) => profile.displayName);
