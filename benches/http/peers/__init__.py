"""What jwtfast is compared with: configurations and small applications."""
