"""The life of one video on YouTube: its session, its bytes, what became of it, its extras."""
