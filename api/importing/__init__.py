"""Photos in bulk: exported WhatsApp chats, folders, zip files, PDFs."""
