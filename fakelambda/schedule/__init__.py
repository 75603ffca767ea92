"""What happens later, on the fake's clock."""
