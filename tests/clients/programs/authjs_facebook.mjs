// Auth.js's Facebook provider: Basic authentication at the token endpoint, and a picture.
import Facebook from '@auth/core/providers/facebook';
import { login } from './authjs_app.mjs';
import { CLIENT_ID, CLIENT_SECRET } from './harness.mjs';

await login(Facebook({ clientId: CLIENT_ID, clientSecret: CLIENT_SECRET }), (user) => user.name);
