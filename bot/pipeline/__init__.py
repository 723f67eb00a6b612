"""Use cases with effects: git, workspace, scan, publish, jobs, periodic work."""
