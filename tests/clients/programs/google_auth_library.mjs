// google-auth-library with PKCE: code, ID token, what the access token may do, revocation.
import { CodeChallengeMethod, OAuth2Client } from 'google-auth-library';
import {
  CLIENT_ID, CLIENT_SECRET, EMAIL, REDIRECT, UPLOAD, end, loggedIn, openBrowser,
} from './harness.mjs';

const client = new OAuth2Client({
  clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, redirectUri: REDIRECT,
});
const { codeVerifier, codeChallenge } = await client.generateCodeVerifierAsync();
const url = client.generateAuthUrl({
  access_type: 'offline',
  prompt: 'consent',
  scope: ['openid', EMAIL, UPLOAD],
  code_challenge_method: CodeChallengeMethod.S256,
  code_challenge: codeChallenge,
});
const landed = await openBrowser(url);
const { tokens } = await client.getToken({ code: landed.searchParams.get('code'), codeVerifier });
client.setCredentials(tokens);
const ticket = await client.verifyIdToken({ idToken: tokens.id_token, audience: CLIENT_ID });
const info = await client.getTokenInfo(tokens.access_token);
if (!info.scopes.includes(UPLOAD)) throw new Error(`The token may do ${info.scopes}`);
await client.refreshAccessToken();
await client.revokeCredentials();
loggedIn(ticket.getPayload().email);
end();
