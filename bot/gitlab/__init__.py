"""Everything that knows GitLab: events in, comments and statuses out."""
