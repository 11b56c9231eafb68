"""A Gremlin-compatible proxy that answers `Neptune#ml.*` steps and passes everything else on."""
