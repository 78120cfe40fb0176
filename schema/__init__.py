"""The language: what webref says and understands in GraphQL."""
