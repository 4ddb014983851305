// npm's fb, whose default version of the Graph API is v2.3.
import { createReadStream } from 'node:fs';
import fb from 'fb';
import {
  CLIENT_ID, CLIENT_SECRET, FILE, REDIRECT, end, loggedIn, openBrowser, uploaded,
} from './harness.mjs';

const FB = new fb.Facebook({ appId: CLIENT_ID, appSecret: CLIENT_SECRET });
const url = FB.getLoginUrl({
  scope: 'pages_show_list,pages_read_engagement,pages_manage_posts', redirect_uri: REDIRECT,
});
const landed = await openBrowser(url);
const token = await FB.api('oauth/access_token', {
  client_id: CLIENT_ID,
  client_secret: CLIENT_SECRET,
  redirect_uri: REDIRECT,
  code: landed.searchParams.get('code'),
});
FB.setAccessToken(token.access_token);
loggedIn((await FB.api('me', { fields: ['id', 'name'] })).name);
const { data: [page] } = await FB.api('me/accounts');
const video = await FB.api(`${page.id}/videos`, 'post', {
  access_token: page.access_token,
  title: 'A title',
  source: createReadStream(FILE),
});
uploaded(video.id);
end();
