"""What a person sees: tables, figures, progress and the report's page."""
