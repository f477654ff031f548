"""Certificates of entries: as a PDF, as a bundle of JSON, as a Verifiable Credential; and the auditor's export."""
