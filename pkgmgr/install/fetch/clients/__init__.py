"""Programs that run inside a registry's own client, in whatever interpreter that client has."""
