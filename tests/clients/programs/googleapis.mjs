// Google's Node client, as its readme logs in and uploads.
import { createReadStream } from 'node:fs';
import { google } from 'googleapis';
import {
  CLIENT_ID, CLIENT_SECRET, FILE, READ, REDIRECT, UPLOAD, end, loggedIn, openBrowser, uploaded,
} from './harness.mjs';

const auth = new google.auth.OAuth2(CLIENT_ID, CLIENT_SECRET, REDIRECT);
const url = auth.generateAuthUrl({ access_type: 'offline', scope: [UPLOAD, READ] });
const landed = await openBrowser(url);
const { tokens } = await auth.getToken(landed.searchParams.get('code'));
auth.setCredentials(tokens);

const youtube = google.youtube({ version: 'v3', auth });
const mine = await youtube.channels.list({ part: ['id', 'snippet'], mine: true });
loggedIn(mine.data.items[0].snippet.title);
const video = await youtube.videos.insert({
  part: ['snippet', 'status'],
  requestBody: { snippet: { title: 'A title' }, status: { privacyStatus: 'private' } },
  media: { body: createReadStream(FILE) },
});
if (video.data.status.privacyStatus !== 'private') throw new Error('The status was lost.');
uploaded(video.data.id);
end();
