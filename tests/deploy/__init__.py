"""What runs on other people's servers."""
