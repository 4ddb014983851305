// What a client's program tells the session that runs it, and what it is given.
import { createInterface } from 'node:readline';

export const { CLIENT_ID, CLIENT_SECRET, FILE, REDIRECT, APP } = process.env;
export const PORT = Number(APP.split(':').pop());
export const UPLOAD = 'https://www.googleapis.com/auth/youtube.upload';
export const READ = 'https://www.googleapis.com/auth/youtube.readonly';
export const EMAIL = 'https://www.googleapis.com/auth/userinfo.email';

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Lets a person go through the pages at this address; resolves to the address of the last one. */
export async function openBrowser(url) {
  console.log(`OPEN ${url}`);
  return new URL((await answers.next()).value);
}

export const loggedIn = (name) => console.log(`LOGGED_IN ${name}`);
export const uploaded = (id) => console.log(`UPLOADED ${id}`);

/** Ends the program: servers and keep-alive connections of a client would hold it open. */
export const end = () => process.exit(0);
