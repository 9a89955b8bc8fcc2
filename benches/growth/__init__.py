"""What a decision costs as tokens, keys, rules, routes, policies and caches grow."""
