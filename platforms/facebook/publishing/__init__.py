"""From a payload to a video on a Page: sessions, bytes, the finish, and what came of it."""
