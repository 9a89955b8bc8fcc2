"""Where the instructions of one request go, counted by callgrind."""
