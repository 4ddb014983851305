// Auth.js's Google provider: OpenID Connect with discovery.
import Google from '@auth/core/providers/google';
import { login } from './authjs_app.mjs';
import { CLIENT_ID, CLIENT_SECRET } from './harness.mjs';

await login(Google({ clientId: CLIENT_ID, clientSecret: CLIENT_SECRET }), (user) => user.email);
