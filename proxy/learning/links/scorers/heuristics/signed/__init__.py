"""Methods that speak for a link or against it, in log-odds: see `links.scorer.is_signed`."""
