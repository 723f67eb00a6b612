"""What the desk's templates are given: one module of frozen dataclasses for each page."""
