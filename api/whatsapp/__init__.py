"""Photos by WhatsApp, through Meta's Cloud API: webhook in, messages out (docs/whatsapp.md)."""
