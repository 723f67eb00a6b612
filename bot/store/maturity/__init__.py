"""What the store knows of maturity: counters by day, what GitLab said, snapshots, attestations, reports, deliveries."""
