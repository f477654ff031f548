"""What all pages share: language, formats, labels, home and static pages."""
