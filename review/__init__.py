"""A sheet's life after reading: received, interpreted, queued, settled by a person, committed. Pure services on a session."""
