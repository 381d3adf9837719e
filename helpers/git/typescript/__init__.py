"""TypeScript and JavaScript of a checkout, parsed by tree-sitter: nothing of it runs."""
