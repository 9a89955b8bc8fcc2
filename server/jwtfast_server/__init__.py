"""The service: answers the auth subrequests of a proxy, by the rules of one configuration."""
