"""ElevenLabs by its official SDK: speech with word times, music and sound effects."""
