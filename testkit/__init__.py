"""What tests, chaos and fuzz share: the emulator as a process, videos, pictures, a PostgreSQL."""
