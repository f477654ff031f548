"""In-app notices and mail from one outbox."""
