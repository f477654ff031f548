"""Pictures and data sheets that people add to listings and deliveries."""
