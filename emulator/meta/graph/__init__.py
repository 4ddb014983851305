"""What every call of the Graph API has in common, whatever it does."""
