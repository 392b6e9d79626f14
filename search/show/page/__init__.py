"""A study as one page: `page.page_of` puts together what the other files make."""
